import { join } from 'node:path';
import { publish, type PublishOptions, type PublishResult } from '../../src/gitops/publish';
import { treeFromFiles, type Tree } from '../../src/gitops/tree';
import {
  commitByHand,
  configMap,
  exampleBodies,
  filesAt,
  git,
  treeOf,
  without,
  Workplace,
  type Bodies,
} from './support/trees';

const place = new Workplace();
afterAll(() => place.clean());
// Dozens of git processes, on a machine that may be busy.
jest.setTimeout(60_000);

const quota = 'clusters/dev/tenants/search/quota.yaml';
const network = 'clusters/dev/tenants/search/network.yaml';

interface Published {
  readonly repository: string;
  to(tree: Tree, options?: Partial<PublishOptions>): Promise<PublishResult>;
  head(): string;
}

/** An embedded repository that holds these files already. */
async function published(bodies: Bodies = exampleBodies()): Promise<Published> {
  const state = join(place.directory(), '.keelson');
  const repository = join(state, 'gitops.git');
  const to = (tree: Tree, options: Partial<PublishOptions> = {}): Promise<PublishResult> =>
    publish(tree, { state }, { version: '1', ...options });
  await to(treeOf(bodies));
  return { repository, to, head: () => git(repository, 'rev-parse', 'main') };
}

/** Publishes, expects a refusal that moves nothing, and gives `rule file` of every finding. */
async function refused({ to, head }: Published, tree: Tree, options: Partial<PublishOptions> = {}): Promise<string[]> {
  const before = head();
  const result = await to(tree, options);
  expect(result).toMatchObject({ outcome: 'refused', changed: false });
  expect(head()).toBe(before);
  return result.findings.map(({ rule, file }) => `${rule} ${file}`);
}

describe('what vanishes', () => {
  test('a tenant that loses its last file on a cluster must be named', async () => {
    const repo = await published();
    const tree = treeOf(without(exampleBodies(), 'clusters/dev/tenants/search/'));
    expect(await refused(repo, tree)).toEqual(['gitops/removal clusters/dev/tenants/search']);
    const { findings } = await repo.to(tree);
    expect(findings[0]?.fix).toContain('tenant/search');
    expect(await repo.to(tree, { allowRemove: ['tenant/search'] })).toMatchObject({ outcome: 'published' });
  });

  test('a cluster must be named, and its tenants with it need not', async () => {
    const repo = await published();
    const tree = treeOf(without(exampleBodies(), 'clusters/dev/'));
    expect(await refused(repo, tree)).toEqual(['gitops/removal clusters/dev']);
    expect(await refused(repo, tree, { allowRemove: ['tenant/search', 'tenant/payments'] })).toHaveLength(1);
    expect(await repo.to(tree, { allowRemove: ['cluster/dev'] })).toMatchObject({ outcome: 'published' });
  });

  test('an empty tree is refused for every cluster at once', async () => {
    const repo = await published();
    expect(await refused(repo, treeOf({}))).toEqual(['gitops/removal clusters/dev', 'gitops/removal clusters/prod']);
  });

  const facets = (count: number): Bodies => {
    const bodies = exampleBodies();
    for (let i = 0; i < count; i++)
      bodies[`clusters/prod/baseline/cilium/facet-${i}.yaml`] = configMap('kube-system', `f${i}`);
    return bodies;
  };

  test('more than a tenth of all objects must be named, fewer than 20 never', async () => {
    const repo = await published(facets(100));
    const less = (count: number): Tree =>
      treeOf(
        Object.fromEntries(
          Object.entries(facets(100)).filter(([path]) => {
            const number = /facet-(\d+)/.exec(path)?.[1];
            return number === undefined || Number(number) >= count;
          }),
        ),
      );
    expect(await refused(repo, less(20))).toEqual(['gitops/removal ']);
    expect(await repo.to(less(20), { maxRemovedShare: 0.5, dryRun: true })).toMatchObject({ changed: true });
    expect(await repo.to(less(20), { allowRemove: ['share'], dryRun: true })).toMatchObject({ changed: true });
    expect(await repo.to(less(19))).toMatchObject({ outcome: 'published' });
  });

  test('objects that move to other files have not vanished', async () => {
    const repo = await published(facets(100));
    const joined = Array.from({ length: 100 }, (_, i) => configMap('kube-system', `f${i}`)).join('---\n');
    const tree = treeOf({ ...exampleBodies(), 'clusters/prod/baseline/cilium/all.yaml': joined });
    expect(await repo.to(tree)).toMatchObject({
      outcome: 'published',
      summary: { files: { added: 1, removed: 100 } },
    });
  });

  test('objects that vanish inside a file that stays count too', async () => {
    const many = Array.from({ length: 100 }, (_, i) => configMap('kube-system', `f${i}`));
    const path = 'clusters/prod/baseline/cilium/all.yaml';
    const repo = await published({ ...exampleBodies(), [path]: many.join('---\n') });
    const tree = treeOf({ ...exampleBodies(), [path]: many.slice(0, 60).join('---\n') });
    expect(await refused(repo, tree)).toEqual(['gitops/removal ']);
  });

  test('objects of a tenant that was named are no share of their own', async () => {
    const bodies = exampleBodies();
    for (let i = 0; i < 50; i++) bodies[`clusters/prod/tenants/big/f${i}.yaml`] = configMap('big', `f${i}`);
    const repo = await published(bodies);
    expect(await refused(repo, treeOf(exampleBodies()))).toHaveLength(2);
    expect(await repo.to(treeOf(exampleBodies()), { allowRemove: ['tenant/big'] })).toMatchObject({
      outcome: 'published',
    });
  });
});

describe('what people did by hand', () => {
  const change = (): Bodies => ({
    ...exampleBodies(),
    [quota]: configMap('search', 'quota', 'new'),
    'README.md': '# New\n',
  });

  test('a rendered file edited by hand is reported, and nothing is published', async () => {
    const repo = await published();
    const edited = `${filesAt(repo.repository, 'main').get(quota)}# by hand\n`;
    commitByHand(place, repo.repository, { [quota]: edited });
    expect(await refused(repo, treeOf(change()))).toEqual([`gitops/edited ${quota}`]);
    // Even where nothing else would change.
    expect(await refused(repo, treeOf(exampleBodies()))).toEqual([`gitops/edited ${quota}`]);
  });

  test.each([[[quota]], ['all' as const]])('it is overwritten when that is asked for by %j', async (overwrite) => {
    const repo = await published();
    commitByHand(place, repo.repository, { [quota]: `${filesAt(repo.repository, 'main').get(quota)}# by hand\n` });
    expect(await repo.to(treeOf(change()), { overwrite })).toMatchObject({ outcome: 'published' });
    expect(filesAt(repo.repository, 'main').get(quota)).toContain('value: new');
    expect(git(repo.repository, 'log', '-1', '--format=%(trailers:key=Overridden,valueonly)', 'main')).toBe(
      `overwrite ${quota} (edited)`,
    );
  });

  test('an edited file that the tree no longer has is not removed', async () => {
    const repo = await published();
    commitByHand(place, repo.repository, { [quota]: `${filesAt(repo.repository, 'main').get(quota)}# by hand\n` });
    expect(await refused(repo, treeOf(without(exampleBodies(), quota)))).toEqual([`gitops/edited ${quota}`]);
  });

  test('a rendered file deleted by hand does not come back unasked', async () => {
    const repo = await published();
    commitByHand(place, repo.repository, { [quota]: null });
    expect(await refused(repo, treeOf(exampleBodies()))).toEqual([`gitops/deleted ${quota}`]);
    expect(await repo.to(treeOf(exampleBodies()), { overwrite: [quota] })).toMatchObject({ outcome: 'published' });
  });

  test('a publish that a person reverted is not simply repeated', async () => {
    const repo = await published();
    const bodies: Bodies = { ...change(), 'clusters/dev/tenants/search/roles.yaml': configMap('search', 'roles') };
    await repo.to(treeOf(bodies));
    const clone = join(place.directory(), 'clone');
    git(place.directory(), 'clone', '-q', repo.repository, clone);
    git(clone, 'revert', '--no-edit', 'HEAD');
    git(clone, 'push', '-q', 'origin', 'HEAD:main');
    const findings = await refused(repo, treeOf(bodies));
    expect(findings.sort()).toEqual([
      'gitops/deleted clusters/dev/tenants/search/roles.yaml',
      'gitops/reverted README.md',
      `gitops/reverted ${quota}`,
    ]);
    expect(await repo.to(treeOf(bodies), { overwrite: 'all' })).toMatchObject({ outcome: 'published' });
  });

  test('a publish merged by hand from another branch is no edit', async () => {
    const repo = await published();
    const state = join(repo.repository, '..');
    git(repo.repository, 'branch', 'proposal', 'main');
    await publish(treeOf(change()), { state, branch: 'proposal' }, { version: '1' });
    const clone = join(place.directory(), 'clone');
    git(place.directory(), 'clone', '-q', repo.repository, clone);
    git(clone, 'merge', '--squash', '-q', 'origin/proposal');
    git(clone, 'commit', '-qm', 'Merged by squashing');
    git(clone, 'push', '-q', 'origin', 'HEAD:main');
    const next = treeOf({ ...change(), [quota]: configMap('search', 'quota', 'newer') });
    expect(await repo.to(next)).toMatchObject({ outcome: 'published' });
  });

  test("a file of somebody else's at a path that the tree needs is not overwritten, except by name", async () => {
    const repo = await published();
    commitByHand(place, repo.repository, { 'clusters/dev/tenants/search/roles.yaml': 'mine: true\n' });
    const tree = treeOf({ ...exampleBodies(), 'clusters/dev/tenants/search/roles.yaml': configMap('search', 'roles') });
    const finding = 'gitops/foreign clusters/dev/tenants/search/roles.yaml';
    expect(await refused(repo, tree)).toEqual([finding]);
    expect(await refused(repo, tree, { overwrite: 'all' })).toEqual([finding]);
    const overwrite = ['clusters/dev/tenants/search/roles.yaml'];
    expect(await repo.to(tree, { overwrite })).toMatchObject({ outcome: 'published' });
  });

  test("a file of somebody else's where the tree needs a directory is never replaced", async () => {
    const repo = await published();
    commitByHand(place, repo.repository, { 'clusters/dev/tenants/orders': 'mine\n' });
    const tree = treeOf({ ...exampleBodies(), 'clusters/dev/tenants/orders/quota.yaml': configMap('orders', 'quota') });
    expect(await refused(repo, tree, { overwrite: 'all' })).toEqual(['gitops/in-the-way clusters/dev/tenants/orders']);
  });

  test('everything that stands against a publish is reported at once', async () => {
    const repo = await published();
    commitByHand(place, repo.repository, {
      [quota]: `${filesAt(repo.repository, 'main').get(quota)}# by hand\n`,
      [network]: null,
    });
    const bodies = without(change(), 'clusters/prod/tenants/payments/');
    expect((await refused(repo, treeOf(bodies))).sort()).toEqual([
      `gitops/deleted ${network}`,
      `gitops/edited ${quota}`,
      'gitops/removal clusters/prod/tenants/payments',
    ]);
  });
});

describe('a stale source', () => {
  test('a source older than the published one is refused unless told so', async () => {
    const repo = await published();
    const directory = place.directory();
    git(directory, 'init', '-q');
    const [older, newer] = ['one', 'two'].map((message) => {
      git(directory, 'commit', '-q', '--allow-empty', '-m', message);
      return git(directory, 'rev-parse', 'HEAD');
    }) as [string, string];
    const source = (revision: string): Partial<PublishOptions> => ({ source: { directory, revision, dirty: false } });
    const version = (text: string): Tree => treeOf({ ...exampleBodies(), 'README.md': `# ${text}\n` });
    await repo.to(version('two'), source(newer));
    expect(await refused(repo, version('one'), source(older))).toEqual(['gitops/stale ']);
    expect(await repo.to(version('two'), source(older))).toMatchObject({ outcome: 'unchanged' });
    expect(await repo.to(version('three'), source(newer))).toMatchObject({ outcome: 'published', findings: [] });
    expect(await repo.to(version('one'), { ...source(older), allowStale: true })).toMatchObject({
      outcome: 'published',
    });
  });

  test('a published source that is not known here is a warning', async () => {
    const repo = await published();
    const [one, two] = [place.directory(), place.directory()].map((directory, index) => {
      git(directory, 'init', '-q');
      git(directory, 'commit', '-q', '--allow-empty', '-m', String(index));
      return { directory, revision: git(directory, 'rev-parse', 'HEAD'), dirty: false };
    });
    await repo.to(treeOf({ ...exampleBodies(), 'README.md': '# one\n' }), { source: one! });
    const result = await repo.to(treeOf({ ...exampleBodies(), 'README.md': '# two\n' }), { source: two! });
    expect(result.outcome).toBe('published');
    expect(result.findings).toMatchObject([{ rule: 'gitops/stale', severity: 'warning' }]);
  });
});

describe('paths', () => {
  test.each([
    '../outside.yaml',
    '/etc/passwd',
    'clusters/../../x.yaml',
    'clusters/.git/config',
    '.gitattributes',
    'clusters//x.yaml',
    'clusters/a\nb.yaml',
    'clusters\\x.yaml',
    `clusters/${'x'.repeat(300)}.yaml`,
    '',
  ])('%j is refused', async (path) => {
    const repo = await published();
    expect(await refused(repo, treeFromFiles(new Map([[path, 'x\n']])))).toEqual([`gitops/path ${path}`]);
  });

  test('a file that is a directory too is refused', async () => {
    const repo = await published();
    const tree = treeOf({ 'clusters/dev/a.yaml': '', 'clusters/dev/a.yaml/b.yaml': '' });
    expect(await refused(repo, tree)).toEqual(['gitops/path clusters/dev/a.yaml']);
  });

  test('a tree whose bytes are not those that were checked is not published', async () => {
    const repo = await published();
    const tree = treeOf({ ...exampleBodies(), 'README.md': '# New\n' });
    const lying: Tree = { files: tree.files, read: () => Buffer.from('other') };
    const before = repo.head();
    await expect(repo.to(lying)).rejects.toThrow('README.md changed while it was being published');
    expect(repo.head()).toBe(before);
  });
});
