import type { JsonObject } from '../component';
import { defineComponent } from '../component';
import { resources, spread } from '../hardening';

const VERSION = '2.20.2';

const OPERATOR = { app: 'keda-operator' };
const METRICS = { app: 'keda-operator-metrics-apiserver' };
const WEBHOOKS = { app: 'keda-admission-webhooks' };

const KINDS = [
  'eventing.keda.sh/CloudEventSource',
  'eventing.keda.sh/ClusterCloudEventSource',
  'keda.sh/ClusterTriggerAuthentication',
  'keda.sh/ScaledJob',
  'keda.sh/ScaledObject',
  'keda.sh/TriggerAuthentication',
] as const;

export const component = defineComponent({
  name: 'keda',
  summary: 'Scales workloads by the clock and by what their Pods do, down to none',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => {
    const replicas = cluster.replicas.controller;
    const budget: JsonObject = replicas > 1 ? { maxUnavailable: 1 } : {};
    return {
      chart: {
        repository: 'https://kedacore.github.io/charts',
        name: 'keda',
        version: VERSION,
        values: {
          clusterName: cluster.name,
          crds: { install: false },
          priorityClassName: 'platform-critical',
          operator: { replicaCount: replicas },
          metricsServer: { replicaCount: replicas },
          webhooks: { replicaCount: replicas, failurePolicy: 'Ignore' },
          image: { pullPolicy: 'IfNotPresent' },
          resources: {
            operator: resources('100m', '512Mi'),
            metricServer: resources('50m', '256Mi'),
            webhooks: resources('20m', '128Mi'),
          },
          podDisruptionBudget: { operator: budget, metricServer: budget, webhooks: budget },
          topologySpreadConstraints: {
            operator: spread(OPERATOR),
            metricsServer: spread(METRICS),
            webhooks: spread(WEBHOOKS),
          },
          // Deployments and StatefulSets; the default lets the operator read every object of every kind.
          rbac: { enabledCustomScaledRefKinds: false },
          permissions: { metricServer: { restrict: { secret: true } } },
          prometheus: {
            operator: { enabled: true },
            metricServer: { enabled: true },
            webhooks: { enabled: true },
          },
        },
      },
      namespace: { name: 'keda', level: 'restricted' },
      workloads: {
        operator: {
          labels: OPERATOR,
          serves: { metrics: { port: 9666, to: ['self/metrics-server'] } },
          // Not Prometheus: it would answer a tenant's trigger with every tenant's series (policies/scaled-object-triggers).
          reaches: [{ to: 'api-server' }],
          scrape: [{ port: 8080 }],
        },
        'metrics-server': {
          labels: METRICS,
          serves: { api: { port: 6443, to: ['api-server'] } },
          reaches: [{ to: 'api-server' }],
          scrape: [{ port: 8080 }],
        },
        webhooks: {
          labels: WEBHOOKS,
          serves: { webhook: { port: 9443, to: ['api-server'] } },
          reaches: [{ to: 'api-server' }],
          scrape: [{ port: 8080 }],
        },
      },
      crds: {
        source: {
          repository: 'https://github.com/kedacore/keda',
          revision: `v${VERSION}`,
          path: 'config/crd',
          // Its patches keep the labels of Pods in a ScaledJob's template, which the plain files would drop.
          kustomize: true,
        },
        kinds: KINDS,
      },
      webhooks: [
        {
          name: 'keda-admission',
          type: 'validating',
          workload: 'webhooks',
          port: 'webhook',
          failurePolicy: 'Ignore',
          kinds: KINDS,
        },
        {
          name: 'v1beta1.external.metrics.k8s.io',
          type: 'aggregated-api',
          workload: 'metrics-server',
          port: 'api',
          kinds: ['external.metrics.k8s.io/ExternalMetricValueList'],
        },
      ],
      priorityClass: 'platform-critical',
      // The operator issues its own certificates and writes their authority where the API server looks for it.
      ignoreDifferences: [
        {
          group: 'admissionregistration.k8s.io',
          kind: 'ValidatingWebhookConfiguration',
          name: 'keda-admission',
          jqPathExpressions: ['.webhooks[]?.clientConfig.caBundle'],
        },
        {
          group: 'apiregistration.k8s.io',
          kind: 'APIService',
          name: 'v1beta1.external.metrics.k8s.io',
          jsonPointers: ['/spec/caBundle'],
        },
      ],
    };
  },
});
