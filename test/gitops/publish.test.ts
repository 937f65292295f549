import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { publish, type PublishOptions } from '../../src/gitops/publish';
import { readPublished } from '../../src/gitops/published';
import { readSource } from '../../src/gitops/source';
import type { Tree } from '../../src/gitops/tree';
import {
  commitByHand,
  configMap,
  exampleBodies,
  filesAt,
  filesOf,
  git,
  treeOf,
  without,
  Workplace,
} from './support/trees';

const place = new Workplace();
afterAll(() => place.clean());
// Dozens of git processes, on a machine that may be busy.
jest.setTimeout(60_000);

/** An embedded repository and a publish to it. */
function embedded(): {
  repository: string;
  to: (tree: Tree, options?: Partial<PublishOptions>) => ReturnType<typeof publish>;
} {
  const state = join(place.directory(), '.keelson');
  return {
    repository: join(state, 'gitops.git'),
    to: (tree, options = {}) => publish(tree, { state }, { version: '1.2.3', ...options }),
  };
}

test('the first publish makes a repository that clones to exactly the tree', async () => {
  const { repository, to } = embedded();
  const tree = treeOf(exampleBodies());
  const result = await to(tree);
  expect(result).toMatchObject({ outcome: 'published', changed: true, branch: 'main', findings: [] });
  expect(result.previous).toBeUndefined();
  const clone = join(place.directory(), 'clone');
  git(place.directory(), 'clone', '-q', repository, clone);
  expect(git(clone, 'rev-parse', 'HEAD')).toBe(result.commit);
  expect(filesAt(clone, 'HEAD')).toEqual(filesOf(tree));
  expect(git(clone, 'fsck', '--strict')).toBe('');
});

test('a second publish of the same tree makes no commit', async () => {
  const { repository, to } = embedded();
  const first = await to(treeOf(exampleBodies()));
  const second = await to(treeOf(exampleBodies()));
  expect(second).toMatchObject({ outcome: 'unchanged', changed: false, commit: first.commit });
  expect(git(repository, 'rev-list', '--count', 'main')).toBe('1');
});

test('one more tenant is one commit that holds only its files', async () => {
  const { repository, to } = embedded();
  await to(treeOf(exampleBodies()));
  const more = { ...exampleBodies(), 'clusters/dev/tenants/orders/quota.yaml': configMap('orders', 'quota') };
  const result = await to(treeOf(more));
  expect(git(repository, 'show', '--format=%s', '--name-status', 'main').split('\n')).toEqual([
    'Publish: 1 tenant added',
    '',
    'A\tclusters/dev/tenants/orders/quota.yaml',
  ]);
  expect(result.summary.files).toEqual({ added: 1, changed: 0, removed: 0 });
});

test('the message tells what happened where, and carries revision, version and overrides', async () => {
  const { repository, to } = embedded();
  const source = place.directory();
  git(source, 'init', '-q');
  git(source, 'commit', '-q', '--allow-empty', '-m', 'one');
  const revision = git(source, 'rev-parse', 'HEAD');
  await to(treeOf(exampleBodies()));
  const bodies = without(exampleBodies(), 'clusters/dev/tenants/search/');
  bodies['clusters/dev/baseline/cilium/network.yaml'] = configMap('kube-system', 'network', 'two');
  bodies['clusters/prod/policies/registries.yaml'] = configMap('kyverno', 'registries');
  await to(treeOf(bodies), {
    source: { directory: source, revision, dirty: true },
    allowRemove: ['tenant/search', 'tenant/unused'],
  });
  expect(git(repository, 'log', '-1', '--format=%B', 'main').split('\n')).toEqual([
    'Publish: 1 tenant removed, 1 add-on changed, 1 guardrail added',
    '',
    'dev:',
    '- tenant search removed (2 files)',
    '- add-on cilium changed (1 file)',
    'prod:',
    '- guardrail registries added (1 file)',
    '',
    `Source-Revision: ${revision}-dirty`,
    'Keelson-Version: 1.2.3',
    'Overridden: remove tenant/search',
  ]);
});

test('the subject keeps to 72 characters and the body to 50 names', async () => {
  const { repository, to } = embedded();
  const bodies = exampleBodies();
  for (let i = 0; i < 2000; i++) bodies[`clusters/prod/tenants/t${i}/quota.yaml`] = configMap(`t${i}`, 'quota');
  bodies['clusters/prod/policies/registries.yaml'] = configMap('kyverno', 'registries');
  await to(treeOf(bodies));
  const [subject = '', , ...body] = git(repository, 'log', '-1', '--format=%B', 'main').split('\n');
  expect(subject.length).toBeLessThanOrEqual(72);
  expect(subject).toMatch(/^Publish: 2002 tenants added, /);
  expect(body.filter((line) => line.startsWith('- '))).toHaveLength(50);
  expect(body).toContainEqual(expect.stringMatching(/^and 1,\d+ more$/));
});

test('a file that vanished from the tree is removed', async () => {
  const { repository, to } = embedded();
  await to(treeOf(exampleBodies()));
  const result = await to(treeOf(without(exampleBodies(), 'clusters/dev/tenants/search/quota.yaml')));
  expect(result.outcome).toBe('published');
  expect(filesAt(repository, 'main').has('clusters/dev/tenants/search/quota.yaml')).toBe(false);
});

test('a file may make room for a directory, and the other way round', async () => {
  const { repository, to } = embedded();
  const one = treeOf({
    ...exampleBodies(),
    'clusters/dev/a.yaml': configMap('x', 'a'),
    'clusters/dev/b/c.yaml': configMap('x', 'c'),
  });
  const two = treeOf({
    ...exampleBodies(),
    'clusters/dev/a.yaml/c.yaml': configMap('x', 'a'),
    'clusters/dev/b': configMap('x', 'c'),
  });
  await to(one);
  expect(await to(two)).toMatchObject({ outcome: 'published' });
  expect(filesAt(repository, 'main')).toEqual(filesOf(two));
});

test('files that Keelson never wrote stay', async () => {
  const { repository, to } = embedded();
  await to(treeOf(exampleBodies()));
  commitByHand(place, repository, { 'clusters/dev/tenants/search/notes.yaml': 'mine: true\n', CODEOWNERS: '* @ada\n' });
  const bodies = { ...exampleBodies(), 'README.md': '# Changed\n' };
  expect(await to(treeOf(bodies))).toMatchObject({ outcome: 'published' });
  const files = filesAt(repository, 'main');
  expect(files.get('clusters/dev/tenants/search/notes.yaml')).toBe('mine: true\n');
  expect(files.get('CODEOWNERS')).toBe('* @ada\n');
});

test('a dry run finds out everything and commits nothing', async () => {
  const { repository, to } = embedded();
  await to(treeOf(exampleBodies()));
  const before = git(repository, 'rev-parse', 'main');
  const result = await to(treeOf({ ...exampleBodies(), 'README.md': '# Changed\n' }), { dryRun: true });
  expect(result).toMatchObject({ changed: true, commit: before, summary: { files: { changed: 1 } } });
  expect(git(repository, 'rev-parse', 'main')).toBe(before);
});

test('nothing of a run stays beside the commit', async () => {
  const { repository, to } = embedded();
  await to(treeOf(exampleBodies()));
  expect(git(repository, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  expect(git(repository, 'count-objects', '-v')).toContain('garbage: 0');
  expect(existsSync(join(repository, 'keelson', 'scratch'))).toBe(false);
});

test('many publishes stay few packs, and every commit readable', async () => {
  const { repository, to } = embedded();
  for (let i = 0; i < 60; i++) await to(treeOf({ ...exampleBodies(), 'README.md': `# ${i}\n` }));
  const packs = /packs: (\d+)/.exec(git(repository, 'count-objects', '-v'))?.[1];
  expect(Number(packs)).toBeLessThan(50);
  expect(git(repository, 'fsck', '--strict')).toBe('');
  expect(git(repository, 'rev-list', '--count', 'main')).toBe('60');
});

test('what is published can be read back as a tree', async () => {
  const state = join(place.directory(), '.keelson');
  expect((await readPublished({ state })).tree.files.size).toBe(0);
  const tree = treeOf(exampleBodies());
  const { commit } = await publish(tree, { state }, { version: '1' });
  const published = await readPublished({ state });
  expect(published.commit).toBe(commit);
  expect(published.tree.files).toEqual(tree.files);
  await published.tree.load?.(['README.md']);
  expect(filesOf(published.tree)).toEqual(filesOf(tree));
});

test('another branch than main is published to where it is named, and cloned', async () => {
  const state = join(place.directory(), '.keelson');
  await publish(treeOf(exampleBodies()), { state, branch: 'live' }, { version: '1' });
  const clone = join(place.directory(), 'clone');
  git(place.directory(), 'clone', '-q', join(state, 'gitops.git'), clone);
  expect(git(clone, 'branch', '--show-current')).toBe('live');
});

test('the source of a checkout is its commit, and whether files differ from it', async () => {
  const directory = place.directory();
  expect(await readSource(directory)).toBeUndefined();
  git(directory, 'init', '-q');
  git(directory, 'commit', '-q', '--allow-empty', '-m', 'one');
  const revision = git(directory, 'rev-parse', 'HEAD');
  expect(await readSource(directory)).toEqual({ directory, revision, dirty: false });
});
