import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { getEngine } from '../src/engines';

const PRODUCT = path.resolve(__dirname, '..');
/** Pulumi's own program for Node projects: official releases bring it, a build from the module does not. */
const LANGUAGE_HOST = 'pulumi-language-nodejs';

/** What a run of Pulumi gave. */
export interface PulumiRun {
  readonly code: number;
  /** What it printed, where it was not shown. */
  readonly output: string;
}

/**
 * The environment in which Pulumi finds its state, its passphrase and the program that runs Node projects. State is
 * kept in `.keelson/pulumi` of the platform's folder unless the user says where (PULUMI_BACKEND_URL), encrypted with a
 * passphrase that is made there once.
 */
export async function pulumiEnvironment(root: string, program: string): Promise<NodeJS.ProcessEnv> {
  const own = path.join(path.resolve(root), '.keelson', 'pulumi');
  const state = path.join(own, 'state');
  await mkdir(state, { recursive: true, mode: 0o700 });
  const given = process.env.PULUMI_CONFIG_PASSPHRASE ?? process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  const passphrase = path.join(own, 'passphrase');
  if (given === undefined && !existsSync(passphrase)) {
    await writeFile(passphrase, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
  }
  const folders = [path.dirname(program), ...(process.env.PATH ?? '').split(path.delimiter)];
  const hasHost = folders.some((folder) => existsSync(path.join(folder, LANGUAGE_HOST)));
  return {
    ...process.env,
    PATH: [...folders, ...(hasHost ? [] : [path.join(PRODUCT, 'bin', 'pulumi')])].join(path.delimiter),
    PULUMI_BACKEND_URL: process.env.PULUMI_BACKEND_URL ?? `file://${state}`,
    ...(given === undefined ? { PULUMI_CONFIG_PASSPHRASE_FILE: passphrase } : {}),
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
}

/**
 * Runs Pulumi on the platform's project. `show` gives it the terminal; else what it prints is kept and told when it
 * fails. Rejects only where it cannot be started.
 */
export async function runPulumi(root: string, args: readonly string[], show: boolean): Promise<PulumiRun> {
  const program = await getEngine('pulumi');
  const env = await pulumiEnvironment(root, program);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: path.resolve(root),
      env,
      stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
  });
}
