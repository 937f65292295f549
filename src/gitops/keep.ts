import { compareText, type Finding } from '../model/finding';
import { parsePath, tenantDirectory } from '../model/layout';
import { lastChanges } from './history';
import type { Tree } from './tree';

/** Tenants that a tree lacks because their claims are broken, not because anybody wants them gone. */
export interface Faulty {
  /** Their names, and the file that is broken. None of their files is in the tree. */
  readonly tenants: ReadonlyMap<string, string>;
  /** Files that may declare any tenant, since nobody can read them: whoever vanished may be in there. */
  readonly unread: readonly string[];
  /** The file of every tenant that is declared. @default - findings name rendered files */
  readonly declared?: ReadonlyMap<string, string>;
}

/** A tenant whose published version stays, because its claim cannot be rendered. */
export interface Kept {
  readonly tenant: string;
  /** The file that is broken. */
  readonly file: string;
  /** Where it is published, in code-unit order. */
  readonly clusters: readonly string[];
  /** Whether it is declared nowhere any more, so that it is only a guess that the broken file has it. */
  readonly vanished: boolean;
  /** The commit that published this version. @default - older than the history that was looked through */
  readonly commit?: string;
  /** When that was, ISO 8601. */
  readonly published?: string;
}

/**
 * Who keeps what is published: whose claim is broken, and, while a file cannot be read, whoever vanished without being
 * named. A cluster that the tree has no more takes its tenants along.
 */
export function keptTenants(
  tree: Tree,
  published: readonly { readonly path: string }[],
  faulty: Faulty,
  allowed: readonly string[],
): readonly Kept[] {
  const { tenants, unread } = faulty;
  if (tenants.size === 0 && unread.length === 0) return [];
  const clusters = new Set<string>();
  const present = new Set<string>();
  for (const path of tree.files.keys()) {
    const { cluster, kind, name } = parsePath(path);
    if (cluster !== undefined) clusters.add(cluster);
    if (kind === 'tenant' && name !== undefined) present.add(name);
  }
  const places = new Map<string, Set<string>>();
  for (const { path } of published) {
    const { cluster = '', kind, name } = parsePath(path);
    if (kind !== 'tenant' || name === undefined || present.has(name) || !clusters.has(cluster)) continue;
    places.set(name, (places.get(name) ?? new Set()).add(cluster));
  }
  return [...places]
    .flatMap(([tenant, some]): Kept[] => {
      const [guess] = unread;
      const file = tenants.get(tenant) ?? (allowed.includes(`tenant/${tenant}`) ? undefined : guess);
      if (file === undefined) return [];
      return [{ tenant, file, clusters: [...some].sort(compareText), vanished: !tenants.has(tenant) }];
    })
    .sort((a, b) => compareText(a.tenant, b.tenant));
}

/** A test of paths: whether one belongs to a tenant that is kept. */
export function isKeptIn(kept: readonly Kept[]): (path: string) => boolean {
  const keys = new Set(kept.flatMap(({ tenant, clusters }) => clusters.map((cluster) => `${cluster}\0${tenant}`)));
  return (path) => {
    if (keys.size === 0) return false;
    const { cluster, kind, name } = parsePath(path);
    return kind === 'tenant' && keys.has(`${cluster}\0${name}`);
  };
}

/** The tree with the published files of tenants that are kept. */
export function withKept(tree: Tree, published: Tree, faulty: Faulty): Tree {
  const paths = [...published.files.keys()];
  const isKept = isKeptIn(
    keptTenants(
      tree,
      paths.map((path) => ({ path })),
      faulty,
      [],
    ),
  );
  const kept = paths.filter((path) => !tree.files.has(path) && isKept(path));
  if (kept.length === 0) return tree;
  const files = [...tree.files, ...kept.map((path) => [path, published.files.get(path) ?? ''] as const)];
  return {
    files: new Map(files.sort(([a], [b]) => compareText(a, b))),
    read: (path) => (tree.files.has(path) ? tree : published).read(path),
  };
}

/** Tenants whose age is looked up: each costs a look through the history. */
const MOST_DATED = 100;

/** The same, with the commit that published each: it is the newest that touched any of its directories. */
export async function withAges(kept: readonly Kept[], gitDir: string, head: string): Promise<readonly Kept[]> {
  const dated = kept.slice(0, MOST_DATED);
  if (dated.length === 0) return kept;
  const directories = (one: Kept) => one.clusters.map((cluster) => tenantDirectory(cluster, one.tenant));
  const changes = await lastChanges(gitDir, head, dated.flatMap(directories));
  return kept.map((one) => {
    // Newest first: two commits of one second have an order all the same.
    const own = new Set(directories(one));
    const newest = [...changes].find(([directory]) => own.has(directory))?.[1];
    if (!newest) return one;
    return { ...one, commit: newest.commit, published: new Date(newest.seconds * 1000).toISOString() };
  });
}

/** One warning for each tenant whose published version stays, and for each that has none. */
export function keptFindings(kept: readonly Kept[], faulty: Faulty, now = Date.now()): Finding[] {
  const there = new Set(kept.map(({ tenant }) => tenant));
  const stays = kept.map(({ tenant, file, vanished, commit, published }): Finding => {
    const age = published === undefined ? '' : ` of ${ageOf(now - Date.parse(published))} ago`;
    const which = commit === undefined ? '' : ` (commit ${commit.slice(0, 12)})`;
    const version = `published version${age} stays${which}`;
    return {
      rule: 'gitops/kept',
      severity: 'warning',
      file,
      message: vanished
        ? `${tenant} is declared nowhere, and this file, which cannot be read, may declare it: its ${version}`
        : `${tenant}: ${version}`,
      fix: vanished ? 'mend this file first; then say what shall become of the tenant' : 'mend the claim',
      unit: tenant,
    };
  });
  const never = [...faulty.tenants]
    .filter(([tenant, file]) => !there.has(tenant) && /\.(ts|ya?ml)$/.test(file))
    .map(([tenant, file]): Finding => ({
      rule: 'gitops/never-published',
      severity: 'warning',
      file,
      message: `${tenant} was never published, so that nothing of it is there yet`,
      fix: 'mend the claim',
      unit: tenant,
    }));
  return [...stays, ...never];
}

const UNITS = [
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** Such as `3 days`: one unit, rounded down. */
export function ageOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? UNITS[3];
  const number = Math.floor(seconds / size);
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}
