import { k8s } from 'cdk8s-plus-28';
import { FIRST_WAVE, ROBOTS_NAMESPACE } from '../argo-cd';
import type { ClusterFacet } from '../facet';
import { MANAGED, podSecurity } from '../labels';
import { addDefaultDeny } from '../network';

/**
 * The namespace of the accounts that Argo CD acts as for tenants. Nothing runs there and no token is kept, since
 * whoever could make a Pod or a Secret there would have the rights of every one of them.
 */
export const facet: ClusterFacet = {
  render(scope, _slice, cluster) {
    const namespace = ROBOTS_NAMESPACE;
    const labels = { ...MANAGED };
    new k8s.KubeNamespace(scope, 'namespace', {
      metadata: {
        name: namespace,
        labels: { ...labels, ...podSecurity('restricted', cluster.kubernetesVersion) },
        // Accounts of a tenant come with the tenant; without the namespace nothing at all is delivered.
        annotations: { ...FIRST_WAVE, 'argocd.argoproj.io/sync-options': 'Delete=confirm,Prune=confirm' },
      },
    });
    new k8s.KubeResourceQuota(scope, 'nothing', {
      metadata: { name: 'nothing', namespace, labels, annotations: FIRST_WAVE },
      spec: {
        hard: Object.fromEntries(
          ['pods', 'secrets', 'services', 'persistentvolumeclaims'].map((what) => [what, k8s.Quantity.fromNumber(0)]),
        ),
      },
    });
    addDefaultDeny(scope, namespace, labels);
    new k8s.KubeServiceAccount(scope, 'default', {
      metadata: { name: 'default', namespace, labels },
      automountServiceAccountToken: false,
    });
  },
};
