import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory, install, isExecutable } from './cache';
import { buildWithGo } from './go';
import { onPath } from './on-path';
import { fetchRelease, platformName } from './release';
import { ENGINES, type EngineName, type EngineSource } from './table';

/** How an engine is got. */
export interface EngineOptions {
  /** Told one line whenever a route is tried or has failed. @default - silent */
  readonly onProgress?: (message: string) => void;
  /** Environment to read PATH and the cache's place from. @default - the process's own */
  readonly env?: NodeJS.ProcessEnv;
}

/** No route gave the engine. The message names each route's reason and what to install; commands exit 2 on it. */
export class EngineMissingError extends Error {
  override readonly name = 'EngineMissingError';
}

/** The version of an engine that Keelson is pinned to, without a leading `v`. */
export function engineVersion(name: EngineName): string {
  return ENGINES[name].version;
}

/**
 * Gives the path of an engine's program: one of the pinned version on PATH, else from the cache, else its official
 * release with the published checksum verified, else built from its Go module. The last two leave the same file in
 * the cache, in one step, so that several processes may ask at once.
 * Rejects with `EngineMissingError` when no route works.
 */
export async function getEngine(name: EngineName, options: EngineOptions = {}): Promise<string> {
  const { env = process.env, onProgress = () => {} } = options;
  const source: EngineSource = ENGINES[name];
  const { os, arch } = platformName();
  const folder = path.join(cacheDirectory(env), 'engines', `${name}-${source.version}-${os}-${arch}`);

  const cached = path.join(folder, name);
  const found = (await onPath(name, source, env)) ?? ((await isExecutable(cached)) ? cached : undefined);
  if (found) return found;

  const reasons = [`none of version ${source.version} on PATH`];
  const routes: readonly [string, ((file: string) => Promise<void>) | undefined][] = [
    ['release', source.release && ((file) => fetchRelease(source.release!, file))],
    ['Go module', source.go && ((file) => buildWithGo(source.go!, file))],
  ];
  await mkdir(path.dirname(folder), { recursive: true });
  for (const [route, make] of routes) {
    if (!make) continue;
    onProgress(`${name} ${source.version}: from its ${route}`);
    try {
      return await install(folder, name, make);
    } catch (error) {
      const reason = `${route}: ${(error as Error).message}`;
      onProgress(`${name} ${source.version}: ${reason}`);
      reasons.push(reason);
    }
  }
  throw new EngineMissingError(`${name} is missing (${reasons.join('; ')}): install ${source.install}`);
}
