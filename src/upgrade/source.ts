import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { git, GitError, runGit } from '../gitops/git';
import { redact } from '../gitops/redact';
import { resolveTarget } from '../gitops/target';
import type { Finding } from '../model/finding';
import { commitOf } from './repository';
import { UpgradeError } from './upgrade-error';

/** A Keelson's repository that an upgrade reads. */
export interface Source {
  readonly url: string;
  /** For people: no credentials. */
  readonly label: string;
  /** For the record: no credentials, and a folder relative to the platform's. */
  readonly recorded: string;
  readonly findings: readonly Finding[];
}

/** Understands `--from`, or what the record has: a git URL, or a folder. */
export async function resolveSource(from: string, relativeTo: string, root: string): Promise<Source> {
  // A path in a record is relative to the platform's folder, one on the command line to the current one.
  const local = resolve(relativeTo, from);
  const { url, localPath, label } = resolveTarget({
    repository: from.startsWith('.') || existsSync(local) ? local : from,
  });
  if (url === undefined || localPath === undefined)
    return { url: from, label, recorded: withoutSecrets(from), findings: [] };
  const status = await runGit(['-C', localPath, '--no-optional-locks', 'status', '--porcelain']);
  const dirty: Finding = {
    rule: 'upgrade/uncommitted',
    severity: 'warning',
    file: label,
    message: 'has changes that are not committed, which are not taken',
    fix: 'commit them there first if they are meant',
  };
  return {
    url,
    label,
    recorded: relative(root, localPath).split(sep).join('/') || '.',
    findings: status.code === 0 && status.stdout.length > 0 ? [dirty] : [],
  };
}

/** A URL that can be used again, without password, token or query. */
function withoutSecrets(from: string): string {
  if (!URL.canParse(from) || !from.includes('://')) return redact(from);
  const url = new URL(from);
  url.password = '';
  if (!/ssh/.test(url.protocol)) url.username = '';
  url.search = '';
  url.hash = '';
  return url.href;
}

/** A bare repository of our own in a temporary folder, gone when the work is done. Nobody else's hooks run in it. */
export async function withScratch<T>(work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'keelson-upgrade-'));
  try {
    await git(['init', '--quiet', '--bare', '--template=', scratch]);
    return await work(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Fetches a tag, branch or `HEAD` and gives its commit. The URL is not stored: it may hold a password. */
export async function fetch(
  scratch: string,
  source: Pick<Source, 'url' | 'label'>,
  name: string,
  as: string,
  history: boolean,
): Promise<string> {
  if (/^$|^-|^\+|[\s:*?[\\^~]|\.\./.test(name)) {
    throw new UpgradeError(
      'upgrade/revision',
      source.label,
      `${JSON.stringify(name)} is no tag or branch`,
      'write one such as v1.2.0',
    );
  }
  const depth = history ? [] : ['--depth=1'];
  const reference = `refs/keelson/${as}`;
  try {
    await git([
      '-C',
      scratch,
      '-c',
      'gc.auto=0',
      '-c',
      'maintenance.auto=false',
      'fetch',
      '--quiet',
      '--no-tags',
      // A copy without its whole history may be fetched from.
      '--update-shallow',
      ...depth,
      '--',
      source.url,
      `+${name}:${reference}`,
    ]);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const missing = /couldn't find remote ref|not our ref/i.test(error.run.stderr);
    const reason =
      error.run.stderr
        .trim()
        .split('\n')
        .find((line) => /fatal|error/.test(line)) ?? error.message;
    throw missing
      ? new UpgradeError('upgrade/revision', source.label, `has no ${name}`, 'name one of its tags or branches')
      : new UpgradeError(
          'upgrade/unreachable',
          source.label,
          `could not be fetched (${reason.trim()})`,
          'check the URL and your access to it with git ls-remote',
        );
  }
  const commit = await commitOf(scratch, reference);
  if (commit !== undefined) return commit;
  throw new UpgradeError('upgrade/revision', source.label, `${name} is no commit`, 'name a tag or branch');
}

/** The newest commit that a platform's repository and a fetched one both have. */
export async function commonCommit(scratch: string, root: string, commit: string): Promise<string | undefined> {
  const folder = (await git(['-C', root, 'rev-parse', '--show-toplevel'])).toString('utf8').trimEnd();
  // A folder within a larger repository holds no history of Keelson's that its paths would fit.
  const prefix = (await git(['-C', root, 'rev-parse', '--show-prefix'])).toString('utf8').trim();
  if (prefix !== '') return undefined;
  const ours = await fetch(scratch, { url: folder, label: folder }, 'HEAD', 'ours', true);
  const { code, stdout } = await runGit(['-C', scratch, 'merge-base', commit, ours]);
  return code === 0 ? stdout.toString('latin1').trim() : undefined;
}
