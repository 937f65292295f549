import type { JsonObject } from './component';
import { DELIVERY_NAMESPACE } from '../src/model/names';
import type { ResolvedCluster } from '../src/model/slices';

/** Argo CD's name for the cluster that it runs in. */
export const IN_CLUSTER = 'https://kubernetes.default.svc';

/** Project of the platform's own Applications. */
export const PLATFORM_PROJECT = 'platform';

/** Project of what Keelson writes for tenants: namespaces and what stands in them, nothing of the cluster's. */
export const TENANTS_PROJECT = 'tenants';

/**
 * Namespace of the accounts that Argo CD acts as when it deploys what teams bring: one for each environment of a tenant,
 * beyond the reach of the tenant, whose Pods could else be told to run as it.
 */
export const ROBOTS_NAMESPACE = DELIVERY_NAMESPACE;

/** Before every Application of the tree. */
export const FIRST_WAVE = { 'argocd.argoproj.io/sync-wave': '-1' } as const;

/** Says when somebody agreed to deletions that wait for it. An ApplicationSet would take it away again. */
export const PRESERVED = { annotations: ['argocd.argoproj.io/deletion-approved'] } as const;

/**
 * The account that Argo CD acts as for what Keelson itself writes: its controller's own, so that nothing but what teams
 * bring is done with fewer rights. The chart names it.
 */
export function controllerAccount(cluster: ResolvedCluster): JsonObject {
  return {
    server: IN_CLUSTER,
    namespace: '*',
    defaultServiceAccount: `${cluster.gitopsNamespace}:argocd-application-controller`,
  };
}

/** Options of every Application: the API server merges, and owns no field that somebody else writes. */
export const SYNC_OPTIONS: readonly string[] = ['ServerSideApply=true', 'PruneLast=true'];

/**
 * Tries again for about half an hour, as webhooks and custom resources of other waves may still be starting; each time
 * with what is published by then.
 */
export const RETRY = { limit: 10, refresh: true, backoff: { duration: '10s', factor: 2, maxDuration: '5m' } } as const;

/**
 * The root Application never gives up: one that did would leave out every later wave until somebody commits again,
 * though the add-on that it waited for is long well.
 */
export const ROOT_RETRY = {
  limit: -1,
  refresh: true,
  backoff: { duration: '10s', factor: 2, maxDuration: '1m' },
} as const;

/** A directory of the GitOps repository as an Application's source. */
export function treeSource(
  cluster: ResolvedCluster,
  directory: string,
): { repoURL: string; targetRevision: string; path: string } {
  const { url, branch } = cluster.platform.gitops;
  return { repoURL: url, targetRevision: branch, path: directory };
}
