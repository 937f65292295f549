import { join } from 'node:path';
import { ageOf, type Faulty } from '../../src/gitops/keep';
import { publish, type PublishOptions, type PublishResult } from '../../src/gitops/publish';
import type { Tree } from '../../src/gitops/tree';
import {
  type Bodies,
  commitByHand,
  configMap,
  exampleBodies,
  git,
  idsAt,
  treeOf,
  without,
  Workplace,
} from './support/trees';

const place = new Workplace();
afterAll(() => place.clean());
// Dozens of git processes, on a machine that may be busy.
jest.setTimeout(60_000);

interface Published {
  readonly repository: string;
  to(tree: Tree, options?: Partial<PublishOptions>): Promise<PublishResult>;
  /** Files of a tenant on a cluster, and git's names for their bytes. */
  of(cluster: string, tenant: string): [string, string][];
}

async function published(bodies: Bodies = exampleBodies()): Promise<Published> {
  const state = join(place.directory(), '.keelson');
  const repository = join(state, 'gitops.git');
  const to = (tree: Tree, options: Partial<PublishOptions> = {}): Promise<PublishResult> =>
    publish(tree, { state }, { version: '1', ...options });
  await to(treeOf(bodies));
  const of = (cluster: string, tenant: string) =>
    [...idsAt(repository, 'main')].filter(([path]) => path.startsWith(`clusters/${cluster}/tenants/${tenant}/`));
  return { repository, to, of };
}

const faulty = (tenants: Record<string, string>, unread: readonly string[] = []): Faulty => ({
  tenants: new Map(Object.entries(tenants)),
  unread,
});
const searchIsBroken = faulty({ search: 'tenants/claims/search.yaml' });
const bare = without(without(exampleBodies(), 'clusters/dev/tenants/search/'), 'clusters/prod/tenants/search/');

describe('what is published of a broken claim', () => {
  test('stays on each cluster where it is, while the others change', async () => {
    const repo = await published();
    const first = git(repo.repository, 'rev-parse', 'main');
    const before = [repo.of('dev', 'search'), repo.of('prod', 'search')];
    const changed = { ...bare, 'clusters/dev/tenants/payments/quota.yaml': configMap('payments', 'quota', 'two') };
    const result = await repo.to(treeOf(changed), { faulty: searchIsBroken });
    expect(result).toMatchObject({
      outcome: 'published',
      summary: { files: { added: 0, changed: 1, removed: 0 } },
      kept: [{ tenant: 'search', clusters: ['dev', 'prod'], commit: first, vanished: false }],
      findings: [{ rule: 'gitops/kept', severity: 'warning', file: 'tenants/claims/search.yaml' }],
    });
    expect([repo.of('dev', 'search'), repo.of('prod', 'search')]).toEqual(before);
    expect(git(repo.repository, 'log', '-1', '--format=%(trailers:key=Kept,valueonly)', 'main')).toBe(
      'tenant/search (tenants/claims/search.yaml)',
    );
  });

  test('is dated by the commit that last touched it, not by the last one', async () => {
    const repo = await published();
    const second = {
      ...exampleBodies(),
      'clusters/prod/tenants/search/quota.yaml': configMap('search', 'quota', 'two'),
    };
    const { commit } = await repo.to(treeOf(second));
    const { ...later } = { ...second, 'clusters/prod/root.yaml': configMap('argocd', 'root', 'two') };
    await repo.to(treeOf(later));
    const result = await repo.to(
      treeOf(without(without(later, 'clusters/dev/tenants/search/'), 'clusters/prod/tenants/search/')),
      {
        faulty: searchIsBroken,
      },
    );
    expect(result).toMatchObject({ outcome: 'unchanged', kept: [{ commit }] });
    expect(result.findings[0]?.message).toMatch(
      new RegExp(`of \\d+ \\w+ ago stays \\(commit ${commit?.slice(0, 12)}\\)`),
    );
  });

  test('stays as a person changed it by hand, and is no conflict', async () => {
    const repo = await published();
    commitByHand(place, repo.repository, { 'clusters/dev/tenants/search/quota.yaml': 'a: b\n' });
    const changed = { ...bare, 'README.md': '# New\n' };
    expect(await repo.to(treeOf(changed), { faulty: searchIsBroken })).toMatchObject({ outcome: 'published' });
    expect(repo.of('dev', 'search')).toHaveLength(2);
  });

  test('goes with its cluster, once that is named', async () => {
    const repo = await published();
    const tree = treeOf(without(bare, 'clusters/dev/'));
    expect(await repo.to(tree, { faulty: searchIsBroken })).toMatchObject({ outcome: 'refused' });
    const result = await repo.to(tree, { faulty: searchIsBroken, allowRemove: ['cluster/dev'] });
    expect(result).toMatchObject({ outcome: 'published', kept: [{ clusters: ['prod'] }] });
    expect([repo.of('dev', 'search').length, repo.of('prod', 'search').length]).toEqual([0, 2]);
  });

  test('is told where there is none', async () => {
    const repo = await published(bare);
    const { findings, kept } = await repo.to(treeOf(bare), { faulty: searchIsBroken });
    expect(kept).toEqual([]);
    expect(findings).toMatchObject([{ rule: 'gitops/never-published', unit: 'search', severity: 'warning' }]);
  });
});

describe('while a file cannot be read', () => {
  const unread = faulty({ code: 'tenants/code.ts' }, ['tenants/code.ts']);

  test('whoever vanished stays, unless it is named', async () => {
    const repo = await published();
    const { kept, findings, outcome } = await repo.to(treeOf(bare), { faulty: unread });
    expect({ kept, outcome }).toMatchObject({ kept: [{ tenant: 'search', vanished: true }], outcome: 'unchanged' });
    expect(findings[0]?.message).toContain('may declare it');
    expect(await repo.to(treeOf(bare), { faulty: unread, allowRemove: ['tenant/search'] })).toMatchObject({
      kept: [],
      outcome: 'published',
    });
    expect(repo.of('dev', 'search')).toEqual([]);
  });

  test('a tenant that is left out on one cluster only has vanished there, since its claim is read', async () => {
    const repo = await published();
    const tree = treeOf(without(exampleBodies(), 'clusters/dev/tenants/search/'));
    expect(await repo.to(tree, { faulty: unread })).toMatchObject({ outcome: 'refused', kept: [] });
  });
});

describe('a tenant that vanishes', () => {
  const namespace = (tenant: string, state?: string, owner = `${tenant}@example.com`) =>
    `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${tenant}-dev\n  annotations:\n    keelson.dev/owner: ${owner}\n${state ? `    keelson.dev/state: ${state}\n` : ''}`;
  const path = (tenant: string) => `clusters/dev/tenants/${tenant}/namespace.yaml`;
  const gone = without(exampleBodies(), 'clusters/dev/tenants/search/');

  test.each<[string, string | undefined, string]>([
    ['removed', 'removed', 'published'],
    ['suspended', 'suspended', 'refused'],
    ['active', undefined, 'refused'],
  ])('after it was published as %s', async (_, state, outcome) => {
    const repo = await published({ ...exampleBodies(), [path('search')]: namespace('search', state) });
    expect(await repo.to(treeOf(gone))).toMatchObject({ outcome });
  });

  test('is judged by what is published, whatever somebody wrote there by hand', async () => {
    const repo = await published({ ...exampleBodies(), [path('search')]: namespace('search') });
    commitByHand(place, repo.repository, { [path('search')]: namespace('search', 'removed') });
    expect(await repo.to(treeOf(gone))).toMatchObject({ outcome: 'refused' });
  });

  test('beside a new one of the same owner was renamed, which is told; one of another owner was not', async () => {
    const repo = await published({ ...exampleBodies(), [path('search')]: namespace('search') });
    const fix = async (owner: string) => {
      const tree = treeOf({ ...gone, [path('find')]: namespace('find', undefined, owner) });
      return (await repo.to(tree)).findings.map((finding) => finding.fix).join();
    };
    expect(await fix('search@example.com')).toContain('cannot be renamed');
    expect(await fix('other@example.com')).toContain('keelson tenant remove search');
  });
});

test.each([
  [0, '0 seconds'],
  [61_000, '1 minute'],
  [3 * 24 * 3600_000 + 5, '3 days'],
  [-5, '0 seconds'],
])('an age of %d milliseconds is %s', (milliseconds, text) => {
  expect(ageOf(milliseconds)).toBe(text);
});

describe('what a tenant has whose claim is broken', () => {
  const path = (tenant: string, facet: string) => `clusters/dev/tenants/${tenant}/${facet}.yaml`;
  const namespace = (tenant: string, hosts: string, name = tenant) =>
    `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}-dev\n  annotations:\n    keelson.dev/hosts: '${hosts}'\n`;
  const delivery = (url: string) =>
    `apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n  generators:\n    - git:\n        repoURL: ${url}\n`;
  const ofSearch = {
    [path('search', 'namespace')]: namespace('search', 'www.example.com,find.example.com'),
    [path('search', 'delivery')]: delivery('https://git.example.com/search/deploy.git'),
  };

  test.each<[string, Bodies]>([
    ['host', { [path('taker', 'namespace')]: namespace('taker', 'a.example.com,find.example.com') }],
    ['host', { [path('taker', 'namespace')]: namespace('taker', 'api.www.example.com') }],
    ['host', { [path('taker', 'namespace')]: namespace('taker', 'example.com') }],
    ['namespace', { [path('taker', 'namespace')]: namespace('taker', '', 'search') }],
    ['repository', { [path('taker', 'delivery')]: delivery('git@git.example.com:Search/deploy') }],
  ])('is taken by nobody: a %s', async (what, takes) => {
    const repo = await published({ ...exampleBodies(), ...ofSearch });
    const changed = { ...bare, [path('payments', 'quota')]: configMap('payments', 'quota', 'two') };
    const result = await repo.to(treeOf({ ...changed, ...takes }), {
      faulty: { ...searchIsBroken, declared: new Map([['taker', 'tenants/claims/taker.yaml']]) },
    });
    expect(result).toMatchObject({ outcome: 'published', summary: { files: { added: 0, changed: 1, removed: 0 } } });
    expect(result.findings).toContainEqual(
      expect.objectContaining({
        rule: 'gitops/taken',
        severity: 'error',
        file: 'tenants/claims/taker.yaml',
        message: expect.stringMatching(`^${what} .* tenant 'search'.*tenants/claims/search.yaml`) as string,
      }),
    );
    expect(repo.of('dev', 'taker')).toEqual([]);
  });

  test('is left to whoever had it beside it before, and to whoever has a name like it', async () => {
    const others = {
      [path('payments', 'namespace')]: namespace('payments', 'www.example.com'),
      [path('payments', 'delivery')]: delivery('https://git.example.com/payments/deploy.git'),
    };
    const repo = await published({ ...exampleBodies(), ...ofSearch, ...others });
    const fresh = { [path('taker', 'namespace')]: namespace('taker', 'ww.example.com,xwww.example.com') };
    const result = await repo.to(treeOf({ ...bare, ...others, ...fresh }), { faulty: searchIsBroken });
    expect(result).toMatchObject({ outcome: 'published', findings: [{ rule: 'gitops/kept' }] });
    expect(repo.of('dev', 'taker')).toHaveLength(1);
  });

  test('and what one gave up who is left out is not free either', async () => {
    const second = { [path('payments', 'namespace')]: namespace('payments', 'pay.example.com') };
    const repo = await published({ ...exampleBodies(), ...ofSearch, ...second });
    const chain = {
      [path('payments', 'namespace')]: namespace('payments', 'find.example.com'),
      [path('taker', 'namespace')]: namespace('taker', 'pay.example.com'),
    };
    const result = await repo.to(treeOf({ ...bare, ...chain }), { faulty: searchIsBroken });
    expect(result.outcome).toBe('unchanged');
    expect(result.findings.filter(({ rule }) => rule === 'gitops/taken').map(({ unit }) => unit)).toEqual([
      'payments',
      'taker',
    ]);
  });
});
