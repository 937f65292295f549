import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheDirectory, engineVersion, EngineMissingError, getEngine } from '../../src/engines';
import { install } from '../../src/engines/cache';
import { replacements } from '../../src/engines/go';
import { digestOf } from '../../src/engines/release';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keelson-engines-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function program(directory: string, name: string, says: string): Promise<string> {
  const file = path.join(folder, directory, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho '${says}'\n`);
  await chmod(file, 0o755);
  return file;
}

function environment(...onPath: string[]): NodeJS.ProcessEnv {
  const entries = onPath.map((name) => path.join(folder, name));
  return { PATH: entries.join(path.delimiter), KEELSON_CACHE: path.join(folder, 'cache') };
}

function cached(name: 'helm' | 'redis-server'): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  return `cache/engines/${name}-${engineVersion(name)}-${process.platform}-${arch}`;
}

test('an engine of the pinned version on PATH is taken', async () => {
  const helm = await program('bin', 'helm', `v${engineVersion('helm')}+g1234567`);
  expect(await getEngine('helm', { env: environment('bin') })).toBe(helm);
});

test('another version on PATH is passed over for the right one further on', async () => {
  await program('old', 'helm', 'v2.0.0+g1234567');
  await program('preview', 'helm', `v${engineVersion('helm')}-rc.1`);
  const helm = await program('bin', 'helm', `v${engineVersion('helm')}`);
  expect(await getEngine('helm', { env: environment('old', 'preview', 'bin') })).toBe(helm);
});

test('an engine in the cache is taken when PATH has none', async () => {
  const helm = await program(cached('helm'), 'helm', 'cached');
  expect(await getEngine('helm', { env: environment() })).toBe(helm);
});

test('a program that only PATH can give may be newer than asked for', async () => {
  const redis = await program('bin', 'redis-server', 'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc bits=64');
  expect(await getEngine('redis-server', { env: environment('bin') })).toBe(redis);
});

test('when no route works, the error says what to install', async () => {
  await program('bin', 'redis-server', 'Redis server v=5.0.1');
  const asked = getEngine('redis-server', { env: environment('bin') });
  await expect(asked).rejects.toThrow(EngineMissingError);
  await expect(asked).rejects.toThrow(/redis-server is missing .*PATH.*Debian package redis-server/);
});

test('the cache is where KEELSON_CACHE, XDG_CACHE_HOME or the home directory say, in this order', () => {
  expect(cacheDirectory({ KEELSON_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  expect(cacheDirectory({ XDG_CACHE_HOME: '/b' })).toBe('/b/keelson');
  expect(cacheDirectory({})).toMatch(/\/\.cache\/keelson$/);
});

describe('putting a program into the cache', () => {
  const write = (text: string) => (file: string) => writeFile(file, text);

  test('makes it executable and leaves nothing else', async () => {
    const file = await install(path.join(folder, 'x-1'), 'x', write('x'));
    expect(await readFile(file, 'utf8')).toBe('x');
    expect(await readdir(folder)).toEqual(['x-1']);
  });

  test('of several at once, all get the same whole program', async () => {
    const target = path.join(folder, 'x-1');
    const files = await Promise.all(Array.from({ length: 8 }, (_, n) => install(target, 'x', write(`program ${n}`))));
    expect(new Set(files).size).toBe(1);
    expect(await readFile(files[0]!, 'utf8')).toMatch(/^program \d$/);
    expect(await readdir(folder)).toEqual(['x-1']);
  });

  test('leaves nothing behind when the program cannot be made', async () => {
    const failing = install(path.join(folder, 'x-1'), 'x', () => Promise.reject(new Error('no disk')));
    await expect(failing).rejects.toThrow('no disk');
    expect(await readdir(folder)).toEqual([]);
  });

  test('replaces a folder that lost its program', async () => {
    await mkdir(path.join(folder, 'x-1'));
    expect(await readFile(await install(path.join(folder, 'x-1'), 'x', write('x')), 'utf8')).toBe('x');
  });
});

describe("a project's list of digests", () => {
  const digest = 'a'.repeat(64);

  test('may be a lone digest, or lines of digest and file', () => {
    expect(digestOf('x', `${digest}\n`)).toBe(digest);
    expect(digestOf('x', `${'b'.repeat(64)}  y\n${digest}  x\n`)).toBe(digest);
    expect(digestOf('x', `${digest} *x\n`)).toBe(digest);
  });

  test('that lacks the file, or is a web page, is refused', () => {
    expect(() => digestOf('x', `${digest}  y\n`)).toThrow(/no SHA-256 digest of x/);
    expect(() => digestOf('x', '<html>')).toThrow(/no SHA-256 digest of x/);
  });
});

test('replacements by folders become published modules or vanish, all others stay', () => {
  const goMod = [
    'module example.com/x',
    'replace example.com/a => example.com/b v1.2.3 // why',
    'replace (',
    '  k8s.io/api => ./staging/src/k8s.io/api',
    ')',
  ].join('\n');
  expect(replacements(goMod, 'v0.36.3')).toEqual([
    'example.com/a => example.com/b v1.2.3',
    'k8s.io/api => k8s.io/api v0.36.3',
  ]);
  expect(replacements(goMod)).toEqual(['example.com/a => example.com/b v1.2.3']);
});
