import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Host } from '../control-plane/host';
import { memberData } from './members';
import type { Operated } from './operator';
import type { Place } from './place';
import { refuseTakenPorts } from './ports';
import { endStrays } from './strays';
import { superviseHost, until } from './supervision';
import { isRunning } from './process-table';
import { UnitFolder, type UnitFile } from './unit-files';
import { argumentOf, ETCD } from './units';
import { wellUnits } from './wellness';

/** How long a host may take to become well, in milliseconds: 9 s were measured on a busy machine. */
const WELL_TIMEOUT = 180_000;
const PEER_PORT = 2380;

export function hasMember(host: Host): boolean {
  return host.units.some(({ name }) => name === ETCD);
}

/** Where a member finds one of its peers, as etcd's flags say it. */
export function peer({ name, address }: { readonly name: string; readonly address: string }): string {
  return `${name}=https://${address}:${PEER_PORT}`;
}

/**
 * etcd with the flags that only a first start reads. However often it starts afterwards, they say that it joins: a
 * member whose data has vanished must never found a cluster of its own.
 */
export function starting(unit: UnitFile, host: Host, members: string, state: 'new' | 'existing'): UnitFile {
  const described = host.units.find(({ name }) => name === ETCD)!.flags.filter(({ firstStart }) => firstStart);
  const said: Readonly<Record<string, string>> = { '--initial-cluster': members, '--initial-cluster-state': state };
  const first = described.map((flag) => argumentOf(flag.name in said ? { ...flag, value: said[flag.name]! } : flag));
  return { ...unit, arguments: [...unit.arguments, ...first] };
}

/** The units of a host whose member has its data: without it the supervisor leaves etcd alone. */
export function withData(operated: Operated, place: Place, host: Host, units: readonly UnitFile[]): UnitFile[] {
  const peers = operated.members.map(peer).join(',');
  const requires = [memberData(place, host.name)];
  return units.map((unit) => (unit.name === ETCD ? { ...starting(unit, host, peers, 'existing'), requires } : unit));
}

/** Has just these units of a host supervised. Does not wait for them. Rejects where somebody else has their ports. */
export async function supervise(place: Place, host: Host, units: readonly UnitFile[]): Promise<void> {
  const folder = new UnitFolder(place.supervisor(host.name));
  await mkdir(path.join(folder.directory, 'log'), { recursive: true, mode: 0o700 });
  await endStrays(folder.directory);
  await refuseTakenPorts(folder, host, units);
  for (const name of folder.names()) if (!units.some((unit) => unit.name === name)) folder.remove(name);
  // What needs others first: the supervisor, which may look at any moment, then ends it first.
  for (const unit of [...units].reverse()) folder.write(unit);
  await superviseHost(place, host.name);
}

/** Waits until units of a host are well, all of them where none are named. */
export async function waitWell(place: Place, host: Host, units?: readonly UnitFile[]): Promise<void> {
  const described = host.units.filter(({ name }) => units?.some((unit) => unit.name === name) ?? true);
  await wellUnits(new UnitFolder(place.supervisor(host.name)), host, described, WELL_TIMEOUT);
}

/** Has the units supervised and waits until they are well. */
export async function start(place: Place, host: Host, units: readonly UnitFile[]): Promise<void> {
  await supervise(place, host, units);
  await waitWell(place, host, units);
}

/** Ends every unit of a host but one; its supervisor stays. */
export async function stop(place: Place, host: Host, except?: string): Promise<void> {
  const folder = new UnitFolder(place.supervisor(host.name));
  for (const name of folder.names()) if (name !== except) folder.remove(name);
  await superviseHost(place, host.name);
  const running = (): string[] =>
    folder.known().filter((name) => name !== except && isRunning(folder.state(name).process));
  await until(() => running().length === 0, `${host.name}: ${running().join(', ')} does not end`);
}
