import type { TenantEnvironmentProps } from '../../claim.generated';
import {
  DATABASE_SIZES,
  DATABASE_STORAGE,
  DATABASE_STORAGE_PATTERN,
  databaseClusterName,
  databaseCopies,
  databaseServiceNames,
} from '../../database';
import { formatQuantity } from '../../quantity';
import type { DatabaseProvider } from '../../cluster';
import type { ResolvedCluster, TenantDatabase, TenantEnvironment } from '../../slices';
import { suggest } from '../clusters';
import type { Claimant, FieldPath } from './claimant';
import { amount } from './quota';
import { isIn } from './scope';

/** What databases of an environment are judged by. */
export interface DatabaseSurroundings {
  readonly environment: string;
  readonly claim: TenantEnvironmentProps;
  readonly databases: readonly TenantDatabase[];
  readonly provider: DatabaseProvider;
  readonly cluster: ResolvedCluster;
  readonly quota: TenantEnvironment['quota'];
  readonly limits: TenantEnvironment['limits'];
}

/** Add-ons without which a database of that provider is never made. */
const NEEDED: Readonly<Record<DatabaseProvider, readonly string[]>> = {
  rds: ['crossplane', 'databases'],
  cluster: ['cloudnative-pg', 'crossplane', 'databases'],
};

/** What a claim says of its databases whatever the environment: told once. */
export function checkDatabaseClaims(claimant: Claimant, environments: readonly string[]): void {
  for (const [name, { environments: wanted = [], storage }] of Object.entries(claimant.props.databases ?? {})) {
    for (const [index, environment] of wanted.entries()) {
      if (environments.includes(environment)) continue;
      claimant.fault(['databases', name, 'environments', index], {
        rule: 'unknown-environment',
        value: environment,
        message: `tenant '${claimant.name}' has no environment '${environment}'`,
        fix: suggest(environment, environments),
      });
    }
    checkAmount(claimant, storage, ['databases', name, 'storage']);
  }
}

/** Databases of one environment: known, possible where they would run, and within what the tenant may take. */
export function checkDatabases(claimant: Claimant, around: DatabaseSurroundings): void {
  checkChanges(claimant, around);
  const { databases, provider, cluster, environment } = around;
  const [first] = databases;
  if (!first) return;
  for (const addOn of NEEDED[provider].filter((name) => !cluster.addOns.includes(name))) {
    claimant.fault(['databases', first.name], {
      rule: 'add-on-off',
      message: `databases of environment '${environment}' need the add-on '${addOn}', which is off on cluster '${cluster.name}'`,
      fix: `let the platform team switch ${addOn} on there, or take the databases of this environment out`,
    });
  }
  for (const database of databases) checkLeast(claimant, database, around);
  checkNames(claimant, around);
  if (provider === 'cluster') checkRoom(claimant, around);
}

/** What an environment changes must be one of its databases. */
function checkChanges(claimant: Claimant, { environment, claim }: DatabaseSurroundings): void {
  const known = claimant.props.databases ?? {};
  for (const [name, { storage }] of Object.entries(claim.databases ?? {})) {
    const database = Object.hasOwn(known, name) ? known[name] : undefined;
    if (database && isIn(database, environment)) {
      checkAmount(claimant, storage, ['environments', environment, 'databases', name, 'storage']);
      continue;
    }
    const names = Object.keys(known);
    claimant.fault(['environments', environment, 'databases', name], {
      rule: 'unknown-database',
      value: name,
      message: database
        ? `database '${name}' is not for environment '${environment}'`
        : `the claim has no database '${name}'`,
      fix: database
        ? `add '${environment}' to databases.${name}.environments, or leave this out`
        : names.length > 0
          ? suggest(name, names)
          : `add it under 'databases' of the claim`,
    });
  }
}

/** Where a database's field was written: in the environment, else for all of them. */
function placeOf({ environment, claim }: DatabaseSurroundings, name: string, field: 'storage' | 'size'): FieldPath {
  const changes = claim.databases?.[name];
  return changes?.[field] === undefined
    ? ['databases', name, field]
    : ['environments', environment, 'databases', name, field];
}

/** Whether an amount is one that any database can have. */
function checkAmount(claimant: Claimant, storage: string | undefined, path: FieldPath): void {
  if (storage === undefined) return;
  if (!DATABASE_STORAGE_PATTERN.test(storage)) {
    claimant.fault(path, {
      rule: 'range',
      value: storage,
      message: 'storage of databases is counted in whole gibibytes or tebibytes',
      fix: `write it in Gi or Ti, such as ${DATABASE_STORAGE.leastInRds}`,
    });
  } else if (amount(storage) > amount(DATABASE_STORAGE.most)) {
    claimant.fault(path, {
      rule: 'range',
      value: storage,
      message: 'is more than a database can have',
      fix: `write ${DATABASE_STORAGE.most} or less`,
    });
  }
}

/** The least depends on what runs it. */
function checkLeast(claimant: Claimant, { name, storage }: TenantDatabase, around: DatabaseSurroundings): void {
  const least = around.provider === 'rds' ? DATABASE_STORAGE.leastInRds : DATABASE_STORAGE.least;
  if (!DATABASE_STORAGE_PATTERN.test(storage) || amount(storage) >= amount(least)) return;
  claimant.fault(placeOf(around, name, 'storage'), {
    rule: 'range',
    value: storage,
    message: `is less than a database of environment '${around.environment}' can have`,
    fix: `write ${least} or more`,
  });
}

/** What CloudNativePG names after a database must be nobody else's. */
function checkNames(claimant: Claimant, { claim, databases, provider, environment }: DatabaseSurroundings): void {
  if (provider !== 'cluster') return;
  for (const { name } of databases) {
    for (const [index, { service }] of (claim.hosts ?? []).entries()) {
      if (!databaseServiceNames(name).includes(service)) continue;
      claimant.fault(['environments', environment, 'hosts', index, 'service'], {
        rule: 'taken-name',
        value: service,
        message: `'${service}' is the Service of database '${name}', which no gateway leads to`,
        fix: 'name the Service that answers for the host, or rename it',
      });
    }
    const account = claimant.props.workloadIdentities?.[databaseClusterName(name)];
    if (account === undefined || !isIn(account, environment)) continue;
    claimant.fault(['workloadIdentities', databaseClusterName(name)], {
      rule: 'taken-name',
      value: databaseClusterName(name),
      message: `the ServiceAccount of database '${name}' has that name already`,
      fix: 'give the identity another name',
    });
  }
}

/** Databases in the cluster run on the tenant's own quota, each copy as one container on one machine. */
function checkRoom(claimant: Claimant, around: DatabaseSurroundings): void {
  const { databases, quota, limits, environment } = around;
  for (const { name, size } of databases) {
    for (const resource of ['cpu', 'memory'] as const) {
      const wanted = DATABASE_SIZES[size][resource];
      if (amount(wanted) <= amount(limits.maximum[resource])) continue;
      claimant.fault(placeOf(around, name, 'size'), {
        rule: 'quota',
        value: size,
        message: `size '${size}' is one container of ${wanted} ${resource}, and the largest of environment '${environment}' is ${limits.maximum[resource]}`,
        fix: 'claim a smaller size, a larger quota or a node pool with larger machines',
      });
      break;
    }
  }
  for (const resource of ['cpu', 'memory', 'storage'] as const) {
    const parts = databases.map(({ name, size, storage, highAvailability }) => {
      const copies = databaseCopies(highAvailability);
      const each = resource === 'storage' ? storage : DATABASE_SIZES[size][resource];
      return { text: `${name} ${copies} × ${each}`, needed: BigInt(copies) * amount(each) };
    });
    const needed = parts.reduce((sum, part) => sum + part.needed, 0n);
    if (needed <= amount(quota[resource])) continue;
    const least = formatQuantity(needed, resource === 'cpu' ? 'decimal' : 'binary');
    claimant.fault(['environments', environment, 'quota', resource], {
      rule: 'quota',
      value: quota[resource],
      message: `a quota of ${quota[resource]} cannot hold the databases of environment '${environment}': ${parts.map(({ text }) => text).join(' + ')} = ${least}`,
      fix: `write more than ${least}: the rest is for the tenant's own Pods`,
    });
  }
}
