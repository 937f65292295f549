import fc from 'fast-check';
import { dump } from 'js-yaml';
import { diff, toMarkdown, toText, type ObjectChange, type TreeDiff } from '../../src/gitops/diff';
import { treeFromFiles } from '../../src/gitops/tree';
import { configMap, exampleBodies, treeOf, without, type Bodies } from './support/trees';

const quota = 'clusters/dev/tenants/search/quota.yaml';

function compare(before: Bodies, after: Bodies): Promise<TreeDiff> {
  return diff(treeOf(before), treeOf(after));
}

/** The only change to an object, of one file's two bodies. */
async function change(before: string, after: string): Promise<ObjectChange> {
  const { clusters } = await compare({ [quota]: before }, { [quota]: after });
  const objects = clusters.flatMap(({ units }) => units.flatMap((unit) => unit.objects));
  expect(objects).toHaveLength(1);
  return objects[0]!;
}

const object = (fields: object): string =>
  dump({ apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 'thing', namespace: 'search' }, ...fields });

/** Field changes from one `spec` to another, as `path before after`. */
async function fields(before: unknown, after: unknown): Promise<unknown[]> {
  const found = await change(object({ spec: before }), object({ spec: after }));
  return found.fields.map((field) => [field.path, field.before, field.after]);
}

test('equal trees have no difference', async () => {
  const result = await compare(exampleBodies(), exampleBodies());
  expect(result).toEqual({
    changed: false,
    counts: { added: 0, changed: 0, removed: 0, files: 0, dangerous: 0 },
    clusters: [],
  });
  expect(toText(result, { colour: false })).toBe('no change\n');
});

test('changes are grouped by cluster and by tenant or add-on', async () => {
  const after = without(exampleBodies(), quota);
  after['clusters/prod/baseline/cilium/network.yaml'] = configMap('kube-system', 'network', 'two');
  after['clusters/prod/tenants/orders/quota.yaml'] = configMap('orders', 'quota');
  const { clusters, counts } = await compare(exampleBodies(), after);
  const outline = clusters.map(({ cluster, units }) => [
    cluster,
    units.map(({ kind, name, objects }) => [
      kind,
      name,
      objects.map(({ action, name: object }) => `${action} ${object}`),
    ]),
  ]);
  expect(outline).toEqual([
    ['dev', [['tenant', 'search', ['removed quota']]]],
    [
      'prod',
      [
        ['add-on', 'cilium', ['changed network']],
        ['tenant', 'orders', ['added quota']],
      ],
    ],
  ]);
  expect(counts).toEqual({ added: 1, changed: 1, removed: 1, files: 0, dangerous: 0 });
});

test('an object that moves to another file unchanged is no change', async () => {
  const after = without(exampleBodies(), 'clusters/dev/tenants/search/');
  after['clusters/dev/tenants/search/all.yaml'] = [configMap('search', 'network'), configMap('search', 'quota')].join(
    '---\n',
  );
  expect((await compare(exampleBodies(), after)).changed).toBe(false);
});

test('an object that moves and changes names both files', async () => {
  const after = without(exampleBodies(), quota);
  after['clusters/dev/tenants/search/limits.yaml'] = configMap('search', 'quota', 'two');
  const { clusters } = await compare(exampleBodies(), after);
  expect(clusters[0]?.units[0]?.objects).toMatchObject([
    { action: 'changed', file: 'clusters/dev/tenants/search/limits.yaml', previousFile: quota },
  ]);
});

test('another version of one kind is a change of the object, not another object', async () => {
  const found = await change(object({}), object({}).replace('example.org/v1', 'example.org/v2'));
  expect(found).toMatchObject({ action: 'changed', fields: [{ path: 'apiVersion' }] });
});

test('items of a list are told apart by their natural key, wherever they stand', async () => {
  const containers = (...names: string[]): object => ({
    containers: names.map((name) => ({ name, image: `${name}:1` })),
  });
  expect(await fields(containers('a', 'b'), containers('new', 'a', 'b'))).toEqual([
    ['spec.containers[name=new]', undefined, { name: 'new', image: 'new:1' }],
  ]);
  expect(
    await fields(
      {
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ],
      },
      {
        ports: [
          { port: 53, protocol: 'TCP', extra: 1 },
          { port: 53, protocol: 'UDP' },
        ],
      },
    ),
  ).toEqual([['spec.ports[port=53,protocol=TCP].extra', undefined, 1]]);
});

test('plain lists tell what came and went, and a new order as a whole', async () => {
  expect(await fields({ verbs: ['get', 'list'] }, { verbs: ['list', 'delete'] })).toEqual([
    ['spec.verbs[]', 'get', undefined],
    ['spec.verbs[]', undefined, 'delete'],
  ]);
  expect(await fields({ args: ['a', 'b'] }, { args: ['b', 'a'] })).toEqual([['spec.args', ['a', 'b'], ['b', 'a']]]);
  const rules = (...names: string[]): object => ({ rules: names.map((verb) => ({ verbs: [verb], groups: [''] })) });
  expect(await fields(rules('get', 'list'), rules('watch', 'get', 'list'))).toEqual([
    ['spec.rules[0]', undefined, { verbs: ['watch'], groups: [''] }],
  ]);
});

test('keys with dots and slashes are quoted in paths', async () => {
  expect(await fields({ 'a/b.c': 1 }, { 'a/b.c': 2 })).toEqual([['spec["a/b.c"]', 1, 2]]);
});

test('null, 0, false and empty text are told apart', async () => {
  expect(await fields({ a: null, b: 0, c: false, d: '' }, { a: '', b: false, c: null, d: 0 })).toHaveLength(4);
});

test('published files that Keelson never wrote are no removals', async () => {
  const rendered = treeOf(exampleBodies());
  const files = new Map([...rendered.files.keys()].map((path) => [path, rendered.read(path)]));
  files.set('clusters/dev/notes.yaml', Buffer.from('mine: true\n'));
  expect((await diff(treeFromFiles(files), rendered)).changed).toBe(false);
});

test('a file that can not be parsed is shown as text, with the reason', async () => {
  const result = await compare({ [quota]: object({ spec: 1 }) }, { [quota]: 'a: [\n' });
  expect(result.counts).toMatchObject({ files: 1, removed: 0 });
  expect(result.clusters[0]?.units[0]?.files).toMatchObject([{ action: 'changed', file: quota }]);
  expect(result.clusters[0]?.units[0]?.files[0]?.reason).toMatch(/^not readable as YAML: /);
  expect(result.clusters[0]?.units[0]?.files[0]?.lines).toContain('+a: [');
});

test('pages are compared as text', async () => {
  const { clusters } = await compare({ 'README.md': '# One\nsame\n' }, { 'README.md': '# Two\nsame\n' });
  expect(clusters[0]?.units[0]?.files[0]?.lines).toEqual(['-# One', '+# Two']);
});

test('an object that stands in a cluster twice is not lost', async () => {
  const bodies = {
    [quota]: configMap('search', 'quota'),
    'clusters/dev/tenants/search/twice.yaml': configMap('search', 'quota'),
  };
  const { counts } = await compare({}, bodies);
  expect(counts.added).toBe(2);
});

test('values of secrets are never shown', async () => {
  const secret = (value: string): string =>
    dump({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'search' },
      stringData: { password: value },
    });
  const result = await compare({ [quota]: secret('hunter2') }, { [quota]: secret('correct-horse') });
  const broken = await compare({ [quota]: secret('hunter2') }, { [quota]: `${secret('correct-horse')}x: [\n` });
  for (const each of [result, broken]) {
    const everything = JSON.stringify(each) + toText(each, { colour: false }) + toMarkdown(each);
    expect(everything).toContain('(hidden)');
    expect(everything).not.toMatch(/hunter2|correct-horse/);
  }
});

test('nothing in a tree can make a page or a terminal do anything', async () => {
  const hostile = '`</summary><img src=x onerror=alert(1)> @everyone \u001b[2J\u202e';
  const result = await compare(
    { [quota]: object({ spec: { a: 'b' } }) },
    { [quota]: object({ spec: { a: hostile } }) },
  );
  for (const sign of ['\u001b', '\u202e']) expect(toText(result, { colour: false })).not.toContain(sign);
  const line =
    toMarkdown(result)
      .split('\n')
      .find((each) => each.includes('onerror')) ?? '';
  expect(line).toMatch(/^ {2}- ``.*``$/);
});

test('a page keeps within what a comment may hold', async () => {
  const bodies = (value: string): Bodies =>
    Object.fromEntries(
      Array.from({ length: 3000 }, (_, i) => [
        `clusters/dev/tenants/t${i}/quota.yaml`,
        configMap(`t${i}`, 'quota', value),
      ]),
    );
  const page = toMarkdown(await compare(bodies('one'), bodies('two')));
  expect(page.length).toBeLessThan(65_536);
  expect(page).toMatch(/and \d+ more sections/);
});

test('text is coloured only when asked for', async () => {
  const result = await compare({}, { [quota]: configMap('search', 'quota') });
  expect(toText(result, { colour: false })).toBe(
    'cluster dev\n  tenant search\n    + ConfigMap search/quota\n\n1 added\n',
  );
  expect(toText(result, { colour: true })).toContain('\u001b[32m    + ConfigMap search/quota\u001b[39m');
});

test('every difference between two objects is found, and none where there is none', async () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  await fc.assert(
    fc.asyncProperty(value, value, async (a, b) => {
      // YAML knows one zero.
      fc.pre(!/-0(?![.\d])/.test(JSON.stringify([a, b])) && ![a, b].some((each) => Object.is(each, -0)));
      const body = (spec: unknown): string => object({ spec });
      const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
      expect((await compare({ [quota]: body(a) }, { [quota]: body(b) })).changed).toBe(!same);
    }),
  );
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
