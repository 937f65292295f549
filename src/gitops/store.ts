import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { explain, isLostRace } from './explain';
import { git, GitError, runGit, type GitRun } from './git';
import { PublishError } from './publish-error';
import { beginRun, cleanUp, hasOtherRuns, type Run } from './run';
import type { ResolvedTarget } from './target';

/** The bare repository on this machine that commits are made in: the embedded one, or a copy of a remote one. */
export interface Store {
  readonly gitDir: string;
  /** Repositories on this machine whose locks a killed run may have left. */
  readonly lockDirs: readonly string[];
  /** The commit that the branch points to; undefined where there is no such branch yet. */
  head(run: Run): Promise<string | undefined>;
  /**
   * Moves the branch from `from` to the commit made in the run. Returns what git said where another publisher was
   * faster, or holds the branch just now.
   */
  move(run: Run, commit: string, from: string | undefined): Promise<GitRun | undefined>;
}

// Objects are packed at once, so that a finished pack becomes visible as a whole or not at all.
const noCollection = ['-c', 'gc.auto=0', '-c', 'maintenance.auto=false', '-c', 'fetch.unpackLimit=1'];
const noCommit = '0'.repeat(40);
const manyPacks = 50;

/**
 * Does one piece of work on the repository of a target. What killed runs left is removed before, what this one makes
 * and nobody needs after. Failures of git and of files become a `PublishError`.
 */
export async function withStore<T>(target: ResolvedTarget, work: (store: Store, run: Run) => Promise<T>): Promise<T> {
  let run: Run | undefined;
  try {
    const store = await openStore(target);
    run = beginRun(store.gitDir);
    await cleanUp(store.gitDir, run, store.lockDirs, target.branch);
    return await work(store, run);
  } catch (error) {
    if (error instanceof GitError || (error instanceof Error && 'syscall' in error)) throw explain(error, target.label);
    throw error;
  } finally {
    run?.end();
  }
}

/** Opens the repository of a target; makes the embedded one, or the copy of a remote one, where there is none yet. */
async function openStore(target: ResolvedTarget): Promise<Store> {
  if (target.url === undefined) {
    const gitDir = join(target.state, 'gitops.git');
    await ensureBare(gitDir, target.branch, target.label);
    return embeddedStore(gitDir, target);
  }
  // Without credentials, so that a new token finds the same copy.
  const name = createHash('sha256')
    .update(target.url.replace(/\/\/[^/]*@/, '//'))
    .digest('hex')
    .slice(0, 16);
  const gitDir = join(target.state, 'remotes', `${name}.git`);
  await ensureBare(gitDir, target.branch, target.label);
  return remoteStore(gitDir, target.url, target);
}

function embeddedStore(gitDir: string, { branch, label }: ResolvedTarget): Store {
  const ref = `refs/heads/${branch}`;
  return {
    gitDir,
    lockDirs: [gitDir],
    head: () => resolveCommit(gitDir, ref),
    async move(run, commit, from) {
      run.keepObjects();
      const update = ['update-ref', '-m', 'keelson publish', ref, commit, from ?? noCommit];
      const moved = await runGit(['--git-dir', gitDir, ...update]);
      if (moved.code !== 0) {
        if (isLostRace(moved)) return moved;
        throw explain(moved, label);
      }
      // A clone takes the branch that HEAD names; one that does not exist would give an empty directory.
      if (!(await resolveCommit(gitDir, 'HEAD'))) await git(['--git-dir', gitDir, 'symbolic-ref', 'HEAD', ref]);
      await tidy(gitDir, run);
      return undefined;
    },
  };
}

function remoteStore(gitDir: string, url: string, { branch, label, localPath }: ResolvedTarget): Store {
  const ref = `refs/heads/${branch}`;
  // The copy only spares fetching everything again: what fails here fails nobody, and the last one wins.
  const remember = async (run: Run, commit: string): Promise<void> => {
    try {
      run.keepObjects();
    } catch {
      return;
    }
    await runGit(['--git-dir', gitDir, 'update-ref', ref, commit]);
    await tidy(gitDir, run);
  };
  return {
    gitDir,
    lockDirs: [gitDir, ...(localPath === undefined ? [] : [localPath, join(localPath, '.git')])],
    async head(run) {
      const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', url];
      const fetched = await runGit(
        ['--git-dir', run.scratch, ...noCollection, ...network, ...fetch, `+${ref}:refs/heads/base`],
        { env: await sshEnvironment() },
      );
      if (fetched.code !== 0) {
        if (/couldn't find remote ref/i.test(fetched.stderr)) return undefined;
        throw explain(fetched, label);
      }
      const commit = await resolveCommit(run.scratch, 'refs/heads/base');
      if (commit !== undefined) await remember(run, commit);
      return commit;
    },
    async move(run, commit, from) {
      const push = ['push', '--porcelain', '--no-verify', `--force-with-lease=${ref}:${from ?? ''}`];
      const pushed = await runGit(
        ['--git-dir', run.scratch, ...noCollection, ...network, ...push, url, `${commit}:${ref}`],
        {
          env: await sshEnvironment(),
        },
      );
      if (pushed.code !== 0) {
        if (isLostRace(pushed)) return pushed;
        // The connection may have been lost after the branch had moved.
        if ((await this.head(run).catch(() => undefined)) === commit) return undefined;
        throw explain(pushed, label);
      }
      // `=`: the same commit, made in the same second by another publisher.
      if (/^=\t/m.test(pushed.stdout.toString('utf8'))) return pushed;
      await remember(run, commit);
      return undefined;
    },
  };
}

// A connection over which nothing comes is given up after a minute.
const network = ['-c', 'http.lowSpeedLimit=1', '-c', 'http.lowSpeedTime=60'];

/** Keeps ssh from asking where nobody can answer, unless the user has set up ssh for git. */
async function sshEnvironment(): Promise<Record<string, string>> {
  if (process.stdin.isTTY || process.env.GIT_SSH_COMMAND || process.env.GIT_SSH) return {};
  const configured = await runGit(['config', 'core.sshCommand']);
  if (configured.code === 0) return {};
  return { GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=30' };
}

/** The commit that a name stands for, if any. */
async function resolveCommit(gitDir: string, name: string): Promise<string | undefined> {
  const found = await runGit(['--git-dir', gitDir, 'rev-parse', '--verify', '--quiet', `${name}^{commit}`]);
  return found.code === 0 ? found.stdout.toString('latin1').trim() : undefined;
}

/** Every publish leaves a pack; many of them slow git down, so they are merged now and then. */
async function tidy(gitDir: string, run: Run): Promise<void> {
  const packs = readdirSync(join(gitDir, 'objects', 'pack')).filter((name) => name.endsWith('.idx')).length;
  if (packs <= manyPacks || hasOtherRuns(gitDir, run)) return;
  // Only tidiness: where it fails, the repository is as good as before.
  await runGit(['--git-dir', gitDir, 'repack', '-d', '-q', '--geometric=2']);
}

/** Makes a bare repository, or finishes one whose making was interrupted; refuses any other directory. */
async function ensureBare(gitDir: string, branch: string, label: string): Promise<void> {
  const init = (directory: string): Promise<Buffer> =>
    git(['init', '--quiet', '--bare', '--template=', `--initial-branch=${branch}`, directory]);
  const parent = dirname(gitDir);
  mkdirSync(parent, { recursive: true });
  removeUnfinished(parent);
  if (!existsSync(gitDir)) {
    const unfinished = `${gitDir}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
    await init(unfinished);
    try {
      renameSync(unfinished, gitDir);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      // Another publisher made it meanwhile.
      if (!existsSync(join(gitDir, 'HEAD'))) throw error;
    }
  }
  const known = await runGit(['--git-dir', gitDir, 'rev-parse', '--is-bare-repository']);
  if (known.code === 0 && known.stdout.toString('latin1').trim() === 'true') return;
  if (known.code !== 0 && !/not a git repository/.test(known.stderr)) throw explain(known, label);
  if (known.code !== 0 && readdirSync(gitDir).every((name) => partsOfRepository.has(name))) {
    // `git init` mends all but a HEAD that is there and says nothing.
    writeFileSync(join(gitDir, 'HEAD'), `ref: refs/heads/${branch}\n`);
    await init(gitDir);
    return;
  }
  throw new PublishError('gitops/no-repository', label, 'this is no bare git repository', 'move it out of the way');
}

const partsOfRepository = new Set([
  'HEAD',
  'config',
  'description',
  'objects',
  'refs',
  'packed-refs',
  'branches',
  'hooks',
  'info',
  'keelson',
]);

/** Repositories that a killed run had begun to make. */
function removeUnfinished(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!/\.git\.new-\d+-[0-9a-f]{8}$/.test(name)) continue;
    const age = Date.now() - (statSync(join(parent, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    // `git init` takes milliseconds.
    if (age > 60_000) rmSync(join(parent, name), { recursive: true, force: true });
  }
}
