import { randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, rename, rm } from 'node:fs/promises';
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

/**
 * Puts one program into the cache: `make` writes it into a new folder, which then takes its final name in one step,
 * so that nobody ever sees half a program. Where another process was quicker its program stays and is returned.
 */
export async function install(folder: string, name: string, make: (file: string) => Promise<void>): Promise<string> {
  const program = path.join(folder, name);
  const fresh = `${folder}.${randomUUID()}.tmp`;
  await mkdir(fresh, { recursive: true });
  try {
    await make(path.join(fresh, name));
    await chmod(path.join(fresh, name), 0o755);
    if (await isExecutable(program)) return program;
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder);
    return program;
  } catch (error) {
    if (await isExecutable(program)) return program;
    throw error;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
