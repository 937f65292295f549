import type { NodePool } from '../../cluster';
import { hasSandbox } from '../../sandbox';
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
  const { tier } = claimant.props;
  const own = cluster.nodePools.filter((pool) => pool.tenant === claimant.name);
  const usable = cluster.nodePools.filter((pool) => pool.tenant === undefined || pool.tenant === claimant.name);
  const sandboxed = usable.filter((pool) => hasSandbox(pool) && pool.tenant === undefined);
  // That no pool has the sandbox is told by the check of the tier.
  const fit = tier === 3 ? own : tier === 2 && sandboxed.length > 0 ? sandboxed : usable;
  if (asked !== undefined) {
    const found = fit.find((pool) => pool.name === asked);
    if (found) return checkLabels(claimant, found, cluster, path);
    const other = cluster.nodePools.find((pool) => pool.name === asked);
    claimant.fault(path, {
      rule: 'unknown-node-pool',
      value: asked,
      message: !other
        ? `cluster '${cluster.name}' has no node pool '${asked}'`
        : other.tenant === undefined
          ? tier === 3
            ? `node pool '${asked}' of cluster '${cluster.name}' is shared, and tier 3 has machines of its own`
            : `node pool '${asked}' of cluster '${cluster.name}' has no gVisor, which tier 2 runs under`
          : `node pool '${asked}' of cluster '${cluster.name}' belongs to tenant '${other.tenant}'`,
      fix: fit.length > 0 ? suggest(asked, names(fit)) : 'claim another tier',
    });
    return undefined;
  }
  if (tier === 3) {
    if (own[0]) return largestOf(own);
    claimant.fault(path, {
      rule: 'no-dedicated-pool',
      message: `tier 3 has machines of its own, and no node pool of cluster '${cluster.name}' is for tenant '${claimant.name}'`,
      fix: `let the platform team add one to platform.ts with \`tenant: '${claimant.name}'\`, or claim another tier`,
    });
    return undefined;
  }
  // Kubernetes itself lets a Pod onto the machines of its sandbox, whatever their taints.
  const open =
    tier === 2 ? fit : fit.filter((pool) => pool.taints.every(({ effect }) => effect === 'PreferNoSchedule'));
  return largestOf(open.length > 0 ? open : fit) ?? largestOf(cluster.nodePools);
}

/** A pool that is asked for by name is found by its labels: without any, its Pods would run on every pool. */
function checkLabels(claimant: Claimant, pool: NodePool, cluster: ResolvedCluster, path: FieldPath): NodePool {
  if (cluster.nodePools.length > 1 && Object.keys(pool.labels).length === 0) {
    claimant.fault(path, {
      rule: 'node-pool-without-labels',
      value: pool.name,
      message: `node pool '${pool.name}' of cluster '${cluster.name}' has no labels, by which Pods would find it`,
      fix: `let the platform team give it one in platform.ts, such as 'keelson.dev/pool': '${pool.name}', or leave nodePool out`,
    });
  }
  return pool;
}

function names(pools: readonly NodePool[]): string[] {
  return pools.map(({ name }) => name);
}

function largestOf(pools: readonly NodePool[]): NodePool | undefined {
  return [...pools].sort((a, b) => (amount(b.capacity.memory) > amount(a.capacity.memory) ? 1 : -1))[0];
}
