import { execFileSync, spawn } from 'node:child_process';
import { chownSync, copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { platform } from '../../../platform';
import { describeHosts, describeWorker, flagsOf, systemdFiles } from '../../../infra/control-plane';
import type { Host } from '../../../infra/control-plane/host';
import { pkiPlan } from '../../../infra/control-plane/pki';
import type { Site } from '../../../infra/control-plane/site';
import { unwell } from '../../../infra/local/health';
import { layOut } from '../../../infra/local/lay-out';
import { FolderStore } from '../../../infra/secrets/folder-store';
import { ensurePki } from '../../../infra/secrets/issue';
import { getEngine, type EngineName } from '../../../src/engines';
import { describeClusters } from '../../../src/model/resolve/clusters';
import { kubeBench } from './kube-bench';

/**
 * Inside `machine.sh`: lays a control-plane host, and then a worker, out at `/` as root, as a cloud's machine is, runs
 * the control plane, and prints what kube-bench says. A worker's kubelet needs more of a machine than this: a process
 * that only has its name and flags stands in, so that the checks read the files that are really generated.
 */
const clusters = describeClusters(platform.props);
const local = clusters.get('local')!;
const production = clusters.get('production')!;
const OWNERS = { root: 0, etcd: 990 };
/** Planted defects by name: each must be seen. */
const DEFECTS: Readonly<Record<string, (host: Host) => Host>> = {
  none: (host) => host,
  flags: (host) => ({
    ...host,
    units: host.units.map((unit) => ({ ...unit, flags: unit.flags.filter(({ name }) => name !== '--profiling') })),
  }),
  modes: (host) => ({
    ...host,
    files: host.files.map((file) =>
      /(scheduler|kubelet)\.(conf|service)$/.test(file.path) ? { ...file, mode: '0644' } : file,
    ),
  }),
};

const site: Site = {
  hosts: [{ name: 'control-plane-1', address: '127.23.0.11', root: '' }],
  endpoint: { host: '127.23.0.11', port: 6443 },
  encryption: { kind: 'key' },
  offCluster: { kind: 'folder', path: '/var/lib/keelson/storage' },
  serviceAccountIssuer: 'https://kubernetes.default.svc.cluster.local',
  sharedMachine: true,
};

async function place(host: Host, defect: string, store: FolderStore): Promise<Host> {
  const whole = DEFECTS[defect]!({ ...host, files: [...host.files, ...systemdFiles(host)] });
  refuseRealMachine(whole);
  await layOut(whole, store);
  for (const { path: file, owner } of [...whole.directories, ...whole.files]) {
    chownSync(file, OWNERS[owner], OWNERS[owner]);
  }
  return whole;
}

/** Throws where something would lie outside of the folders that are this machine's own. */
function refuseRealMachine({ directories, files }: Host): void {
  const own = (process.env.MACHINE_FOLDERS ?? '').split(/\s+/).filter(Boolean);
  const outside = [...directories, ...files]
    .map(({ path }) => path)
    .filter((place) => !own.some((folder) => place === folder || place.startsWith(`${folder}/`)));
  if (outside.length > 0) throw new Error(`outside of this machine's own folders: ${outside.join(', ')}`);
}

async function controlPlane(host: Host): Promise<void> {
  for (const unit of host.units.filter(({ every }) => every === undefined)) {
    spawn(await getEngine(unit.program as EngineName), [...flagsOf(unit)], { stdio: 'ignore' });
    for (let tries = 0; unit.health && (await unwell(unit.health)); tries++) {
      if (tries > 240) throw new Error(`${unit.name} does not become well`);
      await sleep(250);
    }
  }
}

async function worker(host: Host): Promise<void> {
  // Kubelet writes it itself when it has joined.
  writeFileSync('/etc/kubernetes/kubelet.conf', '', { mode: 0o600 });
  const kubelet = path.join(mkdtempSync('/var/lib/keelson/kubelet-'), 'kubelet');
  copyFileSync(execFileSync('/bin/sh', ['-c', 'readlink -f /bin/sh'], { encoding: 'utf8' }).trim(), kubelet);
  const unit = host.units.find(({ name }) => name === 'kubelet')!;
  spawn(kubelet, ['-c', 'sleep 300; :', ...flagsOf(unit)], { stdio: 'ignore' });
  await sleep(500);
}

async function main(defect: string): Promise<void> {
  const store = await FolderStore.open(mkdtempSync('/var/lib/keelson/secrets-'));
  await ensurePki(pkiPlan(local, site), store, new Date());
  await controlPlane(await place(describeHosts(local, site)[0]!, defect, store));
  const verdicts = await kubeBench(['master', 'etcd', 'controlplane', 'policies']);
  const pool = production.nodePools[0]!;
  await worker(await place(describeWorker(production, { ...site, sharedMachine: false }, pool), defect, store));
  process.stdout.write(JSON.stringify([...verdicts, ...(await kubeBench(['node']))]));
}

main(process.argv[2] ?? 'none').then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    process.exit(1);
  },
);
