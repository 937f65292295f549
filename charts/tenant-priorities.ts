import { prioritiesOf } from '../src/model/priorities';
import type { ResolvedCluster, TenantEnvironment, TenantSlice } from '../src/model/slices';

/** Classes that a cluster has whatever is on it: Pods of these push out everybody else's. */
const OF_KUBERNETES = ['system-cluster-critical', 'system-node-critical'] as const;

/** Which PriorityClasses a namespace's Pods may not have, as a quota's scope says it. */
export function classesOf(
  { tier }: TenantSlice,
  { production }: TenantEnvironment,
  cluster: ResolvedCluster,
): { readonly operator: 'In' | 'NotIn'; readonly values: string[] } {
  // Without the platform's classes Pods have none at all, which `NotIn` would select too.
  if (!cluster.addOns.includes('priority-classes')) return { operator: 'In', values: [...OF_KUBERNETES] };
  return { operator: 'NotIn', values: [...prioritiesOf(tier, production)].reverse() };
}
