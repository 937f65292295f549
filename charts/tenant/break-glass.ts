import { k8s } from 'cdk8s-plus-28';
import { BREAK_GLASS_NAMESPACE } from '../../src/model/names';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { VIEWER } from '../tenant-viewer';

const NAME = 'break-glass';

/** A shell in a container, a tunnel to a port, a container beside it: to look for a fault, not to change what runs. */
const LOOK_INTO: readonly k8s.PolicyRule[] = [
  { apiGroups: [''], resources: ['pods/attach', 'pods/exec', 'pods/portforward'], verbs: ['create'] },
  { apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['patch', 'update'] },
];

/**
 * What somebody may do in a production environment who has broken the glass, and the account that it is done as. Nobody
 * has that account for good: whoever is on call for the platform asks for a token that ends by itself.
 */
export const facet: TenantFacet = {
  each: 'environment',
  why: 'in production people only read, and an emergency needs a way that is audited and ends by itself',
  render(scope, tenant, environment) {
    // Elsewhere developers may do the same as themselves.
    if (!environment.production || tenant.state === 'removed') return;
    const { namespace } = environment;
    const labels = tenantLabels(tenant, environment);
    const account = { name: namespace, namespace: BREAK_GLASS_NAMESPACE };
    new k8s.KubeServiceAccount(scope, 'account', {
      metadata: { ...account, labels },
      automountServiceAccountToken: false,
    });
    new k8s.KubeRole(scope, 'role', {
      metadata: { name: NAME, namespace, labels },
      rules: [...VIEWER, ...LOOK_INTO],
    });
    new k8s.KubeRoleBinding(scope, 'binding', {
      metadata: { name: NAME, namespace, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: NAME },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    });
  },
};
