import type { TenantEnvironmentProps } from '../../claim.generated';
import type { NodePool } from '../../cluster';
import { compareText } from '../../finding';
import { formatQuantity, parseQuantity } from '../../quantity';
import type { ResolvedCluster, TenantEnvironment } from '../../slices';
import { suggest } from '../clusters';
import type { Claimant, FieldPath } from './claimant';

/** Quotas of an environment whose claim says nothing. */
const QUOTA = {
  production: { cpu: '16', memory: '32Gi', storage: '200Gi', pods: 100 },
  other: { cpu: '4', memory: '8Gi', storage: '50Gi', pods: 50 },
} as const;

/** What a container gets that asks for nothing: small, so that a forgotten one starves nobody. */
const CONTAINER = {
  minimum: { cpu: '10m', memory: '16Mi' },
  defaultRequest: { cpu: '50m', memory: '128Mi' },
  default: { cpu: '500m', memory: '256Mi' },
} as const;

/**
 * How far a container's limit may be above its request: so far that the smallest request goes with the default limit, since
 * whoever asks for little and says no limit gets that one.
 */
const RATIO = { cpu: 50n, memory: 16n } as const;

/** Share of a machine that the largest container may take: the rest is for the node's own agents and other Pods. */
const LARGEST_SHARE = { of: 3n, in: 4n } as const;

/** The quota of an environment, every default filled in. */
export function quotaOf(claim: TenantEnvironmentProps['quota'], production: boolean): TenantEnvironment['quota'] {
  const { storageClasses = {}, loadBalancers = 0, nodePorts = 0, ...amounts } = claim ?? {};
  const fallback = production ? QUOTA.production : QUOTA.other;
  const byName = Object.entries(storageClasses).sort(([a], [b]) => compareText(a, b));
  return { ...fallback, ...amounts, storageClasses: Object.fromEntries(byName), loadBalancers, nodePorts };
}

/**
 * A quota must hold what an environment starts with, or nothing can: one container of the default size, and as many
 * as the claim says that an autoscaler keeps. Its StorageClasses must be the cluster's, none above the whole.
 */
export function checkQuota(
  claimant: Claimant,
  quota: TenantEnvironment['quota'],
  claim: TenantEnvironmentProps,
  cluster: ResolvedCluster,
  path: FieldPath,
): void {
  checkCompute(claimant, quota, Math.max(1, claim.autoscaling?.minimum ?? 1), path);
  for (const [name, most] of Object.entries(quota.storageClasses)) {
    const at = [...path, 'storageClasses', name];
    if (!cluster.storageClasses.includes(name)) {
      claimant.fault(at, {
        rule: 'unknown-storage-class',
        value: name,
        message: `cluster '${cluster.name}' has no StorageClass '${name}'`,
        fix: suggest(name, cluster.storageClasses),
      });
    } else if (amount(most) > amount(quota.storage)) {
      claimant.fault(at, {
        rule: 'quota',
        value: most,
        message: `${most} of '${name}' is more than the ${quota.storage} of all classes together`,
        fix: `write ${quota.storage} or less, or let storage be ${most}`,
      });
    }
  }
}

function checkCompute(claimant: Claimant, quota: TenantEnvironment['quota'], copies: number, path: FieldPath): void {
  for (const resource of ['cpu', 'memory'] as const) {
    const one = resource === 'memory' ? CONTAINER.default.memory : CONTAINER.defaultRequest.cpu;
    const needed = amount(one) * BigInt(copies);
    if (amount(quota[resource]) >= needed) continue;
    const least = formatQuantity(needed, resource === 'memory' ? 'binary' : 'decimal');
    claimant.fault([...path, resource], {
      rule: 'quota',
      value: quota[resource],
      message:
        copies === 1
          ? `a quota of ${quota[resource]} cannot hold one container of the default size ${one}`
          : `a quota of ${quota[resource]} cannot hold autoscaling.minimum: ${copies} containers of the default size ${one} are ${least}`,
      fix: `write ${least} or more`,
    });
  }
  if (quota.pods >= copies) return;
  claimant.fault([...path, 'pods'], {
    rule: 'quota',
    value: quota.pods,
    message: `a quota of ${quota.pods} Pods cannot hold autoscaling.minimum, which is ${copies}`,
    fix: `write ${copies} or more`,
  });
}

/** Limits of a container. None of the defaults may be above the maximum: the API server would refuse them together. */
export function limitsOf(quota: TenantEnvironment['quota'], pool: NodePool): TenantEnvironment['limits'] {
  const maximum = { cpu: largest('cpu', quota.cpu, pool), memory: largest('memory', quota.memory, pool) };
  const within = (wanted: { readonly cpu: string; readonly memory: string }) => ({
    cpu: amount(wanted.cpu) > amount(maximum.cpu) ? maximum.cpu : wanted.cpu,
    memory: amount(wanted.memory) > amount(maximum.memory) ? maximum.memory : wanted.memory,
  });
  return {
    minimum: CONTAINER.minimum,
    ratio: { cpu: ratioOf('cpu', maximum.cpu), memory: ratioOf('memory', maximum.memory) },
    defaultRequest: within(CONTAINER.defaultRequest),
    default: within(CONTAINER.default),
    maximum,
  };
}

/** Kubernetes takes no ratio above that of the maximum to the minimum. */
function ratioOf(resource: 'cpu' | 'memory', maximum: string): string {
  const most = (amount(maximum) * 1000n) / amount(CONTAINER.minimum[resource]);
  const ratio = RATIO[resource] * 1000n;
  const thousandths = most < ratio ? most : ratio;
  return thousandths % 1000n === 0n ? String(thousandths / 1000n) : `${thousandths}m`;
}

/** The largest container: what the quota allows, and three quarters of a machine at the most. */
function largest(resource: 'cpu' | 'memory', quota: string, pool: NodePool): string {
  const machine = (amount(pool.capacity[resource]) * LARGEST_SHARE.of) / LARGEST_SHARE.in;
  const smaller = amount(quota) < machine ? amount(quota) : machine;
  // Quantities are kept in billionths: written as millicores and as whole mebibytes.
  if (resource === 'cpu') return `${smaller / 1_000_000n}m`;
  return `${smaller / (1_000_000_000n << 20n)}Mi`;
}

/** Amounts read before: most tenants ask for the same few. */
const amounts = new Map<string, bigint>();

/** A quantity in billionths; 0 for text that is none, which the schema has told. */
export function amount(quantity: string): bigint {
  let value = amounts.get(quantity);
  if (value === undefined) amounts.set(quantity, (value = parseQuantity(quantity)?.value ?? 0n));
  return value;
}
