import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { engineVersion, kubeBenchConfiguration } from '../../src/engines';
import { platformName } from '../../src/engines/source';

const VERSION = engineVersion('kube-bench');
const { os, arch } = platformName();
// Its project releases for Linux alone.
const onLinux = process.platform === 'linux' ? test : test.skip;

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keelson-kube-bench-'));
  mkdirSync(path.join(folder, 'bin'));
  env = { PATH: path.join(folder, 'bin'), KEELSON_CACHE: path.join(folder, 'cache') };
  jest.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('offline'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const inCache = (): string => path.join(folder, 'cache', 'engines', `kube-bench-${VERSION}-${os}-${arch}`, 'cfg');

/** Lays out kube-bench as its project does: the program, and beside it its configuration, which says whose it is. */
function layOut(place: string, whose: string): string {
  mkdirSync(path.join(place, 'cfg', 'cis-1.12'), { recursive: true });
  writeFileSync(path.join(place, 'kube-bench'), `#!/bin/sh\necho ${VERSION}\n`, { mode: 0o755 });
  writeFileSync(path.join(place, 'cfg', 'cis-1.12', 'master.yaml'), whose);
  return path.join(place, 'cfg');
}

const whose = (configuration: string): string =>
  readFileSync(path.join(configuration, 'cis-1.12', 'master.yaml'), 'utf8');

test('the configuration is the one beside the program on PATH', async () => {
  const configuration = layOut(path.join(folder, 'bin'), 'path');
  expect(await kubeBenchConfiguration({ env })).toBe(configuration);
});

onLinux('a program on PATH that has none beside it is passed over for the release, which brings its own', async () => {
  layOut(path.join(folder, 'bin'), 'path');
  await rm(path.join(folder, 'bin', 'cfg'), { recursive: true });
  layOut(path.join(folder, 'made'), 'release');
  const archive = path.join(folder, 'archive.tar.gz');
  execFileSync('tar', ['-czf', archive, '-C', path.join(folder, 'made'), 'cfg', 'kube-bench']);
  for (const tool of ['tar', 'gzip']) {
    symlinkSync(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), path.join(folder, 'bin', tool));
  }
  const content = readFileSync(archive);
  const digest = createHash('sha256').update(content).digest('hex');
  jest.spyOn(globalThis, 'fetch').mockImplementation((input) => {
    const url = String(input);
    const body = url.endsWith('_checksums.txt') ? `${digest}  kube-bench_${VERSION}_${os}_${arch}.tar.gz\n` : content;
    return Promise.resolve(Object.defineProperty(new Response(body), 'url', { value: url }));
  });
  const configuration = await kubeBenchConfiguration({ env });
  expect(configuration).toBe(inCache());
  expect(whose(configuration)).toBe('release');
});

test('a build takes it from the module', async () => {
  const module = path.join(folder, 'module');
  layOut(module, 'module');
  writeFileSync(path.join(module, 'go.mod'), 'module x\n');
  writeFileSync(path.join(module, 'go.sum'), '');
  const go = path.join(folder, 'bin', 'go');
  writeFileSync(
    go,
    `#!${process.execPath}
     const args = process.argv.slice(2);
     if (args[0] === 'mod') console.log(JSON.stringify({ Dir: ${JSON.stringify(module)}, Sum: 'h1:x' }));
     if (args[0] === 'build') require('node:fs').writeFileSync(args[args.indexOf('-o') + 1], 'built');\n`,
  );
  chmodSync(go, 0o755);
  const configuration = await kubeBenchConfiguration({ env });
  expect(configuration).toBe(inCache());
  expect(whose(configuration)).toBe('module');
});

test('a cached program that lost it is not taken', async () => {
  const configuration = inCache();
  layOut(path.dirname(configuration), 'cache');
  expect(whose(await kubeBenchConfiguration({ env }))).toBe('cache');
  await rm(configuration, { recursive: true });
  await expect(kubeBenchConfiguration({ env })).rejects.toThrow(
    /kube-bench is missing .*with its folder cfg beside it/,
  );
});
