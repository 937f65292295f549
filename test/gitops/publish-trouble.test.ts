import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishInProcess } from './support/processes';
import { versionBodies } from './support/publisher';
import { filesAt, filesOf, git, treeOf, Workplace } from './support/trees';

const place = new Workplace();
afterAll(() => place.clean());
jest.setTimeout(120_000);

test('a full disk leaves the repository as it was, says so, and the next run succeeds', async () => {
  const state = place.directory();
  const repository = join(state, 'gitops.git');
  await publishInProcess({ target: { state }, version: 'a', files: 20 });
  const before = git(repository, 'rev-parse', 'main');
  // No file above 8 blocks of 512 bytes: what the system says is what it says of a full disk, or of a file too large.
  const full = await publishInProcess({ target: { state }, version: 'b', files: 1000 }, { before: 'ulimit -f 8' });
  expect(full.outcome).toBe('failed');
  expect(full.message).toContain('the disk is full; nothing was published');
  expect(git(repository, 'rev-parse', 'main')).toBe(before);
  expect(git(repository, 'fsck', '--strict')).toBe('');
  expect(readdirSync(join(repository, 'keelson'))).toEqual([]);
  expect(await publishInProcess({ target: { state }, version: 'b', files: 1000 })).toMatchObject({
    outcome: 'published',
  });
});

/** Mounting needs root and a kernel that lets it: elsewhere the limit above stands in for the full disk. */
function mountTiny(directory: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', directory], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

test('a remote on a full disk keeps its state, and gets the tree when there is space', async () => {
  const directory = place.directory();
  if (!mountTiny(directory)) return;
  try {
    const repository = join(directory, 'remote.git');
    git(place.directory(), 'init', '-q', '--bare', '--template=', '--initial-branch=main', repository);
    const target = { repository, state: place.directory() };
    expect(await publishInProcess({ target, version: 'a', files: 10 })).toMatchObject({ outcome: 'published' });
    const full = await publishInProcess({ target, version: 'b', files: 6000 });
    expect(full.message).toContain('the disk is full; nothing was published');
    expect(filesAt(repository, 'main')).toEqual(filesOf(treeOf(versionBodies('a', 10))));
    expect(git(repository, 'fsck', '--strict')).toBe('');
    execFileSync('mount', ['-o', 'remount,size=64m', directory]);
    expect(await publishInProcess({ target, version: 'b', files: 6000 })).toMatchObject({ outcome: 'published' });
  } finally {
    execFileSync('umount', [directory]);
  }
});

/** Takes away the right to write: from root, whom no mode stops, by an attribute that not every file system has. */
function forbidWriting(directory: string): boolean {
  execFileSync('chmod', ['a-w', directory]);
  if (process.getuid?.() !== 0) return true;
  try {
    execFileSync('chattr', ['+i', directory], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

test('a directory that may not be written is told as such', async () => {
  const state = place.directory();
  await publishInProcess({ target: { state }, version: 'a', files: 10 });
  const runs = join(state, 'gitops.git', 'keelson');
  const isForbidden = forbidWriting(runs);
  const run = await publishInProcess({ target: { state }, version: 'b', files: 10 });
  if (process.getuid?.() === 0 && isForbidden) execFileSync('chattr', ['-i', runs]);
  execFileSync('chmod', ['u+w', runs]);
  expect(isForbidden ? run.message : 'no permission to write').toContain('no permission to write');
  expect(await publishInProcess({ target: { state }, version: 'c', files: 10 })).toMatchObject({
    outcome: 'published',
  });
});

test('something else where the embedded repository belongs is left alone', async () => {
  const state = place.directory();
  mkdirSync(join(state, 'gitops.git'));
  writeFileSync(join(state, 'gitops.git', 'thesis.txt'), 'mine');
  const run = await publishInProcess({ target: { state }, version: 'a', files: 10 });
  expect(run).toMatchObject({ outcome: 'failed' });
  expect(run.message).toContain('no bare git repository');
  expect(readdirSync(join(state, 'gitops.git'))).toEqual(['thesis.txt']);
});
