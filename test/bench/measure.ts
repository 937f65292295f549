import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one process took, from before its start to after its end. */
export interface Usage {
  /** Seconds on the clock. */
  readonly wall: number;
  /** Seconds of processors, all threads together; processes that it starts, such as git, are not in it. */
  readonly cpu: number;
  /** Largest resident memory in MiB; not that of processes that it starts. */
  readonly memory: number;
}

/** A run of a process. */
export interface Run extends Usage {
  readonly output: string;
}

/** Runs a Node program to its end and measures it from outside. Throws where it does not exit with 0. */
export async function measure(directory: string, args: readonly string[]): Promise<Run> {
  const usageFile = join(directory, 'usage.json');
  const started = performance.now();
  const child = spawn(process.execPath, ['--require', join(__dirname, 'usage.cjs'), ...args], {
    cwd: directory,
    env: { ...process.env, BENCH_USAGE: usageFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  const wall = (performance.now() - started) / 1000;
  if (code !== 0) {
    throw new Error(`${args.join(' ')} ended with ${String(code)}: ${Buffer.concat(errors).toString().slice(0, 2000)}`);
  }
  const { cpu, memory } = JSON.parse(readFileSync(usageFile, 'utf8')) as { cpu: number; memory: number };
  return { wall, cpu, memory: memory / 1024, output: Buffer.concat(output).toString() };
}
