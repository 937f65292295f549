import { createHash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A lock that git leaves behind when it is killed is held for milliseconds when it is not; this much is surely stale. */
const staleLockMilliseconds = 2000;

/**
 * One run of Keelson on a bare repository: a directory of its own below `keelson/`, with a scratch repository that
 * sees the main one's objects. All that a run makes before the branch moves stands in there, so that a killed run
 * leaves nothing in the repository but its directory, which the next run removes.
 */
export interface Run {
  readonly directory: string;
  /** The scratch repository. Reads find the main repository's objects too. */
  readonly scratch: string;
  /** Moves finished packs from the scratch repository to the main one. */
  keepObjects(): void;
  /** Removes all that is left of the run. */
  end(): void;
}

/** Starts a run on a bare repository. */
export function beginRun(gitDir: string): Run {
  const id = [machine, process.pid, processStart(process.pid), randomBytes(4).toString('hex')].join('-');
  const directory = join(runsDirectory(gitDir), id);
  const scratch = join(directory, 'scratch');
  mkdirSync(join(scratch, 'refs'), { recursive: true });
  mkdirSync(join(scratch, 'objects', 'info'), { recursive: true });
  writeFileSync(join(scratch, 'HEAD'), 'ref: refs/heads/new\n');
  writeFileSync(join(scratch, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n');
  // Relative to scratch/objects: the objects of the main repository.
  writeFileSync(join(scratch, 'objects', 'info', 'alternates'), '../../../../objects\n');
  return {
    directory,
    scratch,
    keepObjects: () => movePacks(join(scratch, 'objects', 'pack'), join(gitDir, 'objects', 'pack')),
    end: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Whether a run other than this one is at work on the repository. */
export function hasOtherRuns(gitDir: string, run: Run): boolean {
  return runs(gitDir).some((id) => join(runsDirectory(gitDir), id) !== run.directory && isAlive(gitDir, id));
}

/**
 * Removes what killed runs left: their directories, and the locks that their git processes held in `lockDirs`
 * (the repository itself, and the one they pushed to where it is on this machine).
 */
export async function cleanUp(gitDir: string, run: Run, lockDirs: readonly string[], branch: string): Promise<void> {
  for (const id of runs(gitDir)) {
    const directory = join(runsDirectory(gitDir), id);
    if (isAlive(gitDir, id)) continue;
    const started = statSync(directory, { throwIfNoEntry: false })?.mtimeMs;
    if (started === undefined) continue;
    const locks = ['HEAD.lock', 'packed-refs.lock', `refs/heads/${branch}.lock`];
    for (const lock of lockDirs.flatMap((dir) => locks.map((name) => join(dir, name)))) {
      await removeStaleLock(lock, started, join(run.directory, 'lock'));
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

async function removeStaleLock(lock: string, since: number, aside: string): Promise<void> {
  const seen = statSync(lock, { throwIfNoEntry: false });
  if (!seen || seen.mtimeMs < since - 1000) return;
  await sleep(Math.max(0, seen.mtimeMs + staleLockMilliseconds - Date.now()));
  if (statSync(lock, { throwIfNoEntry: false })?.ino !== seen.ino) return;
  try {
    // Taken aside first: should a new lock have come between, it is put back.
    renameSync(lock, aside);
    if (statSync(aside).ino !== seen.ino) linkSync(aside, lock);
    rmSync(aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Packs become visible by their index, which is why it comes last. */
function movePacks(from: string, to: string): void {
  const names = readdirSync(from, { withFileTypes: true })
    .map((entry) => entry.name)
    .filter((name) => /^pack-[0-9a-f]+\.(pack|rev|idx)$/.test(name));
  const rank = (name: string): number => (name.endsWith('.pack') ? 0 : name.endsWith('.rev') ? 1 : 2);
  mkdirSync(to, { recursive: true });
  for (const name of names.sort((a, b) => rank(a) - rank(b))) renameSync(join(from, name), join(to, name));
}

function runs(gitDir: string): string[] {
  try {
    return readdirSync(runsDirectory(gitDir));
  } catch {
    return [];
  }
}

function runsDirectory(gitDir: string): string {
  return join(gitDir, 'keelson');
}

/** A run on another machine (a shared folder) can't be asked: it is taken for dead after a day. */
function isAlive(gitDir: string, id: string): boolean {
  const [host, pid, start] = id.split('-');
  if (host !== machine) {
    const seen = statSync(join(runsDirectory(gitDir), id), { throwIfNoEntry: false });
    return seen !== undefined && Date.now() - seen.mtimeMs < 24 * 3600 * 1000;
  }
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return processStart(Number(pid)) === start;
}

/** This machine since it was booted: a process number of an earlier boot says nothing. */
const machine = createHash('sha256')
  .update(`${hostname()} ${readText('/proc/sys/kernel/random/boot_id')}`)
  .digest('hex')
  .slice(0, 12);

/**
 * When the process started, in clock ticks since boot, to tell it from a later one with its number; `0` where the
 * system doesn't say, `dead` where it only waits for its parent to notice its end.
 */
function processStart(pid: number): string {
  const status = readText(`/proc/${pid}/stat`);
  // The second field, the command, may hold spaces and brackets.
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : (fields[19] ?? '0');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
