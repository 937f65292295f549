import type { Finding } from '../model/finding';
import { parsePath } from '../model/layout';
import { objectNames } from './objects';
import type { Plan } from './plan';
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

/** Judges what a plan takes away: whole clusters, whole tenants, and more than a share of all objects. */
export function judgeRemovals(plan: Plan, tree: Tree, allowed: readonly string[], limits: RemovalLimits): Removals {
  const refused: Finding[] = [];
  const named = new Set<string>();
  // Whoever vanishes loses files, and most publishes take none away.
  const before = holders(plan.removed);
  const after = holders(before.size > 0 ? tree.files.keys() : []);
  const judge = (name: string, file: string, message: string): void => {
    if (allowed.includes(name)) {
      named.add(name);
      return;
    }
    const fix = `if it is meant, pass --allow-remove ${name}`;
    refused.push({ rule: 'gitops/removal', severity: 'error', file, message, fix });
  };

  const goneClusters = new Set<string>();
  for (const [cluster, tenants] of before) {
    const kept = after.get(cluster);
    if (!kept) {
      goneClusters.add(cluster);
      judge(`cluster/${cluster}`, `clusters/${cluster}`, `cluster ${cluster} would vanish with all that it runs`);
      continue;
    }
    for (const tenant of tenants) {
      if (kept.has(tenant)) continue;
      judge(
        `tenant/${tenant}`,
        `clusters/${cluster}/tenants/${tenant}`,
        `tenant ${tenant} would vanish from cluster ${cluster} with its namespaces and all they hold`,
      );
    }
  }

  const isNamed = (path: string): boolean => {
    const { cluster = '', kind, name = '' } = parsePath(path);
    if (goneClusters.has(cluster)) return named.has(`cluster/${cluster}`);
    return kind === 'tenant' && named.has(`tenant/${name}`) && !after.get(cluster)?.has(name);
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
