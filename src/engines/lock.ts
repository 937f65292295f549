import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';

/**
 * How long the lock of a killed process keeps others waiting, in milliseconds; a living one renews it in half of that.
 * By time and not by process: a cache may be shared by containers, where process ids mean nothing to each other.
 */
const STALE = 5_000;
/** How often one that waits looks again, in milliseconds. */
const AGAIN = 300;

/** Does work while nobody else, in this process or another, does work under the same file. Does not nest. */
export async function alone<T>(file: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  let waits = false;
  for (;;) {
    const release = await lock(file, {
      lockfilePath: file,
      realpath: false,
      stale: STALE,
      // A lock that was lost, as by a suspended laptop, does no harm: what it guards takes its place in one step.
      onCompromised: () => {},
    }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ELOCKED') throw error;
      return undefined;
    });
    if (release) {
      try {
        return await work();
      } finally {
        await release().catch(() => {});
      }
    }
    if (!waits) onWait();
    waits = true;
    await sleep(AGAIN);
  }
}
