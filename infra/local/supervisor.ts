import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, openSync, statSync, truncateSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, processOf, signal } from './process-table';
import { MARK, markedProcesses, markOf } from './strays';
import { UnitFolder, type UnitFile, type UnitState } from './unit-files';

/** How often the supervisor looks, in milliseconds. */
const INTERVAL = 250;
/** Waits between starts of what keeps ending, in milliseconds: the first, doubled each time, and the longest. */
const [FIRST_WAIT, LONGEST_WAIT] = [500, 10_000];
/** What runs this long has started well, in milliseconds. */
const STEADY = 20_000;
/** A program on a schedule that failed is tried again after this, in milliseconds. */
const RETRY = 60_000;
/** Where nothing says how long a process may take to end, in milliseconds. */
const STOP_TIMEOUT = 15_000;
/** Size in bytes at which a log is set aside; one older part is kept. */
const LOG_SIZE = 16 * 1024 * 1024;

/**
 * Keeps the units of a folder running until it is told to end (SIGTERM, SIGINT): then it ends them, each after those
 * that need it. Each time it looks, it compares what shall run with what runs, by process number and start time, and
 * does the one thing that is missing. So it needs no memory: killed and started again, it takes over what its
 * predecessor left running.
 */
export class Supervisor {
  readonly #folder: UnitFolder;
  /** When each unit was asked to end. */
  readonly #ending = new Map<string, number>();
  #stopping = false;

  constructor(directory: string) {
    this.#folder = new UnitFolder(directory);
  }

  /** Runs until `stop` was called and every unit has ended. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      try {
        this.#look(this.#folder.names());
      } catch (error) {
        // A full disk takes no state: what runs goes on, and the next look may find room again.
        process.stderr.write(`${(error as Error).message}\n`);
      }
      await sleep(INTERVAL);
    }
    while (this.#endAll(this.#folder.known())) await sleep(INTERVAL / 5);
  }

  stop(): void {
    this.#stopping = true;
  }

  #look(wanted: readonly string[]): void {
    const unwanted = this.#folder.known().filter((known) => !wanted.includes(known));
    this.#endAll(unwanted);
    for (const name of unwanted) if (!isRunning(this.#folder.state(name).process)) this.#folder.removeState(name);
    for (const name of wanted) {
      const unit = this.#folder.unit(name);
      if (unit) this.#keep(unit, this.#folder.state(name));
    }
  }

  #keep(unit: UnitFile, state: UnitState): void {
    if (isRunning(state.process)) {
      if (state.revision !== unit.revision) {
        if (!this.#needers(unit.name).some((other) => this.#isOutdated(other))) this.#end(unit.name, state);
        return;
      }
      this.#ending.delete(unit.name);
      if (state.failures > 0 && Date.now() - (state.started ?? 0) > STEADY) {
        this.#folder.writeState(unit.name, { ...state, failures: 0 });
      }
      return setAside(unit.log);
    }
    const asked = this.#ending.delete(unit.name);
    if (state.process && state.ended === undefined) {
      const soon = !asked && unit.every === undefined && Date.now() - (state.started ?? 0) < STEADY;
      state = { ...state, ended: Date.now(), failures: soon ? state.failures + 1 : state.failures };
      this.#folder.writeState(unit.name, state);
    }
    if (state.revision === unit.revision && !asked && Date.now() < due(unit, state)) return;
    if (!unit.requires.every((file) => existsSync(file))) return;
    if (unit.after.some((other) => this.#isOutdated(other))) return;
    if (!state.process && this.#takeOver(unit)) return;
    this.#start(unit, state);
  }

  /** Where a state was lost the process may still run: it is known by its mark, and will be started anew as one of another revision. */
  #takeOver({ name }: UnitFile): boolean {
    const { directory } = this.#folder;
    const left = markedProcesses(directory).find((one) => one.directory === directory && one.unit === name);
    if (!left) return false;
    process.stderr.write(`${name}: its state was lost: process ${left.process.pid} is ended and started anew\n`);
    this.#folder.writeState(name, { process: left.process, started: Date.now(), failures: 0 });
    return true;
  }

  #start(unit: UnitFile, state: UnitState): void {
    const output = openSync(unit.log, 'a', 0o600);
    try {
      const child = spawn(unit.program, unit.arguments, {
        detached: true,
        stdio: ['ignore', output, output],
        env: { ...unit.environment, [MARK]: markOf(this.#folder.directory, unit.name) },
      });
      const started = child.pid === undefined ? undefined : processOf(child.pid);
      const next: UnitState = {
        ...(started ? { process: started } : {}),
        revision: unit.revision,
        after: unit.after,
        stopTimeout: unit.stopTimeout,
        started: Date.now(),
        // What it did before a change says nothing about it now.
        failures: state.revision === unit.revision ? state.failures : 0,
      };
      this.#folder.writeState(unit.name, next);
      child.on('error', (error) => {
        process.stderr.write(`${unit.name}: ${error.message}\n`);
        this.#folder.writeState(unit.name, { ...next, ended: Date.now(), exitCode: 127, failures: next.failures + 1 });
      });
      child.on('exit', (code, by) => {
        const current = this.#folder.state(unit.name);
        if (current.process?.pid !== child.pid || current.ended !== undefined) return;
        const itself = !this.#ending.has(unit.name) && by !== 'SIGKILL' && by !== 'SIGTERM';
        const soon = unit.every === undefined && itself && Date.now() - next.started! < STEADY;
        this.#folder.writeState(unit.name, {
          ...current,
          ended: Date.now(),
          ...(code === null ? {} : { exitCode: code }),
          failures: soon ? current.failures + 1 : unit.every === undefined || code === 0 ? 0 : current.failures + 1,
        });
        process.stderr.write(`${unit.name}: ended ${code === null ? `by ${by}` : `with exit code ${code}`}\n`);
      });
      child.unref();
    } finally {
      closeSync(output);
    }
  }

  /** Runs as it was before a change: an API server drains while its etcd still answers, and starts after it did. */
  #isOutdated(name: string): boolean {
    const [unit, state] = [this.#folder.unit(name), this.#folder.state(name)];
    return unit !== undefined && isRunning(state.process) && state.revision !== unit.revision;
  }

  #needers(name: string): string[] {
    return this.#folder.names().filter((other) => this.#folder.state(other).after?.includes(name));
  }

  /** Asks a unit to end, and kills it when it has had its time. */
  #end(name: string, { process, stopTimeout = STOP_TIMEOUT }: UnitState): void {
    const asked = this.#ending.get(name);
    if (asked === undefined) {
      this.#ending.set(name, Date.now());
      signal(process, 'SIGTERM');
    } else if (Date.now() - asked > stopTimeout) signal(process, 'SIGKILL');
  }

  /** Asks those to end that none of the others needs any more. Tells whether any still runs. */
  #endAll(names: readonly string[]): boolean {
    const running = names
      .map((name) => ({ name, state: this.#folder.state(name) }))
      .filter(({ state }) => isRunning(state.process));
    for (const { name, state } of running) {
      if (!running.some((other) => other.state.after?.includes(name))) this.#end(name, state);
    }
    return running.length > 0;
  }
}

/** When a unit that does not run is to be started, in milliseconds since 1970. */
function due(unit: UnitFile, { started, ended = 0, exitCode, failures }: UnitState): number {
  if (started === undefined) return 0;
  if (unit.every !== undefined) return ended + (exitCode ? Math.min(RETRY, unit.every * 1000) : unit.every * 1000);
  if (failures === 0) return 0;
  return ended + Math.min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT);
}

/** The process keeps its file open for appending: so the content is copied away and the file emptied. */
function setAside(log: string): void {
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (size < LOG_SIZE) return;
  copyFileSync(log, `${log}.1`);
  truncateSync(log);
}
