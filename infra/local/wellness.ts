import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host, Unit } from '../control-plane/host';
import { unwell } from './health';
import { isRunning } from './process-table';
import type { UnitFolder } from './unit-files';
import { argumentsOf, ETCD } from './units';

/** How often one asks, in milliseconds. */
const INTERVAL = 250;
/** A unit that is asked about once may just be busy or starting: how long it is asked again, in milliseconds. */
const PATIENCE = 3_000;
/** A component that waits for another ends a few times; one that ends this often in a row will not start. */
const HOPELESS = 6;
/** One that ended this often in a row is not well before it has run for a while. */
const KEEPS_ENDING = 5;
/** Lines of a log that tell why a program ended. */
const LAST_WORDS = 3;

/** What is wrong with a unit now, or nothing. */
export async function unitFault(folder: UnitFolder, host: Host, unit: Unit): Promise<string | undefined> {
  const written = folder.unit(unit.name);
  if (!written) return `${host.name}: ${unit.name} is not supervised, or its unit is damaged: run 'keelson up'`;
  // etcd has more: those that only a first start reads.
  if (!argumentsOf(unit).every((argument, i) => written.arguments[i] === argument)) {
    return `${host.name}: ${unit.name} runs with other flags`;
  }
  if (unit.every !== undefined) return undefined;
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const fault = (await whyNotWell(folder, host, unit)) ?? keepsEnding(folder, host, unit);
    if (fault === undefined || Date.now() > deadline) return fault;
    await sleep(INTERVAL);
  }
}

/** Waits until units of a host are well; rejects with the words of the one that is not. */
export async function wellUnits(
  folder: UnitFolder,
  host: Host,
  units: readonly Unit[],
  timeout: number,
): Promise<void> {
  const deadline = Date.now() + timeout;
  for (const unit of units.filter(({ every }) => every === undefined)) {
    for (;;) {
      const fault = await whyNotWell(folder, host, unit);
      if (fault === undefined) break;
      const { failures, revision } = folder.state(unit.name);
      const hopeless = failures >= HOPELESS && revision === folder.unit(unit.name)?.revision;
      if (hopeless || Date.now() > deadline) throw new Error(`${fault}${await lastWords(folder, unit)}`);
      await sleep(INTERVAL);
    }
  }
}

/** One that starts and ends may look well at any one moment, most of all where somebody else answers at its port. */
function keepsEnding(folder: UnitFolder, host: Host, { name }: Unit): string | undefined {
  const { failures } = folder.state(name);
  return failures < KEEPS_ENDING
    ? undefined
    : `${host.name}: ${name} keeps ending, ${failures} times in a row until now`;
}

/** Why a unit is not well at this moment, or nothing. */
async function whyNotWell(folder: UnitFolder, host: Host, unit: Unit): Promise<string | undefined> {
  const [file, state] = [folder.unit(unit.name), folder.state(unit.name)];
  const named = `${host.name}: ${unit.name}`;
  if (!isRunning(state.process)) {
    const missing = file?.requires.find((path) => !existsSync(path));
    if (missing) {
      return `${named} lost its data (${missing}): ${replacing(folder, host)}`;
    }
    const how = state.exitCode === undefined ? '' : `, exit code ${state.exitCode}`;
    if (state.failures < 2) return `${named} does not run${how}`;
    const what = unit.name === ETCD ? `; is its data damaged? then ${replacing(folder, host)}` : '';
    return `${named} does not run${how}, ended ${state.failures} times in a row${what}`;
  }
  if (file && state.revision !== file.revision) return `${named} runs as it was before the last change`;
  const fault = unit.health && (await unwell(unit.health));
  return fault === undefined ? undefined : `${named} is not well: ${fault}`;
}

/** What brings a member of etcd back that cannot come back with its data. */
function replacing({ directory }: UnitFolder, { name }: Host): string {
  // A host's folder stands below that of all hosts, and this below the cluster's.
  const cluster = path.basename(path.dirname(path.dirname(directory)));
  return (
    `run 'keelson cluster replace-host ${cluster} ${name} --yes', or, where no majority of hosts is left, ` +
    `'keelson cluster restore ${cluster} --yes'`
  );
}

async function lastWords(folder: UnitFolder, unit: Unit): Promise<string> {
  const log = folder.unit(unit.name)?.log;
  const text = log === undefined ? '' : await readFile(log, 'utf8').catch(() => '');
  const lines = text.trim().split('\n').slice(-LAST_WORDS).filter(Boolean);
  return `; its log ${log} ends: ${lines.map((line) => line.slice(0, 400)).join(' / ') || '(empty)'}`;
}
