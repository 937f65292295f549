import type { TenantProps } from '../../claim.generated';
import { compareText } from '../../finding';
import type { PlatformProps } from '../../platform.generated';
import type { TenantConnection, TenantConnections } from '../../slices';
import { suggest } from '../clusters';
import type { Claimant, FieldPath } from './claimant';
import { namespaceOf } from './namespaces';
import { checkPaths } from './paths';
import { environmentNames, isIn } from './scope';

/** The claim of another tenant, for what it says of this one. */
export interface OtherClaim {
  readonly file: string;
  readonly props: TenantProps;
}

/** What is known of all tenants. */
export interface OtherClaims {
  /** Claims by name. */
  readonly claims: ReadonlyMap<string, OtherClaim>;
  /**
   * Tenants that are there and whose claim cannot be read. What others say of them stands: a mistake in one file cuts
   * off nobody else, and their own side still lets in and out only what it last said.
   */
  readonly unread: ReadonlySet<string>;
}

type Props = NonNullable<TenantProps['connections']>;
type ToProps = NonNullable<Props['to']>[number];
type FromProps = NonNullable<Props['from']>[number];
type Entry = ToProps | FromProps;

const OPPOSITE = { to: 'from', from: 'to' } as const;

/** What the Pods of one environment may talk to. */
export function connectionsOf(
  name: string,
  props: TenantProps,
  environment: string,
  others: OtherClaims,
): TenantConnections {
  const {
    inside = true,
    to = [],
    from = [],
    outside = [],
    kubernetesApi,
    cloudMetadata,
    nodePorts,
  } = props.connections ?? {};
  const here = <T extends { readonly environments?: readonly string[] }>(some: readonly T[]) =>
    some.filter((one) => isIn(one, environment));
  // Each pair of entries that agree is a connection: every calling workload to every called one.
  const pairs = (own: readonly Entry[], side: 'to' | 'from') =>
    here(own).flatMap((one): { readonly one: Entry; readonly answer?: Entry }[] => {
      if (others.unread.has(one.tenant)) return [{ one }];
      return here(answersTo(name, one, others.claims.get(one.tenant), side)).map((answer) => ({ one, answer }));
    });
  const connection = (out: ToProps | undefined, into: FromProps | undefined, { tenant, port }: Entry) => ({
    tenant,
    namespace: namespaceOf(tenant, environment),
    port,
    // What of the called side may be called, and how, is its own to say; who of the calling side calls, the other's.
    ...(into?.workload === undefined ? {} : { workload: into.workload }),
    ...(out?.workload === undefined ? {} : { caller: out.workload }),
    ...(into?.service === undefined ? {} : { service: into.service }),
    ...(into?.methods === undefined ? {} : { methods: [...into.methods].sort(compareText) }),
    ...(into?.paths === undefined ? {} : { paths: [...into.paths].sort(compareText) }),
    ...(others.claims.get(tenant)?.props.tier === 2 ? { sandboxed: true as const } : {}),
  });
  return {
    inside,
    to: distinct(pairs(to, 'to').map(({ one, answer }) => connection(one, answer, one))),
    from: distinct(pairs(from, 'from').map(({ one, answer }) => connection(answer, one, one))),
    outside: here(outside).map(({ host, cidr, port = 443, protocol = 'TCP', why }) => ({
      to: host === undefined ? { cidr: cidr ?? '' } : { host },
      port,
      protocol,
      ...(why === undefined ? {} : { why }),
    })),
    kubernetesApi: kubernetesApi ?? false,
    cloudMetadata: cloudMetadata ?? false,
    nodePorts: [...(nodePorts ?? [])].sort((a, b) => a - b),
  };
}

/** A connection to another tenant is there where both claims say so; whoever says it alone is told what is missing. */
export function checkConnections(claimant: Claimant, platform: PlatformProps, others: OtherClaims): void {
  const own = environmentNames(claimant.props, platform);
  for (const side of ['to', 'from'] as const) {
    const entries: readonly Entry[] = claimant.props.connections?.[side] ?? [];
    entries.forEach((entry, i) => {
      const at = ['connections', side, i];
      if (side === 'from') checkPaths(claimant, (entry as FromProps).paths, at);
      if (!checkScope(claimant, entry, own, at) || !checkOther(claimant, entry, others, at)) return;
      const other = others.claims.get(entry.tenant);
      if (other) checkAnswer(claimant, entry, side, other, platform, at);
    });
  }
  claimant.props.connections?.outside?.forEach((entry, i) =>
    checkScope(claimant, entry, own, ['connections', 'outside', i]),
  );
}

/** Environments that an entry names must be the tenant's own. */
function checkScope(
  claimant: Claimant,
  { environments = [] }: { readonly environments?: readonly string[] },
  own: readonly string[],
  at: FieldPath,
): boolean {
  const strange = environments.filter((environment) => !own.includes(environment));
  for (const environment of strange) {
    claimant.fault([...at, 'environments', environments.indexOf(environment)], {
      rule: 'unknown-environment',
      value: environment,
      message: `tenant '${claimant.name}' has no environment '${environment}'`,
      fix: suggest(environment, own),
    });
  }
  return strange.length === 0;
}

function checkOther(claimant: Claimant, { tenant }: Entry, { claims, unread }: OtherClaims, at: FieldPath): boolean {
  if (tenant === claimant.name) {
    claimant.fault([...at, 'tenant'], {
      rule: 'self-connection',
      value: tenant,
      message: 'a tenant is not connected to itself: Pods of one environment reach each other unless `inside` is false',
      fix: 'take it out; with `inside: false`, a NetworkPolicy of the team says who reaches whom',
    });
    return false;
  }
  if (claims.has(tenant) || unread.has(tenant)) return true;
  claimant.fault([...at, 'tenant'], {
    rule: 'unknown-tenant',
    value: tenant,
    message: `there is no tenant '${tenant}'`,
    fix: suggest(
      tenant,
      [...claims.keys()].filter((name) => name !== claimant.name),
    ),
  });
  return false;
}

function checkAnswer(
  claimant: Claimant,
  entry: Entry,
  side: 'to' | 'from',
  other: OtherClaim,
  platform: PlatformProps,
  at: FieldPath,
): void {
  const { name } = claimant;
  const { tenant, port } = entry;
  const wanted = environmentNames(claimant.props, platform).filter((environment) => isIn(entry, environment));
  const theirs = environmentNames(other.props, platform);
  const shared = wanted.filter((environment) => theirs.includes(environment));
  if (shared.length < wanted.length) {
    const missing = wanted.filter((environment) => !shared.includes(environment));
    claimant.fault(at, {
      rule: 'one-sided-connection',
      value: tenant,
      message: `tenant '${tenant}' (${other.file}) has no environment ${quoted(missing)}, and a connection stays within one`,
      fix:
        shared.length > 0
          ? `write environments: [${shared.join(', ')}]`
          : `take it out, or let '${tenant}' claim that environment`,
    });
    return;
  }
  const answers = answersTo(name, entry, other, side);
  const silent = shared.filter((environment) => !answers.some((answer) => isIn(answer, environment)));
  if (silent.length > 0) {
    const ports = [...new Set(saidOf(name, other, side).map((answer) => answer.port))].filter((one) => one !== port);
    const scope = silent.length < theirs.length ? `, environments: [${silent.join(', ')}]` : '';
    const [does, fails] =
      side === 'to' ? ['calls', `does not let '${name}' in`] : ['lets in', `does not call '${name}'`];
    claimant.fault(at, {
      rule: 'one-sided-connection',
      value: tenant,
      message: `'${name}' ${does} '${tenant}' on port ${port}, but ${other.file} ${fails} there in ${quoted(silent)}${
        ports.length > 0 ? `, only on port ${ports.join(', ')}` : ''
      }`,
      fix: `add to connections.${OPPOSITE[side]} in ${other.file}: { tenant: ${name}, port: ${port}${scope} }${
        ports.length === 1 ? `; or write port ${ports[0]}` : ''
      }`,
    });
  } else if (other.props.state === 'removed' && claimant.props.state !== 'removed') {
    claimant.warn(at, {
      rule: 'connection-to-removed',
      value: tenant,
      message: `tenant '${tenant}' (${other.file}) is on its way out`,
      fix: 'take the connection out before its claim is gone',
    });
  }
}

function answersTo(
  name: string,
  { port }: Entry,
  other: OtherClaim | undefined,
  side: 'to' | 'from',
): readonly Entry[] {
  return other ? saidOf(name, other, side).filter((answer) => answer.port === port) : [];
}

/** What each claim says of others, by their name: claims may name a hundred, and each of those asks. */
const said = new WeakMap<TenantProps, { readonly [side in 'to' | 'from']: ReadonlyMap<string, readonly Entry[]> }>();

function saidOf(name: string, { props }: OtherClaim, side: 'to' | 'from'): readonly Entry[] {
  let known = said.get(props);
  if (!known) {
    known = { to: byTenant(props.connections?.from ?? []), from: byTenant(props.connections?.to ?? []) };
    said.set(props, known);
  }
  return known[side].get(name) ?? [];
}

function byTenant(entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.tenant);
    if (group) group.push(entry);
    else groups.set(entry.tenant, [entry]);
  }
  return groups;
}

/** Each connection once, in the order of places. */
function distinct(connections: readonly TenantConnection[]): readonly TenantConnection[] {
  return [...new Map(connections.map((one) => [JSON.stringify(one), one])).entries()]
    .sort(
      ([a, one], [b, other]) =>
        compareText(one.namespace, other.namespace) || one.port - other.port || compareText(a, b),
    )
    .map(([, one]) => one);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
