import { readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks between the machine's start and the process'. Source: proc(5), field 22 of /proc/<pid>/stat. */
  readonly startTime: string;
}

/** A process as the kernel knows it now; nothing where it has ended, also where nobody has collected it yet. */
export function processOf(pid: number): ProcessId | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name stands in brackets and may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTime] = [fields[0], fields[19]];
    return state === 'Z' || state === 'X' || startTime === undefined ? undefined : { pid, startTime };
  } catch {
    return undefined;
  }
}

/** Tells whether just this process still runs. */
export function isRunning(process: ProcessId | undefined): process is ProcessId {
  return process !== undefined && processOf(process.pid)?.startTime === process.startTime;
}

/** Memory that a process holds now, in bytes; 0 where it has ended. Source: proc(5), VmRSS. */
export function memoryOf(pid: number): number {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Seconds since a process was started; nothing where it has ended. */
export function secondsUp(process: ProcessId): number | undefined {
  if (!isRunning(process)) return undefined;
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  return Math.max(0, uptime - Number(process.startTime) / TICKS_A_SECOND);
}

/** The kernel's user-visible clock on every architecture that Node runs on. Source: proc(5), sysconf(_SC_CLK_TCK). */
const TICKS_A_SECOND = 100;

/** Sends a signal to just this process and never to a later one with its number. */
export function signal(target: ProcessId | undefined, name: NodeJS.Signals): void {
  if (!isRunning(target)) return;
  try {
    process.kill(target.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
