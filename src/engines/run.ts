import { execFile } from 'node:child_process';

/** How a program is run: its folder, its environment and how long it may take (milliseconds). */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeout?: number;
}

/** Runs a program without a shell and gives what it printed. Rejects with its last lines of output when it fails. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 64 * 1024 * 1024, ...options }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = (stderr || stdout).trim().split('\n').slice(-5).join('; ');
      reject(new Error(said || error.message, { cause: { error, stdout } }));
    });
  });
}
