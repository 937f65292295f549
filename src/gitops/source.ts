import { git, runGit } from './git';

/** The state of the platform's own repository. */
export interface Source {
  /** A directory inside that repository. */
  readonly directory: string;
  /** The commit that was rendered. */
  readonly revision: string;
  /** Whether files differ from that commit. */
  readonly dirty: boolean;
}

/** What is checked out in a directory; undefined where it stands in no git repository, or in one without commits. */
export async function readSource(directory: string): Promise<Source | undefined> {
  const head = await runGit(['-C', directory, 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  if (head.code !== 0) return undefined;
  const status = await git([
    '--no-optional-locks',
    '-C',
    directory,
    'status',
    '--porcelain',
    '--untracked-files=normal',
  ]);
  return { directory, revision: head.stdout.toString('latin1').trim(), dirty: status.length > 0 };
}

/** Whether the source is older than the published one: `unknown` where its repository doesn't hold the published one. */
export async function isStale(source: Source, published: string): Promise<boolean | 'unknown'> {
  if (source.revision === published) return false;
  const known = await runGit(['-C', source.directory, 'cat-file', '-e', `${published}^{commit}`]);
  if (known.code !== 0) return 'unknown';
  const ancestor = await runGit(['-C', source.directory, 'merge-base', '--is-ancestor', source.revision, published]);
  return ancestor.code === 0 ? true : ancestor.code === 1 ? false : 'unknown';
}
