import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { renderPlatform } from '../../src/render';
import {
  textsOf,
  claimFiles,
  type Files,
  folderOf,
  localProps,
  platformFile,
  product,
  tenantFile,
} from '../support/platforms';

const files: Files = {
  'platform.ts': platformFile(localProps),
  'tenants/alpha.ts': tenantFile('alpha'),
  'tenants/beta.ts': tenantFile('beta', `environments: { live: { quota: { cpu: '2' } }, sandbox: {} },`),
  ...claimFiles(150),
};
const reversed: Files = Object.fromEntries(Object.entries(files).reverse());

let root: string;
let whole: ReadonlyMap<string, string>;

beforeAll(async () => {
  root = folderOf(files);
  const { tree, findings, tenants } = await renderPlatform({ root, cache: false, threads: 0 });
  expect(findings).toEqual([]);
  expect(tenants).toHaveLength(152);
  whole = textsOf(tree);
});

/** Ids of all files as a process of its own renders them. */
function inProcess(folder: string, environment: NodeJS.ProcessEnv, cwd = product): unknown {
  const program = join(__dirname, 'support', 'print-tree.ts');
  const output = execFileSync(process.execPath, [join(product, 'bin', 'run-ts.cjs'), program, folder], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    maxBuffer: 1 << 28,
  });
  return JSON.parse(output) as unknown;
}

test('A second rendering gives every byte again, without a cache and without threads', async () => {
  const { tree } = await renderPlatform({ root, cache: false, threads: 0 });
  expect(textsOf(tree)).toEqual(whole);
});

test('Two threads give what one gives', async () => {
  const { tree, findings } = await renderPlatform({ root, cache: false, threads: 2 });
  expect(findings).toEqual([]);
  expect(textsOf(tree)).toEqual(whole);
});

test('What comes from the cache is what was rendered', async () => {
  const first = await renderPlatform({ root });
  const second = await renderPlatform({ root });
  expect(first.reused).toBe(0);
  expect(second.reused).toBe(second.units);
  expect(textsOf(first.tree)).toEqual(whole);
  expect(textsOf(second.tree)).toEqual(whole);
  expect(second.objects).toBe(first.objects);
});

test('Files made in another order, in another folder, give the same tree', async () => {
  const { tree } = await renderPlatform({ root: folderOf(reversed), cache: false, threads: 0 });
  expect(textsOf(tree)).toEqual(whole);
});

test('A folder reached by a symbolic link or by a relative path gives the same tree', async () => {
  const link = join(folderOf({}), 'link');
  symlinkSync(root, link);
  const linked = await renderPlatform({ root: link, cache: false, threads: 0 });
  expect(linked.findings).toEqual([]);
  expect(textsOf(linked.tree)).toEqual(whole);
  const near = await renderPlatform({ root: relative(process.cwd(), root), cache: false, threads: 0 });
  expect(near.findings).toEqual([]);
  expect(textsOf(near.tree)).toEqual(whole);
});

test('Nothing of the machine is in the tree', () => {
  for (const text of whole.values()) {
    expect(text).not.toContain(root);
    expect(text).not.toContain(product);
    expect(text).not.toContain(tmpdir() + '/');
  }
});

test.each([
  ['Turkish, far in the east', { LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', TZ: 'Pacific/Kiritimati' }],
  ['no locale, far in the west', { LANG: 'C', LC_ALL: 'C', TZ: 'Pacific/Niue', FORCE_COLOR: '1' }],
])('A process of its own renders the same: %s', (_, environment) => {
  const rendered = inProcess(root, environment, dirname(root)) as { files: [string, string][] };
  expect(rendered.files.map(([path]) => path)).toEqual([...whole.keys()]);
  expect(rendered.files).toEqual(inBlobs());
});

test('The product reached by a symbolic link takes a platform that imports through that link', () => {
  const checkout = folderOf({});
  // The platform's files stand beside the product, as in a team's own repository, and the whole is linked to.
  for (const part of ['src', 'charts', 'policies', 'bin', 'package.json', 'package-lock.json'])
    cpSync(join(product, part), join(checkout, part), { recursive: true });
  symlinkSync(join(product, 'node_modules'), join(checkout, 'node_modules'));
  mkdirSync(join(checkout, 'tenants'));
  cpSync(join(product, 'platform.ts'), join(checkout, 'platform.ts'));
  cpSync(join(product, 'tenants'), join(checkout, 'tenants'), { recursive: true });
  const link = join(folderOf({}), 'link');
  symlinkSync(checkout, link);
  const output = execFileSync(
    process.execPath,
    [join(link, 'bin', 'keelson.cjs'), 'render', '--json', '--no-cache', '--root', link],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  expect(JSON.parse(output)).toMatchObject({ findings: [], tenants: ['handbook', 'payments', 'recommendations'] });
});

function inBlobs(): [string, string][] {
  const { blobId } = require('../../src/gitops/tree') as typeof import('../../src/gitops/tree');
  return [...whole].map(([path, text]) => [path, blobId(Buffer.from(text))]);
}
