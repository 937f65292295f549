import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from '../../src/render/load';
import { renderPlatform } from '../../src/render';
import {
  addOnFile,
  claimFile,
  declaration,
  type Files,
  folderOf,
  objectIn,
  platformFile,
  product,
  smallPlatform,
  tenantFile,
  textsOf,
  told,
} from '../support/platforms';

/** What stands in a folder of these files: tenants by file, and what is wrong. */
function loaded(files: Files): { tenants: readonly string[]; told: readonly string[] } {
  const { declarations, findings } = load(folderOf(files));
  return {
    tenants: (declarations?.tenants ?? []).map(({ name, file }) => `${name} in ${file}`),
    told: told(findings),
  };
}

const platform = { 'platform.ts': platformFile() };
const good = { 'tenants/good.ts': tenantFile('good'), 'tenants/claims/fine.yaml': claimFile('fine') };
const stay = ['good in tenants/good.ts', 'fine in tenants/claims/fine.yaml'];

test('Both forms of claim are read, each named with its file', () => {
  expect(loaded({ ...platform, ...good })).toEqual({ tenants: stay, told: [] });
});

test('A syntax error names file and line, and the other tenants stay', () => {
  const { tenants, told } = loaded({ ...platform, ...good, 'tenants/bad.ts': `${tenantFile('bad')}\nconst x = ;\n` });
  expect(tenants).toEqual(stay);
  expect(told).toEqual([expect.stringMatching(/^tenants\/bad\.ts:10 \| is not TypeScript: Unexpected ";"/)]);
});

test('A file that throws names its line; its tenants are gone and the others stay', () => {
  const bad = `${tenantFile('bad')}
interface Budget { readonly left: number }
const budget: Budget = { left: 0 };
if (budget.left === 0) throw new Error('no budget left');
`;
  const { tenants, told } = loaded({ ...platform, ...good, 'tenants/bad.ts': bad });
  expect(tenants).toEqual(stay);
  expect(told).toEqual([expect.stringMatching(/^tenants\/bad\.ts:12 \| no budget left/)]);
});

test.each([
  ['a string', `throw 'no budget';`, 'no budget'],
  ['nothing', 'throw undefined;', 'undefined'],
  ['an object without a prototype', 'throw Object.create(null);', 'bad.ts'],
  ['what another realm calls an error', `JSON.parse('{');`, 'JSON'],
])('A file may throw %s', (_, code, message) => {
  const { tenants, told } = loaded({ ...platform, ...good, 'tenants/bad.ts': code });
  expect(tenants).toEqual(stay);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('tenants/bad.ts');
  expect(told[0]).toContain(message);
});

test('A tenant of a file that threw may be declared by another', () => {
  const { tenants, told } = loaded({
    ...platform,
    'tenants/a.ts': `${tenantFile('search')}throw new Error('too early');`,
    'tenants/b.ts': tenantFile('search'),
  });
  expect(tenants).toEqual(['search in tenants/b.ts']);
  expect(told).toHaveLength(1);
});

test('A tenant file without a tenant is told', () => {
  const { told } = loaded({ ...platform, 'tenants/empty.ts': `export const nothing = 1;` });
  expect(told).toEqual([
    `tenants/empty.ts | declares no tenant | add: new Tenant(platform, 'empty', { owner: …, groups: … })`,
  ]);
});

test.each([
  ['is missing', {}, /^platform\.ts \| is not there \| /],
  ['throws', { 'platform.ts': `\nthrow new Error('no');` }, /^platform\.ts:2 \| no/],
  ['exports nothing', { 'platform.ts': 'export {};' }, /^platform\.ts \| exports no 'platform' \| write: export const/],
  [
    'exports something else',
    { 'platform.ts': 'export const platform = {};' },
    /^platform\.ts \| exports no 'platform'/,
  ],
  ['is no TypeScript', { 'platform.ts': 'export const = 1;' }, /^platform\.ts:1 \| is not TypeScript/],
])('A platform.ts that %s is one finding', (_, files: Files, expected) => {
  const { tenants, told } = loaded({ ...good, ...files });
  expect(tenants).toEqual([]);
  expect(told).toEqual([expect.stringMatching(expected)]);
});

test('A module of the team is shared by its tenants and runs once', () => {
  const { tenants, told } = loaded({
    ...platform,
    'lib/runs.json': '{ "environments": { "sandbox": {} } }',
    'lib/team.ts': `import { Tenant } from '${product}/src/model';
import { platform } from '../platform';
import runs from './runs.json';
let count = 0;
export const team = (name: string) => {
  count += 1;
  if (name === 'second' && count !== 2) throw new Error('runs anew');
  return new Tenant(platform, name, { owner: { email: 'a@example.com' }, groups: { developers: 'a' }, ...runs });
};
`,
    'tenants/first.ts': `import { team } from '../lib/team';\nteam('first');`,
    'tenants/second.ts': `import { team } from '../lib/team.js';\nteam('second');`,
  });
  expect(told).toEqual([]);
  expect(tenants).toEqual(['first in tenants/first.ts', 'second in tenants/second.ts']);
});

test('A module that throws takes whoever imports it along, and is told once', () => {
  const { tenants, told } = loaded({
    ...platform,
    ...good,
    'lib/team.ts': `\n\nthrow new Error('no budget left');`,
    'tenants/first.ts': `import '../lib/team';\n${tenantFile('first')}`,
    'tenants/second.ts': `import '../lib/team';\n${tenantFile('second')}`,
  });
  expect(tenants).toEqual(stay);
  expect(told).toEqual([expect.stringMatching(/^lib\/team\.ts:3 \| no budget left/)]);
});

test('A tenant may import another: each keeps its own file, whichever runs first', () => {
  const { tenants, told } = loaded({
    ...platform,
    'tenants/a.ts': `import { b } from './b';\n${tenantFile('a', 'environments: b.props.environments,')}`,
    'tenants/b.ts': tenantFile('b', 'environments: { live: {} },').replace('new Tenant', 'export const b = new Tenant'),
  });
  expect(told).toEqual([]);
  expect(tenants).toEqual(['a in tenants/a.ts', 'b in tenants/b.ts']);
});

test('A tenant that another imported stays when the other throws', () => {
  const { tenants, told } = loaded({
    ...platform,
    'tenants/a.ts': `import './b';\n${tenantFile('a')}\nthrow new Error('no');`,
    'tenants/b.ts': tenantFile('b'),
  });
  expect(told).toHaveLength(1);
  expect(tenants).toEqual(['b in tenants/b.ts']);
});

test('A tenant in platform.ts itself is one too', () => {
  const own = `${platformFile()}
import { Tenant } from '${product}/src/model';
new Tenant(platform, 'inside', { owner: { email: 'a@example.com' }, groups: { developers: 'a' } });
`;
  expect(loaded({ 'platform.ts': own })).toEqual({ tenants: ['inside in platform.ts'], told: [] });
});

test('An import of a file that is not there names it', () => {
  const { tenants, told } = loaded({
    ...platform,
    ...good,
    'tenants/bad.ts': `import './nowhere';\n${tenantFile('x')}`,
  });
  expect(tenants).toEqual(stay);
  expect(told).toEqual([expect.stringContaining(`cannot find './nowhere' from tenants/bad.ts`)]);
});

test('An import of a package that is not there names it', () => {
  const { tenants, told } = loaded({
    ...platform,
    ...good,
    'tenants/bad.ts': `import { x } from 'no-such-package';\n${tenantFile('x', 'delivery: x,')}`,
  });
  expect(tenants).toEqual(stay);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('no-such-package');
  expect(told[0]).not.toContain(product);
});

test('One tenant in several files is told, whichever form they have', () => {
  const { tenants, told } = loaded({
    ...platform,
    ...good,
    'tenants/claims/good.yaml': claimFile('good'),
    'tenants/twice.ts': tenantFile('good'),
  });
  expect(tenants).toEqual(stay);
  expect(told).toHaveLength(2);
  for (const line of told) expect(line).toContain(`tenant 'good' is already declared in tenants/good.ts`);
});

test('A file that nothing reads is told', () => {
  const root = folderOf({
    ...platform,
    ...good,
    'tenants/stray.yaml': claimFile('stray'),
    'tenants/team/deeper.yml': claimFile('deeper'),
    'addons/chart/values.yaml': 'replicas: 1',
    'tenants/claims/notes.txt': 'hello',
    'tenants/claims/team/deep.yaml': claimFile('deep'),
  });
  mkdirSync(join(root, 'tenants', 'claims', 'folder.yaml'));
  expect(told(load(root).findings).map((line) => line.split(' | ')[0])).toEqual([
    'tenants/stray.yaml',
    'tenants/team/deeper.yml',
    'tenants/claims/folder.yaml',
    'tenants/claims/notes.txt',
    'tenants/claims/team',
  ]);
});

test('A claim in another encoding than UTF-8 is told', () => {
  const root = folderOf({ ...platform, ...good });
  const text = claimFile('odd', '  costCentre: M\xfcller\n');
  writeFileSync(join(root, 'tenants/claims/odd.yaml'), Buffer.from(text, 'latin1'));
  expect(told(load(root).findings)).toEqual([
    'tenants/claims/odd.yaml | has bytes that are not UTF-8 | save it as UTF-8',
  ]);
});

test('A claim that a symbolic link leads to is read', () => {
  const root = folderOf({ ...platform, 'elsewhere/linked.yaml': claimFile('linked') });
  mkdirSync(join(root, 'tenants', 'claims'), { recursive: true });
  symlinkSync(join(root, 'elsewhere', 'linked.yaml'), join(root, 'tenants', 'claims', 'linked.yaml'));
  expect(load(root).declarations?.tenants.map(({ name }) => name)).toEqual(['linked']);
});

/** Nine levels of ten aliases each: a billion values in twenty lines. */
const bomb = [
  'a0: &a0 [x, x, x, x, x, x, x, x, x, x]',
  ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`),
].map((line) => `    ${line}`);

test.each<[string, string, RegExp]>([
  ['is a bomb of anchors', claimFile('bad', `  environments:\n${bomb.join('\n')}\n`), /values, more than|unknown/],
  [
    'names a key twice',
    claimFile('bad', '  owner:\n    email: b@example.com\n'),
    /^tenants\/claims\/bad\.yaml:10 .*dupl/,
  ],
  ['has 300 kB', claimFile('bad', `# ${'x'.repeat(300_000)}\n`), /characters, 262144 is the limit/],
  ['sets a prototype', claimFile('bad', '  __proto__:\n    delivery: {}\n'), /__proto__/],
  ['is of another version', claimFile('bad').replace('keelson.dev/v2', 'keelson.dev/v9'), /apiVersion/],
  ['contains itself', claimFile('bad', '  environments: &e\n    sandbox: *e\n'), /contains itself/],
  ['is nested very deep', claimFile('bad', `  delivery: ${'['.repeat(90_000)}\n`), /bad\.yaml/],
  ['is binary', Buffer.from([0, 1, 2, 255, 254]).toString('latin1'), /is not YAML/],
  ['holds a list', '- a\n- b\n', /bad\.yaml/],
  ['holds a tag', claimFile('bad', '  delivery: !!js/function "function () {}"\n'), /is not YAML/],
])('A claim that %s is one finding, and the others stay', (_, text, expected) => {
  const root = folderOf({ ...platform, ...good, 'tenants/claims/bad.yaml': text });
  const { declarations, findings } = load(root);
  const all = [...findings, ...(declarations ? resolveAll(declarations) : [])];
  expect(all.filter(({ file }) => file !== 'tenants/claims/bad.yaml')).toEqual([]);
  const lines = told(all);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join('\n')).toMatch(expected);
  expect(declarations?.tenants.map(({ name }) => name)).toEqual(expect.arrayContaining(['good', 'fine']));
});

function resolveAll(declarations: NonNullable<ReturnType<typeof load>['declarations']>) {
  const { resolve } = require('../../src/model/resolve') as typeof import('../../src/model/resolve');
  return resolve(declarations).findings;
}

test('An add-on of the team renders its own objects on the main thread, anew in every run', async () => {
  const wiki = addOnFile(
    'wiki',
    declaration('wiki', `workloads: { web: { labels: { app: 'wiki' } } },`),
    `resources(scope, { namespace, cluster }) {
      const secret = () => cluster.domain;
      new ApiObject(scope, 'page', {
        apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'page', namespace }, data: { domain: secret() },
      });
    },`,
  );
  const root = folderOf(smallPlatform({ 'addons/wiki.ts': wiki }));
  const { tree, findings } = await renderPlatform({ root, threads: 2 });
  expect(findings).toEqual([]);
  const page = objectIn(tree, 'clusters/laptop/baseline/wiki/resources.yaml', 'ConfigMap');
  expect(page).toMatchObject({ metadata: { namespace: 'wiki' }, data: { domain: 'laptop.example.com' } });
  const second = await renderPlatform({ root });
  expect(textsOf(second.tree)).toEqual(textsOf(tree));
  expect(second.units - second.reused).toBe(4); // wiki and the three of the small stack
});

test.each([
  ['throws', `throw new Error('no licence');`, /^addons\/bad\.ts:1 \| no licence/],
  ['exports nothing', 'export {};', /^addons\/bad\.ts \| exports no 'component'/],
  ['exports something else', `export const component = { name: 'bad' };`, /^addons\/bad\.ts \| exports no 'component'/],
])('An add-on that %s is one finding, and the rest is rendered', async (_, code, expected) => {
  const root = folderOf(smallPlatform({ 'addons/bad.ts': code, ...good }));
  const { findings, tenants } = await renderPlatform({ root, cache: false });
  expect(told(findings)).toEqual([expect.stringMatching(expected)]);
  expect(tenants).toEqual(['fine', 'good']);
});

test.each([
  ['gives nothing', 'undefined'],
  ['gives a namespace of another shape', `{ namespace: 'bad', priorityClass: 'platform-standard', workloads: {} }`],
  ['names no namespace', `{ priorityClass: 'platform-standard', workloads: {} }`],
  ['names no workloads', `{ namespace: { name: 'bad', level: 'restricted' }, priorityClass: 'platform-standard' }`],
  [
    'has a port that serves nobody it names',
    declaration('bad', `workloads: { a: { labels: { a: 'b' }, serves: { x: { port: 1 } } } },`),
  ],
  ['has no labels', declaration('bad', `workloads: { a: {} },`)],
  [
    'contains itself',
    `(() => { const values: Record<string, unknown> = {}; values.self = values; return ${declaration('bad', `chart: { repository: 'https://charts.example.com', name: 'bad', version: '1.0.0', values: values as never },`)}; })()`,
  ],
  [
    'holds a function',
    declaration(
      'bad',
      `chart: { repository: 'https://charts.example.com', name: 'bad', version: '1.0.0', values: { f: (() => 1) as never } },`,
    ),
  ],
])('A declaration that %s is told with its file, and nothing else breaks', async (_, code) => {
  const root = folderOf(smallPlatform({ 'addons/bad.ts': addOnFile('bad', code), ...good }));
  const { findings, tenants } = await renderPlatform({ root });
  const lines = told(findings);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line).toMatch(/^addons\/bad\.ts/);
  expect(tenants).toEqual(['fine', 'good']);
});

test('What an add-on throws while it renders names it', async () => {
  const bad = addOnFile('bad', declaration('bad', ''), `resources() { throw new Error('no disk'); },`);
  const { findings } = await renderPlatform({ root: folderOf(smallPlatform({ 'addons/bad.ts': bad })), cache: false });
  expect(told(findings)).toEqual([expect.stringContaining('rendering laptop/add-on/bad throws: no disk')]);
  expect(findings[0]?.file).toBe('addons/bad.ts');
});

test.each(['projects', 'tenants', 'policies', 'root', 'net-crds', 'tenant-a', 'Bad_Name', '../x'])(
  'An add-on may not be named %s',
  async (name) => {
    const files = smallPlatform({ 'addons/bad.ts': addOnFile(name, declaration('bad', '')) });
    const { findings } = await renderPlatform({ root: folderOf(files), cache: false });
    expect(told(findings)).toHaveLength(1);
    expect(findings[0]).toMatchObject({ file: 'addons/bad.ts', field: 'name', value: name });
  },
);
