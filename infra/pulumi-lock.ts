import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from 'js-yaml';
import { processOf, secondsUp } from './local/process-table';

/** How often one that waits looks again, and how long it waits at the most, in milliseconds. */
const [AGAIN, PATIENCE] = [500, 30 * 60_000];
/** By how much the clocks that a lock and a process' start are read from may differ, in milliseconds. */
const TOLERANCE = 5_000;

/** Stands before whom one waits for. */
export const WAITS = 'waits for ';

/** What a file backend writes about whoever changes a stack. Source: Pulumi, pkg/backend/diy/lock.go. */
interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/**
 * Waits until nobody changes a stack whose state is kept in files, and takes away locks of this machine's processes
 * that were killed: `pulumi cancel` does the same, but to living ones too. Of a lock of another machine nobody here
 * knows whether its owner lives: Pulumi itself tells of it. `onWait` is told once, who is waited for. Gives whether
 * there was a lock of this machine.
 */
export async function untilUnlocked(
  root: string,
  backend: string,
  stack: string,
  onWait: (message: string) => void,
): Promise<boolean> {
  const folder = await lockFolder(root, backend, stack);
  if (folder === undefined) return false;
  const deadline = Date.now() + PATIENCE;
  let found = false;
  for (let told = false; ; await sleep(AGAIN)) {
    const { living, dead } = await locksIn(folder);
    for (const file of dead) await Promise.all([file, `${file}.attrs`].map((one) => rm(one, { force: true })));
    found ||= living.length + dead.length > 0;
    const [lock] = living;
    if (!lock) return found;
    const who = `process ${lock.pid} of ${lock.username}, which has been changing the stack ${stack} since ${lock.timestamp}`;
    if (Date.now() > deadline) throw new Error(`waited ${PATIENCE / 60_000} minutes for ${who}: let it end first`);
    if (!told) onWait(`${WAITS}${who}`);
    told = true;
  }
}

/** Keeps others from changing a stack whose state is kept in files, as Pulumi itself would, while something is done. */
export async function whileLocked<T>(root: string, backend: string, stack: string, work: () => Promise<T>): Promise<T> {
  const folder = await lockFolder(root, backend, stack);
  if (folder === undefined) return work();
  const file = path.join(folder, `${randomUUID()}.json`);
  const username = process.env.USER ?? String(process.getuid?.());
  const own: Lock = { pid: process.pid, username, hostname: hostname(), timestamp: new Date().toISOString() };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify(own), { mode: 0o600 });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** Locks of this machine's processes: those that live, and files of those that do not. */
async function locksIn(
  folder: string,
): Promise<{ readonly living: readonly Lock[]; readonly dead: readonly string[] }> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'));
  const files = names.map((name) => path.join(folder, name));
  const locks = await Promise.all(files.map(async (file) => ({ file, lock: await read(file) })));
  const own = locks.filter((one): one is { file: string; lock: Lock } => one.lock?.hostname === hostname());
  return {
    living: own.map(({ lock }) => lock).filter(isAlive),
    dead: own.filter(({ lock }) => !isAlive(lock)).map(({ file }) => file),
  };
}

/** A lock that has gone meanwhile, or is just being written, says nothing. */
async function read(file: string): Promise<Lock | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Lock;
  } catch {
    return undefined;
  }
}

/** Whether the process that took a lock still runs, rather than a later one with its number. */
function isAlive({ pid, timestamp }: Lock): boolean {
  if (process.platform !== 'linux') return answers(pid);
  const owner = processOf(pid);
  const seconds = owner && secondsUp(owner);
  return seconds !== undefined && Date.now() - seconds * 1000 < Date.parse(timestamp) + TOLERANCE;
}

function answers(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Where a stack's locks lie; nothing where its state is not kept in files. */
async function lockFolder(root: string, backend: string, stack: string): Promise<string | undefined> {
  if (!backend.startsWith('file://')) return undefined;
  const place = backend.slice('file://'.length).replace(/\?.*$/, '').replace(/^~/, homedir());
  const { name } = load(await readFile(path.join(root, 'Pulumi.yaml'), 'utf8')) as { readonly name: string };
  return path.join(path.resolve(root, place), '.pulumi', 'locks', 'organization', name, stack);
}
