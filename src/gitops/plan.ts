import { ancestors } from './check-paths';
import { listGitTree, readBlobs, type GitEntry } from './git-tree';
import { changedPaths, earlierBlobs, type Publication } from './history';
import { type Faulty, isKeptIn, type Kept, keptTenants } from './keep';
import { readStamp } from './stamp';
import type { Tree } from './tree';

/** Why a file must not simply be written or removed. */
export type ConflictReason =
  /** Keelson never wrote it. */
  | 'foreign'
  /** Somebody changed what Keelson wrote. */
  | 'edited'
  /** Somebody set it back to an earlier rendering. */
  | 'reverted'
  /** Somebody deleted it after Keelson's last commit. */
  | 'deleted'
  /** A file of somebody else's stands where the tree needs a directory, or the other way round. */
  | 'in the way';

/** One path where publishing would undo what a person did. */
export interface Conflict {
  readonly path: string;
  readonly reason: ConflictReason;
}

/** What publishing a tree on top of a commit means. Paths in code-unit order. */
export interface Plan {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Among the above where nobody allowed it; must be empty for the plan to be carried out. */
  readonly conflicts: readonly Conflict[];
  /** Among the above where it was allowed. */
  readonly overridden: readonly Conflict[];
  /** Published files that differ from the tree's, or are none of it, and that Keelson never wrote. */
  readonly foreign: ReadonlySet<string>;
  /** What the changed and removed files held. */
  readonly before: ReadonlyMap<string, string>;
  /** Tenants whose published files stay although the tree lacks them. */
  readonly kept: readonly Kept[];
}

/** What a plan may undo, and what it leaves alone. */
export interface PlanOptions {
  readonly overwrite: Overwrite;
  /** @default - every claim is in order */
  readonly faulty?: Faulty;
  /** What may vanish, such as `tenant/payments`. */
  readonly allowRemove: readonly string[];
}

/** Paths whose hand-made changes may be overwritten. `all` leaves out files that Keelson never wrote. */
export type Overwrite = readonly string[] | 'all';

/** Compares a tree with what is published at `head`; reads only files that differ. */
export async function planPublish(
  tree: Tree,
  gitDir: string,
  head: string | undefined,
  last: Publication | undefined,
  { overwrite, faulty, allowRemove }: PlanOptions,
): Promise<Plan> {
  const published = head === undefined ? [] : listGitTree(gitDir, head);
  const kept = faulty ? keptTenants(tree, published, faulty, allowRemove) : [];
  const isKept = isKeptIn(kept);
  const compared = compare(tree, published);
  const { added } = compared;
  const differing = compared.differing.filter(({ path }) => tree.files.has(path) || !isKept(path));
  const before = await readStamped(gitDir, differing);
  const byHand =
    head && last && last.commit !== head ? await changedPaths(gitDir, last.commit, head) : new Set<string>();

  const found: Conflict[] = [];
  const changed: string[] = [];
  const removed: string[] = [];
  const foreign = new Set<string>();
  const setBack = new Map<string, string>();
  for (const { path, id } of differing) {
    const isWanted = tree.files.has(path);
    const text = before.get(path);
    const stamp = text === undefined ? 'foreign' : readStamp(text);
    if (stamp === 'foreign') foreign.add(path);
    if (!isWanted && stamp === 'foreign') continue;
    (isWanted ? changed : removed).push(path);
    if (stamp !== 'intact') found.push({ path, reason: stamp });
    else if (byHand.has(path)) setBack.set(path, id);
  }

  if (last && setBack.size > 0) {
    const earlier = await earlierBlobs(gitDir, last.commit, new Set(setBack.keys()));
    for (const [path, id] of setBack) {
      if (earlier.get(path)?.has(id)) found.push({ path, reason: 'reverted' });
    }
  }
  if (last && byHand.size > 0) {
    const gone = added.filter((path) => byHand.has(path));
    const earlier = gone.length > 0 ? await publishedPaths(gitDir, last.commit) : new Set<string>();
    for (const path of gone) if (earlier.has(path)) found.push({ path, reason: 'deleted' });
  }
  found.push(...obstacles(tree, published, new Set(removed), added));

  const isAllowed = ({ path, reason }: Conflict): boolean => {
    if (reason === 'in the way') return false;
    return overwrite === 'all' ? reason !== 'foreign' : overwrite.includes(path);
  };
  return {
    added,
    changed,
    removed,
    conflicts: found.filter((conflict) => !isAllowed(conflict)),
    overridden: found.filter(isAllowed),
    foreign,
    before,
    kept,
  };
}

/** Walks both in their order, which is the same: most of a large tree is published as it is. */
function compare(tree: Tree, published: readonly GitEntry[]): { added: string[]; differing: GitEntry[] } {
  const added: string[] = [];
  const differing: GitEntry[] = [];
  let at = 0;
  for (const [path, id] of tree.files) {
    let entry = published[at];
    for (; entry && entry.path < path; entry = published[++at]) differing.push(entry);
    if (entry?.path !== path) {
      added.push(path);
      continue;
    }
    if (entry.id !== id) differing.push(entry);
    at++;
  }
  return { added, differing: differing.concat(published.slice(at)) };
}

/** The text of those entries that could carry a stamp: links, submodules and other kinds of file never do. */
async function readStamped(gitDir: string, entries: readonly GitEntry[]): Promise<Map<string, string>> {
  const readable = entries.filter(({ mode, path }) => mode.startsWith('100') && /\.(yaml|md)$/.test(path));
  const blobs = await readBlobs(gitDir, [...new Set(readable.map(({ id }) => id))]);
  return new Map(readable.map(({ path, id }) => [path, blobs.get(id)?.toString('utf8') ?? '']));
}

async function publishedPaths(gitDir: string, commit: string): Promise<Set<string>> {
  return new Set(listGitTree(gitDir, commit).map(({ path }) => path));
}

/** Published files that stay, and at whose path the tree needs a directory; or that stand below a file of the tree. */
function obstacles(
  tree: Tree,
  published: readonly GitEntry[],
  removed: ReadonlySet<string>,
  added: readonly string[],
): Conflict[] {
  if (added.length === 0) return [];
  const staying = published.map(({ path }) => path).filter((path) => !removed.has(path));
  const needed = ancestors(added);
  const occupied = ancestors(staying);
  return [
    ...staying.filter((path) => needed.has(path) && !tree.files.has(path)),
    ...added.filter((path) => occupied.has(path)),
  ].map((path) => ({ path, reason: 'in the way' }));
}
