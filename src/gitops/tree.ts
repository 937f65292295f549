import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { compareText } from '../model/finding';

/** A rendered or published tree of files. */
export interface Tree {
  /** Every file of the tree: path with `/`, in code-unit order, to git blob id (see `blobId`). */
  readonly files: ReadonlyMap<string, string>;
  /** The bytes of one file. Throws where the tree has no such file. */
  read(path: string): Buffer;
  /**
   * Reads these files in one go, so that `read` then answers from memory.
   * Only trees that are not in memory have it: without it each `read` of a tree in git is a process of its own.
   */
  load?(paths: Iterable<string>): Promise<void>;
}

/** Git's name for these bytes: the hex SHA-1 of `blob <length>\0<bytes>`. */
export function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** A tree held in memory. */
export function treeFromFiles(files: ReadonlyMap<string, string | Buffer>): Tree {
  const bytes = new Map<string, Buffer>();
  const ids = new Map<string, string>();
  for (const path of [...files.keys()].sort(compareText)) {
    const content = files.get(path) ?? '';
    const buffer = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
    bytes.set(path, buffer);
    ids.set(path, blobId(buffer));
  }
  return { files: ids, read: (path) => bytes.get(path) ?? missing(path) };
}

/**
 * The regular files below a directory, without `.git`. Links are followed, as whoever applies the files would follow
 * them, but for those that lead to a folder around them. Bytes are read twice: once for the ids, once when asked for.
 */
export function treeFromDirectory(directory: string): Tree {
  const paths: string[] = [];
  const walk = (below: string, around: readonly string[]): void => {
    const real = realpathSync(join(directory, below));
    if (around.includes(real)) return;
    for (const entry of readdirSync(real, { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      const meant = entry.isSymbolicLink() ? targetOf(join(real, entry.name)) : entry;
      if (meant?.isDirectory() && entry.name !== '.git') walk(path, [...around, real]);
      else if (meant?.isFile()) paths.push(path);
    }
  };
  walk('', []);
  const files = new Map(paths.sort(compareText).map((path) => [path, blobId(readFileSync(join(directory, path)))]));
  return { files, read: (path) => (files.has(path) ? readFileSync(join(directory, path)) : missing(path)) };
}

/** What a link leads to; undefined where it leads nowhere. */
function targetOf(link: string): Stats | undefined {
  try {
    return statSync(link);
  } catch {
    return undefined;
  }
}

function missing(path: string): never {
  throw new Error(`The tree has no file ${path}`);
}
