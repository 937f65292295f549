import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { lock } from 'proper-lockfile';
import { checkEntryName, SecretStoreError, type SecretStore } from './store';

/** How long a lock of a killed process keeps others waiting, in milliseconds; a living one renews it in time. */
const STALE = 10_000;
/** How long one waits for another writer: issuing everything takes seconds. */
const RETRIES = { retries: 240, factor: 1, minTimeout: 250, maxTimeout: 250 };
const LOCK = '.lock';
const UNFINISHED = '.unfinished-';

/** A store in a folder of one user: directories 0700, files 0600. */
export class FolderStore implements SecretStore {
  private locked = false;

  private constructor(readonly place: string) {}

  /**
   * Opens the folder, making it where it is not there. Rejects with a `SecretStoreError` where others than its owner
   * may look into it.
   */
  static async open(folder: string): Promise<FolderStore> {
    const place = path.resolve(folder);
    try {
      await mkdir(place, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new SecretStoreError(`${place}: cannot be made (${code(error)}): remove what is in its way`);
    }
    await refuseOthers(place, 0o700);
    return new FolderStore(place);
  }

  async read(name: string): Promise<Buffer | undefined> {
    const file = this.file(name);
    try {
      await refuseOthers(file, 0o600);
      return await readFile(file);
    } catch (error) {
      if (error instanceof SecretStoreError) throw error;
      if (['ENOENT', 'ENOTDIR'].includes(code(error))) return undefined;
      throw new SecretStoreError(`${file}: cannot be read (${code(error)}): make it a file that its owner may read`);
    }
  }

  async write(name: string, text: string | Buffer): Promise<void> {
    this.refuseUnlocked(name);
    const file = this.file(name);
    const directory = path.dirname(file);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const unfinished = path.join(this.place, `${UNFINISHED}${randomUUID()}`);
    try {
      const handle = await open(unfinished, 'wx', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, file);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw new SecretStoreError(`${file}: cannot be written (${code(error)}): make room, then run it again`);
    }
    await syncDirectory(directory);
  }

  async list(): Promise<readonly string[]> {
    const found = await readdir(this.place, { recursive: true, withFileTypes: true });
    return found
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => path.relative(this.place, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
      .filter((name) => !name.startsWith('.'))
      .sort();
  }

  async remove(name: string): Promise<void> {
    this.refuseUnlocked(name);
    const file = this.file(name);
    await rm(file, { force: true });
    await syncDirectory(path.dirname(file)).catch(() => {});
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.takeLock();
    this.locked = true;
    try {
      // What a killed writer left: it may hold a key.
      for (const name of await readdir(this.place)) {
        if (name.startsWith(UNFINISHED)) await rm(path.join(this.place, name), { force: true });
      }
      return await work();
    } finally {
      this.locked = false;
      await release().catch(() => {});
    }
  }

  private async takeLock(): Promise<() => Promise<void>> {
    try {
      return await lock(this.place, {
        lockfilePath: path.join(this.place, LOCK),
        stale: STALE,
        retries: RETRIES,
        // The machine slept, and another process took over: whatever this one still wants to write is refused.
        onCompromised: () => {
          this.locked = false;
        },
      });
    } catch (error) {
      if (code(error) !== 'ELOCKED') throw error;
      throw new SecretStoreError(`${this.place}: another process has been changing it for a minute: let it end first`);
    }
  }

  private refuseUnlocked(name: string): void {
    if (this.locked) return;
    throw new SecretStoreError(`${this.place}: ${name} would change while others may write; take the store first`);
  }

  private file(name: string): string {
    checkEntryName(name);
    return path.join(this.place, ...name.split('/'));
  }
}

async function refuseOthers(file: string, mode: number): Promise<void> {
  const { mode: found } = await stat(file);
  if ((found & 0o077) === 0) return;
  const seen = (found & 0o777).toString(8);
  throw new SecretStoreError(
    `${file}: others than its owner may use it (mode ${seen}): consider its keys known, ` +
      `run \`chmod ${mode.toString(8)} ${file}\`, and rotate what others could have read`,
  );
}

/** Makes a rename survive a loss of power. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function code(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown reason';
}
