import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareText } from '../model/finding';
import { PRODUCT_ROOT } from './product';

/** What rendering depends on besides a unit's slice: code, schemas and the exact libraries. */
const INPUTS = ['charts', 'policies', 'src/model', 'src/render', 'src/schemas', 'src/gitops', 'package-lock.json'];

/** Digest of the bytes of the code that renders, of the lock file, and of Node's major version. */
export function codeDigest(): string {
  const hash = createHash('sha256').update(process.versions.node.split('.')[0] ?? '');
  for (const input of INPUTS) add(join(PRODUCT_ROOT, input), input);
  return hash.digest('hex');

  function add(path: string, name: string): void {
    const entries = list(path);
    if (entries) {
      for (const entry of entries) add(join(path, entry), `${name}/${entry}`);
      return;
    }
    const bytes = read(path);
    // Names and lengths are part of it, so that nothing can move from one file to the next unseen.
    if (bytes) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
}

function list(path: string): readonly string[] | undefined {
  try {
    return readdirSync(path).sort(compareText);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return undefined;
    if (code === 'ENOENT') return [];
    throw error;
  }
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
