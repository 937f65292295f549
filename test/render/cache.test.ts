import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { renderPlatform } from '../../src/render';
import { addFiles, claimFile, claimFiles, folderOf, product, smallPlatform, textsOf } from '../support/platforms';

const files = smallPlatform(claimFiles(30));

let expected: ReadonlyMap<string, string>;

beforeAll(async () => {
  expected = textsOf((await renderPlatform({ root: folderOf(files), cache: false })).tree);
});

/** A platform whose units are all in its cache. */
async function cached(): Promise<string> {
  const root = folderOf(files);
  await renderPlatform({ root });
  return root;
}

/** Files of the cache with this ending. */
function parts(root: string, ending: string): string[] {
  const found = filesBelow(join(root, '.keelson', 'cache')).filter((file) => file.endsWith(ending));
  expect(found.length).toBeGreaterThan(0);
  return found;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

/** Bytes that look like nothing, the same in every run. */
const rubbish = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3)) & 0xff));

const lines = (file: string): string[] => readFileSync(file, 'utf8').split('\n').filter(Boolean);

test('A cache is used: all units but those of own code come from it', async () => {
  const root = await cached();
  const { units, reused, tree, addOns } = await renderPlatform({ root });
  expect(addOns).toEqual(['cd', 'names', 'net']);
  expect(reused).toBe(units - addOns.length);
  expect(textsOf(tree)).toEqual(expected);
});

const plants: Record<string, (root: string) => void> = {
  'random bytes in every index': (root) => parts(root, '.index').forEach((file) => writeFileSync(file, rubbish)),
  'random bytes behind every index': (root) => parts(root, '.index').forEach((file) => appendFileSync(file, rubbish)),
  'random bytes in every pack': (root) => parts(root, '.pack').forEach((file) => writeFileSync(file, rubbish)),
  'one bit turned in every pack': (root) =>
    parts(root, '.pack').forEach((file) => {
      const bytes = readFileSync(file);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    }),
  'packs cut short': (root) => parts(root, '.pack').forEach((file) => truncateSync(file, statSync(file).size >> 1)),
  'indexes cut short': (root) => parts(root, '.index').forEach((file) => truncateSync(file, statSync(file).size >> 1)),
  'empty files': (root) => ['.pack', '.index'].forEach((end) => parts(root, end).forEach((file) => truncateSync(file))),
  'packs that are gone': (root) => parts(root, '.pack').forEach((file) => rmSync(file)),
  'a folder in the place of a pack': (root) =>
    parts(root, '.pack').forEach((file) => {
      rmSync(file);
      mkdirSync(file);
    }),
  'what one unit rendered to under the key of another': (root) =>
    parts(root, '.index').forEach((file) => {
      const keys = lines(file).map((line) => (JSON.parse(line.slice(65)) as { key: string }).key);
      const moved = lines(file).map((line, i) => line.replace(keys[i] ?? '', keys.at(i - 1) ?? ''));
      writeFileSync(file, moved.map((line) => `${line}\n`).join(''));
    }),
  'digests of entries changed round': (root) =>
    parts(root, '.index').forEach((file) => {
      const all = lines(file);
      const moved = all.map((line, i) => `${(all.at(i - 1) ?? '').slice(0, 64)}${line.slice(64)}\n`);
      writeFileSync(file, moved.join(''));
    }),
  'another file in compiled code': (root) =>
    parts(root, 'user-code.json').forEach((file) =>
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('example.com', 'example.org')),
    ),
  'rubbish in compiled code': (root) => parts(root, 'user-code.json').forEach((file) => writeFileSync(file, rubbish)),
};

test.each(Object.entries(plants))('The tree is right with %s, and the run after that too', async (_, plant) => {
  const root = await cached();
  plant(root);
  const first = await renderPlatform({ root });
  expect(first.findings).toEqual([]);
  expect(textsOf(first.tree)).toEqual(expected);
  expect(textsOf((await renderPlatform({ root })).tree)).toEqual(expected);
});

test('A pack that vanishes between rendering and reading is rendered again', async () => {
  const root = await cached();
  const { tree, reused } = await renderPlatform({ root });
  expect(reused).toBeGreaterThan(30);
  parts(root, '.pack').forEach((file) => rmSync(file));
  expect(textsOf(tree)).toEqual(expected);
});

test.each(['.index', '.pack'])('What broken bytes of a %s stood for is rendered once and kept anew', async (ending) => {
  const root = await cached();
  parts(root, ending).forEach((file) => writeFileSync(file, rubbish));
  textsOf((await renderPlatform({ root })).tree);
  await renderPlatform({ root });
  const again = await renderPlatform({ root });
  expect(again.reused).toBe(again.units - again.addOns.length);
});

test.each(['.keelson', '.keelson/cache', '.keelson/cache/rendered'])(
  'A file in the place of %s costs time and nothing else',
  async (path) => {
    const root = folderOf(files);
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), 'in the way');
    for (const _ of ['first', 'second']) {
      const { tree, findings } = await renderPlatform({ root });
      expect(findings).toEqual([]);
      expect(textsOf(tree)).toEqual(expected);
    }
  },
);

test('A disk that takes no more costs time and nothing else', async () => {
  const root = folderOf(files);
  const program = [join(product, 'bin', 'keelson.cjs'), 'verify', '--json', '--root', root];
  // No file may grow beyond 4 kB: the kernel refuses in the midst of writing, as a full disk does.
  const output = execFileSync('/bin/sh', ['-c', 'ulimit -f 8; exec "$0" "$@"', process.execPath, ...program], {
    encoding: 'utf8',
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
  });
  expect(JSON.parse(output)).toMatchObject({ findings: [] });
  expect(filesBelow(join(root, '.keelson', 'cache'))).toEqual([]);
  expect(textsOf((await renderPlatform({ root })).tree)).toEqual(expected);
});

test('A tenant that changes is rendered again, and nobody else', async () => {
  const root = await cached();
  addFiles(root, {
    'tenants/claims/team-0007.yaml': claimFile(
      'team-0007',
      '  environments:\n    sandbox:\n      quota:\n        cpu: "3"\n',
    ),
  });
  const { units, reused, addOns, tree } = await renderPlatform({ root });
  expect(reused).toBe(units - addOns.length - 1);
  const changed = [...tree.files].filter(([path]) => tree.read(path).toString() !== expected.get(path));
  expect(changed.map(([path]) => path)).toEqual(['clusters/laptop/tenants/team-0007/quota.yaml']);
});

test('A fact of the cluster that changes renders all of it again', async () => {
  const root = await cached();
  addFiles(root, { 'platform.ts': smallPlatform({}, { contact: 'somebody@example.com' })['platform.ts'] ?? '' });
  expect((await renderPlatform({ root })).reused).toBe(0);
});

test('Many small runs leave a cache that still holds everything', async () => {
  const root = folderOf(smallPlatform());
  for (let i = 0; i < 12; i++) {
    addFiles(root, { [`tenants/claims/one-${i}.yaml`]: claimFile(`one-${i}`) });
    await renderPlatform({ root });
  }
  const { units, reused, addOns, tree } = await renderPlatform({ root });
  expect(reused).toBe(units - addOns.length);
  expect(parts(root, '.index').length).toBeLessThan(12);
  expect(textsOf(tree)).toEqual(textsOf((await renderPlatform({ root, cache: false })).tree));
});
