import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { cacheDirectory } from '../../src/engines';
import { run } from '../../src/engines/run';
import type { GitSource, GroupKind } from '../../src/model/component';
import { kinds as knownKinds } from '../../src/schemas';
import { readCrds } from '../../src/schemas/generate/crds';
import { CRD_SOURCES } from '../../src/schemas/sources';
import type { KubeObject } from './object';

/** How definitions are got. */
export interface DefinitionOptions {
  /** Told one line whenever a place is tried. @default - silent */
  readonly onProgress?: (message: string) => void;
  /** Environment to find the cache by. @default - the process's own */
  readonly env?: NodeJS.ProcessEnv;
}

/** A CustomResourceDefinition, as far as one looks into it. */
export interface Definition extends KubeObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

/** How long fetching one directory of a repository may take, in milliseconds. */
const FETCH_TIMEOUT = 120_000;

/**
 * The definitions of some kinds: from the cache; from the git tag that Argo CD will read; where that cannot be reached,
 * from the Go module that their schemas are generated from, which is the same release unless src/schemas/sources.ts says
 * otherwise. Rejects with the reason of each place where none has them.
 */
export async function readDefinitions(
  source: GitSource,
  kinds: readonly GroupKind[],
  options: DefinitionOptions = {},
): Promise<readonly Definition[]> {
  const { env = process.env, onProgress = () => {} } = options;
  const key = createHash('sha256')
    .update(JSON.stringify([source, kinds]))
    .digest('hex')
    .slice(0, 16);
  const file = path.join(cacheDirectory(env), 'definitions', `${key}.json`);
  const cached = await readFile(file, 'utf8').then(
    (text) => asDefinitions(text, kinds),
    () => undefined,
  );
  if (cached) return cached;

  const reasons: string[] = [];
  for (const [place, read] of [
    [`${source.repository} ${source.revision}`, () => fromGit(source)],
    ['Go modules', () => fromModules(kinds)],
  ] as const) {
    onProgress(`definitions from ${place}`);
    try {
      const found = select(await read(), kinds);
      await keep(file, found);
      return found;
    } catch (error) {
      reasons.push(`${place}: ${(error as Error).message}`);
    }
  }
  throw new Error(`definitions of ${kinds[0]} and its like cannot be had (${reasons.join('; ')})`);
}

async function fromGit({ repository, revision, path: inner }: GitSource): Promise<readonly Definition[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'keelson-definitions-'));
  const git = (...args: string[]) =>
    run('git', ['-c', 'http.lowSpeedLimit=1000', '-c', 'http.lowSpeedTime=10', ...args], {
      cwd: folder,
      env: { ...process.env, GIT_TERMINAL_PROMPT: '0' },
      timeout: FETCH_TIMEOUT,
    });
  try {
    // One directory of one commit: the whole of such a repository can be a gigabyte.
    await git('clone', '--quiet', '--depth=1', '--filter=blob:none', '--sparse', '--branch', revision, repository, '.');
    await git('sparse-checkout', 'set', '--no-cone', `/${inner}/`);
    return await readFolder(path.join(folder, inner));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readFolder(place: string): Promise<readonly Definition[]> {
  const found: Definition[] = [];
  for (const name of (await readdir(place)).sort()) {
    const inner = path.join(place, name);
    if ((await stat(inner)).isDirectory()) found.push(...(await readFolder(inner)));
    else if (/\.ya?ml$/.test(name)) found.push(...(loadAll(await readFile(inner, 'utf8')) as Definition[]));
  }
  return found;
}

async function fromModules(kinds: readonly GroupKind[]): Promise<readonly Definition[]> {
  const owners = new Set(
    knownKinds()
      .filter(({ apiVersion, kind }) => kinds.includes(`${apiVersion.split('/')[0]}/${kind}`))
      .map(({ source }) => source.name),
  );
  const sources = CRD_SOURCES.filter(({ addOn }) => owners.has(addOn));
  const read = await readCrds(undefined, sources);
  return read.flatMap(({ crds }) => crds as unknown as readonly Definition[]);
}

/** The definitions of those kinds and no others. Throws where one is missing. */
function select(all: readonly (Definition | null)[], kinds: readonly GroupKind[]): readonly Definition[] {
  const found = all.filter(
    (one): one is Definition =>
      one?.kind === 'CustomResourceDefinition' && kinds.includes(`${one.spec.group}/${one.spec.names.kind}`),
  );
  const missing = kinds.filter((kind) => !found.some(({ spec }) => `${spec.group}/${spec.names.kind}` === kind));
  if (missing.length > 0) throw new Error(`no definition of ${missing.join(', ')} there`);
  return found;
}

/** What a file of the cache says; undefined where it is damaged, which is as good as not there. */
function asDefinitions(text: string, kinds: readonly GroupKind[]): readonly Definition[] | undefined {
  try {
    return select(JSON.parse(text) as Definition[], kinds);
  } catch {
    return undefined;
  }
}

async function keep(file: string, definitions: readonly Definition[]): Promise<void> {
  const fresh = `${file}.${randomUUID()}.tmp`;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(fresh, JSON.stringify(definitions));
  await rename(fresh, file);
}
