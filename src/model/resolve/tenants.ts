import type { TenantEnvironmentProps, TenantProps } from '../claim.generated';
import type { TenantDeclaration } from '../declare';
import { compareText } from '../finding';
import { LABEL_LENGTH, RESERVED_NAMESPACES, reservedNamespace } from '../names';
import type { PlatformProps } from '../platform.generated';
import { parseQuantity } from '../quantity';
import type { NodePool } from '../cluster';
import type { ResolvedCluster, TenantEnvironment, TenantSlice } from '../slices';
import { suggest } from './clusters';
import type { Findings } from './findings';

/** Quotas of an environment whose claim says nothing. */
const QUOTA = {
  production: { cpu: '16', memory: '32Gi', storage: '200Gi', pods: 100 },
  other: { cpu: '4', memory: '8Gi', storage: '50Gi', pods: 50 },
} as const;

/** What a container gets that asks for nothing: small, so that a forgotten one starves nobody. */
const CONTAINER = {
  defaultRequest: { cpu: '50m', memory: '128Mi' },
  default: { cpu: '500m', memory: '256Mi' },
} as const;

/** Share of a machine that the largest container may take: the rest is for the node's own agents and other Pods. */
const LARGEST_SHARE = { of: 3n, in: 4n } as const;

/** A tenant on one cluster, and the file that declares it. */
export interface PlacedTenant {
  readonly cluster: string;
  readonly slice: TenantSlice;
  readonly file: string;
}

/** Tenants placed on clusters, every default filled in. A tenant with a fault of its own is left out; the others stay. */
export function resolveTenants(
  tenants: readonly TenantDeclaration[],
  props: PlatformProps,
  clusters: ReadonlyMap<string, ResolvedCluster>,
  findings: Findings,
): readonly PlacedTenant[] {
  const namespaces = new Map<string, TenantDeclaration>();
  const placed: PlacedTenant[] = [];
  const prefix = props.oidc.groupsPrefix ?? 'oidc:';
  for (const tenant of tenants) {
    const before = findings.all.length;
    const environments = environmentsOf(tenant, props, clusters, namespaces, findings);
    if (findings.all.length > before) continue;
    for (const { name: namespace } of environments.map(({ environment }) => ({ name: environment.namespace }))) {
      namespaces.set(namespace, tenant);
    }
    for (const cluster of [...new Set(environments.map((one) => one.cluster))].sort(compareText)) {
      placed.push({
        cluster,
        file: tenant.file,
        slice: {
          kind: 'tenant',
          name: tenant.name,
          owner: { email: tenant.props.owner.email, team: tenant.props.owner.team ?? tenant.name },
          groups: groupsOf(tenant.props, prefix),
          ...deliveryOf(tenant.props),
          environments: environments.filter((one) => one.cluster === cluster).map(({ environment }) => environment),
        },
      });
    }
  }
  return placed;
}

function environmentsOf(
  tenant: TenantDeclaration,
  props: PlatformProps,
  clusters: ReadonlyMap<string, ResolvedCluster>,
  namespaces: ReadonlyMap<string, TenantDeclaration>,
  findings: Findings,
): readonly { readonly cluster: string; readonly environment: TenantEnvironment }[] {
  const known = Object.keys(props.environments).sort(compareText);
  const claimed: Readonly<Record<string, TenantEnvironmentProps>> =
    tenant.props.environments ??
    Object.fromEntries(known.filter((name) => !props.environments[name]?.production).map((name) => [name, {}]));
  // Asked only where something is wrong: a line is found by parsing the file once more.
  const at = (...path: string[]) => ({
    field: [...(tenant.prefix ? [tenant.prefix] : []), ...path].join('.'),
    ...line(tenant, path),
    unit: tenant.name,
  });
  if (Object.keys(claimed).length === 0) {
    findings.error(tenant.file, {
      rule: 'config/required',
      ...at('environments'),
      message: 'every environment of this platform is a production one, so that none is taken by default',
      fix: `name those wanted: ${known.join(', ')}`,
    });
  }
  const found: { cluster: string; environment: TenantEnvironment }[] = [];
  for (const [name, claim] of Object.entries(claimed).sort(([a], [b]) => compareText(a, b))) {
    const environment = props.environments[name];
    if (!environment || !Object.hasOwn(props.environments, name)) return []; // named by the check of references
    const cluster = clusters.get(environment.cluster);
    if (!cluster) return [];
    const namespace = `${tenant.name}-${name}`;
    checkNamespace(namespace, tenant, cluster, namespaces, () => at('environments', name), findings);
    const pool = poolOf(claim.nodePool, cluster);
    if (!pool) {
      findings.error(tenant.file, {
        rule: 'config/unknown-node-pool',
        ...at('environments', name, 'nodePool'),
        value: claim.nodePool,
        message: `cluster '${cluster.name}' has no node pool '${String(claim.nodePool)}'`,
        fix: suggest(
          String(claim.nodePool),
          cluster.nodePools.map((one) => one.name),
        ),
      });
      continue;
    }
    const production = environment.production === true;
    const quota = { ...(production ? QUOTA.production : QUOTA.other), ...claim.quota };
    checkQuota(quota, () => at('environments', name, 'quota'), tenant.file, findings);
    found.push({
      cluster: cluster.name,
      environment: {
        name,
        namespace,
        production,
        quota,
        limits: limitsOf(quota, pool),
      },
    });
  }
  return found;
}

function line(tenant: TenantDeclaration, path: readonly string[]): { line?: number } {
  const found = tenant.lineOf?.(path);
  return found === undefined ? {} : { line: found };
}

function checkNamespace(
  namespace: string,
  tenant: TenantDeclaration,
  cluster: ResolvedCluster,
  namespaces: ReadonlyMap<string, TenantDeclaration>,
  at: () => { field: string; unit: string },
  findings: Findings,
): void {
  if (namespace.length > LABEL_LENGTH) {
    findings.error(tenant.file, {
      rule: 'config/name',
      ...at(),
      value: namespace,
      message: `namespace '${namespace}' has ${namespace.length} characters, ${LABEL_LENGTH} is the limit`,
      fix: `shorten the tenant's name by ${namespace.length - LABEL_LENGTH}`,
    });
  }
  const owner = namespaces.get(namespace);
  if (owner) {
    findings.error(tenant.file, {
      rule: 'config/duplicate-namespace',
      ...at(),
      value: namespace,
      message: `namespace '${namespace}' is already that of tenant '${owner.name}' (${owner.file})`,
      fix: 'rename this tenant',
    });
  }
  if (reservedNamespace(namespace) || cluster.platformNamespaces.includes(namespace)) {
    findings.error(tenant.file, {
      rule: 'config/reserved-namespace',
      ...at(),
      value: namespace,
      message: `namespace '${namespace}' is reserved for ${cluster.platformNamespaces.includes(namespace) ? 'an add-on' : 'Kubernetes'}`,
      fix: `rename this tenant; reserved are ${RESERVED_NAMESPACES.join(', ')} and the namespaces of add-ons`,
    });
  }
}

/** The pool asked for; else the one with the largest machines that takes Pods without a toleration. */
function poolOf(name: string | undefined, cluster: ResolvedCluster): NodePool | undefined {
  if (name !== undefined) return cluster.nodePools.find((pool) => pool.name === name);
  const open = cluster.nodePools.filter((pool) => pool.taints.every(({ effect }) => effect === 'PreferNoSchedule'));
  const candidates = open.length > 0 ? open : cluster.nodePools;
  return [...candidates].sort((a, b) => (amount(b.capacity.memory) > amount(a.capacity.memory) ? 1 : -1))[0];
}

/** The quota must hold at least one container of the default size, or nothing can start. */
function checkQuota(
  quota: { readonly cpu: string; readonly memory: string },
  at: () => { field: string; unit: string },
  file: string,
  findings: Findings,
): void {
  for (const resource of ['cpu', 'memory'] as const) {
    const needed = resource === 'memory' ? CONTAINER.default.memory : CONTAINER.defaultRequest.cpu;
    if (amount(quota[resource]) >= amount(needed)) continue;
    findings.error(file, {
      rule: 'config/quota',
      ...at(),
      field: `${at().field}.${resource}`,
      value: quota[resource],
      message: `a quota of ${quota[resource]} cannot hold one container of the default size ${needed}`,
      fix: `write ${needed} or more`,
    });
  }
}

/** Limits of a container. None of the defaults may be above the maximum: the API server would refuse them together. */
function limitsOf(quota: TenantEnvironment['quota'], pool: NodePool): TenantEnvironment['limits'] {
  const maximum = { cpu: largest('cpu', quota.cpu, pool), memory: largest('memory', quota.memory, pool) };
  const within = (wanted: { readonly cpu: string; readonly memory: string }) => ({
    cpu: amount(wanted.cpu) > amount(maximum.cpu) ? maximum.cpu : wanted.cpu,
    memory: amount(wanted.memory) > amount(maximum.memory) ? maximum.memory : wanted.memory,
  });
  return { defaultRequest: within(CONTAINER.defaultRequest), default: within(CONTAINER.default), maximum };
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

function amount(quantity: string): bigint {
  let value = amounts.get(quantity);
  if (value === undefined) amounts.set(quantity, (value = parseQuantity(quantity)?.value ?? 0n));
  return value;
}

function groupsOf(props: TenantProps, prefix: string): TenantSlice['groups'] {
  const { developers, admins, viewers } = props.groups;
  return {
    developers: prefix + developers,
    ...(admins === undefined ? {} : { admins: prefix + admins }),
    ...(viewers === undefined ? {} : { viewers: prefix + viewers }),
  };
}

function deliveryOf(props: TenantProps): Pick<TenantSlice, 'delivery'> {
  if (!props.delivery) return {};
  const { repository, path = 'deploy', revision = 'main' } = props.delivery;
  return { delivery: { repository, path, revision } };
}
