import { runGit } from './git';
import { explain } from './explain';
import type { Plan } from './plan';
import { PublishError } from './publish-error';
import type { Run } from './run';
import { blobId, type Tree } from './tree';

/** Kubernetes refuses objects above 1.5 MB; a file holds a few. */
const largestFile = 16 * 1024 * 1024;

const chunkSize = 1024 * 1024;

/** Author and committer of a commit. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

/** Used where git's configuration names nobody. */
export const defaultIdentity: Identity = { name: 'Keelson', email: 'keelson@localhost' };

/** Who commits: git's environment and configuration (`user.name`, `user.email`) as seen from a directory, or Keelson. */
export async function readIdentity(directory: string): Promise<Identity> {
  const configured = async (key: string): Promise<string> => {
    const run = await runGit(['-C', directory, 'config', '--get', key]);
    return run.code === 0 ? run.stdout.toString('utf8').trim() : '';
  };
  const email = process.env.GIT_COMMITTER_EMAIL ?? process.env.GIT_AUTHOR_EMAIL ?? (await configured('user.email'));
  const name = process.env.GIT_COMMITTER_NAME ?? process.env.GIT_AUTHOR_NAME ?? (await configured('user.name'));
  if (email === '') return defaultIdentity;
  return { name: name === '' ? email : name, email };
}

/** A commit to be made. */
export interface NewCommit {
  /** @default - the first commit of its branch */
  readonly parent?: string;
  readonly message: string;
  readonly identity: Identity;
  /** The repository, for messages. */
  readonly label: string;
}

/** Makes one commit of a plan in the run's scratch repository and returns its id. Nobody sees it until a branch moves. */
export async function writeCommit(
  run: Run,
  tree: Tree,
  plan: Plan,
  commit: NewCommit,
  onWritten?: (files: number) => void,
): Promise<string> {
  // One pack, whatever its size: moved to the repository it becomes visible as a whole.
  const settings = ['-c', 'fastimport.unpackLimit=0', '-c', 'pack.compression=1'];
  const imported = await runGit(
    ['--git-dir', run.scratch, ...settings, 'fast-import', '--quiet', '--done', '--force', '--depth=0'],
    { input: stream(tree, plan, commit, onWritten) },
  );
  if (imported.code !== 0) throw explain(imported, commit.label);
  const found = await runGit(['--git-dir', run.scratch, 'rev-parse', '--verify', 'refs/heads/new^{commit}']);
  if (found.code !== 0) throw explain(found, commit.label);
  return found.stdout.toString('latin1').trim();
}

function* stream(
  tree: Tree,
  plan: Plan,
  { parent, message, identity, label }: NewCommit,
  onWritten?: (files: number) => void,
): Generator<Buffer> {
  const person = `${clean(identity.name)} <${clean(identity.email)}> ${Math.floor(Date.now() / 1000)} +0000`;
  const text = Buffer.from(message, 'utf8');
  let chunks: Buffer[] = [
    // Leaves what an earlier attempt of this run made.
    Buffer.from('reset refs/heads/new\n\n'),
    Buffer.from(`commit refs/heads/new\nauthor ${person}\ncommitter ${person}\ndata ${text.length}\n`),
    text,
    Buffer.from(parent === undefined ? '\n' : `\nfrom ${parent}\n`),
    // Removals first: a file may make room for a directory.
    ...plan.removed.map((path) => Buffer.from(`D ${quote(path)}\n`)),
  ];
  let size = 0;
  let written = 0;
  for (const path of [...plan.changed, ...plan.added]) {
    const bytes = tree.read(path);
    if (bytes.length > largestFile) {
      const message = `${path} has ${bytes.length} bytes, more than the ${largestFile} that a rendered file may have`;
      throw new PublishError('gitops/size', label, message, 'split what it holds');
    }
    // What was checked is what is published.
    if (blobId(bytes) !== tree.files.get(path)) {
      const message = `${path} changed while it was being published; nothing was published`;
      throw new PublishError('gitops/changed', label, message, 'publish again');
    }
    const header = Buffer.from(`M 100644 inline ${quote(path)}\ndata ${bytes.length}\n`);
    chunks.push(header, bytes, newline);
    size += header.length + bytes.length;
    written++;
    if (size < chunkSize) continue;
    yield Buffer.concat(chunks);
    onWritten?.(written);
    chunks = [];
    size = 0;
  }
  yield Buffer.concat([...chunks, Buffer.from('done\n')]);
}

const newline = Buffer.from('\n');

function quote(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}

function clean(text: string): string {
  return text.replace(/[<>\p{Cc}]/gu, ' ').trim();
}
