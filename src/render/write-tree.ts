import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readStamp } from '../gitops/stamp';
import { blobId, type Tree } from '../gitops/tree';
import { parsePath } from '../model/layout';

/**
 * Makes a folder hold the tree: writes what differs, removes what an earlier rendering left there and the tree no
 * longer has, leaves every file alone that Keelson did not write.
 *
 * @param kept tenants whose files stay as they are, because their claims are broken
 * @returns how many files were written
 * @throws Error before anything is written, where a file of somebody else's stands in the place of one of the tree's
 */
export function writeTree(tree: Tree, directory: string, kept: ReadonlySet<string> = new Set()): number {
  const there = list(directory);
  const mayBeThere = (path: string) => there.paths.has(path) || there.links.some((link) => path.startsWith(`${link}/`));
  const stale = [...tree.files]
    .filter(([path, blob]) => !mayBeThere(path) || differs(join(directory, path), blob))
    .map(([path]) => path);
  let folder = '';
  for (const path of stale) {
    const file = join(directory, path);
    if (dirname(file) !== folder) mkdirSync((folder = dirname(file)), { recursive: true });
    writeFileSync(file, tree.read(path));
  }
  if (there.paths.size > 0) removeLeftovers(tree, directory, '', kept);
  return stale.length;
}

/** What stands in a folder, at any depth: trying to read every file of a tree takes long where none of it is there. */
interface Listing {
  readonly paths: Set<string>;
  /** Links among them, which may lead to a folder. */
  readonly links: string[];
}

function list(directory: string): Listing {
  const listing: Listing = { paths: new Set(), links: [] };
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(directory, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      listing.paths.add(path);
      if (entry.isSymbolicLink()) listing.links.push(path);
      if (entry.isDirectory() && entry.name !== '.git') walk(path);
    }
  };
  if (existsSync(directory)) walk('');
  return listing;
}

function differs(file: string, blob: string): boolean {
  const bytes = readIfThere(file);
  if (bytes === undefined) return true;
  if (blobId(bytes) === blob) return false;
  if (readStamp(bytes.toString('utf8')) !== 'foreign') return true;
  throw new Error(`${file} was not written by Keelson: choose another folder, or move it away`);
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** @returns whether it removed anything */
function removeLeftovers(tree: Tree, directory: string, below: string, kept: ReadonlySet<string>): boolean {
  let removed = false;
  for (const entry of readdirSync(join(directory, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const file = join(directory, path);
    if (entry.isDirectory() && entry.name !== '.git' && removeLeftovers(tree, directory, path, kept)) {
      removed = true;
      // A folder that only held leftovers is one too.
      if (readdirSync(file).length === 0) rmdirSync(file);
    }
    if (!entry.isFile() || tree.files.has(path) || isOf(kept, path)) continue;
    if (readStamp(readFileSync(file, 'utf8')) !== 'intact') continue;
    rmSync(file);
    removed = true;
  }
  return removed;
}

function isOf(tenants: ReadonlySet<string>, path: string): boolean {
  if (tenants.size === 0) return false;
  const { kind, name } = parsePath(path);
  return kind === 'tenant' && tenants.has(name ?? '');
}
