import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host, Unit } from '../control-plane/host';
import { isRunning } from './process-table';
import type { UnitFile, UnitFolder } from './unit-files';

/** How long a port may take to answer whether anybody listens, in milliseconds. */
const TIMEOUT = 1_000;

/** Where every local cluster listens for what may not leave the host (CIS 1.3.7, 1.4.2). */
const SHARED = '127.0.0.1';

interface Listener {
  readonly address: string;
  readonly port: number;
}

/** How long a port may stay taken, in milliseconds: what was killed lets go of it only when its last thread has ended. */
const PATIENCE = 3_000;

/** Rejects where others listen on ports that units need which do not run yet: all such ports at once, and who it is. */
export async function refuseTakenPorts(folder: UnitFolder, host: Host, units: readonly UnitFile[]): Promise<void> {
  const idle = host.units.filter(
    ({ name }) => units.some((unit) => unit.name === name) && !isRunning(folder.state(name).process),
  );
  const faults = await Promise.all(
    idle.flatMap((unit) =>
      listenersOf(host, unit).map(async (listener) =>
        (await staysTaken(listener))
          ? `${listener.address}:${listener.port} of ${unit.name}${holder(listener)}`
          : undefined,
      ),
    ),
  );
  const taken = [...new Set(faults.filter((fault) => fault !== undefined))];
  if (taken.length === 0) return;
  const advice = taken.every((one) => one.startsWith(SHARED))
    ? `End that process: one control plane a machine can have ${SHARED}, where CIS wants these ports`
    : 'End that process, or write other addresses into platform.ts (controlPlane.addresses)';
  throw new Error(`${host.name}: taken by somebody else: ${taken.join('; ')}. ${advice}`);
}

/** Where a unit listens, as its flags and configuration say. */
export function listenersOf(host: Host, unit: Unit): Listener[] {
  const value = (flag: string): string | undefined => unit.flags.find(({ name }) => name === flag)?.value;
  const urls = unit.flags.filter(({ name }) => name.startsWith('--listen-')).map((flag) => flag.value ?? '');
  const found = urls
    .join(',')
    .split(',')
    .filter(Boolean)
    .map((url) => new URL(url))
    .map(({ hostname, port }) => ({ address: hostname, port: Number(port) }));
  const [address, port] = [value('--bind-address'), value('--secure-port')];
  if (address !== undefined && port !== undefined) found.push({ address, port: Number(port) });
  const configuration = host.files.find(({ path, content }) => typeof content === 'string' && path.endsWith('.cfg'));
  if (unit.program === 'haproxy' && configuration) {
    for (const [, at, on] of (configuration.content as string).matchAll(/^\s*bind (\S+):(\d+)$/gm)) {
      found.push({ address: at!, port: Number(on) });
    }
  }
  return found;
}

async function staysTaken(listener: Listener): Promise<boolean> {
  const deadline = Date.now() + PATIENCE;
  while (await listens(listener)) {
    if (Date.now() > deadline) return true;
    await sleep(100);
  }
  return false;
}

function listens({ address, port }: Listener): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: TIMEOUT });
    const answer = (found: boolean): void => {
      socket.destroy();
      resolve(found);
    };
    socket.on('connect', () => answer(true));
    socket.on('timeout', () => answer(true));
    socket.on('error', () => answer(false));
  });
}

/** Who listens there, where the kernel lets us know: a process of another user does not show. */
function holder({ address, port }: Listener): string {
  try {
    const own = [hexadecimal(address, port), hexadecimal('0.0.0.0', port)];
    const inodes = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => own.includes(fields[1] ?? '') && fields[3] === LISTENING)
      .map((fields) => `socket:[${fields[9]}]`);
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (socketsOf(pid).some((link) => inodes.includes(link))) {
        return `, by process ${pid} (${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()})`;
      }
    }
  } catch {
    // Whoever it was has gone meanwhile.
  }
  return '';
}

/** An address as /proc/net/tcp has it: its four bytes from the last to the first. */
function hexadecimal(address: string, port: number): string {
  const bytes = address.split('.').reverse().map(Number);
  const hex = (value: number, width: number): string => value.toString(16).toUpperCase().padStart(width, '0');
  return `${bytes.map((byte) => hex(byte, 2)).join('')}:${hex(port, 4)}`;
}

/** Source: the kernel's include/net/tcp_states.h. */
const LISTENING = '0A';

function socketsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
  } catch {
    return [];
  }
}
