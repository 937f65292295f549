import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { OBJECTIVES } from '../../src/model/control-plane-slo';
import { pkiPlan } from '../control-plane/pki';
import { FolderStore } from '../secrets/folder-store';
import { pkiDrift } from '../secrets/inspect';
import { rotationStatus } from '../secrets/rotation';
import type { LocalCluster } from './index';
import { fileDrift } from './lay-out';
import { lostStore } from './lost-store';
import { alarmsOf, listMembers, readBook, type Member } from './members';
import { adminClient, operatorDrift } from './operator';
import { placeAt } from './place';
import { isRunning, memoryOf, secondsUp } from './process-table';
import { listSnapshots, type Snapshot } from './snapshots';
import { supervisorOf } from './supervision';
import { UnitFolder } from './unit-files';
import { unitFault } from './wellness';

/** One unit of a host as it is now. */
export interface UnitStatus {
  readonly name: string;
  readonly state: 'running' | 'stopped' | 'scheduled';
  /** What is wrong with it. @default - nothing */
  readonly fault?: string;
  /** Of a process that runs. */
  readonly pid?: number;
  readonly seconds?: number;
  readonly bytes?: number;
  /** Of a scheduled one: when it last ended, in ISO 8601, and how. */
  readonly lastEnded?: string;
  readonly exitCode?: number;
  readonly log: string;
}

export interface HostStatus {
  readonly name: string;
  readonly address: string;
  readonly supervised: boolean;
  readonly units: readonly UnitStatus[];
}

/** A local cluster as it is now. */
export interface ClusterStatus {
  readonly cluster: string;
  readonly kubernetesVersion: string;
  readonly endpoint: string;
  readonly kubeconfig: string;
  readonly hosts: readonly HostStatus[];
  /** Members as etcd itself lists them; empty where no majority answers. */
  readonly members: readonly Member[];
  readonly lastSnapshot?: Snapshot;
  /** The first certificate to expire, in ISO 8601. */
  readonly certificatesUntil?: string;
  /** A rotation that has begun and not ended, for people. */
  readonly rotation?: string;
  /** Everything that is not as it should be, a sentence each. */
  readonly faults: readonly string[];
}

/** Looks at every host, unit, file and certificate of a local cluster. Changes nothing. */
export async function clusterStatus(local: LocalCluster): Promise<ClusterStatus> {
  const { operated, hosts, cluster } = local;
  const place = placeAt(operated.directory);
  const there = existsSync(path.join(place.directory, 'hosts'));
  const store = await FolderStore.open(place.secrets);
  const faults: string[] = [];
  const attempt = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      faults.push((error as Error).message);
      return undefined;
    }
  };
  const statuses = await Promise.all(hosts.map((host) => hostStatus(local, host.name)));
  for (const host of statuses) {
    if (!host.supervised) faults.push(`${host.name}: nothing supervises it: run 'keelson up'`);
    faults.push(...host.units.flatMap(({ fault }) => fault ?? []));
  }
  const lost = await lostStore(place);
  if (lost !== undefined) faults.push(lost);
  else {
    faults.push(...((await attempt(pkiDrift(pkiPlan(cluster, local.site), store, new Date()))) ?? []));
    for (const host of hosts) faults.push(...((await attempt(fileDrift(host, store))) ?? []));
    faults.push(...((await attempt(operatorDrift(operated, place))) ?? []));
  }
  const addresses = operated.members.map(({ address }) => address);
  const members = (await attempt(listMembers(place, addresses))) ?? [];
  const alarms = members.length > 0 ? ((await attempt(alarmsOf(place, addresses))) ?? []) : [];
  faults.push(...alarms.map((alarm) => ALARMS[alarm] ?? `etcd has raised the alarm ${alarm}`));
  const book = await attempt(readBook(place));
  const gone = book?.started.filter((name) => members.length > 0 && !members.some((member) => member.name === name));
  faults.push(...(gone ?? []).map((name) => `etcd has no member ${name}: run 'keelson cluster replace-host'`));
  if (members.length > 0 && lost === undefined) faults.push(...((await attempt(missingRights(local))) ?? []));
  const [lastSnapshot] = (await attempt(listSnapshots(local))) ?? [];
  faults.push(...snapshotFaults(lastSnapshot));
  const rotation = lost === undefined ? await attempt(rotationStatus(store)) : undefined;
  const certificatesUntil = await firstToExpire(local);
  return {
    cluster: cluster.name,
    kubernetesVersion: cluster.kubernetesVersion,
    endpoint: `https://${operated.endpoint.host}:${operated.endpoint.port}`,
    kubeconfig: place.kubeconfig,
    hosts: statuses,
    members,
    ...(lastSnapshot ? { lastSnapshot } : {}),
    ...(certificatesUntil ? { certificatesUntil } : {}),
    ...(rotation ? { rotation: `${rotation.kind}: ${rotation.step.text}` } : {}),
    // Nothing of what it should be is there: one sentence says more than one for each.
    faults: there ? [...new Set(faults)] : [`there is no cluster ${cluster.name}: run 'keelson up'`],
  };
}

/** After a restore etcd may hold what was there before anybody had a right. */
async function missingRights({ operated }: LocalCluster): Promise<string[]> {
  const client = await adminClient(operated, placeAt(operated.directory));
  try {
    const { status } = await client.request('GET', '/api/v1/namespaces?limit=1');
    return status === 403
      ? [`the administrators have no rights in the cluster: run 'keelson up', which gives them`]
      : [];
  } finally {
    client.close();
  }
}

/** What etcd's alarms mean. */
const ALARMS: Readonly<Record<string, string>> = {
  NOSPACE: "etcd takes no writes, as its database is full (alarm NOSPACE): run 'keelson cluster defragment'",
  CORRUPT: 'a member of etcd has data that differs from the others (alarm CORRUPT): replace its host',
};

async function hostStatus({ operated, hosts }: LocalCluster, name: string): Promise<HostStatus> {
  const host = hosts.find((one) => one.name === name)!;
  const directory = placeAt(operated.directory).supervisor(name);
  const folder = new UnitFolder(directory);
  const units = await Promise.all(
    host.units.map(async (unit): Promise<UnitStatus> => {
      const { process, ended, exitCode } = folder.state(unit.name);
      const fault = await unitFault(folder, host, unit);
      const seconds = process && secondsUp(process);
      return {
        name: unit.name,
        state: isRunning(process) ? 'running' : unit.every === undefined ? 'stopped' : 'scheduled',
        ...(fault === undefined ? {} : { fault }),
        ...(isRunning(process) && seconds !== undefined
          ? { pid: process.pid, seconds: Math.round(seconds), bytes: memoryOf(process.pid) }
          : {}),
        ...(unit.every !== undefined && ended !== undefined ? { lastEnded: new Date(ended).toISOString() } : {}),
        ...(exitCode === undefined ? {} : { exitCode }),
        log: folder.unit(unit.name)?.log ?? '',
      };
    }),
  );
  return { name, address: host.address, supervised: supervisorOf(directory) !== undefined, units };
}

function snapshotFaults(last: Snapshot | undefined): string[] {
  if (!last) return ['no snapshot of etcd was ever finished'];
  const age = (Date.now() - Date.parse(last.taken)) / 1000;
  const hours = (seconds: number): string => `${(seconds / 3600).toFixed(1)} h`;
  if (age <= OBJECTIVES.etcd.snapshotEvery) return [];
  return [`the last snapshot of etcd is ${hours(age)} old, more than ${hours(OBJECTIVES.etcd.snapshotEvery)}`];
}

async function firstToExpire({ hosts }: LocalCluster): Promise<string | undefined> {
  const files = hosts.flatMap((host) =>
    host.files.filter(({ content }) => typeof content !== 'string' && content.kind === 'certificate'),
  );
  const ends = await Promise.all(
    files.map(async ({ path: file }) => {
      try {
        return new Date(new X509Certificate(await readFile(file)).validTo).toISOString();
      } catch {
        // A file that is missing or damaged is told as such.
        return undefined;
      }
    }),
  );
  return ends.filter((end) => end !== undefined).sort()[0];
}
