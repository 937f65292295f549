import chalk from 'chalk';
import type { TenantProps } from '../model/claim.generated';
import type { NodePool } from '../model/cluster';
import type { Finding } from '../model/finding';
import { parseQuantity } from '../model/quantity';
import type { ResolvedCluster, TenantConnection, TenantEnvironment, TenantState } from '../model/slices';
import { count, findingLine } from './findings';
import { padded } from './table';

/** A tenant as people are shown it. */
export interface ShownTenant {
  readonly name: string;
  readonly file: string;
  readonly props?: TenantProps;
  readonly state: TenantState;
  readonly places: readonly { readonly cluster: string; readonly environment: TenantEnvironment }[];
  readonly findings: readonly Finding[];
}

/** All tenants, a line each. */
export function tenantsText(tenants: readonly ShownTenant[]): string {
  if (tenants.length === 0) return '  no tenant yet: keelson tenant new';
  const head = ['tenant', 'tier', 'state', 'environments', 'owner', 'findings'];
  const rows = tenants.map(({ name, props, state, places, findings }) => [
    name,
    props ? String(props.tier ?? 1) : '?',
    props ? state : 'broken',
    places.map(({ environment }) => environment.name).join(',') ||
      Object.keys(props?.environments ?? {}).join(',') ||
      '-',
    props?.owner?.email ?? '?',
    findings.length === 0 ? chalk.green('none') : chalk.yellow(String(findings.length)),
  ]);
  return padded([head.map((one) => chalk.bold(one)), ...rows]);
}

/** One tenant: what it has, where, and what is wrong. */
export function tenantText(tenant: ShownTenant, clusters: ReadonlyMap<string, ResolvedCluster>): string {
  const { name, file, props, state, places, findings } = tenant;
  const rows: string[][] = [
    ['tenant', name],
    ['file', file],
    ['state', props ? state : 'the claim cannot be read'],
  ];
  if (props && places.length > 0) {
    const { owner, groups } = props;
    const { admins, viewers } = groups;
    rows.push(
      ['tier', String(props.tier ?? 1)],
      [
        'owner',
        [owner.team ?? name, owner.email, owner.onCall && `on call: ${owner.onCall}`].filter(Boolean).join(', '),
      ],
      [
        'groups',
        [`developers ${groups.developers}`, admins && `admins ${admins}`, viewers && `viewers ${viewers}`]
          .filter(Boolean)
          .join(', '),
      ],
      [
        'cost',
        `${props.costCentre ?? name}, ${props.monthlyBudget === undefined ? 'no budget' : `${props.monthlyBudget} US dollars a month`}`,
      ],
      ['data', props.dataClass ?? 'internal'],
    );
  }
  const blocks = places.map(({ cluster, environment }) => {
    const facts = clusters.get(cluster);
    const lines = environmentRows(environment, facts).map(([what = '', said = '']) => ['', what, said]);
    return `  ${chalk.bold(environment.namespace)} on ${cluster}${environment.production ? ', production' : ''}\n${padded(lines)}`;
  });
  const wrong = findings.map((finding) => `  ${findingLine(finding)}`);
  return [
    padded(rows.map(([what = '', said = '']) => [chalk.bold(what), said])),
    ...blocks,
    ...(wrong.length > 0 ? [wrong.join('\n')] : []),
  ].join('\n\n');
}

function environmentRows(environment: TenantEnvironment, cluster: ResolvedCluster | undefined): string[][] {
  const { quota, hosts, connections, databases, identities, backup, repositories } = environment;
  const rows: string[][] = [
    ['quota', `${quota.cpu} cores, ${quota.memory} memory, ${quota.storage} storage, ${quota.pods} Pods`],
    ...(cluster ? [['machines', machines(environment, cluster)]] : []),
    [
      'backups',
      cluster?.addOns.includes('velero') === false
        ? `none: add-on 'velero' is off on ${cluster.name}`
        : `every ${backup.everyHours} h, kept ${backup.keepDays} days, back within ${backup.rtoHours} h`,
    ],
  ];
  const list = (what: string, items: readonly string[]) => {
    if (items.length > 0) rows.push([what, items.join(', ')]);
  };
  const peer = ({ namespace, port }: TenantConnection) => `${namespace}:${port}`;
  list(
    'delivered',
    repositories.map(({ url, path, revision }) => `${url} ${path} at ${revision}`),
  );
  list(
    'hosts',
    hosts.map(({ host, service, port }) => `${host} → ${service}:${port}`),
  );
  list('calls', connections.to.map(peer));
  list('called by', connections.from.map(peer));
  list(
    'outside',
    connections.outside.map(({ to, port }) => `${'host' in to ? to.host : to.cidr}:${port}`),
  );
  list(
    'databases',
    databases.map((one) => `${one.name} (${one.engine} ${one.version}, ${one.size}, ${one.storage})`),
  );
  list(
    'cloud',
    identities.map(({ name, role }) => `${name} as ${role}`),
  );
  return rows;
}

/** How much of the machines that it may run on the quota would take, were all of them there. */
function machines({ quota, nodePool }: TenantEnvironment, { nodePools }: ResolvedCluster): string {
  const open = nodePools.filter(
    ({ tenant, taints }) => tenant === undefined && taints.every(({ effect }) => effect === 'PreferNoSchedule'),
  );
  const pools = nodePool ? nodePools.filter(({ name }) => name === nodePool.name) : open;
  const share = (resource: 'cpu' | 'memory') => {
    const all = pools.reduce((sum, pool) => sum + amount(pool.capacity[resource]) * BigInt(most(pool)), 0n);
    return all === 0n ? '?' : `${Number((amount(quota[resource]) * 1000n) / all) / 10} %`;
  };
  const names = pools.map(
    (pool) =>
      `${pool.name} (up to ${count(most(pool), 'machine')} of ${pool.capacity.cpu} and ${pool.capacity.memory})`,
  );
  return `${names.join(', ') || 'none'}: the quota is ${share('cpu')} of their cores, ${share('memory')} of their memory`;
}

function most({ minimum, maximum }: NodePool): number {
  return Math.max(minimum, maximum ?? minimum);
}

function amount(quantity: string): bigint {
  return parseQuantity(quantity)?.value ?? 0n;
}
