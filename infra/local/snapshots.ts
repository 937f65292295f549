import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { getEngine } from '../../src/engines';
import type { Host } from '../control-plane/host';
import { snapshotFolder } from '../control-plane/etcd-snapshot';
import { ENCRYPTED_RESOURCES } from '../secrets/encryption';
import { FolderStore } from '../secrets/folder-store';
import { exclusively } from './exclusively';
import type { LocalCluster } from './index';
import { layOut } from './lay-out';
import { memberData, writeBook } from './members';
import { adminClient, layOutOperator, serverOf } from './operator';
import { placeAt, type Place } from './place';
import { programsOf } from './programs';
import { hasMember, peer, stop, supervise, waitWell, withData } from './run-host';
import { runUnit } from './run-unit';
import { unitFile } from './units';

const run = promisify(execFile);

/** How long the load balancer may take to find API servers that are ready, in milliseconds. */
const BALANCED_TIMEOUT = 30_000;

/** A finished snapshot of etcd in the storage off the cluster. */
export interface Snapshot {
  readonly file: string;
  /** The host whose member it is of. */
  readonly host: string;
  /** When it was taken, in ISO 8601. */
  readonly taken: string;
  readonly bytes: number;
  /** etcd's revision, and how many keys it holds, as they were when it was taken. */
  readonly revision: number;
  readonly keys: number;
}

/** Snapshots of a cluster, the newest first. Those that were never finished do not count. */
export async function listSnapshots({ operated }: Pick<LocalCluster, 'operated'>): Promise<readonly Snapshot[]> {
  const { storage } = placeAt(operated.directory);
  const found: Snapshot[] = [];
  // A host that is gone may have left snapshots too.
  const all = path.join(storage, operated.cluster, 'etcd');
  const hosts = existsSync(all) ? await readdir(all) : [];
  for (const host of hosts) {
    const folder = path.join(storage, snapshotFolder(operated.cluster, host));
    for (const name of await readdir(folder)) {
      const snapshot = name.endsWith('.json') ? await readSnapshot(host, path.join(folder, name)) : undefined;
      if (snapshot) found.push(snapshot);
    }
  }
  return found.sort((a, b) => (a.taken < b.taken ? 1 : -1));
}

/** Whether anything was written before a snapshot was taken: a fresh etcd's holds nothing to go back to. */
export function holdsSomething({ keys }: Snapshot): boolean {
  return keys > 0;
}

/** Rejects where a file is no whole snapshot of etcd. */
export async function refuseDamaged(file: string): Promise<void> {
  await run(await getEngine('etcdutl'), ['snapshot', 'status', file]).catch((error: Error & { stderr?: string }) => {
    throw new Error(
      `${file} is no whole snapshot of etcd: ${error.stderr?.trim().split('\n').at(-1) || error.message}`,
    );
  });
}

/** Takes a snapshot on the first host that can, and gives it. Rejects with each host's reason where none can. */
export async function takeSnapshot(local: LocalCluster): Promise<Snapshot> {
  const place = placeAt(local.operated.directory);
  const reasons: string[] = [];
  for (const { name } of local.operated.members) {
    try {
      await runUnit(place, name, 'etcd-snapshot');
      return (await listSnapshots(local)).find(({ host }) => host === name)!;
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new Error(reasons.join('\n'));
}

/**
 * Brings a cluster back to a snapshot: every member begins anew with its content, and what was written since is gone.
 * The data that was there is moved beside it, and its place given. The revision jumps ahead, so that nobody who
 * watched takes the restored past for the present. Rejects before anything is changed where the snapshot is no good.
 */
export async function restoreSnapshot(
  local: LocalCluster,
  file: string,
  onProgress: (message: string) => void = () => {},
): Promise<{ readonly keptData: readonly string[] }> {
  const place = placeAt(local.operated.directory);
  const etcdutl = await getEngine('etcdutl');
  await refuseDamaged(file);
  return exclusively(place, async () => {
    const members = local.hosts.filter(hasMember);
    onProgress('stopping etcd and the API servers');
    await Promise.all(members.map((host) => stop(place, host)));
    const token = `${local.operated.cluster}-${Date.now()}`;
    const keptData: string[] = [];
    for (const host of members) {
      onProgress(`${host.name}: writing its data from the snapshot`);
      keptData.push(...(await restoreMember(place, local, host, { etcdutl, file, token })));
    }
    onProgress('starting all hosts');
    await writeBook(place, { started: members.map(({ name }) => name).sort() });
    await layOutOperator(local.operated, place);
    for (const host of members) {
      const programs = await programsOf(host, local.cluster.kubernetesVersion);
      await layOut(host, await FolderStore.open(place.secrets));
      const units = await Promise.all(host.units.map((unit) => unitFile(place, host, unit, programs)));
      await supervise(place, host, withData(local.operated, place, host, units));
    }
    try {
      for (const host of members) await waitWell(place, host);
    } catch (error) {
      await refuseUnreadable(local, place, file);
      throw error;
    }
    onProgress('waiting for the load balancer');
    await answers(local, place);
    return { keptData };
  });
}

/** Rejects where an API server cannot read what it has: the snapshot was taken where other keys were in use. */
async function refuseUnreadable({ operated, site, cluster }: LocalCluster, place: Place, file: string): Promise<void> {
  // Itself: one that cannot read Secrets never becomes ready, so that the load balancer does not lead to it.
  const endpoint = { host: site.hosts[0]!.address, port: cluster.network.apiServerPort };
  const client = await adminClient({ ...operated, endpoint }, place);
  try {
    for (const resource of ENCRYPTED_RESOURCES) {
      const answer = await client.request('GET', `/api/v1/${resource}`).catch(() => undefined);
      // Who does not answer at all is unwell in another way.
      if (answer === undefined || answer.status === 200) continue;
      const said = (answer.body as { message?: string }).message ?? String(answer.body);
      throw new Error(
        `${resource} cannot be read (${said}): ${file} was encrypted with a key that ${place.secrets} does not have. ` +
          `Take the cluster down, put the copy of that folder there which belongs to the snapshot, bring it up and restore again`,
      );
    }
  } finally {
    client.close();
  }
}

/** Waits until the load balancer leads to an API server again: it asks them every second. */
async function answers({ operated }: LocalCluster, place: Place): Promise<void> {
  const client = await adminClient(operated, place);
  const deadline = Date.now() + BALANCED_TIMEOUT;
  try {
    for (;;) {
      const status = await client.request('GET', '/readyz').then(
        (answer) => answer.status,
        (error: Error) => error.message,
      );
      if (status === 200) return;
      if (Date.now() > deadline) throw new Error(`${serverOf(operated)}/readyz: ${status}`);
      await sleep(500);
    }
  } finally {
    client.close();
  }
}

async function restoreMember(
  place: Place,
  { operated }: LocalCluster,
  host: Host,
  { etcdutl, file, token }: { readonly etcdutl: string; readonly file: string; readonly token: string },
): Promise<string[]> {
  const data = path.dirname(path.dirname(memberData(place, host.name)));
  const fresh = `${data}.restored`;
  await rm(fresh, { recursive: true, force: true });
  const own = operated.members.find(({ name }) => name === host.name)!;
  await run(etcdutl, [
    'snapshot',
    'restore',
    file,
    `--name=${host.name}`,
    `--initial-cluster=${operated.members.map(peer).join(',')}`,
    `--initial-cluster-token=${token}`,
    `--initial-advertise-peer-urls=${peer(own).slice(own.name.length + 1)}`,
    `--data-dir=${fresh}`,
    // Source: etcd, "Disaster recovery": what watches must see a revision beyond any that it has seen.
    '--bump-revision=1000000000',
    '--mark-compacted',
  ]);
  await mkdir(data, { recursive: true, mode: 0o700 });
  const kept: string[] = [];
  if ((await readdir(data)).length > 0) {
    const aside = `${data}.before-${token}`;
    await rename(data, aside);
    kept.push(aside);
  } else await rm(data, { recursive: true });
  await rename(fresh, data);
  return kept;
}

async function readSnapshot(host: string, status: string): Promise<Snapshot | undefined> {
  const file = status.replace(/\.json$/, '.db');
  const size = await stat(file).then(
    ({ size }) => size,
    () => undefined,
  );
  const [, y, mo, d, h, mi, s] = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.json$/.exec(status) ?? [];
  if (size === undefined || y === undefined) return undefined;
  const { revision, totalKey } = JSON.parse(await readFile(status, 'utf8')) as { revision: number; totalKey: number };
  return { file, host, taken: `${y}-${mo}-${d}T${h}:${mi}:${s}Z`, bytes: size, revision, keys: totalKey };
}
