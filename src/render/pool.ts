import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ResolvedCluster, Unit } from '../model/slices';
import { type RenderedUnit, renderUnit } from './unit';
import type { PackedUnit, WorkerInput } from './worker';

/** Units below which starting threads costs more than it saves. */
const WORTH_THREADS = 300;

/** Units handed to a worker at a time: enough to hide the hand-over, few enough to share the work evenly. */
const BATCH = 40;

/** Renders units, over threads where there are many. The order of results never depends on which thread was faster. */
export async function renderUnits(
  units: readonly Unit[],
  clusters: ReadonlyMap<string, ResolvedCluster>,
  progress: (done: number) => void,
  threads = units.length < WORTH_THREADS ? 0 : availableParallelism(),
): Promise<readonly RenderedUnit[]> {
  return threads > 0 ? overThreads(units, clusters, progress, threads) : here(units, clusters, progress);
}

async function here(
  units: readonly Unit[],
  clusters: ReadonlyMap<string, ResolvedCluster>,
  progress: (done: number) => void,
): Promise<readonly RenderedUnit[]> {
  const results: RenderedUnit[] = [];
  for (const unit of units) {
    const cluster = clusters.get(unit.cluster);
    if (!cluster) throw new Error(`${unit.id}: there is no cluster '${unit.cluster}'`);
    results.push(renderUnit(unit, cluster));
    progress(results.length);
    // A terminal shows progress only when the loop lets it.
    if (results.length % BATCH === 0) await new Promise(setImmediate);
  }
  return results;
}

async function overThreads(
  units: readonly Unit[],
  clusters: ReadonlyMap<string, ResolvedCluster>,
  progress: (done: number) => void,
  threads: number,
): Promise<readonly RenderedUnit[]> {
  const results = new Array<RenderedUnit>(units.length);
  const workerData: WorkerInput = { clusters };
  let next = 0;
  let done = 0;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(join(__dirname, 'worker.cjs'), { workerData });
      let batch = 0;
      const feed = () => {
        batch = next;
        next = Math.min(next + BATCH, units.length);
        if (batch < next) worker.postMessage(units.slice(batch, next));
        else void worker.terminate().then(() => resolve());
      };
      worker.on('message', (packed: readonly PackedUnit[]) => {
        packed.forEach((unit, i) => (results[batch + i] = unpack(unit)));
        done += packed.length;
        progress(done);
        feed();
      });
      worker.on('error', reject);
      feed();
    });
  await Promise.all(Array.from({ length: threads }, work));
  return results;
}

function unpack({ files, bytes, findings }: PackedUnit): RenderedUnit {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  return {
    findings,
    files: files.map(({ path, blob, objects, length }) => {
      const file = { path, blob, objects, bytes: all.subarray(offset, offset + length) };
      offset += length;
      return file;
    }),
  };
}
