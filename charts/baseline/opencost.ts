import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources } from '../hardening';

const LABELS = { 'app.kubernetes.io/name': 'opencost', 'app.kubernetes.io/instance': 'opencost' };

/** User and group of the image. */
const USER = 1001;

export const component = defineComponent({
  name: 'opencost',
  summary: 'Works out what each namespace costs',
  providers: ['aws', 'eks'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://opencost.github.io/opencost-helm-chart',
      name: 'opencost',
      version: '2.5.17',
      values: {
        priorityClassName: 'platform-standard',
        podSecurityContext: { ...RESTRICTED_POD, runAsUser: USER, runAsGroup: USER, fsGroup: USER },
        extraVolumes: [{ name: 'configs', emptyDir: {} }],
        opencost: {
          exporter: {
            defaultClusterId: cluster.name,
            resources: resources('50m', '1Gi'),
            securityContext: RESTRICTED_CONTAINER,
            extraVolumeMounts: [{ name: 'configs', mountPath: '/var/configs' }],
          },
          prometheus: {
            internal: { serviceName: 'kube-prometheus-stack-prometheus', namespaceName: 'monitoring', port: 9090 },
          },
          // Neither asks anyone who they are; Grafana shows the figures.
          ui: { enabled: false },
          mcp: { enabled: false },
          metrics: { serviceMonitor: { enabled: true } },
        },
      },
    },
    namespace: { name: 'opencost', level: 'restricted' },
    workloads: {
      opencost: {
        labels: LABELS,
        serves: { http: { port: 9003, to: ['kube-prometheus-stack/prometheus'] } },
        reaches: [
          { to: 'api-server' },
          { to: 'component', component: 'kube-prometheus-stack', workload: 'prometheus', port: 'web' },
          {
            to: 'host',
            host: 'pricing.us-east-1.amazonaws.com',
            port: 443,
            why: 'reads prices of machines, of all regions, there',
          },
        ],
      },
    },
    priorityClass: 'platform-standard',
    exceptions: [
      { what: 'one copy', reason: 'a second one would report every cost twice' },
      {
        what: 'a ServiceMonitor of the chart',
        reason: 'its metrics are about other namespaces: the labels that it sets must be kept',
      },
    ],
  }),
});
