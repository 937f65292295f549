import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getEngine } from '../src/engines';
import { untilUnlocked, whileLocked } from './pulumi-lock';

const PRODUCT = path.resolve(__dirname, '..');
/** Pulumi's own program for Node projects: official releases bring it, a build from the module does not. */
const LANGUAGE_HOST = 'pulumi-language-nodejs';

/** What a run of Pulumi gave. */
export interface PulumiRun {
  readonly code: number;
  /** What it printed, where it was not shown. */
  readonly output: string;
  /** What killed it. @default - nothing did */
  readonly signal?: NodeJS.Signals;
}

/** Pulumi said that it could not do something. The message holds its last words. */
export class PulumiError extends Error {
  override readonly name = 'PulumiError';
}

/**
 * What Pulumi's environment needs beyond the user's own, so that it finds its state, its passphrase and the program
 * that runs Node projects. State is kept in `.keelson/pulumi` of the platform's folder unless the user says where
 * (PULUMI_BACKEND_URL), encrypted with a passphrase that is made there once.
 */
async function pulumiVariables(root: string, program: string): Promise<Readonly<Record<string, string>>> {
  const own = path.join(path.resolve(root), '.keelson', 'pulumi');
  const state = path.join(own, 'state');
  await mkdir(state, { recursive: true, mode: 0o700 });
  const { PULUMI_CONFIG_PASSPHRASE: given, PULUMI_CONFIG_PASSPHRASE_FILE: file, PULUMI_BACKEND_URL } = process.env;
  const passphrase = path.join(own, 'passphrase');
  if (given === undefined && file === undefined) {
    await writeFile(passphrase, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
  const folders = [path.dirname(program), ...(process.env.PATH ?? '').split(path.delimiter)];
  const hasHost = folders.some((folder) => existsSync(path.join(folder, LANGUAGE_HOST)));
  return {
    PATH: [...new Set([...folders, ...(hasHost ? [] : [path.join(PRODUCT, 'bin', 'pulumi')])])].join(path.delimiter),
    PULUMI_BACKEND_URL: PULUMI_BACKEND_URL ?? `file://${state}`,
    ...pulumiHome(),
    ...(given === undefined ? { PULUMI_CONFIG_PASSPHRASE_FILE: file ?? passphrase } : {}),
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
}

/** Pulumi asks the machine for the user's home, not HOME; some users have none there. */
function pulumiHome(): Readonly<Record<string, string>> {
  const { HOME, PULUMI_HOME } = process.env;
  if (PULUMI_HOME !== undefined || !HOME || hasHome()) return {};
  return { PULUMI_HOME: path.join(HOME, '.pulumi') };
}

function hasHome(): boolean {
  try {
    return existsSync(userInfo().homedir);
  } catch {
    // The machine does not know this user at all.
    return false;
  }
}

/** Shell commands that let a person type `pulumi` by hand. They name the passphrase's file, never the passphrase. */
export async function exportsFor(root: string): Promise<string> {
  const variables = await pulumiVariables(root, await getEngine('pulumi'));
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll(`'`, `'\\''`)}'`)
    .join('\n');
}

/**
 * Runs Pulumi on the platform's project. `show` gives it the terminal; else what it prints is kept, and told line by
 * line to `onLine`. Rejects only where it cannot be started.
 */
export async function runPulumi(
  root: string,
  args: readonly string[],
  show: boolean,
  onLine: (line: string) => void = () => {},
): Promise<PulumiRun> {
  const program = await getEngine('pulumi');
  const env = { ...process.env, ...(await pulumiVariables(root, program)) };
  return new Promise((resolve, reject) => {
    const stdio: StdioOptions = show ? 'inherit' : ['ignore', 'pipe', 'pipe'];
    // In a group of its own a terminal's signal does not reach it beside ours: at a second one it ends without tidying up.
    const child: ChildProcess = spawn(program, args, { cwd: path.resolve(root), env, stdio, detached: !show });
    const interrupted = interruptible(child, show);
    let output = '';
    let line = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const lines = `${line}${text}`.split('\n');
        line = lines.pop()!;
        lines.forEach(onLine);
      });
    }
    child.on('error', (error) => {
      interrupted.end();
      reject(error);
    });
    child.on('close', (code, by) => {
      const signal = interrupted.end() ?? by;
      resolve({ code: code ?? 1, output, ...(signal ? { signal } : {}) });
    });
  });
}

const INTERRUPTIONS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * While Pulumi runs, whoever is asked to end has Pulumi end what it is at, and waits for it. A terminal's SIGINT reaches
 * a Pulumi that has the terminal by itself. `end` gives the first signal that came.
 */
function interruptible(child: ChildProcess, show: boolean): { readonly end: () => NodeJS.Signals | undefined } {
  let first: NodeJS.Signals | undefined;
  const pass = (signal: NodeJS.Signals): void => {
    first ??= signal;
    if (!show || signal !== 'SIGINT') child.kill('SIGINT');
  };
  for (const signal of INTERRUPTIONS) process.on(signal, pass);
  return {
    end: () => {
      for (const signal of INTERRUPTIONS) process.off(signal, pass);
      return first;
    },
  };
}

/**
 * Has Pulumi do something without showing it. Where another process of this machine is changing the stack, waits for
 * it; a lock that a killed one left is taken away. Rejects with a `PulumiError` that holds what it said was wrong.
 */
export async function pulumi(
  root: string,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): Promise<string> {
  const stack = args[args.indexOf('--stack') + 1];
  for (let refused = 0; ;) {
    if (args.includes('--stack')) await untilStackIsFree(root, stack!, onLine);
    const run = await runPulumi(root, [...args, '--non-interactive', '--color=never'], false, onLine);
    if (run.code === 0 && !run.signal) return run.output;
    // Somebody was faster, and may be through by now; or holds it from another machine, and goes on doing so.
    if (LOCKED.test(run.output)) {
      if (await untilStackIsFree(root, stack!, onLine)) continue;
      // Two that came at once refused each other: apart from one another, so that each has its turn.
      await sleep(MOMENT * (1 + Math.random()));
      if (++refused <= REFUSALS) continue;
    }
    throw new PulumiError(`pulumi ${args[0]}: ${await faultOf(root, run)}`);
  }
}

/** Waits until no process of this machine is changing a stack. Gives whether there was one, or its lock. */
export async function untilStackIsFree(
  root: string,
  stack: string,
  onWait: (message: string) => void = () => {},
): Promise<boolean> {
  const { PULUMI_BACKEND_URL: backend } = await pulumiVariables(root, await getEngine('pulumi'));
  return untilUnlocked(root, backend!, stack, onWait);
}

/** Does something while nobody may change a stack. */
export async function whileStackIsHeld<T>(root: string, stack: string, work: () => Promise<T>): Promise<T> {
  const { PULUMI_BACKEND_URL: backend } = await pulumiVariables(root, await getEngine('pulumi'));
  return whileLocked(root, backend!, stack, work);
}

/**
 * Where `.keelson/pulumi` was removed by hand, a stack's configuration still says what its passphrase was: no other would
 * be taken. It holds nothing else that is secret.
 */
export async function forgetLostPassphrase(root: string, stack: string): Promise<void> {
  const { PULUMI_CONFIG_PASSPHRASE: given, PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
  if (given !== undefined || file !== undefined) return;
  const configuration = path.join(path.resolve(root), `Pulumi.${stack}.yaml`);
  if (existsSync(path.join(path.resolve(root), '.keelson', 'pulumi')) || !existsSync(configuration)) return;
  const text = await readFile(configuration, 'utf8');
  await writeFile(configuration, text.replace(/^encryptionsalt: .*\n?/m, ''));
}

/**
 * Forgets what Pulumi keeps of stacks that are gone, history and copies of their state, where it is kept in the
 * platform's folder and no stack is left there.
 */
export async function forgetGoneStacks(root: string): Promise<void> {
  const own = path.join(path.resolve(root), '.keelson', 'pulumi');
  const { PULUMI_BACKEND_URL: backend } = await pulumiVariables(root, await getEngine('pulumi'));
  if (backend !== `file://${path.join(own, 'state')}`) return;
  const stacks = await readdir(path.join(own, 'state', '.pulumi', 'stacks'), { recursive: true }).catch(() => []);
  if (!stacks.some((name) => /\.json(\.gz)?$/.test(name))) await rm(own, { recursive: true, force: true });
}

/** Refusals by a lock that is not to be seen which are tried again, and the least time between them, in milliseconds. */
const [REFUSALS, MOMENT] = [8, 250];

const LOCKED = /the stack is currently locked/;

async function faultOf(root: string, { output, signal }: PulumiRun): Promise<string> {
  if (signal) return `was ended by ${signal}: run it again, which goes on from there`;
  const faults = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^error:/.test(line) && !/update failed$/.test(line))
    .map((line) => line.replace(/^error:\s*/, ''));
  const said = [...new Set(faults)].join('\n') || output.trim().split('\n').slice(-5).join('\n');
  if (said.includes('incorrect passphrase')) return `${said}; ${WHICH_PASSPHRASE}`;
  return said.includes('failed to load checkpoint') ? `${said}; ${await whereState(root)}` : said;
}

/** Pulumi encrypts what a stack's configuration and state hold as secret; here neither holds any. */
const WHICH_PASSPHRASE =
  'what is in .keelson/pulumi/passphrase is not what the stack was made with: bring it back or, for a local cluster, ' +
  'move .keelson/pulumi and Pulumi.<stack>.yaml away: the next run makes them anew and takes over what runs';

async function whereState(root: string): Promise<string> {
  const { PULUMI_BACKEND_URL: url } = await pulumiVariables(root, await getEngine('pulumi'));
  return `its state in ${url} is damaged: see 'A damaged file of the cluster' in docs/RUNBOOK.md`;
}
