import type { ResolvedCluster, TenantEnvironment, TenantSlice } from '../src/model/slices';

/** Classes of `charts/baseline/priority-classes.ts` that tenants' Pods may have. */
const EVERYWHERE = ['tenant-best-effort', 'tenant-standard'] as const;
const IN_PRODUCTION = 'tenant-production';

/** Classes that a cluster has whatever is on it: Pods of these push out everybody else's. */
const OF_KUBERNETES = ['system-cluster-critical', 'system-node-critical'] as const;

/** Which PriorityClasses a namespace's Pods may not have, as a quota's scope says it. */
export function classesOf(
  _tenant: TenantSlice,
  environment: TenantEnvironment,
  cluster: ResolvedCluster,
): { readonly operator: 'In' | 'NotIn'; readonly values: string[] } {
  // Without the platform's classes Pods have none at all, which `NotIn` would select too.
  if (!cluster.addOns.includes('priority-classes')) return { operator: 'In', values: [...OF_KUBERNETES] };
  return { operator: 'NotIn', values: [...EVERYWHERE, ...(environment.production ? [IN_PRODUCTION] : [])] };
}
