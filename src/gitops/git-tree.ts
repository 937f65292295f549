import { compareText } from '../model/finding';
import { git, gitSync } from './git';
import type { Tree } from './tree';

/**
 * The tree of a revision in a git repository: one `ls-tree`, and one `cat-file` for everything asked of `load`.
 * Symbolic links and submodules are no files of the tree. Throws where the revision is unknown.
 */
export function treeFromGit(gitDir: string, revision: string): Tree {
  const files = new Map<string, string>();
  for (const entry of listGitTree(gitDir, revision)) {
    if (entry.mode.startsWith('100')) files.set(entry.path, entry.id);
  }
  const loaded = new Map<string, Buffer>();
  return {
    files,
    read(path) {
      const id = files.get(path);
      if (id === undefined) throw new Error(`The tree has no file ${path}`);
      return loaded.get(id) ?? gitSync(['--git-dir', gitDir, 'cat-file', 'blob', id]);
    },
    async load(paths) {
      const wanted = new Set<string>();
      for (const path of paths) {
        const id = files.get(path);
        if (id !== undefined && !loaded.has(id)) wanted.add(id);
      }
      for (const [id, bytes] of await readBlobs(gitDir, [...wanted])) loaded.set(id, bytes);
    },
  };
}

/** One line of `git ls-tree`. */
export interface GitEntry {
  /** Octal mode: `100644`, `100755`, `120000` (link) or `160000` (submodule). */
  readonly mode: string;
  readonly id: string;
  readonly path: string;
}

/** Everything a revision holds, in code-unit order of the paths. */
export function listGitTree(gitDir: string, revision: string): GitEntry[] {
  const listing = gitSync(['--git-dir', gitDir, 'ls-tree', '-r', '-z', '--full-tree', revision]).toString('utf8');
  const entries: GitEntry[] = [];
  for (let start = 0; start < listing.length;) {
    const end = listing.indexOf('\0', start);
    const tab = listing.indexOf('\t', start);
    // "<mode> <type> <id>\t<path>": the type is 4 or 6 letters, the mode always 6.
    entries.push({
      mode: listing.slice(start, start + 6),
      id: listing.slice(tab - 40, tab),
      path: listing.slice(tab + 1, end),
    });
    start = end + 1;
  }
  return entries.sort((a, b) => compareText(a.path, b.path));
}

/** The bytes of many blobs, by one git process. Throws where one is missing. */
export async function readBlobs(gitDir: string, ids: readonly string[]): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  if (ids.length === 0) return found;
  const output = await git(['--git-dir', gitDir, 'cat-file', '--batch', '--buffer'], { input: ids.join('\n') + '\n' });
  let at = 0;
  for (const id of ids) {
    const line = output.indexOf(10, at);
    const header = output.toString('latin1', at, line < 0 ? output.length : line);
    const size = Number(header.split(' ')[2]);
    if (line < 0 || !Number.isInteger(size)) throw new Error(`git cat-file could not read ${id}: ${header}`);
    found.set(id, output.subarray(line + 1, line + 1 + size));
    at = line + size + 2;
  }
  return found;
}
