import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources } from '../hardening';

const LABELS = {
  'app.kubernetes.io/instance': 'aws-pod-identity-webhook',
  'app.kubernetes.io/name': 'amazon-eks-pod-identity-webhook',
};

const USER = { runAsUser: 65534, runAsGroup: 65534 };
const PORTS = { webhook: 8443, metrics: 9999 };

export const component = defineComponent({
  name: 'aws-pod-identity-webhook',
  summary: 'Hands Pods the token of the cloud role that their ServiceAccount names',
  providers: ['aws'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://jkroepke.github.io/helm-charts',
      name: 'amazon-eks-pod-identity-webhook',
      version: '2.4.2',
      values: {
        fullnameOverride: 'aws-pod-identity-webhook',
        replicaCount: cluster.replicas.quorum,
        podDisruptionBudget: { enabled: cluster.replicas.quorum > 1, maxUnavailable: 1 },
        priorityClassName: 'platform-critical',
        resources: resources('20m', '64Mi', { memory: '128Mi' }),
        podSecurityContext: { ...RESTRICTED_POD, ...USER },
        securityContext: { ...RESTRICTED_CONTAINER, ...USER },
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              {
                weight: 100,
                podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: LABELS } },
              },
            ],
          },
        },
        config: { defaultAwsRegion: cluster.region ?? '', stsRegionalEndpoint: true, ports: PORTS },
        // It sees every Pod of the cluster: if it failed closed, nothing could start while it is down. A Pod without its
        // token fails at its first call to the cloud and is told so there.
        mutatingWebhook: { failurePolicy: 'Ignore' },
        pki: { certManager: { enabled: true } },
        metrics: { serviceMonitor: { enabled: false } },
      },
    },
    namespace: { name: 'aws-pod-identity-webhook', level: 'restricted' },
    workloads: {
      webhook: {
        labels: LABELS,
        serves: { webhook: { port: PORTS.webhook, to: ['api-server'] } },
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: PORTS.metrics }],
      },
    },
    webhooks: [
      {
        name: 'aws-pod-identity-webhook',
        type: 'mutating',
        workload: 'webhook',
        port: 'webhook',
        failurePolicy: 'Ignore',
        // Pods, which are a core kind.
        kinds: [],
      },
    ],
    needs: ['cert-manager.io/Certificate', 'cert-manager.io/Issuer'],
    priorityClass: 'platform-critical',
    exceptions: [
      { what: 'topology spread', reason: 'the chart has no knob for it; Pods avoid each other’s node by affinity' },
    ],
    ignoreDifferences: [
      {
        group: 'admissionregistration.k8s.io',
        kind: 'MutatingWebhookConfiguration',
        name: 'aws-pod-identity-webhook',
        jqPathExpressions: ['.webhooks[].clientConfig.caBundle'],
      },
    ],
  }),
});
