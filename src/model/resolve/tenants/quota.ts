import type { TenantEnvironmentProps } from '../../claim.generated';
import type { NodePool } from '../../cluster';
import { parseQuantity } from '../../quantity';
import type { TenantEnvironment } from '../../slices';
import type { Claimant, FieldPath } from './claimant';

/** Quotas of an environment whose claim says nothing. */
const QUOTA = {
  production: { cpu: '16', memory: '32Gi', storage: '200Gi', pods: 100 },
  other: { cpu: '4', memory: '8Gi', storage: '50Gi', pods: 50 },
} as const;

/** What a container gets that asks for nothing: small, so that a forgotten one starves nobody. */
const CONTAINER = {
  minimum: { cpu: '5m', memory: '8Mi' },
  defaultRequest: { cpu: '50m', memory: '128Mi' },
  default: { cpu: '500m', memory: '256Mi' },
} as const;

/** Share of a machine that the largest container may take: the rest is for the node's own agents and other Pods. */
const LARGEST_SHARE = { of: 3n, in: 4n } as const;

/** The quota of an environment, every default filled in. */
export function quotaOf(claim: TenantEnvironmentProps['quota'], production: boolean): TenantEnvironment['quota'] {
  const { storageClasses = {}, loadBalancers = 0, nodePorts = 0, ...amounts } = claim ?? {};
  const fallback = production ? QUOTA.production : QUOTA.other;
  return { ...fallback, ...amounts, storageClasses: { ...storageClasses }, loadBalancers, nodePorts };
}

/** The quota must hold at least one container of the default size, or nothing can start. */
export function checkQuota(claimant: Claimant, quota: TenantEnvironment['quota'], path: FieldPath): void {
  for (const resource of ['cpu', 'memory'] as const) {
    const needed = resource === 'memory' ? CONTAINER.default.memory : CONTAINER.defaultRequest.cpu;
    if (amount(quota[resource]) >= amount(needed)) continue;
    claimant.fault([...path, resource], {
      rule: 'quota',
      value: quota[resource],
      message: `a quota of ${quota[resource]} cannot hold one container of the default size ${needed}`,
      fix: `write ${needed} or more`,
    });
  }
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
    defaultRequest: within(CONTAINER.defaultRequest),
    default: within(CONTAINER.default),
    maximum,
  };
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
