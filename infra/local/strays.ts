import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, processOf, signal, type ProcessId } from './process-table';
import { UnitFolder } from './unit-files';

/** Variable that a supervisor gives whatever it starts: so it is known also where the supervisor's files are gone. */
export const MARK = 'KEELSON_UNIT';
/** One that a supervisor has just started may not be written down yet: how long until one looks again, in milliseconds. */
const AGAIN = 200;
/** How long a stray may take to end by itself, in milliseconds. */
const STOP_TIMEOUT = 10_000;

/** A process that a supervisor started. */
export interface MarkedProcess {
  /** Folder of the supervisor. */
  readonly directory: string;
  readonly unit: string;
  readonly process: ProcessId;
}

/** What a supervisor's unit is marked with. */
export function markOf(directory: string, unit: string): string {
  return path.join(directory, 'units', unit);
}

/** What supervisors of a folder, or of folders below it, started, by unit; without what that started itself. */
export function markedProcesses(directory: string): MarkedProcess[] {
  const marks = new Map<number, string>();
  for (const pid of processNumbers()) {
    const mark = markOfProcess(pid);
    if (mark?.startsWith(`${directory}/`)) marks.set(pid, mark);
  }
  const inOrder = [...marks].sort(([, one], [, other]) => (one < other ? -1 : 1));
  return inOrder.flatMap(([pid, mark]) => {
    const process = processOf(pid);
    if (!process || marks.get(parentOf(pid)) === mark) return [];
    return [{ directory: path.dirname(path.dirname(mark)), unit: path.basename(mark), process }];
  });
}

/** The process that supervises a folder, by its arguments: for where its own file is gone or damaged. */
export function findSupervisor(directory: string): ProcessId | undefined {
  for (const pid of processNumbers()) {
    const [last, program] = read(pid, 'cmdline').split('\0').filter(Boolean).reverse();
    if (last === directory && program?.endsWith(`${path.sep}supervise.ts`)) return processOf(pid);
  }
  return undefined;
}

/**
 * Ends what supervisors of a folder, or below it, started and none of them knows of any more, since their files were
 * damaged or removed. It would keep its ports, and etcd its data.
 */
export async function endStrays(directory: string): Promise<void> {
  const first = strays(directory);
  if (first.length === 0) return;
  await sleep(AGAIN);
  const still = strays(directory).filter(({ process }) => first.some((one) => one.process.pid === process.pid));
  for (const { process } of still) signal(process, 'SIGTERM');
  const deadline = Date.now() + STOP_TIMEOUT;
  while (still.some(({ process }) => isRunning(process)) && Date.now() < deadline) await sleep(AGAIN / 4);
  for (const { process } of still) signal(process, 'SIGKILL');
}

function strays(directory: string): MarkedProcess[] {
  return markedProcesses(directory).filter(
    (one) => new UnitFolder(one.directory).state(one.unit).process?.pid !== one.process.pid,
  );
}

function processNumbers(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function markOfProcess(pid: number): string | undefined {
  const own = read(pid, 'environ')
    .split('\0')
    .find((variable) => variable.startsWith(`${MARK}=`));
  return own?.slice(MARK.length + 1);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(read(pid, 'status'))?.[1] ?? 0);
}

/** Empty where the process has ended, or is another user's. */
function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
