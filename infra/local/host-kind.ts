import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../control-plane/host';
import type { Kind } from '../provider/kind';
import { FolderStore } from '../secrets/folder-store';
import { exclusively } from './exclusively';
import { fileDrift, layOut } from './lay-out';
import { handOver, joinAsLearner, leave, othersHoldQuorum, promote, readBook, startOf, writeBook } from './members';
import { layOutOperator, operatorDrift, type Operated } from './operator';
import { placeAt, type Place } from './place';
import { isRunning } from './process-table';
import { programsOf } from './programs';
import { hasMember, peer, start, starting, stop, supervise, withData } from './run-host';
import { releaseHost, supervisorOf } from './supervision';
import { UnitFolder, type UnitFile } from './unit-files';
import { ETCD, unitFile } from './units';
import { unitFault } from './wellness';

/** What a local host shall be. Not secret: Pulumi's state keeps it. */
export interface HostInputs {
  readonly operated: Operated;
  readonly kubernetesVersion: string;
  readonly host: Host;
}

/** How long a learner may take to catch up, in milliseconds. */
const CATCH_UP_TIMEOUT = 120_000;

/** A host of a local cluster: files below a folder, and supervised processes. */
export const host: Kind<HostInputs> = {
  async drift({ host, operated }) {
    const place = placeAt(operated.directory);
    if (supervisorOf(place.supervisor(host.name)) === undefined) return [`${host.name}: nothing supervises it`];
    const store = await FolderStore.open(place.secrets);
    const folder = new UnitFolder(place.supervisor(host.name));
    const units = await Promise.all(host.units.map((unit) => unitFault(folder, host, unit)));
    // Those of whoever operates the cluster are written with the first member's.
    const operator = host.name === operated.members[0]?.name ? await operatorDrift(operated, place) : [];
    return [...(await fileDrift(host, store)), ...operator, ...units.filter((fault) => fault !== undefined)];
  },

  async make(inputs) {
    const place = placeAt(inputs.operated.directory);
    await exclusively(place, () => makeHost(place, inputs));
    return { address: inputs.host.address };
  },

  async remove({ host, operated }) {
    const place = placeAt(operated.directory);
    await exclusively(place, () => removeHost(place, operated, host));
  },
};

/** Makes a host as it is described, or as it has become by a rotation. For one who is inside `exclusively`. */
export async function makeHost(place: Place, inputs: HostInputs): Promise<void> {
  const { host } = inputs;
  const programs = await programsOf(host, inputs.kubernetesVersion);
  await layOut(host, await FolderStore.open(place.secrets));
  const units = await Promise.all(host.units.map((unit) => unitFile(place, host, unit, programs)));
  if (hasMember(host)) await startMember(place, inputs, units);
  else await start(place, host, units);
}

/** Takes a host out of its cluster and removes it with its data. For one who is inside `exclusively`. */
export async function removeHost(place: Place, operated: Operated, host: Host): Promise<void> {
  const book = await readBook(place);
  const others = book.started.filter((name) => name !== host.name);
  // While etcd answers: without it an API server takes a minute to end.
  if (hasMember(host) && supervisorOf(place.supervisor(host.name))) {
    await stop(place, host, ETCD).catch(() => undefined);
    if (isRunning(new UnitFolder(place.supervisor(host.name)).state(ETCD).process)) {
      await handOver(place, host).catch(() => undefined);
    }
  }
  // The last one has nobody to tell; others that do not answer are going as well.
  if (book.started.includes(host.name) && others.length > 0) {
    await leave(operated, place, host).catch(() => undefined);
  }
  await releaseHost(place, host.name);
  await rm(place.supervisor(host.name), { recursive: true, force: true });
  if (book.started.includes(host.name)) await writeBook(place, { started: others });
}

/** Starts a host with a member of etcd: as the first, by joining the others, or again with its data. */
async function startMember(place: Place, { operated, host }: HostInputs, units: readonly UnitFile[]): Promise<void> {
  await layOutOperator(operated, place);
  const book = await readBook(place);
  const begin = startOf(book, place, host.name);
  const etcd = units.find(({ name }) => name === ETCD)!;
  if (begin === 'again') await othersHoldQuorum(operated, place, host);
  else if (begin === 'first') await start(place, host, [starting(etcd, host, peer(host), 'new')]);
  else {
    const members = await joinAsLearner(operated, place, host);
    // A learner is not well before it votes.
    await supervise(place, host, [starting(etcd, host, members, 'existing')]);
    await caughtUp(() => promote(operated, place, host));
  }
  await start(place, host, withData(operated, place, host, units));
  await writeBook(place, { started: [...new Set([...book.started, host.name])].sort() });
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
