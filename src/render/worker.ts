import { parentPort, workerData } from 'node:worker_threads';
import type { Finding } from '../model/finding';
import type { ResolvedCluster, Unit } from '../model/slices';
import { renderUnit } from './unit';

/** What a worker is given at its start. */
export interface WorkerInput {
  readonly clusters: ReadonlyMap<string, ResolvedCluster>;
}

/** What a unit rendered to, packed so that one buffer moves between threads instead of many strings. */
export interface PackedUnit {
  readonly files: readonly {
    readonly path: string;
    readonly blob: string;
    readonly objects: number;
    readonly length: number;
  }[];
  readonly bytes: Uint8Array;
  readonly findings: readonly Finding[];
}

const { clusters } = workerData as WorkerInput;

parentPort?.on('message', (units: readonly Unit[]) => {
  const packed = units.map((unit): PackedUnit => {
    const cluster = clusters.get(unit.cluster);
    if (!cluster) throw new Error(`${unit.id}: there is no cluster '${unit.cluster}'`);
    const { files, findings } = renderUnit(unit, cluster);
    // Never from Node's shared pool: the whole buffer behind it moves to the other thread.
    const bytes = new Uint8Array(files.reduce((sum, file) => sum + file.bytes.length, 0));
    let offset = 0;
    for (const file of files) {
      bytes.set(file.bytes, offset);
      offset += file.bytes.length;
    }
    return {
      files: files.map(({ path, blob, objects, bytes: { length } }) => ({ path, blob, objects, length })),
      bytes,
      findings,
    };
  });
  parentPort?.postMessage(
    packed,
    packed.map(({ bytes }) => bytes.buffer as ArrayBuffer),
  );
});
