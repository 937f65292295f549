import path from 'node:path';
import { isExecutable, isWhole } from './cache';
import { run } from './run';
import type { EngineSource } from './source';

/** Where distributions put servers, though an ordinary user's PATH may lack it. */
const SERVERS = ['/usr/local/sbin', '/usr/sbin'];

/** Finds a program of the wanted version, with what must lie beside it, on PATH. */
export async function onPath(name: string, source: EngineSource, env = process.env): Promise<string | undefined> {
  const folders = (env.PATH ?? '').split(path.delimiter);
  for (const folder of source.debian && env === process.env ? [...folders, ...SERVERS] : folders) {
    const program = path.join(folder, name);
    if (!path.isAbsolute(folder) || !(await isExecutable(program))) continue;
    if ((await suits(program, source, env)) && (await isWhole(folder, name, source.companions))) return program;
  }
  return undefined;
}

/** Tells whether a program runs and is of the version that is wanted. */
export async function suits(program: string, source: EngineSource, env = process.env): Promise<boolean> {
  const said = await run(program, source.versionArguments, { timeout: 10_000, env }).catch(() => '');
  const version = /\d+\.\d+\.\d+(?:-[\w.-]+)?/.exec(said)?.[0];
  if (version === undefined) return false;
  return source.orLater ? !isEarlier(version, source.version) : version === source.version;
}

function isEarlier(version: string, other: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = other.split('.').map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}
