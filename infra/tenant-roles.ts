import { resolve } from '../src/model/resolve';
import type { TenantSlice } from '../src/model/slices';
import { storesOf } from '../src/model/tenant-cloud';
import type { Cluster } from '../src/model/cluster';
import type { Finding } from '../src/model/finding';
import { load } from '../src/render/load';
import type { GrantedIdentity } from './aws/workload-identities';
import { StackError } from './stack';

/** Roles of a cluster's tenants. */
export interface TenantRoles {
  /** What their workloads act as. */
  readonly workloads: readonly GrantedIdentity[];
  /** What External Secrets acts as while it reads one of their stores, by a token of the store's ServiceAccount. */
  readonly stores: readonly GrantedIdentity[];
}

/**
 * The roles of all tenants on a cluster in the cloud, from the platform below `root` as rendering reads it. Throws where
 * a claim is broken: what is left out of a stack is taken away from whoever uses it.
 */
export function tenantRoles(root: string, cluster: Cluster): TenantRoles {
  const { declarations, findings } = load(root);
  const resolved = declarations && resolve(declarations);
  const faults = [...findings, ...(resolved?.findings ?? [])].filter(({ severity }) => severity === 'error');
  if (!resolved || faults.length > 0) {
    throw new StackError(
      `${faults.map(lineOf).join('\n')}\nnothing was changed: a tenant that is left out would lose its roles`,
    );
  }
  const slices = resolved.units.flatMap(({ cluster: on, slice }) =>
    on === cluster.name && slice.kind === 'tenant' ? [slice] : [],
  );
  return {
    workloads: slices.flatMap(workloadRoles),
    stores: resolved.clusters.get(cluster.name)?.addOns.includes('external-secrets')
      ? slices.flatMap((slice) => storeRoles(cluster, slice))
      : [],
  };
}

function workloadRoles({ name: tenant, environments }: TenantSlice): readonly GrantedIdentity[] {
  return environments.flatMap(({ namespace, identities }) =>
    identities.map(({ name, role, permissions }) => ({
      role,
      wholeName: true,
      namespace,
      serviceAccount: name,
      description: `The tenant ${tenant}`,
      statements: permissions,
    })),
  );
}

function storeRoles(cluster: Cluster, tenant: TenantSlice): readonly GrantedIdentity[] {
  return tenant.environments.flatMap((environment) =>
    storesOf(cluster, tenant, environment).map(({ path, role, serviceAccount }) => ({
      role,
      wholeName: true,
      namespace: environment.namespace,
      serviceAccount,
      description: `Secrets of the tenant ${tenant.name}`,
      statements: [
        {
          actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
          resources: [`arn:aws:secretsmanager:${cluster.region ?? ''}:${cluster.accountId ?? ''}:secret:${path}*`],
        },
      ],
    })),
  );
}

function lineOf({ file, field, message, fix }: Finding): string {
  return `${[file, field, message].filter(Boolean).join(': ')}${fix ? `; ${fix}` : ''}`;
}
