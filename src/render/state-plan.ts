import { types } from 'node:util';
import { objectNames } from '../gitops/objects';
import { compareText } from '../model/finding';
import { parsePath } from '../model/layout';
import type { ResolvedCluster, Unit } from '../model/slices';
import { renderUnit } from './unit';

/** An object of a tenant on one cluster. */
export interface PlannedObject {
  readonly cluster: string;
  readonly kind: string;
  /** `<namespace>/<name>`, or the name alone. */
  readonly name: string;
  /** What it comes from: the facet. */
  readonly facet: string;
}

/** What becomes of a tenant's objects, in code-unit order of cluster, kind and name. */
export interface StatePlan {
  readonly gone: readonly PlannedObject[];
  readonly changed: readonly PlannedObject[];
  readonly added: readonly PlannedObject[];
  readonly kept: readonly PlannedObject[];
}

/** Compares what a tenant has with what it would have: both are rendered, so that the plan says what will be. */
export function planState(
  before: readonly Unit[],
  after: readonly Unit[],
  clusters: ReadonlyMap<string, ResolvedCluster>,
): StatePlan {
  const old = objectsOf(before, clusters);
  const now = objectsOf(after, clusters);
  const plan: Record<keyof StatePlan, PlannedObject[]> = { gone: [], changed: [], added: [], kept: [] };
  for (const [key, { object, text }] of old) {
    const next = now.get(key);
    (next === undefined ? plan.gone : next.text === text ? plan.kept : plan.changed).push(object);
  }
  for (const [key, { object }] of now) if (!old.has(key)) plan.added.push(object);
  for (const objects of Object.values(plan)) objects.sort(byPlace);
  return plan;
}

/** The objects of units, by what names them, with their text. */
export function objectsOf(
  units: readonly Unit[],
  clusters: ReadonlyMap<string, ResolvedCluster>,
): ReadonlyMap<string, { readonly object: PlannedObject; readonly text: string }> {
  const objects = new Map<string, { readonly object: PlannedObject; readonly text: string }>();
  for (const unit of units) {
    const cluster = clusters.get(unit.cluster);
    if (!cluster) continue;
    const { files, findings } = renderUnit(unit, cluster);
    const [fault] = findings;
    if (fault && fault.rule === 'render/throws') throw types.isNativeError(fault) ? fault : new Error(fault.message);
    for (const { path, bytes } of files) {
      for (const text of bytes.toString('utf8').split(/^---$/m)) {
        const [full] = objectNames(text);
        if (full === undefined) continue;
        const [type = '', name = ''] = full.split(' ');
        const object: PlannedObject = {
          cluster: unit.cluster,
          kind: type.slice(0, type.indexOf('.')),
          name: name.replace(/^\//, ''),
          facet: parsePath(path).facet ?? '',
        };
        // The stamp of a file changes with anything in it.
        objects.set(`${unit.cluster} ${full}`, {
          object,
          text: text.replace(/^# Rendered by Keelson .*\n/, '').trim(),
        });
      }
    }
  }
  return objects;
}

function byPlace(a: PlannedObject, b: PlannedObject): number {
  return compareText(a.cluster, b.cluster) || compareText(a.kind, b.kind) || compareText(a.name, b.name);
}
