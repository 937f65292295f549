import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Host, HostFile } from '../control-plane/host';
import { materialise } from '../secrets/materialise';
import type { SecretStore } from '../secrets/store';

/** Writes what a host consists of below its folder. Files that are as they should be are left alone. */
export async function layOut(host: Pick<Host, 'directories' | 'files'>, store: SecretStore): Promise<void> {
  for (const { path: directory, mode } of host.directories) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, bits(mode));
  }
  for (const file of host.files) {
    const content = await contentOf(file, store);
    if ((await faultOf(file, content)) !== undefined) await write(file, content);
  }
}

/** What of a host's files is not as it should be, a sentence each; empty where nothing is. Changes nothing. */
export async function fileDrift(host: Pick<Host, 'files'>, store: SecretStore): Promise<string[]> {
  const faults = await Promise.all(host.files.map(async (file) => faultOf(file, await contentOf(file, store))));
  return faults.filter((fault) => fault !== undefined);
}

/** Digest of files as they lie there now: what a unit was started with. */
export async function digestOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(await readFile(file).catch(() => ''));
  }
  return hash.digest('hex');
}

async function contentOf(file: HostFile, store: SecretStore): Promise<Buffer> {
  return typeof file.content === 'string' ? Buffer.from(file.content) : materialise(file.content, store);
}

async function faultOf(file: HostFile, content: Buffer): Promise<string | undefined> {
  const found = await stat(file.path).catch(() => undefined);
  if (!found) return `${file.path} is missing`;
  if (!content.equals(await readFile(file.path))) return `${file.path} was edited`;
  const mode = found.mode & 0o7777;
  return mode === bits(file.mode) ? undefined : `${file.path} has mode ${mode.toString(8)}, not ${file.mode}`;
}

/** A reader sees the old content or the new, and nobody else ever more than the file's own mode shows. */
async function write(file: HostFile, content: Buffer): Promise<void> {
  const fresh = `${file.path}.${randomUUID()}.tmp`;
  await mkdir(path.dirname(file.path), { recursive: true, mode: 0o700 });
  try {
    await writeFile(fresh, content, { mode: 0o600 });
    await chmod(fresh, bits(file.mode));
    await rename(fresh, file.path);
  } finally {
    await rm(fresh, { force: true });
  }
}

function bits(mode: string): number {
  return Number.parseInt(mode, 8);
}
