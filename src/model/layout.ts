/** Where everything stands in the GitOps repository: the one place that knows paths. */

/** Whose file it is. `cluster`: the cluster's own (root, intent, projects); `other`: outside every cluster, or unknown. */
export type UnitKind = 'tenant' | 'add-on' | 'guardrail' | 'cluster' | 'other';

/** What a path says about its file. */
export interface ParsedPath {
  /** @default - the file stands outside every cluster */
  readonly cluster?: string;
  readonly kind: UnitKind;
  /** Name of the tenant, add-on or guardrail. @default - the cluster itself */
  readonly name?: string;
  /** Only for a tenant with several environments on one cluster. */
  readonly environment?: string;
  /** What the file holds, such as `network`. */
  readonly facet?: string;
}

/**
 * Files of `apps/` that belong to the cluster, not to an add-on, so that no add-on may have such a name:
 * AppProjects, the ApplicationSet of all tenants, the Application of the guardrails, the namespaces of
 * delivery's robots and of emergency access.
 */
export const clusterApps: readonly string[] = ['projects', 'tenants', 'policies', 'robots', 'break-glass'];

/** The generated page that says what the repository is. */
export const readmePath = 'README.md';

/** The directory of one cluster. */
export function clusterDirectory(cluster: string): string {
  return `clusters/${cluster}`;
}

/** The one Application that bootstrap applies. */
export function rootPath(cluster: string): string {
  return `clusters/${cluster}/root.yaml`;
}

/** The intent that verify needs, which is not applied to the cluster. */
export function intentPath(cluster: string): string {
  return `clusters/${cluster}/keelson.yaml`;
}

/** The directory that the root Application syncs. */
export function appsDirectory(cluster: string): string {
  return `clusters/${cluster}/apps`;
}

/** A file of `apps/`: the Application of an add-on under its name, or one of `clusterApps`. */
export function appPath(cluster: string, name: string): string {
  return `clusters/${cluster}/apps/${name}.yaml`;
}

/** The directory of what goes beside an add-on's chart. */
export function addOnDirectory(cluster: string, addOn: string): string {
  return `clusters/${cluster}/baseline/${addOn}`;
}

/** One facet of an add-on. */
export function addOnPath(cluster: string, addOn: string, facet: string): string {
  return `clusters/${cluster}/baseline/${addOn}/${facet}.yaml`;
}

/** The directory of the guardrails in their enforced forms. */
export function guardrailsDirectory(cluster: string): string {
  return `clusters/${cluster}/policies`;
}

/** One guardrail in its enforced form. */
export function guardrailPath(cluster: string, guardrail: string): string {
  return `${guardrailsDirectory(cluster)}/${guardrail}.yaml`;
}

/** The directory of all that belongs to a tenant on a cluster. */
export function tenantDirectory(cluster: string, tenant: string): string {
  return `clusters/${cluster}/tenants/${tenant}`;
}

/** One facet of a tenant; `environment` only where the tenant has several on this cluster. */
export function tenantPath(cluster: string, tenant: string, facet: string, environment?: string): string {
  const directory = tenantDirectory(cluster, tenant);
  return environment === undefined ? `${directory}/${facet}.yaml` : `${directory}/${environment}/${facet}.yaml`;
}

/** The reverse of the functions above. A path that none of them makes is `other`, with its cluster where it has one. */
export function parsePath(path: string): ParsedPath {
  const parts = path.split('/');
  const [root, cluster, room, first, second, third] = parts;
  if (root !== 'clusters' || cluster === undefined || room === undefined) return { kind: 'other' };
  const facet = fileFacet(parts.at(-1) ?? '');
  if (facet !== undefined) {
    if (parts.length === 3 && (room === 'root.yaml' || room === 'keelson.yaml'))
      return { cluster, kind: 'cluster', facet };
    if (parts.length === 4 && room === 'apps') {
      if (clusterApps.includes(facet)) return { cluster, kind: 'cluster', facet };
      return { cluster, kind: 'add-on', name: facet, facet: 'application' };
    }
    if (parts.length === 4 && room === 'policies') return { cluster, kind: 'guardrail', name: facet };
    if (parts.length === 5 && room === 'baseline') return { cluster, kind: 'add-on', name: first, facet };
    if (parts.length === 5 && room === 'tenants') return { cluster, kind: 'tenant', name: first, facet };
    if (parts.length === 6 && room === 'tenants' && third !== undefined) {
      return { cluster, kind: 'tenant', name: first, environment: second, facet };
    }
  }
  return { cluster, kind: 'other' };
}

function fileFacet(file: string): string | undefined {
  return file.endsWith('.yaml') && file.length > 5 ? file.slice(0, -5) : undefined;
}
