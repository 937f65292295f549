import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Cluster } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, byProvider, resources, spread } from '../hardening';

const NAME = 'kubelet-csr-approver';
const IMAGE = 'ghcr.io/postfinance/kubelet-csr-approver:v1.2.6';
const LABELS = { 'app.kubernetes.io/instance': NAME, 'app.kubernetes.io/name': NAME };
const USER = { runAsUser: 65532, runAsGroup: 65532 };
const PORTS = { health: 8081, metrics: 8080 };

/** Its objects are written here and not by its chart, which knows neither priority, spread nor budget. */
export const component = defineComponent({
  name: NAME,
  summary: 'Approves the serving certificates of kubelets whose names and addresses are those of nodes',
  providers: ['aws', 'local'],

  declare: (cluster) => ({
    namespace: { name: NAME, level: 'restricted' },
    workloads: {
      approver: {
        labels: LABELS,
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: PORTS.metrics }],
        ...(cluster.replicas.controller > 1 ? { disruptionBudget: { maxUnavailable: 1 } } : {}),
      },
    },
    priorityClass: 'system-cluster-critical',
  }),

  resources(scope, { cluster, namespace }) {
    const metadata = { name: NAME, namespace };
    const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace }];
    new k8s.KubeServiceAccount(scope, 'account', { metadata });
    new k8s.KubeClusterRole(scope, 'cluster-role', {
      metadata: { name: NAME },
      rules: [
        {
          apiGroups: ['certificates.k8s.io'],
          resources: ['certificatesigningrequests'],
          verbs: ['get', 'list', 'watch'],
        },
        {
          apiGroups: ['certificates.k8s.io'],
          resources: ['certificatesigningrequests/approval'],
          verbs: ['update'],
        },
        {
          apiGroups: ['certificates.k8s.io'],
          resources: ['signers'],
          resourceNames: ['kubernetes.io/kubelet-serving'],
          verbs: ['approve'],
        },
      ],
    });
    new k8s.KubeClusterRoleBinding(scope, 'cluster-binding', {
      metadata: { name: NAME },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
      subjects,
    });
    new k8s.KubeRole(scope, 'role', {
      metadata,
      rules: [
        // For the election of a leader.
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'update'] },
        { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
      ],
    });
    new k8s.KubeRoleBinding(scope, 'binding', {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: NAME },
      subjects,
    });
    new ApiObject(scope, 'deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: cluster.replicas.controller,
        selector: { matchLabels: LABELS },
        template: {
          metadata: { labels: LABELS },
          spec: {
            serviceAccountName: NAME,
            automountServiceAccountToken: true,
            priorityClassName: 'system-cluster-critical',
            securityContext: { ...RESTRICTED_POD, ...USER },
            tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }],
            topologySpreadConstraints: spread(LABELS),
            containers: [
              {
                name: 'approver',
                image: IMAGE,
                args: [
                  `-metrics-bind-address=:${PORTS.metrics}`,
                  `-health-probe-bind-address=:${PORTS.health}`,
                  '-leader-election',
                  ...nodesOnly(cluster),
                ],
                ports: [
                  { name: 'metrics', containerPort: PORTS.metrics },
                  { name: 'health', containerPort: PORTS.health },
                ],
                livenessProbe: { httpGet: { path: '/healthz', port: 'health' } },
                resources: resources('20m', '64Mi', { memory: '128Mi' }),
                securityContext: { ...RESTRICTED_CONTAINER, ...USER },
              },
            ],
          },
        },
      },
    });
  },
});

/**
 * What a certificate may be for. In the cloud a node is named as the cloud names its address or machine, and its name
 * must resolve; names on a local cluster are its owner's, who keeps them in no zone. Addresses are those of nodes.
 */
function nodesOnly(cluster: Cluster): readonly string[] {
  return [
    `-provider-ip-prefixes=${cluster.network.nodeCidr}`,
    ...byProvider(cluster, {
      cloud: [`-provider-regex=^(ip(-[0-9]+){4}|i-[0-9a-f]+)[.](${cluster.region ?? ''}[.]compute|ec2)[.]internal$`],
      local: ['-provider-regex=^[a-z0-9][a-z0-9.-]*$', '-bypass-dns-resolution'],
    }),
  ];
}
