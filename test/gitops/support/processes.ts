import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Order } from './publisher';

const root = join(__dirname, '..', '..', '..');
const program = [join(root, 'bin', 'run-ts.cjs'), join(__dirname, 'publisher.ts')];

/** How a publisher ended. */
export interface Outcome {
  /** `killed` where it ended without a word. */
  readonly outcome: string;
  readonly commit?: string;
  readonly message?: string;
  readonly stderr: string;
}

/** How a publisher is run. */
export interface Running {
  /** Milliseconds after which it and its git processes are killed by SIGKILL. @default - never */
  readonly killAfter?: number;
  /** Kills it as soon as this holds. @default - never */
  readonly killWhen?: () => boolean;
  /** Only the publisher itself, so that its git processes go on without it. @default false */
  readonly aloneKilled?: boolean;
  /** Shell commands before it, such as `ulimit -f 8`. */
  readonly before?: string;
}

/** Publishes in a process of its own. */
export async function publishInProcess(order: Order, running: Running = {}): Promise<Outcome> {
  const command = running.before === undefined ? process.execPath : '/bin/sh';
  const args = [...program, JSON.stringify(order)];
  const shell = ['-c', `${running.before}; exec "$0" "$@"`, process.execPath];
  // A group of its own, so that its git processes can be killed with it.
  const child = spawn(command, running.before === undefined ? args : [...shell, ...args], {
    detached: true,
    cwd: root,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const end = new Promise((resolve) => child.on('close', resolve));
  const { killAfter, killWhen } = running;
  if (child.pid !== undefined && (killAfter !== undefined || killWhen !== undefined)) {
    await Promise.race([
      end,
      sleep(killAfter ?? 60_000, undefined, { ref: false }),
      killWhen ? until(killWhen, end) : end,
    ]);
    try {
      process.kill(running.aloneKilled ? child.pid : -child.pid, 'SIGKILL');
    } catch {
      // It had ended before.
    }
  }
  await end;
  return stdout === '' ? { outcome: 'killed', stderr } : { ...(JSON.parse(stdout) as Outcome), stderr };
}

async function until(holds: () => boolean, end: Promise<unknown>): Promise<void> {
  let ended = false;
  void end.then(() => (ended = true));
  while (!ended && !holds()) await sleep(5);
}
