import { addAccountsNamespace } from '../accounts-namespace';
import { ROBOTS_NAMESPACE } from '../argo-cd';
import type { ClusterFacet } from '../facet';

/** The namespace of the accounts that Argo CD acts as for tenants; those of a tenant come with the tenant. */
export const facet: ClusterFacet = {
  render(scope, _slice, cluster) {
    // Without it nothing at all is delivered.
    addAccountsNamespace(scope, ROBOTS_NAMESPACE, cluster, {
      'argocd.argoproj.io/sync-options': 'Delete=confirm,Prune=confirm',
    });
  },
};
