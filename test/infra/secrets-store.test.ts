import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { FolderStore } from '../../infra/secrets/folder-store';
import { pkiDrift } from '../../infra/secrets/inspect';
import { ensurePki } from '../../infra/secrets/issue';
import { fingerprintOf, freshFolder, localPlan, NOW } from '../support/secrets';

jest.setTimeout(120_000);

const product = resolve(__dirname, '..', '..');

/** Runs TypeScript in a process of its own, with `store` and `plan` at hand. */
function inProcess(folder: string, script: string) {
  const code = `
    require(${JSON.stringify(join(product, 'bin/typescript.cjs'))});
    const { FolderStore } = require('./infra/secrets/folder-store');
    const { ensurePki } = require('./infra/secrets/issue');
    const plan = ${JSON.stringify(localPlan())};
    FolderStore.open(${JSON.stringify(folder)}).then(async (store) => { ${script} });
  `;
  const child = spawn(process.execPath, ['-e', code], { cwd: product, stdio: ['ignore', 'pipe', 'inherit'] });
  return { child, lines: createInterface({ input: child.stdout! }) };
}

test('entries are kept by name, below folders and files for one user', async () => {
  const store = await FolderStore.open(freshFolder());
  await store.exclusively(async () => {
    await store.write('a/b.key', 'one');
    await store.write('a/b.key', 'two');
    await store.write('c', Buffer.from([0, 255]));
    await store.remove('nothing/there');
  });
  expect((await store.read('a/b.key'))!.toString()).toBe('two');
  expect([...(await store.read('c'))!]).toEqual([0, 255]);
  expect(await store.read('nothing')).toBeUndefined();
  expect(await store.read('c/below')).toBeUndefined();
  expect(await store.list()).toEqual(['a/b.key', 'c']);
  expect([store.place, join(store.place, 'a')].map((one) => statSync(one).mode & 0o777)).toEqual([0o700, 0o700]);
  expect(fingerprintOf(store.place).map((line) => line.split(' ')[1])).toEqual(['600', '600']);
  await store.exclusively(() => store.remove('a/b.key'));
  expect(await store.list()).toEqual(['c']);
});

test('a name that leads elsewhere is none', async () => {
  const store = await FolderStore.open(freshFolder());
  for (const name of ['../x', '/etc/passwd', 'a/../../x', '.lock', 'a//b', '', 'A', 'a\0b']) {
    await expect(store.read(name)).rejects.toThrow('is no name of a secret');
    await expect(store.exclusively(() => store.write(name, 'x'))).rejects.toThrow('is no name of a secret');
  }
});

test('nobody writes without having taken the store', async () => {
  const store = await FolderStore.open(freshFolder());
  await expect(store.write('a', 'x')).rejects.toThrow('take the store first');
  await expect(store.remove('a')).rejects.toThrow('take the store first');
});

test('a folder that cannot be one, or that others look into, is refused', async () => {
  const file = `${freshFolder()}-file`;
  writeFileSync(file, '');
  await expect(FolderStore.open(join(file, 'x'))).rejects.toThrow(
    /cannot be made \(ENOTDIR\): remove what is in its way/,
  );
  const open = freshFolder();
  mkdirSync(open);
  chmodSync(open, 0o755);
  await expect(FolderStore.open(open)).rejects.toThrow(/others than its owner may use it \(mode 755\).*chmod 700/);
});

test('a write that fails says so, and leaves the old text and no other file', async () => {
  const store = await FolderStore.open(freshFolder());
  await store.exclusively(() => store.write('a', 'old'));
  mkdirSync(join(store.place, 'b'));
  await expect(store.exclusively(() => store.write('b', 'x'))).rejects.toThrow(/b: cannot be written \(E[A-Z]+\)/);
  expect((await store.read('a'))!.toString()).toBe('old');
  expect(readdirSync(store.place).sort()).toEqual(['a', 'b']);
});

test('what a killed writer left half written is no entry, and goes when the store is next taken', async () => {
  const store = await FolderStore.open(freshFolder());
  writeFileSync(join(store.place, '.unfinished-1'), 'half a key', { mode: 0o600 });
  expect(await store.list()).toEqual([]);
  await store.exclusively(async () => {});
  expect(readdirSync(store.place)).toEqual([]);
});

test('two writers wait for each other, in one process and in two', async () => {
  const folder = freshFolder();
  const [one, two] = [await FolderStore.open(folder), await FolderStore.open(folder)];
  const log: string[] = [];
  const work = (store: FolderStore, name: string) =>
    store.exclusively(async () => {
      log.push(`${name} begins`);
      await new Promise((done) => setTimeout(done, 50));
      log.push(`${name} ends`);
    });
  await Promise.all([work(one, 'a'), work(two, 'b'), work(one, 'c')]);
  for (let index = 0; index < log.length; index += 2) {
    expect(log[index + 1]).toBe(log[index]!.replace('begins', 'ends'));
  }

  const { child, lines } = inProcess(
    folder,
    `await store.exclusively(async () => {
      console.log('taken');
      await new Promise((done) => setTimeout(done, 500));
      await store.write('order', 'first');
    });`,
  );
  await once(lines, 'line');
  const order = await one.exclusively(async () => (await one.read('order'))?.toString());
  expect(order).toBe('first');
  if (child.exitCode === null) await once(child, 'exit');
});

test('two first runs at once make one set of keys', async () => {
  const folder = freshFolder();
  const stores = await Promise.all([1, 2].map(() => FolderStore.open(folder)));
  const reports = await Promise.all(stores.map((store) => ensurePki(localPlan(), store, NOW)));
  const prints = reports.map(({ certificates }) => certificates.map(({ fingerprint }) => fingerprint));
  expect(prints[0]).toEqual(prints[1]);
});

test('kill -9 after any write leaves a store that the next run completes', async () => {
  // All at once: each waits until the dead process's lock is stale.
  await Promise.all([1, 4, 9, 16, 25].map(killedAfter));
});

async function killedAfter(writes: number): Promise<void> {
  const folder = freshFolder();
  const { child, lines } = inProcess(
    folder,
    `const write = store.write.bind(store);
    store.write = async (name, text) => { await write(name, text); console.log(name); };
    await ensurePki(plan, store, new Date(${NOW.getTime()}));
    console.log('done');`,
  );
  const written: string[] = [];
  const exit = once(child, 'exit');
  for await (const line of lines) {
    written.push(line);
    if (written.length === writes) child.kill('SIGKILL');
  }
  await exit;
  expect(written).not.toContain('done');
  expect(child.signalCode).toBe('SIGKILL');
  expect(existsSync(join(folder, '.lock'))).toBe(true);

  const store = await FolderStore.open(folder);
  const before = new Map(await Promise.all(written.map(async (name) => [name, await store.read(name)] as const)));
  await ensurePki(localPlan(), store, NOW);
  expect(await pkiDrift(localPlan(), store, NOW)).toEqual([]);
  // An authority that was whole is kept: nobody may have two of one generation.
  for (const [name, text] of before) {
    if (name.endsWith('.crt')) expect(await store.read(name)).toEqual(text);
  }
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
}
