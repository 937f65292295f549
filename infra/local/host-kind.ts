import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../control-plane/host';
import type { Kind } from '../provider/kind';
import { FolderStore } from '../secrets/folder-store';
import { exclusively } from './exclusively';
import { fileDrift, layOut } from './lay-out';
import { joinAsLearner, leave, memberData, othersHoldQuorum, promote, readBook, startOf, writeBook } from './members';
import { layOutOperator, type Operated } from './operator';
import { placeAt, type Place } from './place';
import { programsOf } from './programs';
import { releaseHost, superviseHost, supervisorOf } from './supervision';
import { UnitFolder, type UnitFile } from './unit-files';
import { argumentOf, unitFile } from './units';
import { unitFault, wellUnits } from './wellness';

/** What a local host shall be. Not secret: Pulumi's state keeps it. */
export interface HostInputs {
  readonly operated: Operated;
  readonly kubernetesVersion: string;
  readonly host: Host;
}

/** How long a host may take to become well, in milliseconds: 9 s were measured on a busy machine. */
const WELL_TIMEOUT = 180_000;
/** How long a learner may take to catch up, in milliseconds. */
const CATCH_UP_TIMEOUT = 120_000;
const ETCD = 'etcd';
const PEER_PORT = 2380;

/** A host of a local cluster: files below a folder, and supervised processes. */
export const host: Kind<HostInputs> = {
  async drift({ host, operated }) {
    const place = placeAt(operated.directory);
    if (supervisorOf(place.supervisor(host.name)) === undefined) return [`${host.name}: nothing supervises it`];
    const store = await FolderStore.open(place.secrets);
    const folder = new UnitFolder(place.supervisor(host.name));
    const units = await Promise.all(host.units.map((unit) => unitFault(folder, host, unit)));
    return [...(await fileDrift(host, store)), ...units.filter((fault) => fault !== undefined)];
  },

  async make(inputs) {
    const { host, operated } = inputs;
    const place = placeAt(operated.directory);
    const programs = await programsOf(host, inputs.kubernetesVersion);
    await exclusively(place, async () => {
      await layOut(host, await FolderStore.open(place.secrets));
      const units = await Promise.all(host.units.map((unit) => unitFile(place, host, unit, programs)));
      if (hasMember(host)) await startMember(place, inputs, units);
      else await start(place, host, units);
    });
    return { address: host.address };
  },

  async remove({ host, operated }) {
    const place = placeAt(operated.directory);
    await exclusively(place, async () => {
      const book = await readBook(place);
      const others = book.started.filter((name) => name !== host.name);
      // The last one has nobody to tell; others that do not answer are going as well.
      if (book.started.includes(host.name) && others.length > 0) {
        await leave(operated, place, host).catch(() => undefined);
      }
      await releaseHost(place, host.name);
      await rm(place.supervisor(host.name), { recursive: true, force: true });
      if (book.started.includes(host.name)) await writeBook(place, { started: others });
    });
  },
};

/** Has the units supervised and waits until they are well. */
async function start(place: Place, host: Host, units: readonly UnitFile[]): Promise<void> {
  await supervise(place, host, units);
  const described = host.units.filter(({ name }) => units.some((unit) => unit.name === name));
  await wellUnits(new UnitFolder(place.supervisor(host.name)), host, described, WELL_TIMEOUT);
}

async function supervise(place: Place, host: Host, units: readonly UnitFile[]): Promise<void> {
  const folder = new UnitFolder(place.supervisor(host.name));
  await mkdir(path.join(folder.directory, 'log'), { recursive: true, mode: 0o700 });
  for (const name of folder.names()) if (!units.some((unit) => unit.name === name)) folder.remove(name);
  for (const unit of units) folder.write(unit);
  await superviseHost(place, host.name);
}

/** Starts a host with a member of etcd: as the first, by joining the others, or again with its data. */
async function startMember(place: Place, { operated, host }: HostInputs, units: readonly UnitFile[]): Promise<void> {
  await layOutOperator(operated, place);
  const book = await readBook(place);
  const begin = startOf(book, place, host.name);
  const peers = operated.members.map(({ name, address }) => `${name}=https://${address}:${PEER_PORT}`).join(',');
  const etcd = units.find(({ name }) => name === ETCD)!;
  if (begin === 'again') await othersHoldQuorum(operated, place, host);
  else if (begin === 'first') {
    const alone = `${host.name}=https://${host.address}:${PEER_PORT}`;
    await start(place, host, [starting(etcd, host, alone, 'new')]);
  } else {
    const members = await joinAsLearner(operated, place, host);
    // A learner is not well before it votes.
    await supervise(place, host, [starting(etcd, host, members, 'existing')]);
    await caughtUp(() => promote(operated, place, host));
  }
  const requires = [memberData(place, host.name)];
  const again = { ...starting(etcd, host, peers, 'existing'), requires };
  await start(
    place,
    host,
    units.map((unit) => (unit === etcd ? again : unit)),
  );
  await writeBook(place, { started: [...new Set([...book.started, host.name])].sort() });
}

/**
 * etcd with the flags that only a first start reads. However often it starts afterwards, they say that it joins: a
 * member whose data has vanished must never found a cluster of its own.
 */
function starting(unit: UnitFile, host: Host, members: string, state: 'new' | 'existing'): UnitFile {
  const described = host.units.find(({ name }) => name === ETCD)!.flags.filter(({ firstStart }) => firstStart);
  const said: Readonly<Record<string, string>> = { '--initial-cluster': members, '--initial-cluster-state': state };
  const first = described.map((flag) => argumentOf(flag.name in said ? { ...flag, value: said[flag.name]! } : flag));
  return { ...unit, arguments: [...unit.arguments, ...first] };
}

async function caughtUp(promote: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + CATCH_UP_TIMEOUT;
  for (;;) {
    try {
      return await promote();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(500);
    }
  }
}

function hasMember(host: Host): boolean {
  return host.units.some(({ name }) => name === ETCD);
}
