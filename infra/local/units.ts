import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Flag, Host, Unit } from '../control-plane/host';
import { digestOf } from './lay-out';
import type { Place } from './place';
import type { UnitFile } from './unit-files';

/** Paths of the engines by their program's name. */
export type Programs = Readonly<Record<string, string>>;

/** How long a component may take to end by itself, in milliseconds: an API server finishes what it was asked. */
const STOP_TIMEOUT = 20_000;

/** A flag as it is typed. */
export function argumentOf({ name, value }: Flag): string {
  return value === undefined ? name : `${name}=${value}`;
}

/**
 * A unit's flags as they are typed, without those that only a first start of etcd reads: whether it starts for the
 * first time is the place's to know.
 */
export function argumentsOf(unit: Unit): string[] {
  return unit.flags.filter(({ firstStart }) => firstStart !== true).map(argumentOf);
}

/** What the host's supervisor runs for a unit, with the files as they lie there now. */
export async function unitFile(place: Place, host: Host, unit: Unit, programs: Programs): Promise<UnitFile> {
  const { name, every, restartOn } = unit;
  const program = unit.program.startsWith('/') ? unit.program : programs[unit.program];
  if (program === undefined) throw new Error(`${host.name}: no engine '${unit.program}' was got for ${name}`);
  const folders = [...new Set(Object.values(programs).map((file) => path.dirname(file)))];
  const file: Omit<UnitFile, 'revision'> = {
    name,
    program,
    arguments: argumentsOf(unit),
    // Scripts find the engines by name; nothing else of the environment of whoever typed `up` reaches a component.
    environment: { PATH: [...folders, '/usr/local/bin', '/usr/bin', '/bin'].join(':') },
    log: path.join(place.supervisor(host.name), 'log', `${name}.log`),
    ...(every === undefined ? {} : { every }),
    requires: [],
    after: unit.after,
    stopTimeout: STOP_TIMEOUT,
  };
  return { ...file, revision: await revisionOf(file, restartOn) };
}

async function revisionOf(file: Omit<UnitFile, 'revision'>, restartOn: readonly string[]): Promise<string> {
  return createHash('sha256')
    .update(JSON.stringify([file.program, file.arguments, file.environment, file.every]))
    .update(await digestOf(restartOn))
    .digest('hex');
}
