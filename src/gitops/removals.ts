import type { Finding } from '../model/finding';
import { parsePath } from '../model/layout';
import { namespacesIn } from './namespaces';
import { objectNames } from './objects';
import type { Plan } from './plan';
import { renamedTo } from './rename';
import type { Tree } from './tree';

/** How much may vanish without being named. */
export interface RemovalLimits {
  /** Share of all published objects, 0 to 1. */
  readonly share: number;
  /** A share says little about a small tree: fewer vanished objects than this always pass. */
  readonly floor: number;
}

/** What a plan takes away that must be named. */
export interface Removals {
  /** One for each that nobody named. */
  readonly refused: readonly Finding[];
  /** Those named that are in use, such as `tenant/payments`. */
  readonly named: readonly string[];
}

/**
 * Judges what a plan takes away: whole clusters, tenants and namespaces that were not published as removed before, and
 * more than a share of all objects.
 */
export function judgeRemovals(plan: Plan, tree: Tree, allowed: readonly string[], limits: RemovalLimits): Removals {
  const refused: Finding[] = [];
  const named = new Set<string>();
  // Whoever vanishes loses files, and most publishes take none away.
  const before = holders(plan.removed);
  const after = holders(before.size > 0 ? tree.files.keys() : []);
  const judge = (name: string, file: string, message: string, fix = `if it is meant, pass --allow-remove ${name}`) => {
    if (allowed.includes(name)) named.add(name);
    else refused.push({ rule: 'gitops/removal', severity: 'error', file, message, fix });
  };

  const goneClusters = new Set<string>();
  const states = publishedStates(plan);
  /** Said to be removed by what is published: every namespace that it had there. */
  const announced = (cluster: string, tenant: string): boolean => {
    const known = states.get(`${cluster}\0${tenant}`) ?? [];
    return known.length > 0 && known.every((state) => state === 'removed');
  };
  for (const [cluster, tenants] of before) {
    const kept = after.get(cluster);
    if (!kept) {
      goneClusters.add(cluster);
      judge(`cluster/${cluster}`, `clusters/${cluster}`, `cluster ${cluster} would vanish with all that it runs`);
      continue;
    }
    for (const tenant of tenants) {
      if (kept.has(tenant) || announced(cluster, tenant)) continue;
      judge(
        `tenant/${tenant}`,
        `clusters/${cluster}/tenants/${tenant}`,
        `tenant ${tenant} would vanish from cluster ${cluster} with its namespaces and all they hold`,
        wayOut(tenant, plan, tree),
      );
    }
  }
  for (const { cluster, tenant, namespace, path } of goneNamespaces(plan, tree)) {
    if (!after.get(cluster)?.has(tenant)) continue;
    judge(`tenant/${tenant}`, path, `namespace ${namespace} of tenant ${tenant} would vanish with all it holds`);
  }

  const leaving = leavingTenants(plan, tree);
  const isNamed = (path: string): boolean => {
    const { cluster = '', kind, name = '' } = parsePath(path);
    if (goneClusters.has(cluster)) return named.has(`cluster/${cluster}`);
    if (kind !== 'tenant') return false;
    if (leaving.has(name)) return true;
    return named.has(`tenant/${name}`) || (announced(cluster, name) && !after.get(cluster)?.has(name));
  };
  const vanished = vanishedObjects(plan, tree, isNamed);
  if (vanished >= Math.max(1, limits.floor)) {
    const total = publishedObjects(plan, tree);
    if (vanished > total * limits.share) {
      const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
      const message = `${vanished} of ${total} published objects (${percent(vanished / total)}) would vanish, more than ${percent(limits.share)}`;
      judge('share', '', message);
    }
  }
  return { refused, named: [...named] };
}

/** What to do instead of letting a tenant vanish. */
function wayOut(tenant: string, plan: Plan, tree: Tree): string {
  const other = renamedTo(tenant, plan, tree);
  if (other) {
    return `a tenant cannot be renamed, since its namespaces and their data keep their names: bring ${tenant} back beside ${other.name}, which has the same ${other.by}, move the data, then keelson tenant remove ${tenant}`;
  }
  return `bring its file back and run keelson tenant remove ${tenant}, which publishes \`state: removed\` first; if it is meant at once, pass --allow-remove tenant/${tenant}`;
}

/** States that the namespaces of removed files were published with, by cluster and tenant. */
function publishedStates(plan: Plan): ReadonlyMap<string, readonly string[]> {
  const states = new Map<string, string[]>();
  for (const path of plan.removed) {
    const { cluster = '', kind, name = '' } = parsePath(path);
    if (kind !== 'tenant') continue;
    const key = `${cluster}\0${name}`;
    for (const { state = 'active' } of namespacesIn(plan.before.get(path) ?? ''))
      states.set(key, [...(states.get(key) ?? []), state]);
  }
  return states;
}

interface GoneNamespace {
  readonly cluster: string;
  readonly tenant: string;
  readonly namespace: string;
  readonly path: string;
}

/** Namespaces of tenants that stood in a changed or removed file, and stand in no written one of their tenant. */
function goneNamespaces(plan: Plan, tree: Tree): readonly GoneNamespace[] {
  const gone = new Map<string, GoneNamespace>();
  for (const path of [...plan.changed, ...plan.removed]) {
    const { cluster = '', kind, name: tenant = '' } = parsePath(path);
    if (kind !== 'tenant') continue;
    for (const { name: namespace, state } of namespacesIn(plan.before.get(path) ?? ''))
      if (state !== 'removed') gone.set(`${cluster}\0${namespace}`, { cluster, tenant, namespace, path });
  }
  if (gone.size === 0) return [];
  for (const path of [...plan.added, ...plan.changed]) {
    const { cluster = '', kind } = parsePath(path);
    if (kind !== 'tenant') continue;
    for (const { name } of namespacesIn(tree.read(path).toString('utf8'))) gone.delete(`${cluster}\0${name}`);
  }
  return [...gone.values()];
}

/** Tenants that this plan first publishes as suspended or removed: what they lose, their claim names. */
function leavingTenants(plan: Plan, tree: Tree): ReadonlySet<string> {
  const names = new Set<string>();
  for (const path of plan.changed) {
    const { kind, name = '', facet } = parsePath(path);
    if (kind !== 'tenant' || facet !== 'namespace') continue;
    if (namespacesIn(tree.read(path).toString('utf8')).some(({ state }) => state !== undefined)) names.add(name);
  }
  return names;
}

/** The tenants of every cluster that has any file. */
function holders(paths: Iterable<string>): Map<string, Set<string>> {
  const clusters = new Map<string, Set<string>>();
  for (const path of paths) {
    const { cluster, kind, name } = parsePath(path);
    if (cluster === undefined) continue;
    const tenants = clusters.get(cluster) ?? new Set();
    clusters.set(cluster, tenants);
    if (kind === 'tenant' && name !== undefined) tenants.add(name);
  }
  return clusters;
}

/** Objects of changed and removed files that stand in no written file of their cluster. */
function vanishedObjects(plan: Plan, tree: Tree, isNamed: (path: string) => boolean): number {
  const gone = new Set<string>();
  for (const path of [...plan.changed, ...plan.removed]) {
    if (isNamed(path)) continue;
    for (const name of objectNames(plan.before.get(path) ?? '')) gone.add(`${parsePath(path).cluster} ${name}`);
  }
  if (gone.size === 0) return 0;
  for (const path of [...plan.added, ...plan.changed]) {
    for (const name of objectNames(tree.read(path).toString('utf8'))) gone.delete(`${parsePath(path).cluster} ${name}`);
  }
  return gone.size;
}

function publishedObjects(plan: Plan, tree: Tree): number {
  let total = 0;
  const added = new Set(plan.added);
  const written = [...tree.files.keys()].filter((path) => !added.has(path) && !plan.foreign.has(path));
  for (const path of [...plan.removed, ...written]) {
    const text = plan.before.get(path) ?? tree.read(path).toString('utf8');
    total += text.match(/^kind: /gm)?.length ?? 0;
  }
  return total;
}
