import { getEngines, isEngine, type EngineName } from '../../src/engines';
import type { Host } from '../control-plane/host';
import type { Programs } from './units';

/** Names of the engines that a host needs; what else its scripts call comes with the machine. */
export function engineNames(host: Host): EngineName[] {
  const called = host.units.flatMap(({ program, uses = [] }) => [program, ...uses]);
  return [...new Set(called)].filter((program): program is EngineName => isEngine(program));
}

/** Gets the engines of a host; rejects with `EngineMissingError` where one cannot be had. */
export async function programsOf(host: Host, kubernetesVersion: string): Promise<Programs> {
  return getEngines(engineNames(host), { kubernetesVersion });
}
