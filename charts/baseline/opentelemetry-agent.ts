import { AUDIT_LOG_DIRECTORY } from '../../src/model/control-plane-metrics';
import type { Cluster, JsonObject } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, byProvider, resources } from '../hardening';
import { extract } from './opentelemetry-gateway';

const LABELS = {
  'app.kubernetes.io/name': 'opentelemetry-collector',
  'app.kubernetes.io/instance': 'opentelemetry-agent',
  component: 'agent-collector',
};

/** Where the agent notes how far it has read. */
const STATE = '/var/lib/otelcol';

export const component = defineComponent({
  name: 'opentelemetry-agent',
  summary: 'Reads audit logs and the measurements of kubelets on every node',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://open-telemetry.github.io/opentelemetry-helm-charts',
      name: 'opentelemetry-collector',
      version: '0.170.0',
      values: {
        mode: 'daemonset',
        // The chart adds `-agent` to the name of a DaemonSet.
        fullnameOverride: 'opentelemetry',
        image: { repository: 'ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s' },
        priorityClassName: 'platform-critical',
        resources: resources('100m', '512Mi'),
        podSecurityContext: { seccompProfile: { type: 'RuntimeDefault' } },
        // The audit log belongs to root, and so does the mark of how far it was read.
        securityContext: { ...RESTRICTED_CONTAINER, runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 },
        tolerations: [{ operator: 'Exists' }],
        clusterRole: {
          create: true,
          rules: [
            { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: ['get', 'list', 'watch'] },
            { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get', 'list', 'watch'] },
            { apiGroups: [''], resources: ['nodes/stats'], verbs: ['get'] },
          ],
        },
        extraVolumes: [
          { name: 'state', hostPath: { path: STATE, type: 'DirectoryOrCreate' } },
          ...audited(cluster, [
            // Only hosts of a control plane write there.
            { name: 'audit', hostPath: { path: AUDIT_LOG_DIRECTORY, type: 'DirectoryOrCreate' } },
          ]),
        ],
        extraVolumeMounts: [
          { name: 'state', mountPath: STATE, readOnly: false },
          ...audited(cluster, [{ name: 'audit', mountPath: AUDIT_LOG_DIRECTORY, readOnly: true }]),
        ],
        // It takes nothing from the network.
        ports: {
          metrics: { enabled: true },
          otlp: { enabled: false },
          'otlp-http': { enabled: false },
          'jaeger-compact': { enabled: false },
          'jaeger-grpc': { enabled: false },
          'jaeger-thrift': { enabled: false },
          zipkin: { enabled: false },
        },
        // Instead of the chart's configuration, which could only be added to.
        alternateConfig: configuration(cluster),
      },
    },
    namespace: {
      name: 'opentelemetry-agent',
      level: 'privileged',
      reason: 'reads the audit log of its node as root and keeps its place on the node',
    },
    workloads: {
      agent: {
        labels: LABELS,
        reaches: [
          { to: 'api-server' },
          { to: 'nodes', port: 10250, why: 'reads what the kubelet measures' },
          {
            to: 'component',
            component: 'opentelemetry-gateway',
            workload: 'collector',
            port: 'agent',
            optional: true,
            ordered: false,
          },
        ],
        scrape: [{ port: 8888 }],
      },
    },
    priorityClass: 'platform-critical',
    exceptions: [{ what: 'runAsNonRoot', reason: 'the audit log is readable by root alone' }],
  }),
});

/** Something for clusters alone whose nodes keep the audit log: EKS writes its own into the cloud's. */
function audited<T>(cluster: Cluster, values: readonly T[]): readonly T[] {
  return cluster.provider === 'aws' ? values : [];
}

/**
 * The log of who did what, to search in; the copy that nobody in the cluster can change is shipped by the hosts. Events
 * stay text: as attributes the larger ones would be refused by Loki.
 */
const AUDIT: JsonObject = {
  include: [`${AUDIT_LOG_DIRECTORY}/*.log`],
  start_at: 'beginning',
  storage: 'file_storage',
  include_file_name: false,
  retry_on_failure: { enabled: true },
  resource: { 'service.name': 'kube-apiserver-audit', 'k8s.node.name': '${env:OTEL_K8S_NODE_NAME}' },
  operators: [
    {
      type: 'regex_parser',
      regex: '"stageTimestamp":"(?P<at>[^"]+)"',
      timestamp: { parse_from: 'attributes.at', layout_type: 'gotime', layout: '2006-01-02T15:04:05.999999999Z07:00' },
    },
    { type: 'remove', field: 'attributes.at' },
  ],
};

function configuration(cluster: Cluster): JsonObject {
  const processors = ['memory_limiter', 'k8sattributes', 'batch'];
  return {
    extensions: { health_check: { endpoint: '${env:MY_POD_IP}:13133' }, file_storage: { directory: STATE } },
    receivers: {
      ...Object.fromEntries(audited(cluster, [['filelog/audit', AUDIT]])),
      kubeletstats: {
        auth_type: 'serviceAccount',
        collection_interval: '30s',
        endpoint: 'https://${env:OTEL_K8S_NODE_IP}:10250',
        // The cluster's authority signs kubelets' certificates, except on a machine of one's own.
        insecure_skip_verify: byProvider(cluster, { cloud: false, local: true }),
      },
    },
    processors: {
      memory_limiter: { check_interval: '1s', limit_percentage: 80, spike_limit_percentage: 25 },
      k8sattributes: {
        auth_type: 'serviceAccount',
        filter: { node_from_env_var: 'OTEL_K8S_NODE_NAME' },
        pod_association: [{ sources: [{ from: 'resource_attribute', name: 'k8s.pod.uid' }] }],
        extract: extract(),
      },
      batch: {},
    },
    exporters: {
      otlp: {
        endpoint: 'opentelemetry-gateway.opentelemetry.svc:4319',
        tls: { insecure: true },
        sending_queue: { storage: 'file_storage' },
      },
    },
    service: {
      extensions: ['health_check', 'file_storage'],
      telemetry: {
        metrics: {
          readers: [{ pull: { exporter: { prometheus: { host: '${env:MY_POD_IP}', port: 8888 } } } }],
        },
      },
      pipelines: {
        ...Object.fromEntries(
          audited(cluster, [
            [
              'logs/audit',
              { receivers: ['filelog/audit'], processors: ['memory_limiter', 'batch'], exporters: ['otlp'] },
            ],
          ]),
        ),
        metrics: { receivers: ['kubeletstats'], processors, exporters: ['otlp'] },
      },
    },
  };
}
