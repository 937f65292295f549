import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from './place';
import { isRunning, signal, type ProcessId } from './process-table';
import { endStrays, findSupervisor, markedProcesses } from './strays';
import { UnitFolder, type UnitFile } from './unit-files';

const PRODUCT = path.resolve(__dirname, '..', '..');
const SUPERVISE = [path.join(PRODUCT, 'bin', 'run-ts.cjs'), path.join(__dirname, 'supervise.ts')];
/** A host's supervisor ends its own units first, in milliseconds. */
const HOST_STOP_TIMEOUT = 45_000;
/** How long a supervisor may take to start or to end, in milliseconds. */
const TIMEOUT = 60_000;

/** The process that supervises a folder, where one does. */
export function supervisorOf(directory: string): ProcessId | undefined {
  try {
    const process = JSON.parse(readFileSync(path.join(directory, 'supervisor.json'), 'utf8')) as ProcessId;
    if (isRunning(process)) return process;
  } catch {
    // Gone or damaged.
  }
  return findSupervisor(directory);
}

/** Has a host's units supervised: starts what is missing of the machine's supervisor and of the host's. */
export async function superviseHost(place: Place, host: string): Promise<void> {
  const directory = place.supervisor(host);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  mkdirSync(place.machine, { recursive: true, mode: 0o700 });
  const unit: UnitFile = {
    name: host,
    program: process.execPath,
    arguments: [...SUPERVISE, directory],
    environment: { PATH: process.env.PATH ?? '', NODE_NO_WARNINGS: '1' },
    log: path.join(directory, 'supervisor.log'),
    requires: [],
    after: [],
    stopTimeout: HOST_STOP_TIMEOUT,
    revision: process.version,
  };
  const machine = new UnitFolder(place.machine);
  machine.write(unit);
  superviseMachine(place);
  // One that is about to be started anew would end its units once more.
  const current = (): boolean =>
    machine.state(host).revision === unit.revision && supervisorOf(directory) !== undefined;
  await until(current, `${host}: its supervisor does not start (${unit.log})`);
}

/** Ends a host's units and its supervisor. */
export async function releaseHost(place: Place, host: string): Promise<void> {
  new UnitFolder(place.machine).remove(host);
  const supervisor = supervisorOf(place.supervisor(host));
  // Where the machine's supervisor runs it does the same; twice does no harm.
  signal(supervisor, 'SIGTERM');
  await until(() => !isRunning(supervisor), `${host}: process ${supervisor?.pid} does not end`);
  await endLeftovers(place.supervisor(host));
  await endStrays(place.supervisor(host));
}

/** Ends the machine's supervisor and with it every host. */
export async function releaseMachine(place: Place): Promise<void> {
  const supervisor = supervisorOf(place.machine);
  if (supervisor) {
    signal(supervisor, 'SIGTERM');
    await until(() => !isRunning(supervisor), `the machine's supervisor, process ${supervisor.pid}, does not end`);
  }
  // What the supervisor was killed before it could end.
  const folder = new UnitFolder(place.machine);
  const hosts = markedProcesses(place.machine).map(({ unit }) => unit);
  for (const host of new Set([...folder.names(), ...folder.known(), ...hosts])) await releaseHost(place, host);
  await endLeftovers(place.machine);
  await endStrays(place.directory);
}

function superviseMachine(place: Place): void {
  if (supervisorOf(place.machine)) return;
  const log = openSync(path.join(place.machine, 'supervisor.log'), 'a', 0o600);
  try {
    spawn(process.execPath, [...SUPERVISE, place.machine], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH: process.env.PATH ?? '', NODE_NO_WARNINGS: '1' },
    }).unref();
  } finally {
    closeSync(log);
  }
}

/** Units that run although nobody supervises them any more. */
async function endLeftovers(directory: string): Promise<void> {
  const folder = new UnitFolder(directory);
  const left = folder.known().map((name) => folder.state(name).process);
  for (const process of left) signal(process, 'SIGTERM');
  for (const process of left) {
    const ended = await until(() => !isRunning(process)).then(
      () => true,
      () => false,
    );
    if (!ended) signal(process, 'SIGKILL');
  }
}

/** Waits until something holds; rejects with the words, where it never does. */
export async function until(holds: () => boolean, words = 'timed out', timeout = TIMEOUT): Promise<void> {
  const deadline = Date.now() + timeout;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(words);
    await sleep(50);
  }
}
