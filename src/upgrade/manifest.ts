import { compareText } from '../model/finding';
import { threeWay, type Verdict } from './three-way';

/** A package.json. */
export type Manifest = Readonly<Record<string, unknown>>;

/** One field of package.json that the two sides see differently. */
export interface FieldChange {
  /** Such as `dependencies.cdk8s`. */
  readonly field: string;
  /** What it has here; undefined: nothing. */
  readonly ours: unknown;
  /** What the newer Keelson has. */
  readonly theirs: unknown;
  readonly verdict: Exclude<Verdict, 'same'>;
}

export interface MergedManifest {
  readonly manifest: Manifest;
  /** Every difference that is about what Keelson has or had, in the order of the fields. */
  readonly changes: readonly FieldChange[];
}

/** Fields that are merged entry by entry. */
const BY_ENTRY = [
  'scripts',
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'overrides',
  'engines',
  'bin',
];

/** Fields that npm keeps in alphabetical order. */
const SORTED = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

/** What the team calls its repository is its own; no Keelson says anything about it. */
const TEAMS = [
  'name',
  'description',
  'private',
  'license',
  'author',
  'contributors',
  'repository',
  'homepage',
  'bugs',
  'keywords',
];

/**
 * Merges package.json by field. The version is Keelson's always, because the command line tells it.
 * Of conflicts, those in `overwrite` (`dependencies.cdk8s`) become Keelson's; the others stay the team's.
 */
export function mergeManifests(
  base: Manifest,
  ours: Manifest,
  theirs: Manifest,
  overwrite: ReadonlySet<string>,
): MergedManifest {
  const changes: FieldChange[] = [];
  const merge = (field: string, from: unknown, here: unknown, there: unknown): unknown => {
    // What neither Keelson had is the team's own, and nothing to speak of.
    if (from === undefined && there === undefined) return here;
    const verdict = field === 'version' && here !== there ? 'take' : threeWay(from, here, there);
    if (verdict === 'same') return here;
    const taken = verdict === 'take' || overwrite.has(field);
    changes.push({ field, ours: here, theirs: there, verdict: taken ? 'take' : verdict });
    return taken ? there : here;
  };

  const merged: Record<string, unknown> = {};
  for (const key of keys(ours, theirs, base)) {
    const value = TEAMS.includes(key)
      ? ours[key]
      : BY_ENTRY.includes(key)
        ? mergeEntries(key, entries(base[key]), entries(ours[key]), entries(theirs[key]), merge)
        : merge(key, base[key], ours[key], theirs[key]);
    if (value !== undefined) merged[key] = value;
  }
  return { manifest: merged, changes };
}

function mergeEntries(
  key: string,
  base: Manifest,
  ours: Manifest,
  theirs: Manifest,
  merge: (field: string, base: unknown, ours: unknown, theirs: unknown) => unknown,
): Manifest | undefined {
  const pairs: [string, unknown][] = [];
  for (const name of keys(theirs, ours, base)) {
    const value = merge(`${key}.${name}`, base[name], ours[name], theirs[name]);
    if (value !== undefined) pairs.push([name, value]);
  }
  if (SORTED.includes(key)) pairs.sort(([a], [b]) => compareText(a, b));
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined;
}

function keys(...objects: readonly Manifest[]): readonly string[] {
  return [...new Set(objects.flatMap((object) => Object.keys(object)))];
}

function entries(value: unknown): Manifest {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Manifest) : {};
}
