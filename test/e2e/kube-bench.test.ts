import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import { platform } from '../../platform';
import { CIS_EXCEPTIONS, cisChecks } from '../../infra/control-plane/cis';
import { getEngine } from '../../src/engines';
import { describeClusters } from '../../src/model/resolve/clusters';
import { startHosts, type RunningHosts } from './support/hosts';
import { kubeBench, type Verdict } from './support/kube-bench';

const cluster = describeClusters(platform.props).get('local')!;
const RUN = path.resolve(__dirname, '..', '..', 'bin', 'run-ts.cjs');
const [MACHINE, INSIDE] = ['machine.sh', 'machine.ts'].map((name) => path.join(__dirname, 'support', name));

const failing = (verdicts: readonly Verdict[]): string[] =>
  verdicts
    .filter(({ scored, status }) => scored && status !== 'PASS')
    .map(({ id }) => id)
    .sort();
const notPassing = (verdicts: readonly Verdict[]): string[] =>
  verdicts.filter(({ status }) => status !== 'PASS').map(({ id }) => id);

describe('kube-bench, its own configuration untouched', () => {
  test('on folders without root: only what looks at a machine fails', async () => {
    let running: RunningHosts | undefined;
    try {
      running = await startHosts(
        cluster,
        (directory) => ({
          hosts: [1, 2, 3, 4, 5].map((n) => ({
            name: `control-plane-${n}`,
            address: `127.24.0.1${n}`,
            root: path.join(directory, `control-plane-${n}`),
            joining: n < 5,
          })),
          endpoint: { host: '127.24.0.15', port: 6443 },
          encryption: { kind: 'key' },
          offCluster: { kind: 'folder', path: path.join(directory, 'storage') },
          serviceAccountIssuer: 'https://kubernetes.default.svc.cluster.local',
          sharedMachine: true,
        }),
        ({ name }) => name === 'control-plane-5',
      );
      const verdicts = await kubeBench(['master', 'etcd', 'controlplane']);
      expect(verdicts.filter(({ status }) => status === 'PASS').length).toBeGreaterThan(40);
      const machine = cisChecks('machine');
      expect(failing(verdicts).filter((id) => !machine.includes(id))).toEqual([]);
    } finally {
      await running?.stop();
    }
  }, 300_000);

  describe('on a machine laid out as root', () => {
    const possible = canMakeMachine();
    const machineTest = possible ? test : test.skip;

    machineTest(
      'every scored check passes but those that are given up, and each that does not pass is listed',
      async () => {
        const verdicts = await onMachine('none');
        expect(failing(verdicts)).toEqual(['4.3.1']);
        const listed = CIS_EXCEPTIONS.flatMap(({ ids }) => ids);
        expect(notPassing(verdicts).filter((id) => !listed.includes(id))).toEqual([]);
        // Nothing is listed as given up that passes, and nothing that does not exist.
        const ids = verdicts.map(({ id }) => id);
        expect(listed.filter((id) => !ids.includes(id))).toEqual([]);
        const passing = verdicts.filter(({ status }) => status === 'PASS').map(({ id }) => id);
        expect(cisChecks('unmet', 'people').filter((id) => passing.includes(id))).toEqual([]);
        expect(cisChecks('machine', 'kubelet').filter((id) => !passing.includes(id))).toEqual([]);
      },
      300_000,
    );

    machineTest(
      'a flag that is missing is seen',
      async () => {
        expect(failing(await onMachine('flags'))).toEqual(['1.2.15', '1.3.2', '1.4.1', '4.3.1']);
      },
      300_000,
    );

    machineTest(
      'files that others may read are seen',
      async () => {
        expect(failing(await onMachine('modes'))).toEqual(['1.1.15', '4.1.1', '4.3.1']);
      },
      300_000,
    );
  });
});

/** Runs `machine.ts` with a planted defect. */
async function onMachine(defect: string): Promise<Verdict[]> {
  for (const engine of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-bench'] as const) {
    await getEngine(engine);
  }
  return new Promise((resolve, reject) => {
    const args = [process.execPath, RUN, INSIDE!, defect];
    execFile(MACHINE!, args, { timeout: 240_000, maxBuffer: 16 * 1024 ** 2 }, (error, out, err) =>
      error ? reject(new Error(`${error.message}: ${err}`)) : resolve(JSON.parse(out) as Verdict[]),
    );
  });
}

/** Namespaces of one's own need root, on Linux. */
function canMakeMachine(): boolean {
  try {
    if (process.getuid?.() !== 0) return false;
    execFileSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
