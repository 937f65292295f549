import type { TenantEnvironmentProps, TenantProps } from '../../claim.generated';
import type { TenantDeclaration } from '../../declare';
import { compareText } from '../../finding';
import type { PlatformProps } from '../../platform.generated';
import type { ResolvedCluster, TenantHost } from '../../slices';
import type { Claimant, ClaimFault, FieldPath } from './claimant';
import { checkPaths } from './paths';
import { environmentNames } from './scope';

/** Longest name that Let's Encrypt certifies: it keeps the rest for names that it asks for itself. Source: Boulder. */
const HOST_LENGTH = 230;

/** Longest first part: external-dns notes whose a record is in another one, with `cname-` before that part. */
const FIRST_PART = 63 - 'cname-'.length;

/** A host in somebody's claim. */
interface HostClaim {
  readonly tenant: string;
  readonly file: string;
  readonly host: string;
  /** True where the part before the environment's domain is the tenant's own name. */
  readonly namesake: boolean;
}

/** Whose claim stands in the way of a tenant's host: tenant, then host, to the claim that goes before it. */
export type HostConflicts = ReadonlyMap<string, ReadonlyMap<string, HostClaim>>;

/** Hosts of one environment, in code-unit order. */
export function hostsOf(claim: TenantEnvironmentProps): readonly TenantHost[] {
  return [...(claim.hosts ?? [])]
    .map((one) => ({ ...one, targetPort: one.targetPort ?? one.port }))
    .sort((a, b) => compareText(a.host, b.host) || compareText(a.paths?.join() ?? '', b.paths?.join() ?? ''));
}

/**
 * Claims that meet: one host twice, or one below another tenant's. A tenant whose name the host bears goes before all
 * others, so that nobody takes its name away; then who claims the shorter name; then the first by name. Behind all
 * others goes `last`: whoever is judged alone must not be right at somebody else's cost.
 */
export function hostConflicts(
  tenants: readonly TenantDeclaration[],
  platform: PlatformProps,
  last?: string,
): HostConflicts {
  const owners = new Map<string, HostClaim>();
  const claims = tenants.flatMap(({ name, file, props }) => hostClaims(name, file, props, platform));
  for (const claim of claims) {
    const owner = owners.get(claim.host);
    if (!owner || (claim.namesake && !owner.namesake)) owners.set(claim.host, claim);
  }
  const conflicts = new Map<string, Map<string, HostClaim>>();
  const lose = (behind: HostClaim, before: HostClaim) => {
    const [loser, winner] = before.tenant === last ? [before, behind] : [behind, before];
    const some = conflicts.get(loser.tenant) ?? new Map<string, HostClaim>();
    if (!some.has(loser.host)) some.set(loser.host, winner);
    conflicts.set(loser.tenant, some);
  };
  for (const claim of claims) {
    for (let name = claim.host; name.includes('.'); name = name.slice(name.indexOf('.') + 1)) {
      const owner = owners.get(name);
      if (!owner || owner.tenant === claim.tenant) continue;
      if (name !== claim.host && claim.namesake && !owner.namesake) lose(owner, claim);
      else lose(claim, owner);
    }
  }
  return conflicts;
}

/** Every host must be the tenant's to claim, and stand for one thing. */
export function checkHosts(
  claimant: Claimant,
  platform: PlatformProps,
  clusters: ReadonlyMap<string, ResolvedCluster>,
  conflicts: HostConflicts,
): void {
  const elsewhere = new Map<string, string>();
  const lost = conflicts.get(claimant.name);
  for (const environment of environmentNames(claimant.props, platform)) {
    const seen = new Set<string>();
    const hosts = claimant.props.environments?.[environment]?.hosts ?? [];
    hosts.forEach((one, i) => {
      const { host } = one;
      const entry: FieldPath = ['environments', environment, 'hosts', i];
      const at = [...entry, 'host'];
      checkPaths(claimant, one.paths, entry);
      const fault =
        unserved(environment, platform, clusters) ??
        misplaced(claimant.name, host, environment, platform, clusters) ??
        tooLong(host) ??
        (lost?.has(host) ? taken(host, lost.get(host)) : undefined) ??
        twice(host, environment, elsewhere);
      if (fault) claimant.fault(at, { value: host, ...fault });
      elsewhere.set(host, elsewhere.get(host) ?? environment);
      // A prefix goes before shorter ones and a method before all of them; only the very same request has two answers.
      for (const request of requestsOf(one)) {
        if (!seen.has(request)) {
          seen.add(request);
          continue;
        }
        claimant.fault(at, {
          rule: 'duplicate-host',
          value: host,
          message: `'${host}' is there twice for the same path and method`,
          fix: 'keep one of them, or give them different paths or methods',
        });
        break;
      }
    });
  }
}

function hostClaims(tenant: string, file: string, props: TenantProps, platform: PlatformProps): HostClaim[] {
  return Object.entries(props.environments ?? {}).flatMap(([environment, { hosts = [] }]) =>
    hosts.map(({ host }) => {
      const domain = domainsOf(environment, platform).find((name) => isBelow(host, name));
      const namesake = domain !== undefined && `.${host}`.endsWith(`.${tenant}.${domain}`);
      return { tenant, file, host, namesake };
    }),
  );
}

function unserved(
  environment: string,
  platform: PlatformProps,
  clusters: ReadonlyMap<string, ResolvedCluster>,
): ClaimFault | undefined {
  const cluster = clusters.get(platform.environments[environment]?.cluster ?? '');
  if (!cluster || cluster.addOns.includes('gateway')) return undefined;
  return {
    rule: 'no-gateway',
    message: `cluster '${cluster.name}' has no gateway that would serve a host`,
    fix: 'take the host out, or let the platform team switch add-on gateway on there',
  };
}

/** A host is below one of its environment's domains, and none of a page of the platform. */
function misplaced(
  tenant: string,
  host: string,
  environment: string,
  platform: PlatformProps,
  clusters: ReadonlyMap<string, ResolvedCluster>,
): ClaimFault | undefined {
  const domains = domainsOf(environment, platform);
  const above = domains.filter((domain) => isBelow(host, domain)).sort((a, b) => b.length - a.length)[0];
  if (above === undefined) {
    return {
      rule: 'foreign-host',
      message: `'${host}' is not below a domain of environment '${environment}'`,
      fix: `write a name below ${domains.join(' or ')}, such as ${tenant}.${domains[0] ?? ''}`,
    };
  }
  for (const { domain, network } of clusters.values()) {
    const api = network.apiServer.host;
    const own = host === domain || isBelow(host, domain);
    // Tenants have domains of their own below a cluster's; all else there is or may become a page of the platform.
    if (host !== api && !isBelow(host, api) && !(own && !isBelow(above, domain))) continue;
    return {
      rule: 'platform-host',
      message: `'${host}' is a name of the platform's own, as are all of ${domain} that are not below a tenants' domain`,
      fix:
        own && !domains.some((one) => isBelow(one, domain))
          ? `let the platform team give the environment a domain below, such as apps.${domain}`
          : `write a name below ${domains.filter((one) => one !== domain).join(' or ')}`,
    };
  }
  const closer = Object.keys(platform.environments).find((other) =>
    domainsOf(other, platform).some((domain) => isBelow(domain, above) && isBelow(host, domain)),
  );
  if (closer === undefined) return undefined;
  return {
    rule: 'foreign-host',
    message: `'${host}' is below a domain of environment '${closer}'`,
    fix: `write a name that is below ${above} and not below that domain`,
  };
}

function tooLong(host: string): ClaimFault | undefined {
  const first = host.indexOf('.');
  if (host.length <= HOST_LENGTH && first <= FIRST_PART) return undefined;
  const [what, length, limit] =
    host.length > HOST_LENGTH ? ['the name', host.length, HOST_LENGTH] : ['its first part', first, FIRST_PART];
  return {
    rule: 'long-host',
    message: `${what} has ${length} characters, ${limit} is the limit`,
    fix: `shorten it by ${length - limit}`,
  };
}

function taken(host: string, winner: HostClaim | undefined): ClaimFault {
  const { tenant = '', file = '', host: name = '' } = winner ?? {};
  const where = name === host ? 'is' : isBelow(host, name) ? `is below '${name}',` : `is above '${name}',`;
  return {
    rule: 'taken-host',
    message: `'${host}' ${where} that of tenant '${tenant}' (${file})`,
    fix: 'claim another name',
  };
}

function twice(host: string, environment: string, elsewhere: ReadonlyMap<string, string>): ClaimFault | undefined {
  const other = elsewhere.get(host);
  if (other === undefined || other === environment) return undefined;
  return {
    rule: 'duplicate-host',
    message: `'${host}' is served by environment '${other}' too, and a name leads to one place`,
    fix: `write a name of its own for '${environment}'`,
  };
}

/** The requests that an entry is for, as Gateway API tells them apart: a slash at a prefix's end says nothing. */
function requestsOf({ host, paths = ['/'], methods = ['*'] }: Omit<TenantHost, 'targetPort'>): readonly string[] {
  const prefixes = new Set(paths.map((path) => path.replace(/(?<=.)\/$/, '')));
  return [...prefixes].flatMap((path) => methods.map((method) => `${method} ${host}${path}`));
}

function domainsOf(environment: string, platform: PlatformProps): readonly string[] {
  const described = Object.hasOwn(platform.environments, environment) ? platform.environments[environment] : undefined;
  if (!described) return [];
  const cluster = platform.clusters[described.cluster];
  return described.domains ?? [`apps.${cluster?.domain ?? `${described.cluster}.${platform.domain}`}`];
}

function isBelow(name: string, domain: string): boolean {
  return name.endsWith(`.${domain}`);
}
