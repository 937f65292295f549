import { hasSandbox } from '../../sandbox';
import { formatQuantity } from '../../quantity';
import type { ResolvedCluster, TenantEnvironment } from '../../slices';
import { VIRTUAL_CLUSTERS, VIRTUAL_CONTROL_PLANE, virtualReplicas } from '../../virtual-cluster';
import type { Claimant, FieldPath } from './claimant';
import { amount } from './quota';

/** Whether a tenant may have an environment on a cluster: those of its own, and those that are shared. */
export function mayUse(claimant: Claimant, { tenant }: ResolvedCluster): boolean {
  return tenant === undefined || tenant === claimant.name;
}

/** A cluster that one tenant has for itself takes no environments of others. */
export function checkPlace(claimant: Claimant, cluster: ResolvedCluster, environment: FieldPath): void {
  if (mayUse(claimant, cluster)) return;
  claimant.fault(environment, {
    rule: 'cluster-of-another-tenant',
    message: `this environment is on cluster '${cluster.name}', which tenant '${cluster.tenant}' has for itself`,
    fix: 'claim an environment that is on a shared cluster',
  });
}

/** What a tier needs of each cluster that the tenant is on: gVisor and machines that have it, or virtual clusters. */
export function checkTier(claimant: Claimant, clusters: Iterable<ResolvedCluster>): void {
  for (const cluster of clusters) if (mayUse(claimant, cluster)) checkTierOn(claimant, cluster);
}

function checkTierOn(claimant: Claimant, cluster: ResolvedCluster): void {
  const { tier = 1 } = claimant.props;
  if (cluster.tenant === claimant.name && tier !== 4) {
    claimant.fault(['tier'], {
      rule: 'tier',
      value: tier,
      message: `cluster '${cluster.name}' is this tenant's alone, which is tier 4`,
      fix: 'write 4',
    });
  }
  if (tier === 2) checkSandbox(claimant, cluster);
  if (tier === 4 && isVirtual(claimant, cluster) && !cluster.addOns.includes(VIRTUAL_CLUSTERS)) {
    claimant.fault(['tier'], {
      rule: 'tier',
      value: tier,
      message: `tier 4 is a cluster of its own: '${cluster.name}' is shared, and has no virtual clusters, since add-on '${VIRTUAL_CLUSTERS}' is off there`,
      fix: `let the platform team switch on '${VIRTUAL_CLUSTERS}' or describe a cluster with \`tenant: '${claimant.name}'\` in platform.ts, or claim another tier`,
    });
  }
}

/** Whether an environment of tier 4 gets a virtual cluster: where the real one is not the tenant's alone. */
export function isVirtual({ name, props }: Claimant, { tenant }: ResolvedCluster): boolean {
  return props.tier === 4 && tenant !== name;
}

function checkSandbox(claimant: Claimant, cluster: ResolvedCluster): void {
  if (!cluster.addOns.includes('gvisor')) {
    claimant.fault(['tier'], {
      rule: 'tier',
      value: 2,
      message: `tier 2 runs under gVisor, and add-on 'gvisor' is off on cluster '${cluster.name}'`,
      fix: "let the platform team switch on 'gvisor' in platform.ts, or claim another tier",
    });
  } else if (!cluster.nodePools.some((pool) => hasSandbox(pool) && pool.tenant === undefined)) {
    claimant.fault(['tier'], {
      rule: 'tier',
      value: 2,
      message: `tier 2 runs under gVisor, and no shared node pool of cluster '${cluster.name}' has it`,
      fix: "let the platform team give a pool in platform.ts the label 'keelson.dev/sandbox': 'gvisor', or claim another tier",
    });
  }
}

/** A virtual cluster's own control plane must fit the quota, or nothing of it starts. */
export function checkVirtualCluster(
  claimant: Claimant,
  { quota, production }: Pick<TenantEnvironment, 'quota' | 'production'>,
  path: FieldPath,
): void {
  const { api, dns, database, storage } = VIRTUAL_CONTROL_PLANE;
  const replicas = virtualReplicas(production);
  const all = (of: (one: typeof api | typeof dns | typeof database) => string) =>
    BigInt(replicas.api) * amount(of(api)) +
    BigInt(replicas.dns) * amount(of(dns)) +
    BigInt(replicas.database) * amount(of(database));
  const needed = {
    cpu: all(({ cpu }) => cpu),
    memory: all(({ memoryLimit }) => memoryLimit),
    storage: BigInt(Math.max(1, replicas.database)) * amount(storage),
  };
  for (const resource of ['cpu', 'memory', 'storage'] as const) {
    if (amount(quota[resource]) > needed[resource]) continue;
    const takes = formatQuantity(needed[resource], resource === 'cpu' ? 'decimal' : 'binary');
    claimant.fault([...path, resource], {
      rule: 'quota',
      value: quota[resource],
      message: `the control plane of a virtual cluster takes ${takes} (${replicas.api} API, ${replicas.dns} DNS, ${replicas.database} database), which leaves nothing of ${quota[resource]} for workloads`,
      fix: `write more than ${takes}`,
    });
  }
}
