import { EngineMissingError, obtain, type ObtainOptions } from './obtain';
import type { OnProgress } from './progress';
import { ENGINES, type EngineName, engineSource } from './table';

/** How an engine is got. */
export interface EngineOptions extends ObtainOptions {
  /** Without a leading `v`. @default - the version that Keelson is pinned to */
  readonly version?: string;
}

/** How several engines are got. */
export interface EnginesOptions extends ObtainOptions {
  /** Version of those that are a part of Kubernetes. @default - the pinned one */
  readonly kubernetesVersion?: string;
}

/** The version of an engine that Keelson is pinned to, without a leading `v`. */
export function engineVersion(name: EngineName): string {
  return ENGINES[name].version;
}

/**
 * Gives the path of an engine's program: one of the wanted version on PATH, else from the cache, else its official
 * release with its digest verified, else from the distribution's packages, else built from its Go module. All but the
 * first leave the same file in the cache, in one step; of several that ask at once, in whatever process, one gets it
 * and the others wait. What an interrupted download brought is used again.
 * Rejects with `EngineMissingError` when no route works or the disk is full.
 */
export async function getEngine(name: EngineName, options: EngineOptions = {}): Promise<string> {
  return obtain(name, engineSource(name, options.version), options);
}

/**
 * Gives the paths of several engines by name: downloads run at once, Go builds one after the other.
 * Rejects, when all have ended, with one `EngineMissingError` that names every engine that cannot be had.
 */
export async function getEngines<Name extends EngineName>(
  names: readonly Name[],
  options: EnginesOptions = {},
): Promise<Readonly<Record<Name, string>>> {
  const { kubernetesVersion, ...rest } = options;
  const wanted = [...new Set(names)];
  const got = await Promise.allSettled(
    wanted.map((name) => obtain(name, engineSource(name, versionFor(name, kubernetesVersion)), rest)),
  );
  const faults = got.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
  const broken = faults.find((fault) => !(fault instanceof EngineMissingError));
  if (broken) throw broken;
  if (faults.length > 0) throw new EngineMissingError(faults.map(({ message }) => message).join('\n'));
  return Object.fromEntries(
    wanted.map((name, index) => [name, (got[index] as PromiseFulfilledResult<string>).value]),
  ) as Record<Name, string>;
}

/** Tells what happens as lines of text, to those who print them. */
export function asLines(say: (line: string) => void): OnProgress {
  return (event) => say(String(event));
}

function versionFor(name: EngineName, kubernetesVersion: string | undefined): string | undefined {
  return 'ofKubernetes' in ENGINES[name] ? kubernetesVersion : undefined;
}
