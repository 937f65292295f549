import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { freeSpace, isNoSpace, noSpace } from './no-space';

/** How long a server may take to answer before the next route is tried, in milliseconds. */
const ANSWER_TIMEOUT = 5_000;
/** How long a server may send nothing before the connection counts as broken, in milliseconds. */
const SILENCE_TIMEOUT = 30_000;
/** How often a broken download is taken up again; each time must have brought something. */
const RESUMPTIONS = 5;

/** Told how many bytes of a download are there, and of how many where the server says. */
export type OnBytes = (bytes: number, total: number | undefined) => void;

/**
 * Downloads over https into `file`, going on after what an interrupted download left there. Rejects unless the digest
 * is met, and then leaves no file: but a connection that breaks leaves what came, for the next time.
 */
export async function download(url: string, file: string, digest: string, onBytes: OnBytes): Promise<void> {
  const resumed = (await sizeOf(file)) > 0;
  await fetchAll(url, file, onBytes);
  const actual = await sha256(file);
  if (actual === digest) return;
  await rm(file);
  // What lay there was perhaps of something else: once more, from the start.
  if (resumed) return download(url, file, digest, onBytes);
  throw new Error(`${url}: SHA-256 is ${actual}, its publisher says ${digest}`);
}

/** Gives the text at an https address. */
export async function fetchText(url: string): Promise<string> {
  const { response } = await get(url);
  return response.text();
}

async function fetchAll(url: string, file: string, onBytes: OnBytes): Promise<void> {
  for (let left = RESUMPTIONS; ; left--) {
    const before = await sizeOf(file);
    try {
      return await fetchRest(url, file, before, onBytes);
    } catch (error) {
      if (isNoSpace(error) || left === 0 || (await sizeOf(file)) <= before) throw error;
    }
  }
}

async function fetchRest(url: string, file: string, have: number, onBytes: OnBytes): Promise<void> {
  const { response, abort } = await get(url, have > 0 ? { range: `bytes=${have}-` } : {});
  // Nothing is left to send, or more lies there than the whole: the digest tells.
  if (response.status === 416 && have > 0) return;
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  const start = response.status === 206 ? have : 0;
  const length = response.headers.get('content-length');
  const total = length === null ? undefined : start + Number(length);
  if (!response.body) throw new Error(`${url}: empty answer`);
  const folder = path.dirname(file);
  if (total !== undefined && total - start > (await freeSpace(folder))) {
    abort(new Error('no space'));
    await rm(file, { force: true });
    throw await noSpace(folder, url, total - start);
  }
  const target = await open(file, start > 0 ? 'a' : 'w', 0o600);
  try {
    await write(response.body, target, start, total, abort, onBytes);
  } catch (error) {
    if (!isNoSpace(error)) throw failure(url, error as Error);
    await rm(file, { force: true });
    throw await noSpace(folder, url, total === undefined ? undefined : total - start, error);
  } finally {
    await target.close();
  }
  if (total !== undefined && (await sizeOf(file)) < total) throw new Error(`${url}: the connection broke`);
}

async function write(
  body: AsyncIterable<Uint8Array>,
  target: FileHandle,
  start: number,
  total: number | undefined,
  abort: (reason: Error) => void,
  onBytes: OnBytes,
): Promise<void> {
  let bytes = start;
  const silent = (): void => abort(new Error(`nothing came for ${SILENCE_TIMEOUT / 1000} s`));
  let timer = setTimeout(silent, SILENCE_TIMEOUT);
  try {
    for await (const chunk of body) {
      clearTimeout(timer);
      await target.writeFile(chunk);
      bytes += chunk.length;
      onBytes(bytes, total);
      timer = setTimeout(silent, SILENCE_TIMEOUT);
    }
  } finally {
    clearTimeout(timer);
  }
}

interface Answer {
  readonly response: Response;
  /** Ends the connection. */
  readonly abort: (reason: Error) => void;
}

async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const ending = new AbortController();
  const late = new Error(`no answer in ${ANSWER_TIMEOUT / 1000} s`);
  const timer = setTimeout(() => ending.abort(late), ANSWER_TIMEOUT);
  try {
    const response = await fetch(url, { signal: ending.signal, headers });
    if (!response.url.startsWith('https://')) throw new Error('sent away from https');
    if (!response.ok && response.status !== 416) throw new Error(`status ${response.status}`);
    return { response, abort: (reason) => ending.abort(reason) };
  } catch (error) {
    throw failure(url, error as Error);
  } finally {
    clearTimeout(timer);
  }
}

function failure(url: string, error: Error): Error {
  const { message, cause } = error;
  return new Error(`${url}: ${cause instanceof Error ? cause.message : message}`, { cause: error });
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
