import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { TenantEnvironment, TenantSlice } from '../../src/model/slices';
import { ROBOTS_NAMESPACE } from '../argo-cd';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { READ, VIEWER } from '../tenant-viewer';
import { TENANT_KINDS } from '../tenant-kinds';

const WRITE = ['create', 'update', 'patch', 'delete'];

/**
 * Kinds that only the team's admins change by hand: what is kept secret, and who Pods are. Whoever may create Pods can
 * mount any Secret and run as any account of the namespace all the same, so that nothing stronger than the team's own
 * lies there: delivery has a namespace of its own, and guardrails say which workload may be which cloud role.
 */
const ADMINS_ONLY: readonly string[] = ['externalsecrets', 'serviceaccounts'];

/** What developers may change where nobody depends on it. In production they read: changes come by git. */
const DEVELOPER: readonly k8s.PolicyRule[] = [
  ...writing((resource) => !ADMINS_ONLY.includes(resource)),
  { apiGroups: [''], resources: ['pods/attach', 'pods/eviction', 'pods/exec', 'pods/portforward'], verbs: ['create'] },
  { apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['patch', 'update'] },
  { apiGroups: ['apps'], resources: ['deployments/scale', 'statefulsets/scale'], verbs: ['get', 'patch', 'update'] },
];

/** What the team's admins may do beyond that, outside production. */
const ADMIN: readonly k8s.PolicyRule[] = [
  ...writing((resource) => ADMINS_ONLY.includes(resource)),
  { apiGroups: [''], resources: ['secrets'], verbs: [...READ, ...WRITE] },
];

/** What the delivery robot may do: with the kinds of the team's project, and no others, everything that a sync does. */
const DELIVERY: readonly k8s.PolicyRule[] = Object.entries(TENANT_KINDS).map(([group, kinds]) => ({
  apiGroups: [group],
  resources: Object.values(kinds),
  verbs: [...READ, ...WRITE],
}));

/**
 * Roles of the namespace for viewers, developers, admins and the delivery robot, each bound to its group or account.
 * They name verbs and resources one by one. None holds the namespace, its quotas, Roles or tokens, so that nobody in a
 * team can widen what the team has. A tenant that is not active is read by people and written by nobody.
 */
export const facet: TenantFacet = {
  each: 'environment',
  why: 'people and the delivery robot need rights in the namespace, and none by which they could widen them',
  render(scope, tenant, environment) {
    const grant = (name: string, rules: readonly k8s.PolicyRule[], subject: k8s.Subject | undefined) =>
      addRole(scope, name, rules, subject, tenant, environment);
    const { viewers, developers, admins } = tenant.groups;
    const active = tenant.state === 'active';
    const readOnly = environment.production || !active;
    grant('viewer', VIEWER, groupOf(viewers));
    grant('developer', readOnly ? VIEWER : [...VIEWER, ...DEVELOPER], groupOf(developers));
    grant('admin', readOnly ? VIEWER : [...VIEWER, ...DEVELOPER, ...ADMIN], groupOf(admins));
    if (!active) return;
    const robot = { kind: 'ServiceAccount', name: environment.namespace, namespace: ROBOTS_NAMESPACE };
    grant('delivery', DELIVERY, robot);
  },
};

function groupOf(name: string | undefined): k8s.Subject | undefined {
  return name === undefined ? undefined : { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name };
}

function addRole(
  scope: Construct,
  name: string,
  rules: readonly k8s.PolicyRule[],
  subject: k8s.Subject | undefined,
  tenant: TenantSlice,
  environment: TenantEnvironment,
): void {
  const metadata = { name, namespace: environment.namespace, labels: tenantLabels(tenant, environment) };
  new k8s.KubeRole(scope, `${name}-role`, { metadata, rules: [...rules] });
  if (!subject) return;
  new k8s.KubeRoleBinding(scope, `${name}-binding`, {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [subject],
  });
}

/** Rules that let somebody change those of the team's own kinds that are wanted. */
function writing(wanted: (resource: string) => boolean): readonly k8s.PolicyRule[] {
  return Object.entries(TENANT_KINDS)
    .map(([group, kinds]) => ({
      apiGroups: [group],
      resources: Object.values(kinds).filter(wanted),
      verbs: WRITE,
    }))
    .filter(({ resources }) => resources.length > 0);
}
