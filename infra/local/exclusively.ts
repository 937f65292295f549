import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { lock } from 'proper-lockfile';
import type { Place } from './place';

/** How long a lock of a killed process keeps others waiting, in milliseconds; a living one renews it in time. */
const STALE = 10_000;
/** How long one waits for others, in seconds: a host of three may take a minute to become well. */
const PATIENCE = 600;

/** Does work on a cluster while nobody else does: hosts change one at a time, whoever asks. Does not nest. */
export async function exclusively<T>(place: Place, work: () => Promise<T>): Promise<T> {
  await mkdir(place.directory, { recursive: true, mode: 0o700 });
  const release = await lock(place.directory, {
    lockfilePath: path.join(place.directory, '.lock'),
    stale: STALE,
    retries: { retries: PATIENCE * 2, factor: 1, minTimeout: 500, maxTimeout: 500 },
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ELOCKED') throw error;
    throw new Error(
      `${place.directory}: another run has been changing it for ${PATIENCE / 60} minutes: let it end first`,
    );
  });
  try {
    return await work();
  } finally {
    await release().catch(() => {});
  }
}
