import { join } from 'node:path';
import { git, runGit } from '../gitops/git';
import type { Product } from './lock';
import type { Manifest } from './manifest';
import { type Ownership, OWNERSHIP_FILE, PACKAGE_FILE, parseOwnership, productOwns } from './ownership';
import { UpgradeError } from './upgrade-error';

/** What `git -C` is given: a work tree or a folder in one, or a bare repository. */
type Directory = string;

/** Every file of a commit below the directory: its mode and object by path, such as `100644 3b18e5…`. */
async function filesAt(directory: Directory, revision: string): Promise<ReadonlyMap<string, string>> {
  const listing = await git(['-C', directory, 'ls-tree', '-r', '-z', revision]);
  return parseListing(listing, ([mode, , object]) => `${mode} ${object}`);
}

/**
 * Every file of a work tree below the directory that git does not ignore, as `filesAt` has it, committed or not.
 * The repository gets nothing of it: index and new objects go to the scratch one.
 */
export async function filesIn(directory: Directory, scratch: string): Promise<ReadonlyMap<string, string>> {
  const objects = (await git(['-C', directory, 'rev-parse', '--path-format=absolute', '--git-path', 'objects']))
    .toString('utf8')
    .trimEnd();
  const env = {
    GIT_INDEX_FILE: join(scratch, 'ours'),
    GIT_OBJECT_DIRECTORY: join(scratch, 'objects'),
    GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
  };
  await git(['-C', directory, 'read-tree', 'HEAD'], { env });
  await git(['-C', directory, '-c', 'core.safecrlf=false', 'add', '--all', '--', '.'], { env });
  const listing = await git(['-C', directory, 'ls-files', '--stage', '-z'], { env });
  return parseListing(listing, ([mode, object]) => `${mode} ${object}`);
}

function parseListing(listing: Buffer, entry: (fields: readonly string[]) => string): ReadonlyMap<string, string> {
  const lines = listing.toString('utf8').split('\0').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const tab = line.indexOf('\t');
      return [line.slice(tab + 1), entry(line.slice(0, tab).split(' '))];
    }),
  );
}

/** The text of a file in a commit; undefined where it is not there. */
async function textAt(directory: Directory, revision: string, path: string): Promise<string | undefined> {
  const { code, stdout } = await runGit(['-C', directory, 'cat-file', 'blob', `${revision}:${path}`]);
  return code === 0 ? stdout.toString('utf8') : undefined;
}

/** The commit that a name stands for; undefined where it stands for none. */
export async function commitOf(directory: Directory, name: string): Promise<string | undefined> {
  const { code, stdout } = await runGit(['-C', directory, 'rev-parse', '--verify', '--quiet', `${name}^{commit}`]);
  return code === 0 ? stdout.toString('latin1').trim() : undefined;
}

/** Reads who owns what from a revision of Keelson. */
export async function ownershipAt(directory: Directory, revision: string, label: string): Promise<Ownership> {
  const text = await textAt(directory, revision, OWNERSHIP_FILE);
  const ownership = text === undefined ? undefined : parseOwnership(text);
  if (ownership) return ownership;
  const message = `${text === undefined ? 'has no' : 'does not say who owns what in'} ${OWNERSHIP_FILE} at ${short(revision)}`;
  throw new UpgradeError(
    'upgrade/not-keelson',
    label,
    message,
    'name the repository of a Keelson that can be upgraded to',
  );
}

/** Reads the product from a revision of Keelson. Paths that `ownership` gives to the team are left out. */
export async function productAt(
  directory: Directory,
  revision: string,
  ownership: Ownership,
  label: string,
): Promise<Product> {
  const manifest = parseManifest(await textAt(directory, revision, PACKAGE_FILE));
  const version = manifest?.['version'];
  if (!manifest || typeof version !== 'string') {
    const message = `has no ${PACKAGE_FILE} with a version at ${short(revision)}`;
    throw new UpgradeError('upgrade/not-keelson', label, message, 'name the repository of a Keelson');
  }
  const files = new Map([...(await filesAt(directory, revision))].filter(([path]) => productOwns(ownership, path)));
  for (const [path, entry] of files) {
    if (entry.startsWith('100')) continue;
    // A link or submodule could lead what is written elsewhere.
    const message = `has ${path}, which is no plain file`;
    throw new UpgradeError('upgrade/not-keelson', label, message, 'take another revision of Keelson');
  }
  return { version, revision, manifest, files };
}

/** Reads a package.json; undefined where the text is none. */
export function parseManifest(text: string | undefined): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Manifest) : undefined;
  } catch {
    return undefined;
  }
}

/** A commit's id as people read it. */
export function short(revision: string): string {
  return revision.slice(0, 10);
}
