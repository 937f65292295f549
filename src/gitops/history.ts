import { git } from './git';

/** A commit that Keelson made, known by its trailers. */
export interface Publication {
  readonly commit: string;
  /** Revision of the platform's source, without `-dirty`. @default - not known when it was published */
  readonly source?: string;
}

/** The newest commit by Keelson that the branch's history holds. */
export async function lastPublication(gitDir: string, head: string): Promise<Publication | undefined> {
  const trailer = (name: string): string => `%(trailers:key=${name},valueonly,separator=%x2C)`;
  const format = `--format=%H%x00${trailer('Keelson-Version')}%x00${trailer('Source-Revision')}%x1e`;
  // A person's message may quote a trailer, therefore some candidates.
  const log = await git(['--git-dir', gitDir, 'log', '-n', '20', '--grep=^Keelson-Version: ', format, head, '--']);
  for (const record of log.toString('utf8').split('\x1e')) {
    const [commit = '', version = '', source = ''] = record.trim().split('\0');
    if (version === '') continue;
    const revision = /^([0-9a-f]{40,64})(-dirty)?$/.exec(source)?.[1];
    return revision === undefined ? { commit } : { commit, source: revision };
  }
  return undefined;
}

/** The paths at which two commits differ. */
export async function changedPaths(gitDir: string, before: string, after: string): Promise<Set<string>> {
  const diff = await git(['--git-dir', gitDir, 'diff-tree', '-r', '-z', '--no-renames', '--name-only', before, after]);
  return new Set(diff.toString('utf8').split('\0').filter(Boolean));
}

/**
 * The blobs that stood at each of these paths in the 200 commits up to `head`, to tell a file that somebody set back
 * from one that a merge brought forward.
 */
export async function earlierBlobs(
  gitDir: string,
  head: string,
  paths: ReadonlySet<string>,
): Promise<Map<string, Set<string>>> {
  const raw = ['log', '-n', '200', '--raw', '--no-abbrev', '--no-renames', '-z', '--format=', head, '--'];
  const fields = (await git(['--git-dir', gitDir, ...raw])).toString('utf8').split('\0');
  const blobs = new Map<string, Set<string>>();
  // Pairs of ":<mode> <mode> <id before> <id after> <status>" and a path.
  for (let at = 0; at + 1 < fields.length; at++) {
    const ids = /^:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) /.exec((fields[at] ?? '').trimStart());
    const path = fields[at + 1] ?? '';
    if (!ids || !paths.has(path)) continue;
    const seen = blobs.get(path) ?? new Set();
    blobs.set(path, seen.add(ids[1] ?? '').add(ids[2] ?? ''));
  }
  return blobs;
}

/** Commits that are looked through for the age of a directory: more than most repositories have for it. */
const MOST_CHANGES = 1000;

/**
 * The newest commit that touched each of these directories, newest first, as the branch saw it: a merge counts, not
 * what it merged.
 */
export async function lastChanges(
  gitDir: string,
  head: string,
  directories: readonly string[],
): Promise<Map<string, { readonly commit: string; readonly seconds: number }>> {
  const wanted = new Set(directories);
  const found = new Map<string, { readonly commit: string; readonly seconds: number }>();
  if (wanted.size === 0) return found;
  const how = ['-n', String(MOST_CHANGES), '--first-parent', '-m', '--no-renames', '--name-only', '-z'];
  const paths = [...wanted].map((directory) => `:(literal)${directory}`);
  const log = await git(['--git-dir', gitDir, 'log', ...how, '--format=%x1e%H %ct', head, '--', ...paths]);
  for (const record of log.toString('utf8').split('\x1e').slice(1)) {
    const [, commit = '', seconds = '0', rest = ''] = /^([0-9a-f]+) (\d+)([^]*)$/.exec(record) ?? [];
    for (const path of rest.split('\0')) {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const directory = path.slice(0, end).trimStart();
        if (wanted.has(directory) && !found.has(directory)) found.set(directory, { commit, seconds: Number(seconds) });
      }
    }
  }
  return found;
}
