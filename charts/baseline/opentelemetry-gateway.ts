import type { Cluster, JsonObject } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources, spread } from '../hardening';
import { organisations } from './loki';

const LABELS = {
  'app.kubernetes.io/name': 'opentelemetry-collector',
  'app.kubernetes.io/instance': 'opentelemetry-gateway',
  component: 'standalone-collector',
};

/** What tells whose data it is. Data of tenants is stripped of them first, since anyone can write anything there. */
const ORIGIN = [
  'tenant',
  'environment',
  'k8s.namespace.name',
  'k8s.pod.name',
  'k8s.pod.uid',
  'k8s.deployment.name',
  'k8s.node.name',
];

export const component = defineComponent({
  name: 'opentelemetry-gateway',
  summary: 'Takes logs, metrics and traces, notes whose they are and hands them on',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://open-telemetry.github.io/opentelemetry-helm-charts',
      name: 'opentelemetry-collector',
      version: '0.170.0',
      values: {
        mode: 'deployment',
        fullnameOverride: 'opentelemetry-gateway',
        image: { repository: 'ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s' },
        replicaCount: cluster.replicas.quorum,
        priorityClassName: 'platform-standard',
        resources: resources('200m', '1Gi'),
        podSecurityContext: { ...RESTRICTED_POD, runAsUser: 10001, runAsGroup: 10001 },
        securityContext: RESTRICTED_CONTAINER,
        topologySpreadConstraints: spread(LABELS),
        podDisruptionBudget: { enabled: cluster.replicas.quorum > 1, maxUnavailable: 1 },
        clusterRole: {
          create: true,
          rules: [
            { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: ['get', 'list', 'watch'] },
            { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get', 'list', 'watch'] },
          ],
        },
        ports: {
          metrics: { enabled: true },
          agent: { enabled: true, containerPort: 4319, servicePort: 4319, protocol: 'TCP', appProtocol: 'grpc' },
          'jaeger-compact': { enabled: false },
          'jaeger-grpc': { enabled: false },
          'jaeger-thrift': { enabled: false },
          zipkin: { enabled: false },
        },
        // Instead of the chart's configuration, which could only be added to.
        alternateConfig: configuration(cluster),
      },
    },
    namespace: { name: 'opentelemetry', level: 'restricted' },
    workloads: {
      collector: {
        labels: LABELS,
        serves: {
          'otlp-grpc': { port: 4317, to: ['tenants'] },
          'otlp-http': { port: 4318, to: ['tenants'] },
          agent: { port: 4319, to: ['opentelemetry-agent'] },
        },
        reaches: [
          { to: 'api-server' },
          store('loki', 'gateway', 'http'),
          store('tempo', 'tempo', 'otlp-grpc'),
          store('kube-prometheus-stack', 'prometheus', 'web'),
        ],
        scrape: [{ port: 8888 }],
      },
    },
    priorityClass: 'platform-standard',
  }),
});

/** Where data goes; it is held back and sent again while the other is away. */
function store(component: string, workload: string, port: string) {
  return { to: 'component', component, workload, port, optional: true, ordered: false } as const;
}

/**
 * Tenants send to ports 4317 and 4318: who they are is told by the address that they come from. The agents on the
 * nodes send to 4319, which the network keeps for them, and have noted the origin of each line themselves.
 */
function configuration(cluster: Cluster): JsonObject {
  const all = organisations(cluster);
  const copies = Array.from({ length: cluster.replicas.controller }, (_, index) => index);
  const endpoint = (port: number) => ({ endpoint: `\${env:MY_POD_IP}:${port}` });
  return {
    extensions: { health_check: endpoint(13133) },
    receivers: {
      otlp: { protocols: { grpc: endpoint(4317), http: endpoint(4318) } },
      'otlp/agent': { protocols: { grpc: endpoint(4319) } },
    },
    processors: {
      memory_limiter: { check_interval: '1s', limit_percentage: 80, spike_limit_percentage: 25 },
      'resource/anonymous': { attributes: ORIGIN.map((key) => ({ key, action: 'delete' })) },
      k8sattributes: {
        auth_type: 'serviceAccount',
        pod_association: [{ sources: [{ from: 'connection' }] }],
        extract: extract(),
      },
      batch: {},
    },
    connectors: { 'routing/logs': routing('logs', cluster), 'routing/traces': routing('traces', cluster) },
    exporters: {
      ...Object.fromEntries(
        all.flatMap((name): [string, JsonObject][] => {
          const headers = { 'X-Scope-OrgID': name };
          return [
            [`otlphttp/logs-${name}`, { endpoint: 'http://loki-gateway.loki.svc/otlp', headers }],
            [`otlp/traces-${name}`, { endpoint: 'tempo.tempo.svc:4317', headers, tls: { insecure: true } }],
          ];
        }),
      ),
      // Each copy of Prometheus keeps what it was sent: all of them get everything.
      ...Object.fromEntries(copies.map((copy) => [`otlphttp/metrics-${copy}`, { endpoint: prometheus(copy) }])),
    },
    service: {
      extensions: ['health_check'],
      telemetry: {
        metrics: {
          readers: [{ pull: { exporter: { prometheus: { host: '${env:MY_POD_IP}', port: 8888 } } } }],
        },
      },
      pipelines: {
        'logs/from-tenants': pipeline('otlp', ['routing/logs']),
        'logs/from-agent': pipeline('otlp/agent', ['routing/logs']),
        'traces/from-tenants': pipeline('otlp', ['routing/traces']),
        'metrics/from-tenants': pipeline(
          'otlp',
          copies.map((copy) => `otlphttp/metrics-${copy}`),
          ['batch'],
        ),
        'metrics/from-agent': pipeline(
          'otlp/agent',
          copies.map((copy) => `otlphttp/metrics-${copy}`),
          ['batch'],
        ),
        ...Object.fromEntries(
          all.flatMap((name): [string, JsonObject][] => [
            [
              `logs/to-${name}`,
              { receivers: ['routing/logs'], processors: ['batch'], exporters: [`otlphttp/logs-${name}`] },
            ],
            [
              `traces/to-${name}`,
              { receivers: ['routing/traces'], processors: ['batch'], exporters: [`otlp/traces-${name}`] },
            ],
          ]),
        ),
      },
    },
  };
}

function pipeline(receiver: 'otlp' | 'otlp/agent', exporters: string[], last: string[] = []): JsonObject {
  const origin = { otlp: ['resource/anonymous', 'k8sattributes'], 'otlp/agent': [] };
  return { receivers: [receiver], processors: ['memory_limiter', ...origin[receiver], ...last], exporters };
}

/** Data of an environment's namespaces goes to its tenant of Loki and Tempo, all else to the platform's. */
function routing(signal: 'logs' | 'traces', cluster: Cluster): JsonObject {
  return {
    default_pipelines: [`${signal}/to-platform`],
    table: cluster.environments.map((name) => ({
      context: 'resource',
      condition: `attributes["environment"] == "${name}"`,
      pipelines: [`${signal}/to-${name}`],
    })),
  };
}

/** What collectors read of a Pod: its names, and the labels of its namespace that only the platform sets. */
export function extract(): JsonObject {
  return {
    metadata: ORIGIN.filter((key) => key.startsWith('k8s.')),
    labels: ['tenant', 'environment'].map((key) => ({ tag_name: key, key, from: 'namespace' })),
  };
}

function prometheus(copy: number): string {
  const pod = `prometheus-kube-prometheus-stack-prometheus-${copy}`;
  return `http://${pod}.prometheus-operated.monitoring.svc:9090/api/v1/otlp`;
}
