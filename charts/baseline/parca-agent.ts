import { defineComponent } from '../component';
import { resources } from '../hardening';
import { PARCA_VERSION } from './parca';

/** The chart adds `-agent` to the name of the release. */
const LABELS = { 'app.kubernetes.io/name': 'parca', 'app.kubernetes.io/instance': 'parca-agent-agent' };

export const component = defineComponent({
  name: 'parca-agent',
  summary: 'Profiles every process of every node with eBPF',
  providers: ['aws', 'eks'],

  declare: () => ({
    chart: {
      repository: 'https://parca-dev.github.io/helm-charts',
      name: 'parca',
      version: PARCA_VERSION,
      values: {
        server: { enabled: false },
        agent: {
          remoteStoreAddress: 'parca-server.parca.svc.cluster.local:7070',
          resources: resources('100m', '512Mi'),
          tolerations: [{ operator: 'Exists' }],
        },
      },
    },
    namespace: {
      name: 'parca-agent',
      level: 'privileged',
      reason: 'loads eBPF programs and reads the memory maps of every process of its node',
    },
    workloads: {
      agent: {
        labels: LABELS,
        reaches: [{ to: 'api-server' }, { to: 'component', component: 'parca', workload: 'server', port: 'http' }],
        scrape: [{ port: 7071 }],
      },
    },
    priorityClass: 'platform-standard',
    exceptions: [
      { what: 'a privileged container that runs as root', reason: 'eBPF programs are loaded from it' },
      { what: 'PriorityClass', reason: 'the chart offers none' },
    ],
  }),
});
