import { getEngine, isEngine, type EngineName } from '../../src/engines';
import type { Host } from '../control-plane/host';
import type { Programs } from './units';

/** Programs whose version the cluster decides. */
const OF_KUBERNETES: readonly string[] = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'];

/** Names of the engines that a host needs; what else its scripts call comes with the machine. */
export function engineNames(host: Host): EngineName[] {
  const called = host.units.flatMap(({ program, uses = [] }) => [program, ...uses]);
  return [...new Set(called)].filter((program): program is EngineName => isEngine(program));
}

/** The version of an engine that a cluster runs: its own Kubernetes, and the pinned one of everything else. */
export function engineVersionFor(name: EngineName, kubernetesVersion: string): string | undefined {
  return OF_KUBERNETES.includes(name) ? kubernetesVersion : undefined;
}

/** Gets the engines of a host; rejects with `EngineMissingError` where one cannot be had. */
export async function programsOf(host: Host, kubernetesVersion: string): Promise<Programs> {
  const programs: Record<string, string> = {};
  for (const name of engineNames(host)) {
    const version = engineVersionFor(name, kubernetesVersion);
    programs[name] = await getEngine(name, version === undefined ? {} : ({ version } as object));
  }
  return programs;
}
