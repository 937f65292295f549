import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../src/model/finding';
import { treeFromDirectory, treeFromFiles } from '../../src/gitops/tree';
import { verifyTree } from '../../src/verify';
import { folderOf, told } from '../support/platforms';

const page = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: shop\n`;

function verified(files: Readonly<Record<string, string>>): { findings: readonly Finding[]; objects: number } {
  return verifyTree(treeFromFiles(new Map(Object.entries(files))));
}

test('Every object of every document of every YAML and JSON file is judged', () => {
  const { objects, findings } = verified({
    'a.yaml': `${page('a')}---\n${page('b')}---\n# nothing\n`,
    'deep/er/b.yml': page('c'),
    'c.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'd', namespace: 'shop' } }),
    'd.txt': 'not: judged',
  });
  expect(told(findings)).toEqual([]);
  expect(objects).toBe(4);
});

test('The items of a list are judged as if each stood alone', () => {
  const list = {
    apiVersion: 'v1',
    kind: 'List',
    items: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, dta: {} }],
  };
  const { objects, findings } = verified({ 'a.json': JSON.stringify(list) });
  expect(objects).toBe(1);
  expect(findings.map(({ field }) => field)).toEqual(expect.arrayContaining(['dta']));
});

test('Keelson’s own documents are not Kubernetes’', () => {
  const own = 'apiVersion: platform.keelson.dev/v1\nkind: Intent\nmetadata:\n  name: x\n';
  expect(verified({ 'keelson.yaml': own })).toMatchObject({ objects: 0, findings: [] });
});

test.each([
  ['is no YAML', 'a: [', 'is not YAML'],
  ['names a key twice', `${page('a')}kind: Secret\n`, 'is not YAML'],
  ['is a kind that nobody knows', 'apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: x\n', 'Thing'],
  ['has no kind', 'apiVersion: v1\nmetadata:\n  name: x\n', 'kind'],
  ['is a number', '42\n', ''],
  ['is a list', '- a\n', ''],
  ['has a field too many', `${page('a')}dta: {}\n`, 'dta'],
  ['contains itself', `&a\n${page('a')}data: *a\n`, ''],
  ['has metadata of another shape', 'apiVersion: v1\nkind: ConfigMap\nmetadata: x\n', ''],
  ['holds something that is no object in a list', 'apiVersion: v1\nkind: List\nitems: [null, 1]\n', ''],
])('A file that %s is a finding with its name', (_, text, message) => {
  const { findings } = verified({ 'bad.yaml': text, 'good.yaml': page('a') });
  expect(findings.length).toBeGreaterThan(0);
  expect(findings.every(({ file, severity }) => file === 'bad.yaml' && severity === 'error')).toBe(true);
  expect(told(findings).join('\n')).toContain(message);
});

test('A bomb of anchors is judged or refused, and ends', () => {
  const levels = Array.from(
    { length: 30 },
    (_, i) => `  a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`,
  );
  const bomb = `${page('a')}data:\n  a0: &a0 [x]\n${levels.join('\n')}\n`;
  expect(verified({ 'bomb.yaml': bomb }).findings.length).toBeGreaterThan(0);
});

test('A fault in YAML names its line', () => {
  const [finding] = verified({ 'bad.yaml': 'a: 1\nb: 2\nc: [\n' }).findings;
  expect(finding?.line).toBeGreaterThanOrEqual(3);
});

test('Findings come in the order of files, however the folder lists them', () => {
  const folder = folderOf({ 'b.yaml': 'a: [', 'a/z.yaml': 'a: [', 'B.yaml': 'a: [' });
  expect(verifyTree(treeFromDirectory(folder)).findings.map(({ file }) => file)).toEqual([
    'B.yaml',
    'a/z.yaml',
    'b.yaml',
  ]);
});

test('A file that holds no Kubernetes object is told once a document, not by what it lacks of one', () => {
  const { findings } = verified({
    'values.yaml': 'replicas: 3\n',
    'package.json': '{ "name": "shop" }',
    'n.yaml': '5\n',
  });
  expect(findings.map(({ file, rule }) => [file, rule])).toEqual([
    ['n.yaml', 'verify/no-object'],
    ['package.json', 'verify/no-object'],
    ['values.yaml', 'verify/no-object'],
  ]);
});

test('A namespace that is left to whoever applies the object is a warning', () => {
  const { findings } = verified({ 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n' });
  expect(findings).toMatchObject([{ field: 'metadata.namespace', severity: 'warning' }]);
});

test('Links are followed to files and folders, and to nowhere or around do no harm', () => {
  const elsewhere = folderOf({ 'bad.yaml': 'a: [', 'deep/worse.yaml': 'a: [' });
  const folder = folderOf({ 'good.yaml': page('a') });
  const links = { 'link.yaml': join(elsewhere, 'bad.yaml'), deep: join(elsewhere, 'deep'), around: '.' };
  for (const [name, target] of Object.entries({ ...links, 'gone.yaml': 'nowhere', 'self.yaml': 'self.yaml' })) {
    symlinkSync(target, join(folder, name));
  }
  const { findings, objects } = verifyTree(treeFromDirectory(folder));
  expect(findings.map(({ file }) => file)).toEqual(['deep/worse.yaml', 'link.yaml']);
  expect(objects).toBe(1);
});
