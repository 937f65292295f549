import type { Cluster } from '../../src/model/cluster';
import { JOINING_GROUP, joiningAccess } from '../control-plane/joining';
import { ADMIN_GROUP, KUBELET_CLIENT_GROUP, KWOK_USER } from '../control-plane/pki';
import type { KubeObject } from './object';

const RBAC = 'rbac.authorization.k8s.io';
const LABELS = { 'app.kubernetes.io/managed-by': 'keelson' };

type Subject = readonly ['Group' | 'User', string];

/**
 * Who may do what in a cluster that nobody has a right in yet. The API server's own bindings stay, but for the one that
 * names whoever has not said who he is: see `anonymous`. EKS binds its nodes and API servers itself.
 */
export function accessObjects(cluster: Cluster): readonly KubeObject[] {
  const { groups, groupsPrefix } = cluster.platform.oidc;
  const admins: readonly Subject[] = [
    ['Group', ADMIN_GROUP],
    ['Group', `${groupsPrefix}${groups.admins}`],
  ];
  return [
    // By certificate and by sign-in alike, so that either still works where the other's issuer does not.
    binding('keelson:platform-admins', 'cluster-admin', admins),
    ...(cluster.provider === 'eks' ? [] : [...kubelets(), ...anonymous()]),
    ...(cluster.provider === 'aws' ? machines() : []),
    ...(cluster.provider === 'local' ? simulator() : []),
  ];
}

/** How kubelets are talked to, and keep their certificate. */
function kubelets(): readonly KubeObject[] {
  return [
    // For logs, exec and port-forward. Kubelets ask the API server whether it may: they trust no certificate alone.
    binding('keelson:kubelet-clients', 'system:kubelet-api-admin', [['Group', KUBELET_CLIENT_GROUP]]),
    // A machine renews the certificate of its own name and of no other.
    binding('keelson:node-renewals', 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', [
      ['Group', 'system:nodes'],
    ]),
  ];
}

/**
 * How machines join: who holds a token may ask for a certificate, and no more. Kubernetes' own approver would give him
 * that of any node, so that its role is bound to nobody: a program on the control plane's hosts approves.
 */
function machines(): readonly KubeObject[] {
  return [
    binding('keelson:node-bootstrappers', 'system:node-bootstrapper', [['Group', JOINING_GROUP]]),
    ...(joiningAccess() as readonly KubeObject[]),
  ];
}

/**
 * Whoever has not said who he is may ask for health, as load balancers do, and for nothing else. The API server's
 * default binding would show him the version too; without the annotation it would be put back at every start. The
 * authentication configuration lets anonymous requests through to health paths only: this holds where that is lost.
 */
function anonymous(): readonly KubeObject[] {
  const paths = ['/healthz', '/livez', '/readyz'].flatMap((path) => [path, `${path}/*`]);
  return [
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { name: 'keelson:health', labels: LABELS },
      rules: [{ nonResourceURLs: paths, verbs: ['get'] }],
    },
    binding('keelson:health', 'keelson:health', [['Group', 'system:unauthenticated']]),
    {
      ...binding('system:public-info-viewer', 'system:public-info-viewer', [['Group', 'system:authenticated']]),
      metadata: {
        name: 'system:public-info-viewer',
        annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' },
      },
    },
  ];
}

/** What KWOK does in the place of kubelets. */
function simulator(): readonly KubeObject[] {
  const rule = (group: string, resources: readonly string[], verbs: readonly string[]) => ({
    apiGroups: [group],
    resources,
    verbs,
  });
  const read = ['get', 'list', 'watch'];
  return [
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { name: KWOK_USER, labels: LABELS },
      rules: [
        rule('', ['nodes'], [...read, 'patch', 'update']),
        rule('', ['nodes/status', 'pods/status'], ['patch', 'update']),
        // It takes away Pods that are to go, as a kubelet does when their containers have ended.
        rule('', ['pods'], [...read, 'delete', 'patch', 'update']),
        rule('', ['events'], ['create', 'patch', 'update']),
        rule('coordination.k8s.io', ['leases'], [...read, 'create', 'patch', 'update']),
      ],
    },
    binding(KWOK_USER, KWOK_USER, [['User', KWOK_USER]]),
  ];
}

function binding(name: string, role: string, subjects: readonly Subject[]): KubeObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: LABELS },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: subjects.map(([kind, subject]) => ({ apiGroup: RBAC, kind, name: subject })),
  };
}
