import type { JsonObject } from './component';
import type { ResolvedCluster, TenantSlice } from '../src/model/slices';

/**
 * What a tenant's people may do with its Applications. Everybody sees them; logs are for who builds and runs them.
 * Developers start a sync where nobody depends on it, admins everywhere: both deploy what is in git and nothing else.
 * Deleting, changing and acting on objects is left out, as Argo CD does those with its own rights.
 */
export function projectRoles(project: string, tenant: TenantSlice, cluster: ResolvedCluster): readonly JsonObject[] {
  const { groups, environments } = tenant;
  const { groupsPrefix } = cluster.platform.oidc;
  const role = (name: string, description: string, group: string | undefined, rights: readonly Right[]) =>
    group === undefined
      ? []
      : [
          {
            name,
            description,
            // Argo CD reads the issuer's own word, before which the API server puts its prefix.
            groups: [quoted(group.slice(groupsPrefix.length))],
            policies: rights.map(
              ([resource, action, object]) =>
                `p, proj:${project}:${name}, ${resource}, ${action}, ${project}/${object}, allow`,
            ),
          },
        ];
  const see: readonly Right[] = [
    ['applications', 'get', '*'],
    ['applicationsets', 'get', '*'],
  ];
  const work: readonly Right[] = [...see, ['logs', 'get', '*']];
  const harmless = environments.filter(({ production }) => !production);
  return [
    ...role('admin', 'Sees everything and starts syncs', groups.admins, [...work, ['applications', 'sync', '*']]),
    ...role('developer', 'Sees everything and starts syncs outside of production', groups.developers, [
      ...work,
      ...harmless.map(({ namespace }): Right => ['applications', 'sync', `delivery-${namespace}.*`]),
    ]),
    ...role('viewer', 'Sees Applications', groups.viewers, see),
  ];
}

/** Resource, action and a pattern of names. */
type Right = readonly [resource: string, action: string, object: string];

/** Policies are lines of CSV: a comma would begin another field, and with it another role. */
function quoted(group: string): string {
  return group.includes(',') ? `"${group}"` : group;
}
