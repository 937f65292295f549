import { execFile } from 'node:child_process';
import type { Place } from './place';
import { UnitFolder } from './unit-files';

/** How long a script may take, in milliseconds: a snapshot of 8 GiB to a slow disk. */
const TIMEOUT = 30 * 60_000;

/** Runs one of a host's scheduled units now, as its supervisor would, and gives what it printed. */
export function runUnit(place: Place, host: string, unit: string, args: readonly string[] = []): Promise<string> {
  const file = new UnitFolder(place.supervisor(host)).unit(unit);
  if (!file) return Promise.reject(new Error(`${host}: has no unit '${unit}': run 'keelson up' first`));
  return new Promise((resolve, reject) => {
    const options = { env: { ...file.environment }, timeout: TIMEOUT, maxBuffer: 1 << 24 };
    execFile(file.program, [...file.arguments, ...args], options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = `${stderr}${stdout}`.trim().split('\n').slice(-3).join(' / ');
      reject(new Error(`${host}: ${unit}: ${said || error.message}`, { cause: error }));
    });
  });
}
