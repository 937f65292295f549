import { createHash } from 'node:crypto';
import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Cluster, JsonObject } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources, spread } from '../hardening';
import {
  ACCESS,
  HEALTH_PORT,
  authorizerArguments,
  authorizerConfiguration,
  frontConfiguration,
  labelProxyArguments,
} from '../telemetry/access';

const NAME = 'telemetry-access';
const LABELS = { 'app.kubernetes.io/instance': NAME, 'app.kubernetes.io/name': NAME };

const IMAGES = {
  front: 'docker.io/library/haproxy:3.2.25-alpine',
  authorizer: 'quay.io/brancz/kube-rbac-proxy:v0.19.1',
  labels: 'quay.io/prometheuscommunity/prom-label-proxy:v0.12.1',
} as const;

/** `haproxy` of its image, and `nobody` of the others. */
const FRONT_USER = { runAsUser: 99, runAsGroup: 99 };
const USER = { runAsUser: 65534, runAsGroup: 65534 };

const PROMETHEUS = 'http://kube-prometheus-stack-prometheus.monitoring.svc:9090';
const CONFIGURATION = '/etc/telemetry-access';

const access = Object.entries(ACCESS);

/** docs/decisions/0024-who-reads-whose-telemetry.md */
export const component = defineComponent({
  name: NAME,
  summary: 'Lets people read metrics, logs and traces of the namespaces that they may read in Kubernetes',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    namespace: { name: NAME, level: 'restricted' },
    workloads: {
      access: {
        labels: LABELS,
        serves: Object.fromEntries(
          access.map(([name, { port }]) => [name, { port, to: ['grafana-operator/tenant-grafana'] }]),
        ),
        reaches: [
          { to: 'api-server' },
          source('kube-prometheus-stack', 'prometheus', 'web'),
          source('loki', 'gateway', 'http'),
          source('tempo', 'tempo', 'http'),
        ],
        ...(cluster.replicas.controller > 1 ? { disruptionBudget: { maxUnavailable: 1 } } : {}),
      },
    },
    priorityClass: 'platform-standard',
  }),

  resources(scope, { cluster, namespace }) {
    const metadata = { name: NAME, namespace };
    const files = {
      'haproxy.cfg': frontConfiguration(),
      // JSON is YAML too.
      ...Object.fromEntries(
        access.map(([name, one]) => [`${name}.yaml`, JSON.stringify(authorizerConfiguration(one))]),
      ),
    };
    new k8s.KubeServiceAccount(scope, 'account', { metadata, automountServiceAccountToken: false });
    // May ask who a token belongs to and what somebody may do, and nothing else.
    new k8s.KubeClusterRoleBinding(scope, 'delegator', {
      metadata: { name: NAME },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:auth-delegator' },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace }],
    });
    new k8s.KubeConfigMap(scope, 'configuration', { metadata, data: files });
    new k8s.KubeService(scope, 'service', {
      metadata,
      spec: {
        selector: LABELS,
        ports: access.map(([name, { port }]) => ({ name, port, targetPort: k8s.IntOrString.fromNumber(port) })),
      },
    });
    addDeployment(scope, cluster, namespace, files);
  },
});

/** It starts, and tells the others' absence, without them. */
function source(component: string, workload: string, port: string) {
  return { to: 'component', component, workload, port, optional: true, ordered: false } as const;
}

function addDeployment(scope: Construct, cluster: Cluster, namespace: string, files: Record<string, string>): void {
  // None of them reads its configuration again.
  const digest = createHash('sha256').update(JSON.stringify(files)).digest('hex');
  new ApiObject(scope, 'deployment', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace },
    spec: {
      replicas: cluster.replicas.controller,
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS, annotations: { 'keelson.dev/configuration': digest } },
        spec: {
          serviceAccountName: NAME,
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          priorityClassName: 'platform-standard',
          securityContext: RESTRICTED_POD,
          topologySpreadConstraints: spread(LABELS),
          containers: [
            front(),
            ...access.map(([name, one]) =>
              container(name, IMAGES.authorizer, authorizerArguments(one, `${CONFIGURATION}/${name}.yaml`)),
            ),
            container('labels', IMAGES.labels, labelProxyArguments(PROMETHEUS)),
          ],
          volumes: [{ name: 'configuration', configMap: { name: NAME } }],
        },
      },
    },
  });
}

function front(): JsonObject {
  const probe = { httpGet: { path: '/healthz', port: HEALTH_PORT } };
  return {
    name: 'front',
    image: IMAGES.front,
    command: ['haproxy', '-db', '-f', `${CONFIGURATION}/haproxy.cfg`],
    ports: [...access.map(([, { port }]) => port), HEALTH_PORT].map((containerPort) => ({ containerPort })),
    livenessProbe: probe,
    readinessProbe: probe,
    resources: resources('20m', '64Mi'),
    securityContext: { ...RESTRICTED_CONTAINER, ...FRONT_USER },
    volumeMounts: [{ name: 'configuration', mountPath: CONFIGURATION, readOnly: true }],
  };
}

function container(name: string, image: string, args: readonly string[]): JsonObject {
  return {
    name,
    image,
    args,
    resources: resources('10m', '64Mi'),
    securityContext: { ...RESTRICTED_CONTAINER, ...USER },
    volumeMounts: [{ name: 'configuration', mountPath: CONFIGURATION, readOnly: true }],
  };
}
