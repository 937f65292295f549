import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { compareText } from '../model/finding';
import { UpgradeError } from './upgrade-error';

/** How a person gets back what the last commit has, where an upgrade was killed: the tree was clean before. */
export const WAY_BACK = 'git restore . && git clean -fd';

/** A folder in the work tree's own file system where new files are made ready and old ones are kept until the end. */
export class Stage {
  /** Holds what shall be, at the same paths. */
  readonly after: string;
  private readonly before: string;

  private constructor(
    private readonly root: string,
    private readonly folder: string,
  ) {
    this.after = join(folder, 'after');
    this.before = join(folder, 'before');
  }

  /** Opens the stage of a platform's folder; what a killed run left there is removed. */
  static open(root: string): Stage {
    const folder = join(root, '.keelson', 'upgrade');
    const owner = join(folder, 'pid');
    if (existsSync(owner) && isAlive(Number(readFileSync(owner, 'utf8')))) {
      throw new UpgradeError('upgrade/busy', root, 'another upgrade is at work here', 'wait until it has ended');
    }
    rmSync(folder, { recursive: true, force: true });
    const stage = new Stage(root, folder);
    for (const each of [stage.after, stage.before]) mkdirSync(each, { recursive: true });
    writeFileSync(owner, String(process.pid));
    return stage;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Takes the `leaving` files away and puts the `written` ones of `after` in place, in this order; all of it or, where
   * one step fails, none. What came into being since the checks where nothing should be is such a failure.
   * It waits for nothing, so that only `kill -9` or a power cut can end it half-way.
   */
  apply(leaving: readonly string[], written: readonly string[]): void {
    const undo: (() => void)[] = [];
    // Signals come through once this function has returned.
    const ignore = (): void => undefined;
    for (const signal of SIGNALS) process.on(signal, ignore);
    try {
      for (const path of leaving) this.setAside(path, undo);
      for (const path of written) {
        this.makeFolder(dirname(path), undo);
        if (isThere(join(this.root, path))) throw new Error(`${path} came into being meanwhile`);
        move(join(this.after, path), join(this.root, path), undo);
      }
    } catch (error) {
      throw this.takenBack(undo, error);
    } finally {
      for (const signal of SIGNALS) process.off(signal, ignore);
    }
  }

  private setAside(path: string, undo: (() => void)[]): void {
    mkdirSync(dirname(join(this.before, path)), { recursive: true });
    move(join(this.root, path), join(this.before, path), undo);
    // A folder goes with its last file, as in git.
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
      const place = join(this.root, folder);
      if (readdirSync(place).length > 0) return;
      rmdirSync(place);
      undo.push(() => mkdirSync(place));
    }
  }

  private makeFolder(folder: string, undo: (() => void)[]): void {
    const place = join(this.root, folder);
    if (folder === '.' || isThere(place)) return;
    this.makeFolder(dirname(folder), undo);
    mkdirSync(place);
    undo.push(() => rmdirSync(place));
  }

  private takenBack(undo: readonly (() => void)[], cause: unknown): UpgradeError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    try {
      for (const step of [...undo].reverse()) step();
    } catch {
      return new UpgradeError(
        'upgrade/half-done',
        this.root,
        `stopped half-way (${reason})`,
        `to get back run ${WAY_BACK}`,
      );
    }
    return new UpgradeError(
      'upgrade/write',
      this.root,
      `nothing was changed (${reason})`,
      'mend that and run it again',
    );
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * What is in the way of a file that shall be new below `root`: a path of something that is neither a folder on the way
 * nor in `leaving`.
 */
export function obstacleTo(root: string, path: string, leaving: ReadonlySet<string>): string | undefined {
  const names = path.split('/');
  for (let length = 1; length <= names.length; length++) {
    const part = names.slice(0, length).join('/');
    const place = join(root, part);
    if (!isThere(place)) return undefined;
    if (lstatSync(place).isDirectory()) {
      if (length === names.length) return staysIn(root, place, leaving);
    } else return leaving.has(part) ? undefined : part;
  }
  return undefined;
}

/** The first file of a folder that would stay, by its path below `root`. */
function staysIn(root: string, folder: string, leaving: ReadonlySet<string>): string | undefined {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => !one.isDirectory())
    .map((one) => relative(root, join(one.parentPath, one.name)).split(sep).join('/'))
    .sort(compareText)
    .find((path) => !leaving.has(path));
}

function move(from: string, to: string, undo: (() => void)[]): void {
  renameSync(from, to);
  undo.push(() => renameSync(to, from));
}

/** Also where it is a link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
