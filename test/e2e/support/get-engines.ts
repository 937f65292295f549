import { asLines, EngineMissingError, getEngines, KUBERNETES_VERSIONS, type EngineName } from '../../../src/engines';
import { ENGINES } from '../../../src/engines/table';

/** What runs containers: no test may do that on every machine. */
const NOT_RUN: readonly string[] = ['containerd', 'containerd-shim-runc-v2', 'ctr', 'runc'];
/** What the upgrade begins with. */
const OLDER: readonly EngineName[] = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'];

/**
 * Gets whatever engines the tests run, before the first of them: on an empty machine they may be built for half an hour,
 * which no time limit of a test allows for. One that cannot be had fails just the tests that need it.
 */
export default async function getAll(): Promise<void> {
  const onProgress = asLines((line) => process.stderr.write(`${line}\n`));
  const names = (Object.keys(ENGINES) as EngineName[]).filter((name) => !NOT_RUN.includes(name));
  for (const [wanted, kubernetesVersion] of [
    [names, KUBERNETES_VERSIONS[0]],
    [OLDER, KUBERNETES_VERSIONS[1]],
  ] as const) {
    try {
      await getEngines(wanted, { kubernetesVersion, onProgress });
    } catch (error) {
      if (!(error instanceof EngineMissingError)) throw error;
      process.stderr.write(`${error.message}\n`);
    }
  }
}
