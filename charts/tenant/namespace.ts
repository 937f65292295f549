import { k8s } from 'cdk8s-plus-28';
import type { TenantFacet } from '../facet';
import { podSecurity, tenantLabels } from '../labels';

/** The namespace, at the strictest Pod Security level, and its default ServiceAccount, which carries no token. */
export const facet: TenantFacet = {
  each: 'environment',
  render(scope, tenant, environment, cluster) {
    const labels = tenantLabels(tenant, environment);
    const { namespace } = environment;
    new k8s.KubeNamespace(scope, 'namespace', {
      metadata: {
        name: namespace,
        labels: { ...labels, ...podSecurity('restricted', cluster.kubernetesVersion) },
        annotations: {
          'keelson.dev/owner': tenant.owner.email,
          'keelson.dev/team': tenant.owner.team,
          // What a tenant holds must outlive a mistake in the tree: Argo CD asks before it deletes a namespace.
          'argocd.argoproj.io/sync-options': 'Delete=confirm,Prune=confirm',
        },
      },
    });
    new k8s.KubeServiceAccount(scope, 'default', {
      metadata: { name: 'default', namespace, labels },
      automountServiceAccountToken: false,
    });
  },
};
