import { spawn, spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { redact } from './redact';

/** How a git process ended. */
export interface GitRun {
  /** Exit code; `null` where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  /** What git said, without credentials. */
  readonly stderr: string;
}

/** What a git process is given beside its arguments. */
export interface GitOptions {
  /** @default - no input */
  readonly input?: string | Iterable<Buffer>;
  /** Further environment variables. */
  readonly env?: Record<string, string>;
  /** Where it runs. @default - the current directory */
  readonly cwd?: string;
}

/** A git process that failed. The message holds no credentials. */
export class GitError extends Error {
  constructor(
    readonly command: string,
    readonly run: GitRun,
  ) {
    const end = run.signal ? `ended by ${run.signal}` : `exit ${run.code}`;
    super(`git ${command} failed (${end}): ${run.stderr.trim()}`);
  }
}

// Set by git for hooks and by wrappers; they would turn our commands to another repository.
const redirecting = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_QUARANTINE_PATH',
  'GIT_SHALLOW_FILE',
  'GIT_GRAFT_FILE',
  'GIT_REPLACE_REF_BASE',
  'GIT_INTERNAL_SUPER_PREFIX',
];

/** The environment that every git process gets: this process's, in English, and silent where nobody can answer. */
export function gitEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C', LANGUAGE: 'C' };
  for (const name of redirecting) delete environment[name];
  // Traces print headers and URLs, credentials included.
  for (const name of Object.keys(environment)) {
    if (name.startsWith('GIT_TRACE') || name === 'GIT_CURL_VERBOSE') delete environment[name];
  }
  if (!process.stdin.isTTY) environment.GIT_TERMINAL_PROMPT = '0';
  return { ...environment, ...extra };
}

/** Runs git to its end, whatever its exit code. Throws only where git itself can't be started. */
export async function runGit(args: readonly string[], options: GitOptions = {}): Promise<GitRun> {
  const child = spawn('git', args, {
    env: gitEnvironment(options.env),
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const end = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  let fault: unknown;
  if (child.stdin && options.input !== undefined) {
    const input = typeof options.input === 'string' ? [options.input] : options.input;
    await pipeline(Readable.from(input), child.stdin).catch((error: unknown) => {
      // A process that ends early closes its input, and its exit code says why. Anything else: the input could not
      // be made, and git must not take what it has for the whole.
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'EPIPE' && code !== 'ECONNRESET' && code !== 'ERR_STREAM_PREMATURE_CLOSE') fault = error;
    });
  }
  const { code, signal } = await end;
  if (fault !== undefined) throw fault;
  return { code, signal, stdout: Buffer.concat(stdout), stderr: redact(Buffer.concat(stderr).toString('utf8')) };
}

/** Runs git and gives its output. Throws a `GitError` on any exit code but 0. */
export async function git(args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
  const run = await runGit(args, options);
  if (run.code !== 0) throw new GitError(verb(args), run);
  return run.stdout;
}

/** As `git`, where the caller can't wait. */
export function gitSync(args: readonly string[]): Buffer {
  const run = spawnSync('git', args, { env: gitEnvironment(), maxBuffer: 2 ** 30 });
  if (run.error) throw run.error;
  if (run.status === 0) return run.stdout;
  const stderr = redact(run.stderr.toString('utf8'));
  throw new GitError(verb(args), { code: run.status, signal: run.signal, stdout: run.stdout, stderr });
}

function verb(args: readonly string[]): string {
  let at = 0;
  while (args[at]?.startsWith('-')) at += args[at] === '--git-dir' || args[at] === '-c' || args[at] === '-C' ? 2 : 1;
  return args[at] ?? '';
}
