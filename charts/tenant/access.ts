import { k8s } from 'cdk8s-plus-28';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'update', 'patch', 'delete'];

/** What everybody in the team sees: the team's workloads and what is known of them, no secrets. */
const VIEWER: readonly k8s.PolicyRule[] = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'events',
      'limitranges',
      'persistentvolumeclaims',
      'pods',
      'pods/log',
      'resourcequotas',
      'serviceaccounts',
      'services',
    ],
    verbs: READ,
  },
  { apiGroups: ['apps'], resources: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'], verbs: READ },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: READ },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: READ },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: READ },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'], verbs: READ },
  { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: READ },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: READ },
];

/** What developers may change where nobody depends on it. In production they read: changes come by git. */
const DEVELOPER: readonly k8s.PolicyRule[] = [
  { apiGroups: [''], resources: ['configmaps', 'persistentvolumeclaims', 'services'], verbs: WRITE },
  { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete'] },
  { apiGroups: [''], resources: ['pods/exec', 'pods/portforward'], verbs: ['create'] },
  { apiGroups: ['apps'], resources: ['deployments', 'statefulsets'], verbs: WRITE },
  { apiGroups: ['apps'], resources: ['deployments/scale', 'statefulsets/scale'], verbs: ['get', 'update', 'patch'] },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: WRITE },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: WRITE },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: WRITE },
];

/** What the team's admins may do beyond that, outside production: handle its secrets. */
const ADMIN: readonly k8s.PolicyRule[] = [{ apiGroups: [''], resources: ['secrets'], verbs: [...READ, ...WRITE] }];

/** Roles of the namespace for viewers, developers and admins, each bound to its group. None can change another's. */
export const facet: TenantFacet = {
  each: 'environment',
  render(scope, tenant, environment) {
    const labels = tenantLabels(tenant, environment);
    const { namespace, production } = environment;
    const grant = (name: string, rules: readonly k8s.PolicyRule[], group: string | undefined) => {
      new k8s.KubeRole(scope, `${name}-role`, { metadata: { name, namespace, labels }, rules: [...rules] });
      if (group === undefined) return;
      new k8s.KubeRoleBinding(scope, `${name}-binding`, {
        metadata: { name, namespace, labels },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
      });
    };
    const { viewers, developers, admins } = tenant.groups;
    grant('viewer', VIEWER, viewers);
    grant('developer', production ? VIEWER : [...VIEWER, ...DEVELOPER], developers);
    grant('admin', production ? VIEWER : [...VIEWER, ...DEVELOPER, ...ADMIN], admins);
  },
};
