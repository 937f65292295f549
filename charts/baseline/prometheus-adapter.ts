import type { JsonObject } from '../component';
import { defineComponent } from '../component';
import { resources, spread } from '../hardening';

const LABELS = {
  'app.kubernetes.io/name': 'prometheus-adapter',
  'app.kubernetes.io/instance': 'prometheus-adapter',
};

/** Series that Prometheus scraped from Pods of tenants: it wrote these labels by itself. */
const OF_TENANTS = 'tenant!="",namespace!="",pod!=""';

/**
 * What an autoscaler may ask for: metrics of its own namespace's Pods and of nothing else. The API server names the
 * namespace, Kubernetes' own controller asks for its autoscaler's alone, and the adapter looks for series that have
 * exactly that label. The chart's own rules would look for every label that has the name of a kind, and list every
 * series of the platform's once a minute.
 */
const RULES = [
  {
    ...rule(`{${OF_TENANTS},__name__=~".+_total"}`),
    name: { matches: '^(.+)_total$', as: '${1}_per_second' },
    metricsQuery: `sum(rate(<<.Series>>{<<.LabelMatchers>>,${OF_TENANTS}}[2m])) by (<<.GroupBy>>)`,
  },
  {
    ...rule(`{${OF_TENANTS},__name__!~".+_(total|bucket|count|sum)"}`),
    name: { matches: '', as: '' },
    metricsQuery: `sum(<<.Series>>{<<.LabelMatchers>>,${OF_TENANTS}}) by (<<.GroupBy>>)`,
  },
];

function rule(seriesQuery: string): JsonObject {
  return {
    seriesQuery,
    seriesFilters: [],
    resources: { overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } } },
  };
}

export const component = defineComponent({
  name: 'prometheus-adapter',
  summary: 'Serves metrics of Prometheus to autoscalers as custom metrics',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://prometheus-community.github.io/helm-charts',
      name: 'prometheus-adapter',
      version: '5.3.0',
      values: {
        replicas: cluster.replicas.controller,
        logLevel: 2,
        priorityClassName: 'platform-critical',
        prometheus: { url: 'http://kube-prometheus-stack-prometheus.monitoring.svc', port: 9090 },
        // Custom metrics alone: metrics-server serves resource metrics, and KEDA external ones.
        rules: { default: false, custom: RULES, external: [] },
        // Without a certificate of its own the API server would have to trust whatever answers.
        certManager: { enabled: true },
        resources: resources('100m', '512Mi'),
        podDisruptionBudget: { enabled: cluster.replicas.controller > 1, maxUnavailable: 1 },
        topologySpreadConstraints: spread(LABELS),
      },
    },
    namespace: { name: 'prometheus-adapter', level: 'restricted' },
    workloads: {
      adapter: {
        labels: LABELS,
        serves: { api: { port: 6443, to: ['api-server'] } },
        reaches: [
          { to: 'api-server' },
          { to: 'component', component: 'kube-prometheus-stack', workload: 'prometheus', port: 'web' },
        ],
      },
    },
    webhooks: [
      {
        name: 'v1beta1.custom.metrics.k8s.io',
        type: 'aggregated-api',
        workload: 'adapter',
        port: 'api',
        kinds: ['custom.metrics.k8s.io/MetricValueList'],
      },
    ],
    exceptions: [{ what: 'no monitor', reason: 'its metrics are for those alone who show the API server a token' }],
    needs: ['cert-manager.io/Certificate', 'cert-manager.io/Issuer'],
    priorityClass: 'platform-critical',
    // cert-manager writes its authority there.
    ignoreDifferences: [
      {
        group: 'apiregistration.k8s.io',
        kind: 'APIService',
        name: 'v1beta1.custom.metrics.k8s.io',
        jsonPointers: ['/spec/caBundle'],
      },
    ],
  }),
});
