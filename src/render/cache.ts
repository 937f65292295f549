import { randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import { blobId } from '../gitops/tree';
import { compareText } from '../model/finding';
import { digest } from './kept';
import type { RenderedFile } from './unit';

/** A file whose bytes are read when somebody asks for them. */
export interface CachedFile extends Omit<RenderedFile, 'bytes'> {
  /** The bytes; undefined where the cache no longer holds just what it says. */
  read(): Buffer | undefined;
}

/** One line of an index: what a unit rendered to, and where its bytes stand in the pack of the same name. */
interface Entry {
  readonly key: string;
  readonly files: readonly {
    readonly path: string;
    readonly blob: string;
    readonly objects: number;
    readonly offset: number;
    readonly length: number;
  }[];
}

/** Segments that may lie side by side before they are written anew as one. */
const SEGMENTS = 8;

/**
 * What units rendered to, by the digest of all that their rendering depends on. A run that rendered something adds
 * a segment: an index and a pack of bytes. Nothing in it is believed: an entry carries its own digest, and bytes must
 * still be the blob that they are called. Whatever does not agree is a miss, so that rubbish costs time and no more.
 */
export class RenderCache {
  private readonly entries = new Map<string, { readonly entry: Entry; readonly pack: string }>();
  private readonly used = new Map<string, { files: readonly CachedFile[] | readonly RenderedFile[] }>();
  private fresh = 0;
  private segments: readonly string[] = [];
  private readonly open = new Map<string, number>();

  /** @param directory a folder for just one state of the code that renders */
  constructor(private readonly directory: string) {
    this.readIndexes();
  }

  get(key: string): readonly CachedFile[] | undefined {
    const found = this.entries.get(key);
    if (!found) return undefined;
    const files = found.entry.files.map(({ path, blob, objects, offset, length }) => ({
      path,
      blob,
      objects,
      read: () => this.readBytes(found.pack, offset, length, blob),
    }));
    this.used.set(key, { files });
    return files;
  }

  put(key: string, files: readonly RenderedFile[]): void {
    this.used.set(key, { files });
    this.fresh++;
  }

  /** Writes what is new. A cache that cannot be written only costs time: a full disk must not fail the run. */
  save(): void {
    try {
      const rewrite = this.segments.length >= SEGMENTS;
      if (this.fresh > 0 || rewrite) this.writeSegment(rewrite);
    } catch {
      // Rendered again next time.
    }
  }

  close(): void {
    for (const file of this.open.values()) closeSync(file);
    this.open.clear();
  }

  private readIndexes(): void {
    try {
      this.segments = readdirSync(this.directory)
        .filter((file) => file.endsWith('.index'))
        .sort(compareText);
    } catch {
      return;
    }
    for (const index of this.segments) {
      const pack = join(this.directory, index.replace(/index$/, 'pack'));
      for (const line of readText(join(this.directory, index)).split('\n')) {
        const entry = readEntry(line);
        if (entry) this.entries.set(entry.key, { entry, pack });
      }
    }
  }

  private readBytes(pack: string, offset: number, length: number, blob: string): Buffer | undefined {
    try {
      let file = this.open.get(pack);
      if (file === undefined) this.open.set(pack, (file = openSync(pack, 'r')));
      const bytes = Buffer.alloc(length);
      if (readSync(file, bytes, 0, length, offset) === length && blobId(bytes) === blob) return bytes;
    } catch {
      // As good as other bytes.
    }
    this.drop(pack);
    return undefined;
  }

  /** Forgets a segment whose bytes are not what its index says, so that the next run renders them anew. */
  private drop(pack: string): void {
    try {
      rmSync(pack.replace(/pack$/, 'index'), { force: true });
    } catch {
      // Found broken again next time.
    }
  }

  private writeSegment(rewrite: boolean): void {
    mkdirSync(this.directory, { recursive: true });
    const name = randomBytes(8).toString('hex');
    const chunks: Buffer[] = [];
    const lines: string[] = [];
    let offset = 0;
    for (const [key, { files }] of this.used) {
      if (!rewrite && this.entries.has(key)) continue;
      const described: Entry['files'][number][] = [];
      for (const file of files) {
        const bytes = 'bytes' in file ? file.bytes : file.read();
        if (!bytes) break;
        chunks.push(bytes);
        described.push({ path: file.path, blob: file.blob, objects: file.objects, offset, length: bytes.length });
        offset += bytes.length;
      }
      if (described.length === files.length) lines.push(writeEntry({ key, files: described }));
    }
    const pack = join(this.directory, `${name}.pack`);
    const temporary = join(this.directory, `${name}.tmp`);
    try {
      writeAll(pack, chunks);
      // The index comes last and in one step: a segment is there whole or not at all.
      writeFileSync(temporary, lines.join(''));
      renameSync(temporary, join(this.directory, `${name}.index`));
    } catch (error) {
      // A disk that is full must not stay so for a half of a segment.
      for (const half of [pack, temporary]) rmSync(half, { force: true });
      throw error;
    }
    if (!rewrite) return;
    for (const index of this.segments) {
      rmSync(join(this.directory, index), { force: true });
      rmSync(join(this.directory, index.replace(/index$/, 'pack')), { force: true });
    }
  }
}

/** Buffers that one system call takes. Source: IOV_MAX of Linux. */
const VECTORS = 1024;

function writeAll(path: string, chunks: readonly Buffer[]): void {
  const file = openSync(path, 'w');
  try {
    for (let i = 0; i < chunks.length; i += VECTORS) {
      const some = chunks.slice(i, i + VECTORS);
      const length = some.reduce((sum, chunk) => sum + chunk.length, 0);
      // A disk that fills up takes a part and says so by the count alone.
      if (writevSync(file, some) !== length) throw new Error(`${path} cannot be written whole`);
    }
  } finally {
    closeSync(file);
  }
}

function writeEntry(entry: Entry): string {
  const text = JSON.stringify(entry);
  return `${digest(text)} ${text}\n`;
}

function readEntry(line: string): Entry | undefined {
  const text = line.slice(65);
  return text !== '' && digest(text) === line.slice(0, 64) ? (JSON.parse(text) as Entry) : undefined;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** States of the code whose results are kept side by side, such as two branches'. */
const STATES = 3;

/** Removes the results of all but the newest states of the code. */
export function forgetOldStates(directory: string): void {
  try {
    const states = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({ path: join(directory, name), time: statSync(join(directory, name)).mtimeMs }))
      .sort((a, b) => b.time - a.time);
    for (const { path } of states.slice(STATES)) rmSync(path, { recursive: true, force: true });
  } catch {
    // Tried again next time.
  }
}
