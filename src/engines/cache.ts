import { randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

/** The project's cache: `$KEELSON_CACHE`, else `$XDG_CACHE_HOME/keelson`, else `~/.cache/keelson`. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env.KEELSON_CACHE) return path.resolve(env.KEELSON_CACHE);
  return path.join(env.XDG_CACHE_HOME ? path.resolve(env.XDG_CACHE_HOME) : path.join(homedir(), '.cache'), 'keelson');
}

/** Tells whether a file is there and may be executed. */
export async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Tells whether a folder holds a program and what must lie beside it. */
export async function isWhole(folder: string, name: string, companions: readonly string[] = []): Promise<boolean> {
  if (!(await isExecutable(path.join(folder, name)))) return false;
  const there = await Promise.all(
    companions.map((other) =>
      access(path.join(folder, other)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return there.every(Boolean);
}

/**
 * Puts one program into the cache: `make` writes it, and what belongs beside it, into a new folder, which then takes
 * its final name in one step, so that nobody ever sees half a program. Where another process was quicker its program
 * stays and is returned.
 */
export async function install(
  folder: string,
  name: string,
  make: (file: string) => Promise<void>,
  companions: readonly string[] = [],
): Promise<string> {
  const program = path.join(folder, name);
  const fresh = `${folder}.${randomUUID()}.tmp`;
  await mkdir(fresh, { recursive: true });
  try {
    await make(path.join(fresh, name));
    await chmod(path.join(fresh, name), 0o755);
    if (!(await isWhole(fresh, name, companions))) throw new Error(`${companions.join(', ')} did not come with it`);
    if (await isWhole(folder, name, companions)) return program;
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder);
    return program;
  } catch (error) {
    if (await isWhole(folder, name, companions)) return program;
    throw error;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Removes what processes that were killed left of their work on a program. Nobody else may be at work on it. */
export async function sweep(folder: string): Promise<void> {
  const [place, name] = [path.dirname(folder), path.basename(folder)];
  for (const entry of await readdir(place).catch(() => [])) {
    if (entry.startsWith(`${name}.`) && entry.endsWith('.tmp')) {
      await rm(path.join(place, entry), { recursive: true, force: true });
    }
  }
}
