import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { download, fetchText, type OnBytes } from './download';
import { freeSpace, isNoSpace, noSpace } from './no-space';
import { run } from './run';
import { platformName, type ReleaseSource } from './source';

/**
 * Downloads a release into `file`. What an interrupted download leaves in `part` is taken up again; nothing is left
 * there otherwise. Rejects unless the digest that its publisher gives is met.
 */
export async function fetchRelease(
  source: ReleaseSource,
  file: string,
  part: string,
  onBytes: OnBytes = () => {},
): Promise<void> {
  const { os } = platformName();
  if (!(source.systems ?? ['linux', 'darwin']).includes(os)) throw new Error(`no release for ${os}`);
  const expected = digestOf(path.posix.basename(source.url), await fetchText(source.digestUrl));
  await download(source.url, part, expected, onBytes);
  try {
    if (source.archived) await unpack(source, source.archived, part, file);
    else await rename(part, file);
  } catch (error) {
    const place = path.dirname(part);
    // tar says in many ways that a disk is full.
    const needed = source.archived ? await unpackedSize(part).catch(() => 0) : 0;
    if (isNoSpace(error) || needed > (await freeSpace(place))) {
      throw await noSpace(place, `unpacking ${source.url}`, needed, error);
    }
    throw error;
  } finally {
    await rm(part, { force: true });
  }
}

async function unpack(source: ReleaseSource, archived: string, archive: string, file: string): Promise<void> {
  const place = path.dirname(file);
  const folder = await mkdtemp(path.join(place, 'download-'));
  try {
    const whole = source.wholeFolder ? path.posix.dirname(archived) : archived;
    await run('tar', ['-xzf', archive, '-C', folder, ...(whole === '.' ? [] : [whole])]);
    await stat(path.join(folder, archived));
    if (!source.wholeFolder) return await rename(path.join(folder, archived), file);
    for (const name of await readdir(path.join(folder, whole))) {
      await rename(path.join(folder, whole, name), path.join(place, name));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bytes that an archive holds, unpacked. */
async function unpackedSize(archive: string): Promise<number> {
  let size = 0;
  for await (const chunk of createReadStream(archive).pipe(createGunzip())) size += (chunk as Buffer).length;
  return size;
}

/** Picks a file's digest from a lone digest, a list of `digest  file` lines, or GitHub's description of a release. */
export function digestOf(name: string, text: string): string {
  const digest =
    (text.trimStart().startsWith('{') ? fromGitHub(name, text) : fromList(name, text))?.toLowerCase() ?? '';
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new Error(`no SHA-256 digest of ${name} is published`);
  return digest;
}

function fromList(name: string, list: string): string | undefined {
  const lines = list.trim().split('\n');
  const line =
    lines.length === 1 && !/\s/.test(lines[0]!.trim())
      ? lines[0]!
      : lines.find((text) => path.posix.basename(text.trim().split(/\s+\*?/)[1] ?? '') === name);
  return line?.trim().split(/\s+/)[0];
}

function fromGitHub(name: string, json: string): string | undefined {
  const { assets = [] } = JSON.parse(json) as { assets?: readonly { name: string; digest?: string | null }[] };
  return assets.find((asset) => asset.name === name)?.digest?.replace(/^sha256:/, '');
}
