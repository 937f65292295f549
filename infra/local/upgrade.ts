import { apiClient, asLines, getEngines } from '../../src/engines';
import { clusterCertificate } from '../control-plane/pki';
import { FolderStore } from '../secrets/folder-store';
import { materialise } from '../secrets/materialise';
import { pulumi } from '../pulumi';
import type { LocalCluster } from './index';
import { placeAt } from './place';
import { engineNames } from './programs';
import { restoreSnapshot, takeSnapshot, type Snapshot } from './snapshots';
import { clusterStatus } from './status';

const ADMIN = clusterCertificate('admin');

/** What an upgrade does, before anything is done. */
export interface UpgradePlan {
  readonly cluster: string;
  /** Versions that the API servers run now, by host. */
  readonly running: Readonly<Record<string, string>>;
  readonly from: string;
  readonly to: string;
}

/** How an upgrade ended. */
export interface UpgradeResult extends UpgradePlan {
  readonly outcome: 'upgraded' | 'rolled back';
  readonly snapshot: Snapshot;
  /** Why it was rolled back. @default - it was not */
  readonly reason?: string;
  /** True where etcd went back to the snapshot: a server of the new version had already served. */
  readonly restored: boolean;
  readonly seconds: number;
}

/** An upgrade that must not be begun. The message says why and what to do first. */
export class UpgradeRefusedError extends Error {}

/** Whether a cluster may go to a version. Rejects with an `UpgradeRefusedError` where it must not. */
export async function planUpgrade(local: LocalCluster, to: string): Promise<UpgradePlan> {
  if (!/^1\.\d+\.\d+$/.test(to)) throw new Error(`--to ${to}: write a version in full, such as 1.36.3`);
  const running = await runningVersions(local);
  const versions = [...new Set(Object.values(running))].sort(compareVersions);
  const from = versions[0];
  if (from === undefined)
    throw new UpgradeRefusedError('no API server answers: see to that first (keelson cluster status)');
  const [[major, minor], [toMajor, toMinor]] = [parts(from), parts(to)];
  if (compareVersions(to, from) < 0) {
    throw new UpgradeRefusedError(`${from} runs, and ${to} is older: a snapshot goes back (keelson cluster restore)`);
  }
  if (toMajor !== major || toMinor! > minor! + 1) {
    throw new UpgradeRefusedError(
      `${from} runs, and ${to} is more than one minor version on: go by 1.${minor! + 1} (Kubernetes, "Version skew policy")`,
    );
  }
  return { cluster: local.cluster.name, running, from, to };
}

/**
 * Upgrades the control plane, host by host, after a snapshot. Where a host does not become well with the new version
 * all hosts go back to the old one, and etcd to the snapshot if a server of the new version had already served.
 * `describe` describes the cluster anew, after the stack's configuration changed.
 */
export async function upgrade(
  root: string,
  local: LocalCluster,
  plan: UpgradePlan,
  describe: () => LocalCluster,
  onProgress: (message: string) => void = () => {},
): Promise<UpgradeResult> {
  const started = Date.now();
  const { faults } = await clusterStatus(local);
  if (faults.length > 0) throw new UpgradeRefusedError(`not everything is well: ${faults.join('; ')}`);
  onProgress(`engines of ${plan.to}`);
  await getEngines(local.hosts.flatMap(engineNames), { kubernetesVersion: plan.to, onProgress: asLines(onProgress) });
  onProgress('snapshot of etcd');
  const snapshot = await takeSnapshot(local);
  const done = (more: Pick<UpgradeResult, 'outcome' | 'restored'> & { reason?: string }): UpgradeResult => ({
    ...plan,
    snapshot,
    ...more,
    seconds: (Date.now() - started) / 1000,
  });
  try {
    onProgress(`hosts to ${plan.to}`);
    await provision(root, plan.cluster, plan.to);
    const now = describe();
    const left = Object.entries(await runningVersions(now)).filter(([, version]) => version !== plan.to);
    const { faults } = await clusterStatus(now);
    const wrong = [...faults, ...left.map(([host, version]) => `${host} runs ${version}`)];
    if (wrong.length > 0) throw new Error(wrong.join('; '));
    return done({ outcome: 'upgraded', restored: false });
  } catch (error) {
    const reason = (error as Error).message;
    const served = Object.values(await runningVersions(describe())).includes(plan.to);
    onProgress(`back to ${plan.from}`);
    await provision(root, plan.cluster, plan.from);
    if (served) {
      onProgress('back to the snapshot');
      await restoreSnapshot(describe(), snapshot.file, onProgress);
    }
    return done({ outcome: 'rolled back', restored: served, reason });
  }
}

async function provision(root: string, stack: string, version: string): Promise<void> {
  await pulumi(root, ['config', 'set', 'keelson:kubernetesVersion', version, '--stack', stack]);
  await pulumi(root, ['up', '--yes', '--skip-preview', '--stack', stack]);
}

/** Versions of the API servers that answer, by host. */
async function runningVersions({ operated, site, cluster }: LocalCluster): Promise<Readonly<Record<string, string>>> {
  const store = await FolderStore.open(placeAt(operated.directory).secrets);
  const text = async (material: Parameters<typeof materialise>[0]): Promise<string> =>
    (await materialise(material, store)).toString('utf8');
  const access = {
    ca: await text({ kind: 'trust', authorities: ['kubernetes'] }),
    certificate: await text({ kind: 'certificate', certificate: ADMIN }),
    key: await text({ kind: 'key', certificate: ADMIN }),
    timeout: 5_000,
  };
  const found: Record<string, string> = {};
  for (const { name, address } of site.hosts) {
    const client = apiClient({ url: `https://${address}:${cluster.network.apiServerPort}`, ...access });
    const answer = await client.request('GET', '/version').catch(() => undefined);
    client.close();
    const version = (answer?.body as { gitVersion?: string } | undefined)?.gitVersion;
    if (answer?.status === 200 && version !== undefined) found[name] = version.replace(/^v/, '');
  }
  return found;
}

function parts(version: string): number[] {
  return version.split('.').map(Number);
}

function compareVersions(one: string, other: string): number {
  const [a, b] = [parts(one), parts(other)];
  const at = a.findIndex((part, i) => part !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
