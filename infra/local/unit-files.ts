import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ProcessId } from './process-table';

/** What a supervisor keeps running: the local form of a unit. Written by `up`, read by the supervisor. */
export interface UnitFile {
  readonly name: string;
  /** Absolute path. */
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** File that both outputs are appended to. */
  readonly log: string;
  /** Seconds from the end of one run to the next. @default - it runs for ever */
  readonly every?: number;
  /** Paths that must be there before it may start: without its data, a member of etcd must not start as if it were new. */
  readonly requires: readonly string[];
  /** Units that it needs until it has ended: they end after it. */
  readonly after: readonly string[];
  /** How long it may take to end by itself before it is killed, in milliseconds. */
  readonly stopTimeout: number;
  /** Changes with whatever it reads at start only; the supervisor starts it anew then. */
  readonly revision: string;
}

/** What became of a unit: written by the supervisor alone. */
export interface UnitState {
  /** The process, while it runs and after it has ended. */
  readonly process?: ProcessId;
  /** Revision that it was started with. */
  readonly revision?: string;
  /** Milliseconds since 1970 of the last start, and of the last end that was seen. */
  readonly started?: number;
  readonly ended?: number;
  /** @default - it runs, or nobody saw how it ended */
  readonly exitCode?: number;
  /** As its unit said when it was started; it holds also once the unit is gone. */
  readonly after?: readonly string[];
  readonly stopTimeout?: number;
  /** How many times in a row it ended soon after its start. */
  readonly failures: number;
}

/** Folders of one supervisor: `units` says what shall run, `state` what does. */
export class UnitFolder {
  constructor(readonly directory: string) {}

  /** Names of the units that shall run, in the order of their names. */
  names(): string[] {
    return namesIn(path.join(this.directory, 'units'));
  }

  /** Names of the units that a state is kept of. */
  known(): string[] {
    return namesIn(path.join(this.directory, 'state'));
  }

  unit(name: string): UnitFile | undefined {
    return read<UnitFile>(this.#file('units', name));
  }

  state(name: string): UnitState {
    return read<UnitState>(this.#file('state', name)) ?? { failures: 0 };
  }

  write(unit: UnitFile): void {
    write(this.#file('units', unit.name), unit);
  }

  remove(name: string): void {
    rmSync(this.#file('units', name), { force: true });
  }

  writeState(name: string, state: UnitState): void {
    write(this.#file('state', name), state);
  }

  removeState(name: string): void {
    rmSync(this.#file('state', name), { force: true });
  }

  #file(folder: 'units' | 'state', name: string): string {
    return path.join(this.directory, folder, `${name}.json`);
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A file that is gone or damaged says nothing: the supervisor then starts from what it sees running. */
function read<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whoever reads sees the old content or the new. Logs and arguments concern the owner alone. */
function write(file: string, content: UnitFile | UnitState): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${randomUUID()}.tmp`;
  writeFileSync(fresh, JSON.stringify(content), { mode: 0o600 });
  renameSync(fresh, file);
}
