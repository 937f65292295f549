import { METRICS_PORTS } from '../../src/model/control-plane-metrics';
import { defineComponent } from '../component';
import { afterStorage, byProvider, resources, spread } from '../hardening';
import { MAIL_SECRET, addMailSecret, mailConfiguration, mailStores } from '../telemetry/mail';

const VERSION = '88.5.3';
const NAMESPACE = 'monitoring';

const OPERATOR = { app: 'kube-prometheus-stack-operator', release: 'kube-prometheus-stack' };
const STATE_METRICS = {
  'app.kubernetes.io/name': 'kube-state-metrics',
  'app.kubernetes.io/instance': 'kube-prometheus-stack',
};
/** Labels that the operator gives to the Pods of the chart's Prometheus and Alertmanager. */
const PROMETHEUS = {
  'app.kubernetes.io/name': 'prometheus',
  'operator.prometheus.io/name': 'kube-prometheus-stack-prometheus',
};
const ALERTMANAGER = {
  'app.kubernetes.io/name': 'alertmanager',
  alertmanager: 'kube-prometheus-stack-alertmanager',
};

/** A claim of one replica, from the cluster's own class. */
const claim = (storageClassName: string, storage: string) => ({
  volumeClaimTemplate: {
    spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  },
});

const OFF = { enabled: false };

/**
 * Namespaces whose monitors and rules speak of others: everywhere else the operator writes the namespace that they
 * stand in into each of their series and queries, so that nobody there can speak for another.
 */
const SPEAK_OF_OTHERS = [
  { namespace: NAMESPACE, resources: ['podmonitors', 'prometheusrules', 'servicemonitors'] },
  { namespace: 'opencost', resources: ['servicemonitors'] },
].flatMap(({ namespace, resources }) =>
  resources.map((resource) => ({ group: 'monitoring.coreos.com', resource, namespace })),
);

export const component = defineComponent({
  name: 'kube-prometheus-stack',
  summary: 'Collects metrics, evaluates alerts and routes them',
  providers: ['aws', 'eks', 'local'],
  role: 'metrics',

  declare: (cluster) => {
    const { controller, quorum } = cluster.replicas;
    const size = byProvider(cluster, {
      cloud: { disk: '100Gi', retentionSize: '85GB', memory: '4Gi' },
      local: { disk: '10Gi', retentionSize: '8GB', memory: '1Gi' },
    });
    return {
      chart: {
        repository: 'https://prometheus-community.github.io/helm-charts',
        name: 'kube-prometheus-stack',
        version: VERSION,
        values: {
          crds: OFF,
          // Grafana and the node exporter are components of their own.
          nodeExporter: OFF,
          grafana: {
            enabled: false,
            forceDeployDashboards: true,
            operator: {
              dashboardsConfigMapRefEnabled: true,
              matchLabels: { dashboards: 'platform' },
              folder: 'Platform',
            },
          },
          // Scraped by monitors of their own (control-plane-metrics has those of a control plane that can be reached), or
          // not there (Cilium stands in for kube-proxy). API servers are the endpoints of the Service `kubernetes`.
          coreDns: OFF,
          kubeProxy: OFF,
          kubeApiServer: { enabled: true },
          kubeControllerManager: OFF,
          kubeScheduler: OFF,
          kubeEtcd: OFF,
          // Rules about what is not scraped would report it as down; those about the control plane are control-plane-slo's.
          defaultRules: {
            rules: {
              etcd: false,
              kubeApiserverBurnrate: false,
              kubeApiserverSlos: false,
              kubeControllerManager: false,
              kubeProxy: false,
              kubeSchedulerAlerting: false,
              kubeSchedulerRecording: false,
              windows: false,
            },
          },
          // The Service of all kubelets stays out of kube-system.
          kubelet: { namespace: NAMESPACE },
          prometheusOperator: {
            kubeletService: { namespace: NAMESPACE },
            kubeletEndpointsEnabled: false,
            kubeletEndpointSliceEnabled: true,
            priorityClassName: 'platform-critical',
            resources: resources('100m', '512Mi'),
            prometheusConfigReloader: { resources: resources('10m', '64Mi') },
            // cert-manager's certificate needs no hook Jobs with rights over webhooks.
            admissionWebhooks: {
              failurePolicy: 'Ignore',
              certManager: { enabled: true },
              patch: OFF,
            },
          },
          'kube-state-metrics': {
            priorityClassName: 'platform-critical',
            resources: resources('50m', '512Mi'),
            metricLabelsAllowlist: ['namespaces=[tenant,environment,cost-centre]', 'nodes=[*]'],
          },
          prometheus: {
            podDisruptionBudget: { enabled: controller > 1, minAvailable: 1 },
            prometheusSpec: {
              replicas: controller,
              // Objectives and costs look back 30 days, unless the disk is full before.
              retention: '32d',
              retentionSize: size.retentionSize,
              storageSpec: claim(cluster.storageClass, size.disk),
              resources: resources('500m', size.memory),
              priorityClassName: 'platform-critical',
              topologySpreadConstraints: spread(PROMETHEUS),
              externalLabels: { cluster: cluster.name },
              enforcedNamespaceLabel: 'namespace',
              excludedFromEnforcement: SPEAK_OF_OTHERS,
              serviceDiscoveryRole: 'EndpointSlice',
              // Every monitor and rule counts, whoever owns its namespace.
              serviceMonitorSelectorNilUsesHelmValues: false,
              podMonitorSelectorNilUsesHelmValues: false,
              probeSelectorNilUsesHelmValues: false,
              ruleSelectorNilUsesHelmValues: false,
              scrapeConfigSelectorNilUsesHelmValues: false,
              enableOTLPReceiver: true,
              // Pushed samples come late and out of order.
              tsdb: { outOfOrderTimeWindow: '30m' },
              otlp: {
                promoteResourceAttributes: [
                  'service.name',
                  'service.namespace',
                  'service.instance.id',
                  'k8s.namespace.name',
                  'k8s.pod.name',
                  'k8s.node.name',
                  'tenant',
                  'environment',
                ],
              },
            },
          },
          alertmanager: {
            ...mailConfiguration(cluster),
            podDisruptionBudget: { enabled: quorum > 1, minAvailable: Math.max(quorum - 1, 1) },
            alertmanagerSpec: {
              replicas: quorum,
              automountServiceAccountToken: false,
              // A route of a tenant's takes alerts about its own namespace only.
              alertmanagerConfigMatcherStrategy: { type: 'OnNamespace' },
              ...(mailStores(cluster).length > 0 ? { secrets: [MAIL_SECRET] } : {}),
              storage: claim(cluster.storageClass, '5Gi'),
              resources: resources('20m', '128Mi'),
              priorityClassName: 'platform-critical',
              topologySpreadConstraints: spread(ALERTMANAGER),
            },
          },
        },
      },
      namespace: { name: NAMESPACE, level: 'restricted' },
      workloads: {
        operator: {
          labels: OPERATOR,
          serves: { webhook: { port: 10250, to: ['api-server', 'self/prometheus'] } },
          reaches: [{ to: 'api-server' }],
        },
        'state-metrics': {
          labels: STATE_METRICS,
          serves: { metrics: { port: 8080, to: ['self/prometheus'] } },
          reaches: [{ to: 'api-server' }],
        },
        prometheus: {
          labels: PROMETHEUS,
          serves: {
            web: {
              port: 9090,
              to: [
                'self/prometheus',
                'grafana-operator',
                'opencost',
                'opentelemetry-gateway',
                'prometheus-adapter',
                'telemetry-access',
              ],
            },
            reloader: { port: 8080, to: ['self/prometheus'] },
          },
          reaches: [
            { to: 'api-server' },
            { to: 'scraped' },
            { to: 'tenants', why: 'scrapes the ports that their monitors name' },
            {
              to: 'component',
              component: 'opencost',
              workload: 'opencost',
              port: 'http',
              optional: true,
              ordered: false,
            },
            ...Object.keys(METRICS_PORTS).map((port) => ({
              to: 'component' as const,
              component: 'control-plane-metrics',
              workload: 'proxy',
              port,
              optional: true,
              ordered: false,
            })),
            { to: 'nodes', port: 10250, why: 'scrapes kubelets' },
            { to: 'nodes', port: 9100, why: 'scrapes node exporters' },
          ],
        },
        alertmanager: {
          labels: ALERTMANAGER,
          serves: {
            web: { port: 9093, to: ['self/prometheus', 'grafana-operator'] },
            gossip: { port: 9094, to: ['self/alertmanager'] },
            'gossip-udp': { port: 9094, protocol: 'UDP', to: ['self/alertmanager'] },
            reloader: { port: 8080, to: ['self/prometheus'] },
          },
          reaches: [
            { to: 'world', port: 443, why: 'delivers alerts to whichever receivers tenants name' },
            ...(cluster.platform.mail
              ? [
                  {
                    to: 'host' as const,
                    host: cluster.platform.mail.host,
                    port: cluster.platform.mail.port,
                    why: 'sends mails',
                  },
                ]
              : []),
          ],
        },
      },
      crds: {
        source: {
          repository: 'https://github.com/prometheus-community/helm-charts',
          revision: `kube-prometheus-stack-${VERSION}`,
          path: 'charts/kube-prometheus-stack/charts/crds/crds',
        },
        kinds: [
          'monitoring.coreos.com/Alertmanager',
          'monitoring.coreos.com/AlertmanagerConfig',
          'monitoring.coreos.com/PodMonitor',
          'monitoring.coreos.com/Probe',
          'monitoring.coreos.com/Prometheus',
          'monitoring.coreos.com/PrometheusAgent',
          'monitoring.coreos.com/PrometheusRule',
          'monitoring.coreos.com/ScrapeConfig',
          'monitoring.coreos.com/ServiceMonitor',
          'monitoring.coreos.com/ThanosRuler',
        ],
      },
      webhooks: [
        {
          name: 'kube-prometheus-stack-admission',
          type: 'mutating',
          workload: 'operator',
          port: 'webhook',
          failurePolicy: 'Ignore',
          kinds: ['monitoring.coreos.com/PrometheusRule'],
        },
        {
          name: 'kube-prometheus-stack-admission',
          type: 'validating',
          workload: 'operator',
          port: 'webhook',
          failurePolicy: 'Ignore',
          kinds: ['monitoring.coreos.com/AlertmanagerConfig', 'monitoring.coreos.com/PrometheusRule'],
        },
      ],
      needs: [
        'cert-manager.io/Certificate',
        'cert-manager.io/Issuer',
        'grafana.integreatly.org/GrafanaDashboard',
        ...mailStores(cluster).map(() => 'external-secrets.io/ExternalSecret' as const),
      ],
      after: afterStorage(cluster),
      priorityClass: 'platform-critical',
      exceptions: [
        {
          what: 'ServiceMonitors of the chart',
          reason: 'its rules and dashboards select the job names that they give, and keep labels that targets set',
        },
        {
          what: 'one copy of the operator and of kube-state-metrics',
          reason:
            'the chart fixes the former, which Prometheus and Alertmanager run without; a second copy of the latter ' +
            'would double every sample',
        },
      ],
      // cert-manager writes its authority there.
      ignoreDifferences: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].map((kind) => ({
        group: 'admissionregistration.k8s.io',
        kind,
        name: 'kube-prometheus-stack-admission',
        jqPathExpressions: ['.webhooks[]?.clientConfig.caBundle'],
      })),
    };
  },

  resources(scope, { cluster, namespace }) {
    addMailSecret(scope, cluster, namespace);
  },
});
