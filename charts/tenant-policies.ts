import { createHash } from 'node:crypto';
import { labelFault, toLabel } from '../src/model/names';
import type { WorkloadName } from '../src/model/slices';
import type { JsonObject } from './component';
import type { PodLabels } from './network';

/** Label that says which workload of a tenant a Pod is of. */
export const NAME = 'app.kubernetes.io/name';

export function podLabels(workload: WorkloadName): PodLabels {
  return workload === undefined ? {} : { [NAME]: workload };
}

/**
 * Requests as Cilium matches them: a prefix ends at a part of the path, as it does at the gateway, and what Cilium
 * compares has the query behind it.
 */
export function requestsOf({
  methods = [undefined],
  paths = [undefined],
}: {
  readonly methods?: readonly (string | undefined)[];
  readonly paths?: readonly (string | undefined)[];
}): JsonObject[] {
  return paths.flatMap((path) =>
    methods.map((method) => ({
      ...(method === undefined ? {} : { method }),
      ...(path === undefined ? {} : { path: patternOf(path) }),
    })),
  );
}

function patternOf(prefix: string): string {
  const path = prefix.replace(/\/$/, '').replaceAll('.', '\\.');
  return path === '' ? '/.*' : `${path}([/?].*)?`;
}

/** A policy's name: a dot stands in no tenant's name, so that no two are the same. */
export function nameOf(purpose: string, workload: WorkloadName): string {
  if (workload === undefined) return purpose;
  if (!labelFault(workload)) return `${purpose}.${workload}`;
  const digest = createHash('sha256').update(workload).digest('hex').slice(0, 8);
  return [`${purpose}.${toLabel(workload)}`, digest].join('-');
}

/** Entries of one key together, in the order in which keys first appear. */
export function grouped<T>(
  entries: readonly T[],
  keyOf: (entry: T) => string,
): readonly (readonly [first: T, all: readonly T[]])[] {
  const groups = new Map<string, [T, T[]]>();
  for (const entry of entries) {
    const group = groups.get(keyOf(entry));
    if (group) group[1].push(entry);
    else groups.set(keyOf(entry), [entry, [entry]]);
  }
  return [...groups.values()];
}

export function byWorkload<T extends { readonly workload?: string }>(
  entries: readonly T[],
): ReadonlyMap<WorkloadName, readonly T[]> {
  return new Map(grouped(entries, ({ workload = '' }) => workload).map(([{ workload }, all]) => [workload, all]));
}
