import { mkdir, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheDirectory, install, isWhole, sweep } from './cache';
import { fetchDebianPackage } from './debian';
import { buildWithGo, goFolders } from './go';
import { alone } from './lock';
import { freeSpace, isNoSpace, noSpace, NoSpaceError } from './no-space';
import { onPath, suits } from './on-path';
import { type EngineEvent, type EngineRoute, type OnProgress, reporter, ROUTES, sizeText } from './progress';
import { fetchRelease } from './release';
import { type EngineSource, platformName } from './source';

/** How often a download is told of, in milliseconds. */
const TELL_EVERY = 1_000;

/** No route gave the engine. The message names each route's reason and what to install; commands exit 2 on it. */
export class EngineMissingError extends Error {
  override readonly name = 'EngineMissingError';
}

/** Where an engine is looked for and who is told. */
export interface ObtainOptions {
  /** Told of whatever takes time; nothing where the engine is at hand. @default - silent */
  readonly onProgress?: OnProgress;
  /**
   * Environment to read PATH and the cache's place from, and to run programs in.
   * @default - the process's own, and where distributions put servers is looked at as well
   */
  readonly env?: NodeJS.ProcessEnv;
}

type Tell = (event: EngineEvent) => void;
type Make = (file: string) => Promise<void>;

/** Gives the path of a program from wherever its source says, as `getEngine` does. */
export async function obtain(name: string, source: EngineSource, options: ObtainOptions = {}): Promise<string> {
  const { env = process.env, onProgress = () => {} } = options;
  const { os, arch } = platformName();
  const engines = path.join(cacheDirectory(env), 'engines');
  const folder = path.join(engines, `${name}-${source.version}-${os}-${arch}`);
  const cached = async (): Promise<string | undefined> =>
    (await isWhole(folder, name, source.companions)) ? path.join(folder, name) : undefined;

  const found = (await onPath(name, source, env)) ?? (await cached());
  if (found) return found;
  const tell = reporter(name, source, onProgress);
  try {
    await mkdir(engines, { recursive: true });
    return await alone(
      `${folder}.lock`,
      () => tell({ state: 'waiting', message: 'waits for another process that is getting it' }),
      async () => (await cached()) ?? (await make(name, source, folder, env, tell)),
    );
  } catch (error) {
    if (error instanceof EngineMissingError) throw error;
    const { message } =
      isNoSpace(error) && !(error instanceof NoSpaceError) ? await noSpace(engines, name) : (error as Error);
    throw new EngineMissingError(`${name} ${source.version} cannot be had: ${message}`, { cause: error });
  }
}

async function make(
  name: string,
  source: EngineSource,
  folder: string,
  env: NodeJS.ProcessEnv,
  tell: Tell,
): Promise<string> {
  const { release, debian, go, companions } = source;
  const routes: readonly [EngineRoute, Make | undefined][] = [
    ['release', release && ((file) => fetchRelease(release, file, `${folder}.part`, downloading(tell)))],
    ['debian', debian && ((file) => fromDebian(name, source, file, env))],
    ['go', go && ((file) => built(name, source, path.dirname(folder), file, env, tell))],
  ];
  const reasons = [`none of version ${source.version}${source.orLater ? ' or later' : ''} on PATH`];
  await sweep(folder);
  for (const [route, way] of routes) {
    if (!way) continue;
    tell({ state: 'start', route, message: `from its ${ROUTES[route]}` });
    try {
      const started = Date.now();
      const program = await install(folder, name, way, companions);
      const [milliseconds, bytes] = [Date.now() - started, await sizeOf(folder)];
      const message = `ready, ${sizeText(bytes)} in ${(milliseconds / 1000).toFixed(1)} s`;
      tell({ state: 'done', route, bytes, milliseconds, message });
      return program;
    } catch (error) {
      const reason = `${ROUTES[route]}: ${(error as Error).message}`;
      tell({ state: 'failed', route, message: reason });
      if (isNoSpace(error) || error instanceof NoSpaceError) throw error;
      reasons.push(reason);
    }
  }
  throw new EngineMissingError(`${name} is missing (${reasons.join('; ')}): install ${source.install}`);
}

/** Bytes of all files in a folder. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function fromDebian(name: string, source: EngineSource, file: string, env: NodeJS.ProcessEnv): Promise<void> {
  await fetchDebianPackage(source.debian!, file, env);
  if (!(await suits(file, source, env))) {
    throw new Error(`the distribution's ${name} does not run here or is older than ${source.version}`);
  }
}

/** Go builds use every processor: one at a time on a machine, whichever process asks. */
async function built(
  name: string,
  source: EngineSource,
  engines: string,
  file: string,
  env: NodeJS.ProcessEnv,
  tell: Tell,
): Promise<void> {
  await alone(
    path.join(engines, 'go-build.lock'),
    () => tell({ state: 'waiting', route: 'go', message: 'waits for another build to end' }),
    async () => {
      try {
        await buildWithGo(source.go!, source.version, file, env);
      } catch (error) {
        if (!isNoSpace(error)) throw error;
        const places = await Promise.all([tmpdir(), ...(await goFolders(env))].map(withFreeSpace));
        throw new NoSpaceError(`no space left to build ${name}: make room in ${places.join(', ')}`, { cause: error });
      }
    },
  );
}

async function withFreeSpace(place: string): Promise<string> {
  return freeSpace(place).then(
    (bytes) => `${place} (${sizeText(bytes)} free)`,
    () => place,
  );
}

/** Tells of a download now and then. */
function downloading(tell: Tell): (bytes: number, total: number | undefined) => void {
  let last = 0;
  return (bytes, total) => {
    if (Date.now() - last < TELL_EVERY) return;
    last = Date.now();
    const message = `${sizeText(bytes)}${total === undefined ? '' : ` of ${sizeText(total)}`}`;
    tell({ state: 'downloading', route: 'release', bytes, ...(total === undefined ? {} : { total }), message });
  };
}
