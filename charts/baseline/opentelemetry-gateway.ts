import type { Cluster, JsonObject } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources, spread } from '../hardening';
import { PLATFORM_ORGANISATION } from './loki';

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

/** Header that names the organisation, as Loki and Tempo know it; collectors look headers up in small letters. */
const ORGANISATION = 'x-scope-orgid';
const NAMESPACE = 'resource.attributes["k8s.namespace.name"]';
const HEADERS = `otelcol.client.metadata["${ORGANISATION}"]`;

/**
 * Labels that say whose a series is or which process told it: what a client writes there is replaced by what is known.
 */
const LABELS_OF_ORIGIN = ['cluster', 'environment', 'instance', 'job', 'namespace', 'node', 'pod', 'tenant'];

/**
 * Tenants send to ports 4317 and 4318: who they are is told by the address that they come from. The agents on the
 * nodes send to 4319, which the network keeps for them, and have noted the origin of each measurement themselves.
 *
 * A collector cannot make a header of what it knows of a record. So the client says its namespace, as a header, and
 * what says another's is dropped. What says none goes to the platform's organisation, where no tenant sees it.
 */
function configuration(cluster: Cluster): JsonObject {
  const copies = Array.from({ length: cluster.replicas.controller }, (_, index) => index);
  const prometheus = copies.map((copy) => `otlphttp/metrics-${copy}`);
  const endpoint = (port: number) => ({ endpoint: `\${env:MY_POD_IP}:${port}` });
  const named = (port: number) => ({ ...endpoint(port), include_metadata: true });
  return {
    extensions: {
      health_check: endpoint(13133),
      headers_setter: {
        headers: [
          {
            key: 'X-Scope-OrgID',
            action: 'upsert',
            from_context: ORGANISATION,
            default_value: PLATFORM_ORGANISATION,
          },
        ],
      },
    },
    receivers: {
      otlp: { protocols: { grpc: named(4317), http: named(4318) } },
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
      'filter/others': others(),
      'transform/origin': origin(),
      batch: {},
    },
    exporters: {
      'otlphttp/logs': { endpoint: 'http://loki-gateway.loki.svc/otlp', auth: { authenticator: 'headers_setter' } },
      'otlp/traces': {
        endpoint: 'tempo.tempo.svc:4317',
        tls: { insecure: true },
        auth: { authenticator: 'headers_setter' },
      },
      // Each copy of Prometheus keeps what it was sent: all of them get everything.
      ...Object.fromEntries(copies.map((copy) => [`otlphttp/metrics-${copy}`, { endpoint: prometheusOf(copy) }])),
    },
    service: {
      extensions: ['health_check', 'headers_setter'],
      telemetry: {
        metrics: {
          readers: [{ pull: { exporter: { prometheus: { host: '${env:MY_POD_IP}', port: 8888 } } } }],
        },
      },
      pipelines: {
        // Not in batches: those would mix clients and forget their headers.
        'logs/from-tenants': pipeline('otlp', ['filter/others'], ['otlphttp/logs']),
        'logs/from-agent': pipeline('otlp/agent', ['batch'], ['otlphttp/logs']),
        'traces/from-tenants': pipeline('otlp', ['filter/others'], ['otlp/traces']),
        'metrics/from-tenants': pipeline('otlp', ['filter/others', 'transform/origin', 'batch'], prometheus),
        'metrics/from-agent': pipeline('otlp/agent', ['transform/origin', 'batch'], prometheus),
      },
    },
  };
}

function pipeline(receiver: 'otlp' | 'otlp/agent', rest: string[], exporters: string[]): JsonObject {
  const known = { otlp: ['resource/anonymous', 'k8sattributes'], 'otlp/agent': [] };
  return { receivers: [receiver], processors: ['memory_limiter', ...known[receiver], ...rest], exporters };
}

/**
 * Drops what names another's organisation, or several, which no exporter could send on; and metrics of whom nobody
 * knows. Where it cannot tell, all is dropped.
 */
function others(): JsonObject {
  const another = `${HEADERS} != nil and (Len(${HEADERS}) != 1 or ${HEADERS}[0] != ${NAMESPACE})`;
  return {
    error_mode: 'propagate',
    log_conditions: [another],
    trace_conditions: [another],
    metric_conditions: [another, `${NAMESPACE} == nil`],
  };
}

/** Writes whose a series is into each of its points, where Prometheus takes its labels from. */
function origin(): JsonObject {
  const labels = { namespace: 'k8s.namespace.name', pod: 'k8s.pod.name', tenant: 'tenant', environment: 'environment' };
  return {
    error_mode: 'propagate',
    metric_statements: [
      {
        context: 'resource',
        // They become the label `job`: nobody's is that of one of the platform's own.
        statements: [
          'set(resource.attributes["service.namespace"], resource.attributes["k8s.namespace.name"])',
          'set(resource.attributes["service.name"], "unknown") where resource.attributes["service.name"] == nil',
        ],
      },
      {
        context: 'datapoint',
        statements: [
          ...LABELS_OF_ORIGIN.map((label) => `delete_key(datapoint.attributes, "${label}")`),
          ...Object.entries(labels).map(
            ([label, attribute]) =>
              `set(datapoint.attributes["${label}"], resource.attributes["${attribute}"])` +
              ` where resource.attributes["${attribute}"] != nil`,
          ),
        ],
      },
    ],
  };
}

/** What collectors read of a Pod: its names, and the labels of its namespace that only the platform sets. */
export function extract(): JsonObject {
  return {
    metadata: ORIGIN.filter((key) => key.startsWith('k8s.')),
    labels: ['tenant', 'environment'].map((key) => ({ tag_name: key, key, from: 'namespace' })),
  };
}

function prometheusOf(copy: number): string {
  const pod = `prometheus-kube-prometheus-stack-prometheus-${copy}`;
  return `http://${pod}.prometheus-operated.monitoring.svc:9090/api/v1/otlp`;
}
