import { createHash } from 'node:crypto';
import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { JsonObject } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, resources } from '../hardening';
import { PLATFORM_ORGANISATION } from './loki';

const NAME = 'log-agent';
const IMAGE = 'docker.io/timberio/vector:0.52.0-distroless-static';
const LABELS = { 'app.kubernetes.io/instance': NAME, 'app.kubernetes.io/name': NAME };
const METRICS_PORT = 9598;

/** Where container logs are on a node, and where the agent keeps its place and what Loki has not taken yet. */
const LOGS = '/var/log/pods';
const STATE = '/var/lib/log-agent';
const CONFIGURATION = '/etc/vector';

/** Bytes of lines that one node holds back while Loki is away; then the oldest files wait on the node's own disk. */
const BUFFER = 1024 ** 3;

/**
 * Lines a second that a node takes from one namespace; those beyond are dropped and counted. Without it one tenant's
 * flood would fill the buffer that all share. The number is our own choice.
 */
const LINES_A_SECOND = 1000;

/** docs/decisions/0024-who-reads-whose-telemetry.md */
export const component = defineComponent({
  name: NAME,
  summary: 'Reads container logs on every node and hands each line on as its namespace’s own',
  providers: ['aws', 'eks', 'local'],

  declare: () => ({
    namespace: {
      name: NAME,
      level: 'privileged',
      reason: 'reads container logs of its node as root and keeps its place on the node',
    },
    workloads: {
      agent: {
        labels: LABELS,
        reaches: [
          { to: 'api-server' },
          { to: 'component', component: 'loki', workload: 'gateway', port: 'http', optional: true, ordered: false },
        ],
        scrape: [{ port: METRICS_PORT }],
      },
    },
    priorityClass: 'platform-critical',
    exceptions: [{ what: 'runAsNonRoot', reason: 'container logs are readable by root alone' }],
  }),

  resources(scope, { namespace }) {
    const metadata = { name: NAME, namespace };
    const configuration = JSON.stringify(vector(), undefined, 2);
    new k8s.KubeServiceAccount(scope, 'account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeClusterRole(scope, 'role', {
      metadata: { name: NAME },
      rules: [{ apiGroups: [''], resources: ['namespaces', 'nodes', 'pods'], verbs: ['get', 'list', 'watch'] }],
    });
    new k8s.KubeClusterRoleBinding(scope, 'binding', {
      metadata: { name: NAME },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace }],
    });
    new k8s.KubeConfigMap(scope, 'configuration', { metadata, data: { 'vector.json': configuration } });
    addDaemonSet(scope, namespace, createHash('sha256').update(configuration).digest('hex'));
  },
});

/**
 * Whose a line is says the kubelet: it chose the directory that the line stands in, and the API server says whether
 * that Pod's namespace is a tenant's. Nothing in the line itself, or on the Pod, has a say.
 */
function vector(): JsonObject {
  return {
    data_dir: STATE,
    sources: {
      pods: {
        type: 'kubernetes_logs',
        // Reading its own log, it would write more of it.
        exclude_paths_glob_patterns: [`${LOGS}/${NAME}_*/**`],
      },
      own: { type: 'internal_metrics' },
    },
    transforms: {
      owner: {
        type: 'remap',
        inputs: ['pods'],
        source:
          '.organisation = if exists(.kubernetes.namespace_labels.tenant) { .kubernetes.pod_namespace }' +
          ` else { "${PLATFORM_ORGANISATION}" }`,
      },
      fair: {
        type: 'throttle',
        inputs: ['owner'],
        threshold: LINES_A_SECOND,
        window_secs: 1,
        key_field: '{{ kubernetes.pod_namespace }}',
      },
    },
    sinks: {
      loki: {
        type: 'loki',
        inputs: ['fair'],
        endpoint: 'http://loki-gateway.loki.svc',
        tenant_id: '{{ organisation }}',
        encoding: { codec: 'text' },
        labels: {
          namespace: '{{ kubernetes.pod_namespace }}',
          pod: '{{ kubernetes.pod_name }}',
          container: '{{ kubernetes.container_name }}',
        },
        buffer: { type: 'disk', max_size: BUFFER, when_full: 'block' },
      },
      metrics: { type: 'prometheus_exporter', inputs: ['own'], address: `0.0.0.0:${METRICS_PORT}` },
    },
  };
}

function addDaemonSet(scope: Construct, namespace: string, digest: string): void {
  const mounts = [
    { name: 'configuration', path: CONFIGURATION, readOnly: true },
    { name: 'logs', path: LOGS, readOnly: true },
    { name: 'state', path: STATE, readOnly: false },
  ];
  new ApiObject(scope, 'daemon-set', {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: NAME, namespace },
    spec: {
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS, annotations: { 'keelson.dev/configuration': digest } },
        spec: {
          serviceAccountName: NAME,
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          priorityClassName: 'platform-critical',
          securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
          tolerations: [{ operator: 'Exists' }],
          containers: [
            {
              name: 'vector',
              image: IMAGE,
              args: ['--config', `${CONFIGURATION}/vector.json`],
              env: [{ name: 'VECTOR_SELF_NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
              ports: [{ name: 'metrics', containerPort: METRICS_PORT }],
              resources: resources('100m', '256Mi', { memory: '512Mi' }),
              // Log files belong to root, and so do the marks of how far they were read.
              securityContext: { ...RESTRICTED_CONTAINER, runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 },
              volumeMounts: mounts.map(({ name, path, readOnly }) => ({ name, mountPath: path, readOnly })),
            },
          ],
          volumes: [
            { name: 'configuration', configMap: { name: NAME } },
            { name: 'logs', hostPath: { path: LOGS, type: 'Directory' } },
            { name: 'state', hostPath: { path: STATE, type: 'DirectoryOrCreate' } },
          ],
        },
      },
    },
  });
}
