import { BREAK_GLASS_NAMESPACE, DELIVERY_NAMESPACE } from '../../src/model/names';
import type { ResolvedCluster } from '../../src/model/slices';
import { celValue } from './cel';

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

/**
 * CEL: whether the platform sends it. Kubernetes' own controllers and those of add-ons act as somebody whose name begins
 * with `system:`. So do the accounts that act for a tenant: its robot, those that break the glass, and its own.
 */
export const IS_OF_THE_PLATFORM = [
  `(request.userInfo.username.startsWith('system:')`,
  ...[DELIVERY_NAMESPACE, BREAK_GLASS_NAMESPACE].map(
    (namespace) => `!request.userInfo.username.startsWith('${serviceAccount(namespace, '')}')`,
  ),
  `!request.userInfo.username.startsWith('system:serviceaccount:' + namespaceObject.metadata.name + ':'))`,
].join(' && ');

/** CEL: whether a person who owns the platform sends it: a member of its administrators, or of Kubernetes' own. */
export const isAdministrator = ({ platform: { oidc } }: ResolvedCluster): string =>
  `(has(request.userInfo.groups) && request.userInfo.groups.exists(group, group in ${celValue([
    'system:masters',
    `${oidc.groupsPrefix}${oidc.groups.admins}`,
  ])}))`;
