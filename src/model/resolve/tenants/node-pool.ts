import type { NodePool } from '../../cluster';
import type { ResolvedCluster } from '../../slices';
import { suggest } from '../clusters';
import type { Claimant, FieldPath } from './claimant';
import { amount } from './quota';

/**
 * The pool whose machines bound the tenant's containers: the one asked for; for tier 3 the tenant's own; else the one
 * with the largest machines that takes Pods without a toleration. Undefined where a fault was told.
 */
export function nodePoolOf(
  claimant: Claimant,
  asked: string | undefined,
  cluster: ResolvedCluster,
  path: FieldPath,
): NodePool | undefined {
  const own = cluster.nodePools.filter((pool) => pool.tenant === claimant.name);
  const usable = cluster.nodePools.filter((pool) => pool.tenant === undefined || pool.tenant === claimant.name);
  if (asked !== undefined) {
    const found = usable.find((pool) => pool.name === asked);
    if (found && (claimant.props.tier !== 3 || found.tenant === claimant.name)) return found;
    const other = cluster.nodePools.find((pool) => pool.name === asked);
    claimant.fault(path, {
      rule: 'unknown-node-pool',
      value: asked,
      message: !other
        ? `cluster '${cluster.name}' has no node pool '${asked}'`
        : other.tenant === undefined
          ? `node pool '${asked}' of cluster '${cluster.name}' is shared, and tier 3 has machines of its own`
          : `node pool '${asked}' of cluster '${cluster.name}' belongs to tenant '${other.tenant}'`,
      fix: suggest(
        asked,
        (claimant.props.tier === 3 ? own : usable).map((one) => one.name),
      ),
    });
    return undefined;
  }
  if (claimant.props.tier === 3) {
    if (own[0]) return largestOf(own);
    claimant.fault(path, {
      rule: 'no-dedicated-pool',
      message: `tier 3 has machines of its own, and no node pool of cluster '${cluster.name}' is for tenant '${claimant.name}'`,
      fix: `let the platform team add one to platform.ts with \`tenant: '${claimant.name}'\`, or claim another tier`,
    });
    return undefined;
  }
  const open = usable.filter((pool) => pool.taints.every(({ effect }) => effect === 'PreferNoSchedule'));
  return largestOf(open.length > 0 ? open : usable) ?? largestOf(cluster.nodePools);
}

function largestOf(pools: readonly NodePool[]): NodePool | undefined {
  return [...pools].sort((a, b) => (amount(b.capacity.memory) > amount(a.capacity.memory) ? 1 : -1))[0];
}
