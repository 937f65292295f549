import type { ResolvedCluster } from '../../src/model/slices';

/**
 * Argo CD where it applies what Keelson writes. What teams bring is applied by a robot of each environment instead,
 * which it impersonates: the API server sees that one's name.
 */
export function platformDelivery({ gitopsNamespace }: ResolvedCluster): string {
  return serviceAccount(gitopsNamespace, 'argocd-application-controller');
}

/** Name of a ServiceAccount as the API server sees it. */
export function serviceAccount(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}
