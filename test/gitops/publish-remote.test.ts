import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { publish } from '../../src/gitops/publish';
import { PublishError } from '../../src/gitops/publish-error';
import { readPublished } from '../../src/gitops/published';
import { commitByHand, exampleBodies, filesAt, filesOf, git, treeOf, Workplace } from './support/trees';

const place = new Workplace();
afterAll(() => place.clean());
// Dozens of git processes, on a machine that may be busy.
jest.setTimeout(60_000);

const version = { version: '1' };
const changed = treeOf({ ...exampleBodies(), 'README.md': '# Changed\n' });

/** An empty bare repository, and the target that points to it. */
function remote(): { repository: string; target: { repository: string; state: string } } {
  const repository = join(place.directory(), 'remote.git');
  git(place.directory(), 'init', '-q', '--bare', '--initial-branch=main', repository);
  return { repository, target: { repository: pathToFileURL(repository).href, state: place.directory() } };
}

async function failure(work: Promise<unknown>): Promise<PublishError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PublishError);
  return error as PublishError;
}

test('an empty remote gets its first commit, then only changes', async () => {
  const { repository, target } = remote();
  const tree = treeOf(exampleBodies());
  expect(await publish(tree, target, version)).toMatchObject({ outcome: 'published' });
  expect(filesAt(repository, 'main')).toEqual(filesOf(tree));
  expect(await publish(tree, target, version)).toMatchObject({ outcome: 'unchanged' });
  expect(await publish(changed, target, version)).toMatchObject({ outcome: 'published' });
  expect(git(repository, 'rev-list', '--count', 'main')).toBe('2');
  expect(git(repository, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
});

test('a plain path serves as well, and what others push meanwhile is built upon', async () => {
  const { repository, target } = remote();
  const plain = { ...target, repository };
  await publish(treeOf(exampleBodies()), plain, version);
  commitByHand(place, repository, { CODEOWNERS: '* @ada\n' });
  expect(await publish(changed, plain, version)).toMatchObject({ outcome: 'published' });
  expect(filesAt(repository, 'main').get('CODEOWNERS')).toBe('* @ada\n');
  expect(git(repository, 'rev-list', '--count', 'main')).toBe('3');
});

test('a lost copy of the remote is fetched again', async () => {
  const { target } = remote();
  await publish(treeOf(exampleBodies()), target, version);
  const elsewhere = { ...target, state: place.directory() };
  expect(await publish(treeOf(exampleBodies()), elsewhere, version)).toMatchObject({ outcome: 'unchanged' });
  const published = await readPublished({ ...target, state: place.directory() });
  expect(filesOf(published.tree)).toEqual(filesOf(treeOf(exampleBodies())));
});

test('a remote that was rebuilt from nothing is published to again', async () => {
  const { repository, target } = remote();
  await publish(treeOf(exampleBodies()), target, version);
  git(repository, 'update-ref', '-d', 'refs/heads/main');
  expect(await publish(treeOf(exampleBodies()), target, version)).toMatchObject({ outcome: 'published' });
  expect(git(repository, 'rev-list', '--count', 'main')).toBe('1');
});

test('a hook that rejects leaves the remote as it was, and its words are told', async () => {
  const { repository, target } = remote();
  await publish(treeOf(exampleBodies()), target, version);
  const before = git(repository, 'rev-parse', 'main');
  const hook = join(repository, 'hooks', 'pre-receive');
  mkdirSync(join(repository, 'hooks'), { recursive: true });
  writeFileSync(hook, '#!/bin/sh\necho "Freeze until Monday" >&2\nexit 1\n');
  chmodSync(hook, 0o755);
  const error = await failure(publish(changed, target, version));
  expect(error.finding).toMatchObject({ rule: 'gitops/hook' });
  expect(error.message).toContain('Freeze until Monday');
  expect(git(repository, 'rev-parse', 'main')).toBe(before);
  expect(git(repository, 'fsck', '--strict')).toBe('');
});

test('a lock that nobody of ours left is waited for, then told', async () => {
  const { repository, target } = remote();
  await publish(treeOf(exampleBodies()), target, version);
  const before = git(repository, 'rev-parse', 'main');
  const lock = join(repository, 'refs', 'heads', 'main.lock');
  writeFileSync(lock, '');
  const error = await failure(publish(changed, target, version));
  expect(error.finding.rule).toBe('gitops/locked');
  expect(git(repository, 'rev-parse', 'main')).toBe(before);
  rmSync(lock);
  expect(await publish(changed, target, version)).toMatchObject({ outcome: 'published' });
});

test('a branch that is checked out is not moved, another one is', async () => {
  const directory = place.directory();
  git(directory, 'init', '-q', '--initial-branch=main');
  git(directory, 'commit', '-q', '--allow-empty', '-m', 'one');
  const target = { repository: directory, state: place.directory() };
  const before = git(directory, 'rev-parse', 'main');
  const error = await failure(publish(changed, target, version));
  expect(error.finding).toMatchObject({ rule: 'gitops/checked-out' });
  expect(git(directory, 'rev-parse', 'main')).toBe(before);
  git(directory, 'checkout', '-q', '-b', 'work');
  expect(await publish(changed, target, version)).toMatchObject({ outcome: 'published' });
  expect(git(directory, 'status', '--porcelain')).toBe('');
  expect(git(directory, 'branch', '--show-current')).toBe('work');
});

test.each([
  ['a path without a repository', (): string => place.directory(), 'gitops/no-repository'],
  ['a host that does not exist', (): string => 'https://nowhere.invalid/gitops.git', 'gitops/host'],
  ['a port where nobody listens', (): string => 'http://127.0.0.1:9/gitops.git', 'gitops/unreachable'],
  ['an option in place of a URL', (): string => '--upload-pack=touch', 'gitops/url'],
  ['a helper that runs commands', (): string => 'ext::sh -c true', 'gitops/url'],
])('%s is told as such', async (_, repository, rule) => {
  const error = await failure(publish(changed, { repository: repository(), state: place.directory() }, version));
  expect(error.finding.rule).toBe(rule);
});

test.each(['', '-x', 'a..b', 'a b', 'x.lock', '/a', 'a/', '@{u}'])('%j is no branch', async (branch) => {
  const error = await failure(publish(changed, { state: place.directory(), branch }, version));
  expect(error.finding.rule).toBe('gitops/branch');
});

test('a URL with credentials is used, refused by the host, and shown nowhere', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization ?? '');
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const state = place.directory();
  const repository = `http://ada:s3cr3t-t0ken@127.0.0.1:${port}/gitops.git?private_token=als0-s3cret`;
  const error = await failure(publish(changed, { repository, state }, version));
  await new Promise((resolve) => server.close(resolve));
  expect(asked).toContain(`Basic ${Buffer.from('ada:s3cr3t-t0ken').toString('base64')}`);
  expect(error.finding.rule).toBe('gitops/login');
  expect(`${error.message} ${error.stack} ${JSON.stringify(error.finding)}`).not.toMatch(/s3cr3t|als0|ada/);
  // Nor kept on the disk.
  expect(() => git(state, 'grep', '--no-index', '-r', '-a', 's3cr3t', '--', '.')).toThrow();
});
