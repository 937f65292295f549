import { compareText } from '../../model/finding';
import { parsePath, type UnitKind } from '../../model/layout';
import { readStamp } from '../stamp';
import type { Tree } from '../tree';
import { dangersOf, worst, type ClusterContext, type Danger } from './danger';
import { diffFields, type FieldChange } from './fields';
import { diffLines } from './lines';
import { readObjects, type TreeObject } from './objects';

/** What would change from one tree to another; plain data, fit for JSON. */
export interface TreeDiff {
  readonly changed: boolean;
  readonly counts: DiffCounts;
  /** By name; first what stands outside every cluster. */
  readonly clusters: readonly ClusterDiff[];
}

/** Numbers of objects; of files for `files`. */
export interface DiffCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Files that are compared as text. */
  readonly files: number;
  /** Objects with a danger that is critical or high. */
  readonly dangerous: number;
}

/** The changes on one cluster. Units with the worst dangers come first. */
export interface ClusterDiff {
  /** @default - files outside every cluster */
  readonly cluster?: string;
  readonly units: readonly UnitDiff[];
}

/** The changes to one tenant, add-on or guardrail, or to the cluster's own files. The most dangerous come first. */
export interface UnitDiff {
  readonly kind: UnitKind;
  /** @default - the cluster's own, or others */
  readonly name?: string;
  readonly objects: readonly ObjectChange[];
  readonly files: readonly FileChange[];
}

/** What happens to one object. */
export interface ObjectChange {
  readonly action: 'added' | 'changed' | 'removed';
  readonly apiVersion: string;
  readonly kind: string;
  /** @default - not in a namespace */
  readonly namespace?: string;
  readonly name: string;
  /** Where it stands, or stood. */
  readonly file: string;
  /** Where it stood before. @default - the same file */
  readonly previousFile?: string;
  /** Empty where the object is added or removed as a whole. */
  readonly fields: readonly FieldChange[];
  /** The worst first. */
  readonly dangers: readonly Danger[];
}

/** A file that is no YAML, or can't be read as such. */
export interface FileChange {
  readonly action: 'added' | 'changed' | 'removed';
  readonly file: string;
  /** Why it is compared as text. */
  readonly reason: string;
  /** Some of the lines that differ, each with `-` or `+` before it. */
  readonly lines: readonly string[];
}

/** What stands in place of a secret's values. */
export const hidden = '(hidden)';

/**
 * Compares trees object by object and field by field. Only files whose bytes differ are read. An object is the same
 * by group, kind, namespace and name within its cluster, whatever its file. Published files that Keelson never wrote
 * and that the rendered tree does not have stay as they are, and so are no change.
 */
export async function diff(published: Tree, rendered: Tree): Promise<TreeDiff> {
  const differs = (from: Tree, to: Tree): string[] =>
    [...from.files].filter(([path, id]) => to.files.get(path) !== id).map(([path]) => path);
  const old = differs(published, rendered);
  const fresh = differs(rendered, published);
  await published.load?.(old);
  await rendered.load?.(fresh);

  const publishedClusters = new Set([...published.files.keys()].map((path) => parsePath(path).cluster));
  const clusters = new Map<string, ClusterFiles>();
  const clusterOf = (path: string): ClusterFiles => {
    const cluster = parsePath(path).cluster ?? '';
    const known = clusters.get(cluster) ?? { before: new Map(), after: new Map(), unreadable: new Map() };
    clusters.set(cluster, known);
    return known;
  };
  for (const path of new Set([...old, ...fresh])) {
    const before = published.files.has(path) ? published.read(path).toString('utf8') : undefined;
    const after = rendered.files.has(path) ? rendered.read(path).toString('utf8') : undefined;
    if (after === undefined && before !== undefined && readStamp(before) === 'foreign') continue;
    read(clusterOf(path), path, before, after);
  }

  const diffs = [...clusters]
    .sort(([a], [b]) => compareText(a, b))
    .map(([cluster, files]): ClusterDiff => {
      const units = unitsOf(files, !publishedClusters.has(cluster));
      return cluster === '' ? { units } : { cluster, units };
    });
  const withChanges = diffs.filter(({ units }) => units.length > 0);
  return { changed: withChanges.length > 0, counts: count(withChanges), clusters: withChanges };
}

/** The differing files of one cluster, read. */
interface ClusterFiles {
  readonly before: Map<string, TreeObject>;
  readonly after: Map<string, TreeObject>;
  /** By path: files that are compared as text. */
  readonly unreadable: Map<string, { before: string | undefined; after: string | undefined; reason: string }>;
}

function read(files: ClusterFiles, path: string, before: string | undefined, after: string | undefined): void {
  if (!path.endsWith('.yaml')) {
    files.unreadable.set(path, { before, after, reason: 'no YAML' });
    return;
  }
  try {
    // Both sides first: where one can't be read, neither says anything about objects.
    const objects = { before: readObjects(path, before ?? ''), after: readObjects(path, after ?? '') };
    for (const side of ['before', 'after'] as const) {
      for (const object of objects[side]) {
        let identity = object.identity;
        // The same object twice: the first answers to its name, the others to their place.
        while (files[side].has(identity)) identity += `\0${path}`;
        files[side].set(identity, object);
      }
    }
  } catch (error) {
    const fault = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    files.unreadable.set(path, { before, after, reason: `not readable as YAML: ${fault}` });
  }
}

function unitsOf(files: ClusterFiles, isNew: boolean): UnitDiff[] {
  const { before, after } = files;
  const namespaces = (objects: ReadonlyMap<string, TreeObject>, others: ReadonlyMap<string, TreeObject>): Set<string> =>
    new Set(
      [...objects].filter(([id, { kind }]) => kind === 'Namespace' && !others.has(id)).map(([, { name }]) => name),
    );
  const context: ClusterContext = {
    isNew,
    newNamespaces: namespaces(after, before),
    goneNamespaces: namespaces(before, after),
  };
  const units = new Map<string, { kind: UnitKind; name?: string; objects: ObjectChange[]; files: FileChange[] }>();
  const unitOf = (path: string): { objects: ObjectChange[]; files: FileChange[] } => {
    const { kind, name } = parsePath(path);
    const key = `${kind}\0${name ?? ''}`;
    const unit = units.get(key) ?? { kind, ...(name === undefined ? {} : { name }), objects: [], files: [] };
    units.set(key, unit);
    return unit;
  };

  for (const identity of new Set([...before.keys(), ...after.keys()])) {
    const change = objectChange(before.get(identity), after.get(identity), context);
    if (change) unitOf(change.file).objects.push(change);
  }
  for (const [file, { reason, ...content }] of files.unreadable) {
    // Its stamp changes with every change, and says nothing.
    const lines = diffLines(withoutStamp(content.before), withoutStamp(content.after));
    if (lines.length === 0 && content.before !== undefined && content.after !== undefined) continue;
    const action = content.before === undefined ? 'added' : content.after === undefined ? 'removed' : 'changed';
    const holdsSecret = /^kind: *["']?Secret\b/m.test(`${content.before}\n${content.after}`);
    unitOf(file).files.push({ action, file, reason, lines: holdsSecret ? [hidden] : lines });
  }

  const badness = (unit: UnitDiff): number =>
    Math.max(0, ...unit.objects.slice(0, 1).map(({ dangers }) => worst(dangers)));
  for (const unit of units.values()) {
    unit.objects.sort(
      (a, b) =>
        worst(b.dangers) - worst(a.dangers) ||
        compareText(a.file, b.file) ||
        compareText(a.kind, b.kind) ||
        compareText(a.name, b.name),
    );
  }
  return [...units.values()].sort(
    (a, b) => badness(b) - badness(a) || compareText(a.kind, b.kind) || compareText(a.name ?? '', b.name ?? ''),
  );
}

function objectChange(
  before: TreeObject | undefined,
  after: TreeObject | undefined,
  context: ClusterContext,
): ObjectChange | undefined {
  const object = after ?? before;
  if (!object) return undefined;
  const fields = before && after ? diffFields(before.body, after.body) : [];
  if (before && after && fields.length === 0) return undefined;
  const { apiVersion, kind, namespace, name, file } = object;
  const moved = before && before.file !== file ? { previousFile: before.file } : {};
  return {
    action: !before ? 'added' : !after ? 'removed' : 'changed',
    apiVersion,
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    file,
    ...moved,
    fields: kind === 'Secret' ? fields.map(withoutSecret) : fields,
    dangers: dangersOf({ ...(before ? { before } : {}), ...(after ? { after } : {}) }, context),
  };
}

function withoutSecret(change: FieldChange): FieldChange {
  if (!/^(data|stringData)\b/.test(change.path)) return change;
  return {
    path: change.path,
    action: change.action,
    ...('before' in change ? { before: hidden } : {}),
    ...('after' in change ? { after: hidden } : {}),
  };
}

function withoutStamp(content: string | undefined): string | undefined {
  if (content === undefined || readStamp(content) === 'foreign') return content;
  return content.slice(content.indexOf('\n') + 1);
}

function count(clusters: readonly ClusterDiff[]): DiffCounts {
  const counts = { added: 0, changed: 0, removed: 0, files: 0, dangerous: 0 };
  for (const unit of clusters.flatMap(({ units }) => units)) {
    counts.files += unit.files.length;
    for (const { action, dangers } of unit.objects) {
      counts[action]++;
      if (worst(dangers) >= 2) counts.dangerous++;
    }
  }
  return counts;
}
