import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Flag, Host, Unit } from '../control-plane/host';
import { digestOf } from './lay-out';
import type { Place } from './place';
import type { UnitFile } from './unit-files';

/** Paths of the engines by their program's name. */
export type Programs = Readonly<Record<string, string>>;

/** The unit of a host's member of etcd. */
export const ETCD = 'etcd';
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
  const { name, every } = unit;
  const program = programOf(host, unit, programs);
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
  // An API server starts anew together with its etcd: it drains first, so that no request meets an etcd that ends.
  const etcd = every === undefined ? host.units.filter((one) => one.name === ETCD && unit.after.includes(ETCD)) : [];
  const started = [unit, ...etcd].map((one) => [programOf(host, one, programs), argumentsOf(one)]);
  const revision = createHash('sha256')
    .update(JSON.stringify([started, file.environment, every]))
    .update(await digestOf([unit, ...etcd].flatMap(({ restartOn }) => restartOn)))
    .digest('hex');
  return { ...file, revision };
}

function programOf(host: Host, { name, program }: Unit, programs: Programs): string {
  const found = program.startsWith('/') ? program : programs[program];
  if (found === undefined) throw new Error(`${host.name}: no engine '${program}' was got for ${name}`);
  return found;
}
