import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources, spread } from '../hardening';

const LABELS = {
  'app.kubernetes.io/instance': 'metrics-server',
  'app.kubernetes.io/name': 'metrics-server',
};

const PORT = 10250;

export const component = defineComponent({
  name: 'metrics-server',
  summary: 'Serves what Pods and nodes use right now, to autoscalers and to people',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://kubernetes-sigs.github.io/metrics-server',
      name: 'metrics-server',
      version: '3.13.1',
      values: {
        replicas: cluster.replicas.controller,
        podDisruptionBudget: { enabled: cluster.replicas.controller > 1, maxUnavailable: 1 },
        priorityClassName: 'system-cluster-critical',
        podSecurityContext: RESTRICTED_POD,
        securityContext: { ...RESTRICTED_CONTAINER, runAsUser: 1000 },
        resources: resources('100m', '256Mi', { memory: '512Mi' }),
        topologySpreadConstraints: spread(LABELS),
        containerPort: PORT,
        // Kubelets' certificates are checked against the cluster's authority, which is the default; so is this one's.
        tls: { type: 'cert-manager' },
        apiService: { insecureSkipTLSVerify: false },
        metrics: { enabled: true },
        serviceMonitor: { enabled: false },
      },
    },
    namespace: { name: 'metrics-server', level: 'restricted' },
    workloads: {
      server: {
        labels: LABELS,
        serves: { https: { port: PORT, to: ['api-server'] } },
        reaches: [{ to: 'api-server' }, { to: 'nodes', port: 10250, why: 'reads what kubelets measure' }],
        scrape: [{ port: PORT, scheme: 'https' }],
      },
    },
    webhooks: [
      {
        name: 'v1beta1.metrics.k8s.io',
        type: 'aggregated-api',
        workload: 'server',
        port: 'https',
        kinds: ['metrics.k8s.io/NodeMetrics', 'metrics.k8s.io/PodMetrics'],
      },
    ],
    needs: ['cert-manager.io/Certificate', 'cert-manager.io/Issuer'],
    priorityClass: 'system-cluster-critical',
    ignoreDifferences: [
      {
        group: 'apiregistration.k8s.io',
        kind: 'APIService',
        name: 'v1beta1.metrics.k8s.io',
        jsonPointers: ['/spec/caBundle'],
      },
    ],
  }),
});
