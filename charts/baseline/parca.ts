import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources } from '../hardening';

/** Version of the chart, which holds the server and the agent. */
export const PARCA_VERSION = '4.19.0';

const LABELS = { 'app.kubernetes.io/name': 'parca', 'app.kubernetes.io/instance': 'parca-server' };

export const component = defineComponent({
  name: 'parca',
  summary: 'Keeps profiles of what every process spends its time on',
  providers: ['aws', 'eks'],

  declare: () => ({
    chart: {
      repository: 'https://parca-dev.github.io/helm-charts',
      name: 'parca',
      version: PARCA_VERSION,
      values: {
        agent: { enabled: false },
        server: {
          // Profiles come from the agents; to scrape Pods it would need to reach all of them.
          scrapeConfigs: [],
          storageActiveMemory: 1073741824,
          resources: resources('200m', '3Gi'),
          podSecurityContext: { ...RESTRICTED_POD, runAsUser: 65534, runAsGroup: 65534, fsGroup: 65534 },
          securityContext: { ...RESTRICTED_CONTAINER, readOnlyRootFilesystem: false },
        },
      },
    },
    namespace: { name: 'parca', level: 'restricted' },
    workloads: {
      server: {
        labels: LABELS,
        serves: { http: { port: 7070, to: ['parca-agent', 'grafana-operator'] } },
        scrape: [{ port: 7070 }],
      },
    },
    priorityClass: 'platform-standard',
    exceptions: [
      { what: 'readOnlyRootFilesystem', reason: 'debug symbols go to a directory that the chart mounts no volume for' },
      { what: 'one copy', reason: 'profiles are in its memory; the agents fill it again after a restart' },
      { what: 'PriorityClass and topology spread', reason: 'the chart offers neither' },
    ],
  }),
});
