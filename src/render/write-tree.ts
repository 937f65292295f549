import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readStamp } from '../gitops/stamp';
import { blobId, type Tree } from '../gitops/tree';

/**
 * Makes a folder hold the tree: writes what differs, removes what an earlier rendering left there and the tree no
 * longer has, leaves every file alone that Keelson did not write.
 *
 * @returns how many files were written
 */
export function writeTree(tree: Tree, directory: string): number {
  let written = 0;
  let folder = '';
  for (const [path, blob] of tree.files) {
    const file = join(directory, path);
    if (blobOf(file) === blob) continue;
    if (dirname(file) !== folder) mkdirSync((folder = dirname(file)), { recursive: true });
    writeFileSync(file, tree.read(path));
    written++;
  }
  removeLeftovers(tree, directory, '');
  return written;
}

function blobOf(file: string): string | undefined {
  try {
    return blobId(readFileSync(file));
  } catch {
    return undefined;
  }
}

function removeLeftovers(tree: Tree, directory: string, below: string): void {
  for (const entry of readdirSync(join(directory, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== '.git') removeLeftovers(tree, directory, path);
    if (!entry.isFile() || tree.files.has(path)) continue;
    if (readStamp(readFileSync(join(directory, path), 'utf8')) === 'intact') rmSync(join(directory, path));
  }
}
