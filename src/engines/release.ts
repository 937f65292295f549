import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { run } from './run';
import type { ReleaseSource } from './table';

/** How long a server may take to answer before the next route is tried, in milliseconds. */
const ANSWER_TIMEOUT = 5_000;

/** The machine as release names spell it. */
export function platformName(): { os: string; arch: string } {
  return { os: process.platform, arch: process.arch === 'x64' ? 'amd64' : process.arch };
}

/** Downloads a release over https into `file`. Rejects unless the digest that its project publishes is met. */
export async function fetchRelease(source: ReleaseSource, file: string): Promise<void> {
  const { os, arch } = platformName();
  const fill = (text: string): string => text.replaceAll('{os}', os).replaceAll('{arch}', arch);
  if (!(source.systems ?? ['linux', 'darwin']).includes(os)) throw new Error(`no release for ${os}`);
  const url = fill(source.url);
  const expected = digestOf(path.posix.basename(url), await (await get(fill(source.digestUrl))).text());
  const folder = await mkdtemp(path.join(path.dirname(file), 'download-'));
  try {
    const download = path.join(folder, path.posix.basename(url));
    await save(await get(url), download);
    const actual = await sha256(download);
    if (actual !== expected) throw new Error(`${url}: SHA-256 is ${actual}, its project says ${expected}`);
    if (!source.archived) return await rename(download, file);
    const archived = fill(source.archived);
    await run('tar', ['-xzf', download, '-C', folder, archived]);
    await rename(path.join(folder, archived), file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Picks a file's digest from a lone digest or from a list of `digest  file` lines. */
export function digestOf(name: string, list: string): string {
  const lines = list.trim().split('\n');
  const line =
    lines.length === 1 && !/\s/.test(lines[0]!.trim())
      ? lines[0]!
      : lines.find((text) => path.posix.basename(text.trim().split(/\s+\*?/)[1] ?? '') === name);
  const digest = line?.trim().split(/\s+/)[0]?.toLowerCase() ?? '';
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new Error(`no SHA-256 digest of ${name} is published`);
  return digest;
}

async function get(url: string): Promise<Response> {
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), ANSWER_TIMEOUT);
  try {
    const response = await fetch(url, { signal: waiting.signal });
    if (!response.url.startsWith('https://')) throw new Error('sent away from https');
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response;
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = waiting.signal.aborted ? `no answer in ${ANSWER_TIMEOUT / 1000} s` : message;
    throw new Error(`${url}: ${cause instanceof Error ? cause.message : reason}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function save(response: Response, file: string): Promise<void> {
  if (!response.body) throw new Error(`${response.url}: empty answer`);
  const target = await open(file, 'wx', 0o600);
  try {
    for await (const chunk of response.body) await target.writeFile(chunk);
  } finally {
    await target.close();
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
