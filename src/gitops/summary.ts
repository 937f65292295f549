import { compareText } from '../model/finding';
import { parsePath, type UnitKind } from '../model/layout';
import type { Plan } from './plan';
import type { Tree } from './tree';

/** What happens to something as a whole. */
export type Action = 'added' | 'changed' | 'removed';

/** Numbers of files. */
export interface FileCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** What a publish does to one tenant, add-on or guardrail on one cluster, or to a cluster's own files. */
export interface UnitChange {
  /** @default - files outside every cluster */
  readonly cluster?: string;
  readonly kind: UnitKind;
  /** @default - the cluster's own, or others */
  readonly name?: string;
  readonly action: Action;
  readonly files: FileCounts;
}

/** What a publish does: in all, and to whom. Units in the order of cluster, kind and name. */
export interface PublishSummary {
  readonly files: FileCounts;
  readonly units: readonly UnitChange[];
}

const kinds: readonly UnitKind[] = ['tenant', 'add-on', 'guardrail', 'cluster', 'other'];

/** Sums a plan up by unit. A unit is added where none of its files was published before, removed where none stays. */
export function summarise(plan: Plan, tree: Tree): PublishSummary {
  const units = new Map<string, { path: string; added: number; changed: number; removed: number }>();
  for (const action of ['added', 'changed', 'removed'] as const) {
    for (const path of plan[action]) {
      const key = unitKey(path);
      const counts = units.get(key) ?? { path, added: 0, changed: 0, removed: 0 };
      counts[action]++;
      units.set(key, counts);
    }
  }
  const before = new Set(plan.removed.map(unitKey));
  const after = new Set<string>();
  const added = new Set(plan.added);
  for (const path of units.size > 0 ? tree.files.keys() : []) {
    const key = unitKey(path);
    if (!units.has(key)) continue;
    after.add(key);
    if (!added.has(path) && !plan.foreign.has(path)) before.add(key);
  }
  const changes = [...units].map(([key, { path, ...files }]): UnitChange => {
    const { cluster, kind, name } = parsePath(path);
    const action = !before.has(key) ? 'added' : after.has(key) ? 'changed' : 'removed';
    return {
      ...(cluster === undefined ? {} : { cluster }),
      kind,
      ...(name === undefined ? {} : { name }),
      action,
      files,
    };
  });
  changes.sort(
    (a, b) =>
      compareText(a.cluster ?? '', b.cluster ?? '') ||
      kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
      compareText(a.name ?? '', b.name ?? ''),
  );
  const files = { added: plan.added.length, changed: plan.changed.length, removed: plan.removed.length };
  return { files, units: changes };
}

function unitKey(path: string): string {
  const { cluster = '', kind, name = '' } = parsePath(path);
  return `${cluster}\0${kind}\0${name}`;
}
