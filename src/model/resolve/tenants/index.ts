import type { TenantEnvironmentProps, TenantProps } from '../../claim.generated';
import type { TenantDeclaration } from '../../declare';
import { compareText } from '../../finding';
import type { PlatformProps } from '../../platform.generated';
import type { ResolvedCluster, TenantEnvironment, TenantSlice } from '../../slices';
import { databaseProviderOf } from '../database-providers';
import type { Findings } from '../findings';
import { autoscalingOf } from './autoscaling';
import { backupOf, checkBackup, checkScratch } from './backup';
import { Claimant } from './claimant';
import { checkConnections, connectionsOf, type OtherClaims } from './connections';
import { checkDatabaseClaims, checkDatabases } from './database-checks';
import { databasesOf } from './databases';
import { checkHosts, hostConflicts, hostsOf, type HostConflicts } from './hosts';
import { checkIdentities, identitiesOf } from './identities';
import { checkLabels } from './labels';
import { checkNamespace, namespaceOf } from './namespaces';
import { nodePoolOf } from './node-pool';
import { checkOutside } from './outside';
import { checkQuota, limitsOf, quotaOf } from './quota';
import { receiversOf } from './receivers';
import { checkRegistries } from './registries';
import { checkRepositories, repositoriesOf, repositoryOwners, type RepositoryOwners } from './repositories';
import { environmentNames } from './scope';
import { slosOf } from './slos';
import { checkStores, platformBuckets } from './stores';
import { syncWindowsOf } from './sync-windows';
import { checkPlace, checkTier, checkVirtualCluster, isVirtual, mayUse } from './tiers';

/** A tenant on one cluster, and the file that declares it. */
export interface PlacedTenant {
  readonly cluster: string;
  readonly slice: TenantSlice;
  readonly file: string;
}

/** What judging one tenant may look at beyond its own claim. */
export interface Surroundings extends OtherClaims {
  readonly platform: PlatformProps;
  readonly clusters: ReadonlyMap<string, ResolvedCluster>;
  readonly hosts: HostConflicts;
  /** Who has which namespace so far. */
  readonly namespaces: ReadonlyMap<string, Claimant>;
  readonly repositories: RepositoryOwners;
  /** The platform's own, of all clusters. */
  readonly buckets: ReadonlySet<string>;
}

/**
 * Tenants placed on clusters, every default filled in. A tenant with a fault of its own is left out; the others stay.
 * `unread` are names of tenants that are there and whose claims cannot be read; `only`, where it is given, is the one
 * that is judged and placed, beside what the others claim.
 */
export function resolveTenants(
  tenants: readonly TenantDeclaration[],
  platform: PlatformProps,
  clusters: ReadonlyMap<string, ResolvedCluster>,
  findings: Findings,
  unread: ReadonlySet<string> = new Set(),
  only?: string,
): readonly PlacedTenant[] {
  const namespaces =
    only === undefined ? new Map<string, Claimant>() : namespacesBut(only, tenants, platform, findings);
  const claims = new Map(tenants.map(({ name, file, props }) => [name, { file, props }]));
  const hosts = hostConflicts(tenants, platform, only);
  const around: Surroundings = {
    platform,
    clusters,
    claims,
    unread,
    namespaces,
    hosts,
    repositories: repositoryOwners(tenants, only),
    buckets: platformBuckets(platform, clusters.values()),
  };
  const placed: PlacedTenant[] = [];
  for (const declaration of only === undefined ? tenants : tenants.filter(({ name }) => name === only)) {
    const claimant = new Claimant(declaration, findings);
    checkLabels(claimant);
    checkRegistries(claimant, platform);
    checkStores(claimant);
    checkBackup(claimant, platform);
    const environments = environmentsOf(claimant, around);
    const alerting = { alertReceivers: receiversOf(claimant, platform), slos: slosOf(claimant) };
    checkHosts(claimant, platform, clusters, hosts);
    checkConnections(claimant, platform, around);
    checkOutside(claimant, clustersNear(environments, clusters));
    if (claimant.faulty) continue;
    for (const { environment } of environments) namespaces.set(environment.namespace, claimant);
    for (const cluster of [...new Set(environments.map((one) => one.cluster))].sort(compareText)) {
      const here = environments.filter((one) => one.cluster === cluster).map(({ environment }) => environment);
      placed.push({ cluster, file: declaration.file, slice: sliceOf(claimant, platform, alerting, here) });
    }
  }
  return placed;
}

/** Who claims which namespace beside one tenant. */
function namespacesBut(
  name: string,
  tenants: readonly TenantDeclaration[],
  platform: PlatformProps,
  findings: Findings,
): Map<string, Claimant> {
  const namespaces = new Map<string, Claimant>();
  for (const other of tenants) {
    if (other.name === name) continue;
    const claimant = new Claimant(other, findings);
    for (const environment of environmentNames(other.props, platform))
      namespaces.set(namespaceOf(other.name, environment), claimant);
  }
  return namespaces;
}

/** Clusters whose addresses a tenant's Pods might reach: those that they run on, and all that are in a cloud. */
function clustersNear(
  environments: readonly { readonly cluster: string }[],
  clusters: ReadonlyMap<string, ResolvedCluster>,
): ReadonlyMap<string, ResolvedCluster> {
  const here = new Set(environments.map(({ cluster }) => cluster));
  return new Map([...clusters].filter(([name, { provider }]) => provider !== 'local' || here.has(name)));
}

function environmentsOf(
  claimant: Claimant,
  around: Surroundings,
): readonly { readonly cluster: string; readonly environment: TenantEnvironment }[] {
  const { platform, clusters } = around;
  const known = Object.keys(platform.environments).sort(compareText);
  const claimed: Readonly<Record<string, TenantEnvironmentProps>> =
    claimant.props.environments ??
    Object.fromEntries(known.filter((name) => isTaken(name, claimant, around)).map((name) => [name, {}]));
  if (Object.keys(claimed).length === 0) {
    claimant.fault(['environments'], {
      rule: 'required',
      message: 'every environment of this platform is a production one, so that none is taken by default',
      fix: `name those wanted: ${known.join(', ')}`,
    });
  }
  checkRepositories(claimant, Object.keys(claimed), platform, around.repositories);
  checkDatabaseClaims(claimant, Object.keys(claimed));
  const on = Object.keys(claimed).flatMap((name) => clusters.get(platform.environments[name]?.cluster ?? '') ?? []);
  checkTier(claimant, new Set(on));
  const found: { cluster: string; environment: TenantEnvironment }[] = [];
  let unknown = false;
  for (const [name, claim] of Object.entries(claimed).sort(([a], [b]) => compareText(a, b))) {
    const described = Object.hasOwn(platform.environments, name) ? platform.environments[name] : undefined;
    const cluster = clusters.get(described?.cluster ?? '');
    // Both are named by the check of references; what is wrong with the others is told all the same.
    if (!described || !cluster) {
      unknown = true;
      continue;
    }
    const environment = environmentOf(claimant, name, claim, described, cluster, around);
    if (environment) found.push({ cluster: cluster.name, environment });
  }
  return unknown ? [] : found;
}

/** Whether an environment is one of those that a claim has which names none. */
function isTaken(name: string, claimant: Claimant, { platform, clusters }: Surroundings): boolean {
  const { cluster, production } = platform.environments[name] ?? {};
  const its = clusters.get(cluster ?? '');
  return production !== true && (its === undefined || mayUse(claimant, its));
}

function environmentOf(
  claimant: Claimant,
  name: string,
  claim: TenantEnvironmentProps,
  described: PlatformProps['environments'][string],
  cluster: ResolvedCluster,
  around: Surroundings,
): TenantEnvironment | undefined {
  const { platform, namespaces } = around;
  const { props } = claimant;
  const at = ['environments', name];
  const production = described.production === true;
  const namespace = namespaceOf(claimant.name, name);
  checkNamespace(claimant, namespace, at, cluster, namespaces);
  checkScratch(claimant, namespace, at);
  checkPlace(claimant, cluster, at);
  const pool = nodePoolOf(claimant, claim.nodePool, cluster, [...at, 'nodePool']);
  const quota = quotaOf(claim.quota, production);
  checkQuota(claimant, quota, claim, cluster, [...at, 'quota']);
  checkIdentities(claimant, name, cluster, around.buckets);
  const autoscaling = autoscalingOf(claimant, claim, { production, quota }, [...at, 'autoscaling']);
  const virtualCluster = isVirtual(claimant, cluster);
  if (virtualCluster) checkVirtualCluster(claimant, { quota, production }, [...at, 'quota']);
  // Whatever else there is to judge depends on the machines.
  if (!pool) return undefined;
  const limits = limitsOf(quota, pool);
  const databaseProvider = databaseProviderOf(described, cluster.provider);
  const databases = databasesOf(props, name, production);
  checkDatabases(claimant, { environment: name, claim, databases, provider: databaseProvider, cluster, quota, limits });
  const dedicated = pool.tenant === claimant.name;
  return {
    name,
    namespace,
    production,
    quota,
    limits,
    ...(claim.nodePool !== undefined || dedicated
      ? { nodePool: { name: pool.name, labels: pool.labels, taints: pool.taints, dedicated } }
      : {}),
    virtualCluster,
    hosts: hostsOf(claim),
    connections: connectionsOf(claimant.name, props, name, around),
    repositories: repositoriesOf(props, name),
    syncWindows: syncWindowsOf(described),
    databaseProvider,
    databases,
    identities: identitiesOf(props, name, namespace, cluster),
    autoscaling,
    backup: backupOf(props, platform),
  };
}

function sliceOf(
  { name, props }: Claimant,
  platform: PlatformProps,
  alerting: Pick<TenantSlice, 'alertReceivers' | 'slos'>,
  environments: readonly TenantEnvironment[],
): TenantSlice {
  const { owner } = props;
  return {
    kind: 'tenant',
    name,
    owner: { email: owner.email, team: owner.team ?? name, onCall: owner.onCall ?? owner.email },
    groups: groupsOf(props, platform.oidc.groupsPrefix ?? 'oidc:'),
    costCentre: props.costCentre ?? name,
    ...(props.monthlyBudget === undefined ? {} : { monthlyBudget: props.monthlyBudget }),
    tier: props.tier ?? 1,
    dataClass: props.dataClass ?? 'internal',
    state: props.state ?? 'active',
    labels: Object.fromEntries(Object.entries(props.labels ?? {}).sort(([a], [b]) => compareText(a, b))),
    metrics: (props.metrics ?? []).map(({ port, path = '/metrics', workload }) => ({
      port,
      path,
      ...(workload === undefined ? {} : { workload }),
    })),
    secretStores: [...(props.secretStores ?? [])].sort(compareText),
    registries: [...(props.registries ?? [])].sort(compareText),
    ...alerting,
    environments,
  };
}

function groupsOf(props: TenantProps, prefix: string): TenantSlice['groups'] {
  const { developers, admins, viewers } = props.groups;
  return {
    developers: prefix + developers,
    ...(admins === undefined ? {} : { admins: prefix + admins }),
    ...(viewers === undefined ? {} : { viewers: prefix + viewers }),
  };
}
