import { k8s } from 'cdk8s-plus-28';
import type { AddOnFacet } from '../facet';
import { addOnLabels, podSecurity } from '../labels';

/** The add-on's own namespace at the Pod Security level that it needs. */
export const facet: AddOnFacet = {
  render(scope, { name, declaration, namespace, ownsNamespace }, cluster) {
    const { namespace: declared } = declaration;
    if (!ownsNamespace || !('level' in declared)) return;
    new k8s.KubeNamespace(scope, 'namespace', {
      metadata: {
        name: namespace,
        labels: { ...addOnLabels(name), ...podSecurity(declared.level, cluster.kubernetesVersion) },
        annotations: {
          // What an add-on holds must outlive a mistake in the tree: Argo CD asks before it deletes a namespace.
          'argocd.argoproj.io/sync-options': 'Delete=confirm,Prune=confirm',
          ...('reason' in declared ? { 'keelson.dev/pod-security-reason': declared.reason } : {}),
        },
      },
    });
    // Pods name a ServiceAccount of their own; the default one carries no token for those that forget.
    new k8s.KubeServiceAccount(scope, 'default', {
      metadata: { name: 'default', namespace, labels: addOnLabels(name) },
      automountServiceAccountToken: false,
    });
  },
};
