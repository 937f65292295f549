import path from 'node:path';
import { isExecutable } from './cache';
import { run } from './run';
import type { EngineSource } from './table';

/**
 * Finds a program of the wanted version on PATH. A version of three parts must be the same;
 * a lone number is the lowest major version.
 */
export async function onPath(name: string, source: EngineSource, env = process.env): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(path.delimiter)) {
    const program = path.join(folder, name);
    if (!path.isAbsolute(folder) || !(await isExecutable(program))) continue;
    const said = await run(program, source.versionArguments, { timeout: 10_000, env }).catch(() => '');
    const [version, major] = /(\d+)\.\d+\.\d+(?:-[\w.-]+)?/.exec(said) ?? [];
    const suits = source.version.includes('.') ? version === source.version : Number(major) >= Number(source.version);
    if (suits) return program;
  }
  return undefined;
}
