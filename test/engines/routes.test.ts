import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asLines, EngineMissingError, getEngine, getEngines, KUBERNETES_VERSIONS } from '../../src/engines';
import { digestOf } from '../../src/engines/release';
import { platformName } from '../../src/engines/source';

const { os, arch } = platformName();
const [PINNED, EARLIER] = KUBERNETES_VERSIONS;

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keelson-routes-'));
  mkdirSync(path.join(folder, 'bin'));
  env = { PATH: path.join(folder, 'bin'), KEELSON_CACHE: path.join(folder, 'cache') };
  offline();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const engines = (): string => path.join(folder, 'cache', 'engines');
const cached = (name: string, version: string): string =>
  path.join(engines(), `${name}-${version}-${os}-${arch}`, name);

/** Puts a program on PATH that runs this JavaScript. */
function onPath(name: string, script: string): string {
  const file = path.join(folder, 'bin', name);
  writeFileSync(file, `#!${process.execPath}\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

function offline(): void {
  jest.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('offline'));
}

/** Serves `#!…` programs and their digests at any address; gives the addresses that were asked for, and how many at once. */
function online(): { readonly urls: string[]; most: number } {
  const served = { urls: [] as string[], most: 0 };
  let now = 0;
  const program = '#!/bin/sh\n';
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const url = String(input);
    served.urls.push(url);
    served.most = Math.max(served.most, ++now);
    await sleep(50);
    now--;
    const isDigest = /sha256(sum)?$|\.txt$/.test(url);
    const response = new Response(isDigest ? createHash('sha256').update(program).digest('hex') : program);
    return Object.defineProperty(response, 'url', { value: url });
  });
  return served;
}

/** A Go that gives one module, notes how it is called, and builds a file that says so. */
function fakeGo(
  goMod: string,
  build = '',
): { readonly calls: () => { args: string[]; goMod: string; at: number; to: number }[] } {
  const module = path.join(folder, 'module');
  mkdirSync(path.join(module, 'cfg'), { recursive: true });
  writeFileSync(path.join(module, 'go.mod'), goMod);
  writeFileSync(path.join(module, 'go.sum'), '');
  writeFileSync(path.join(module, 'cfg', 'config.yaml'), 'x');
  chmodSync(path.join(module, 'cfg', 'config.yaml'), 0o444);
  chmodSync(path.join(module, 'cfg'), 0o555);
  const log = path.join(folder, 'go.log');
  onPath(
    'go',
    `const fs = require('node:fs'), args = process.argv.slice(2), at = Date.now();
     if (args[0] === 'mod') console.log(JSON.stringify({ Dir: ${JSON.stringify(module)}, Sum: 'h1:x' }));
     if (args[0] === 'env') console.log('/go/cache\\n/go/modules');
     if (args[0] === 'build') setTimeout(() => {
       ${build}
       fs.writeFileSync(args[args.indexOf('-o') + 1], 'built');
       const call = { args, goMod: fs.readFileSync('go.mod', 'utf8'), at, to: Date.now() };
       fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify(call) + '\\n');
     }, 150);`,
  );
  return {
    calls: () =>
      readFileSync(log, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { args: string[]; goMod: string; at: number; to: number }),
  };
}

describe('another version of Kubernetes', () => {
  test('is the minor before the pinned one, so that an upgrade of one minor can be run', () => {
    const minor = (version: string): number => Number(version.split('.')[1]);
    expect(minor(PINNED) - minor(EARLIER)).toBe(1);
  });

  test('is taken from PATH where it is asked for, and only there', async () => {
    const kubectl = onPath('kubectl', `console.log('Client Version: v${EARLIER}')`);
    expect(await getEngine('kubectl', { env, version: EARLIER })).toBe(kubectl);
    await expect(getEngine('kubectl', { env })).rejects.toThrow(`none of version ${PINNED} on PATH`);
  });

  test('comes from its own release, by its own digest, into its own place', async () => {
    const { urls } = online();
    const url = `https://dl.k8s.io/v${EARLIER}/bin/${os}/${arch}/kubectl`;
    expect(await getEngine('kubectl', { env, version: EARLIER })).toBe(cached('kubectl', EARLIER));
    expect(urls).toEqual([`${url}.sha256`, url]);
    expect(existsSync(cached('kubectl', PINNED))).toBe(false);
  });

  test('is built from its own module, with its own staging modules', async () => {
    const { calls } = fakeGo('module k8s.io/kubernetes\ngo 1.25.0\nreplace k8s.io/api => ./staging/src/k8s.io/api\n');
    expect(await getEngine('kube-scheduler', { env, version: '1.35.4' })).toBe(cached('kube-scheduler', '1.35.4'));
    const { goMod, args } = calls()[0]!;
    expect(goMod.split('\n')).toEqual(
      expect.arrayContaining([
        'go 1.25.0',
        'require k8s.io/kubernetes v1.35.4',
        'replace k8s.io/api => k8s.io/api v0.35.4',
      ]),
    );
    const linker = args[args.indexOf('-ldflags') + 1];
    expect(linker).toContain('-X k8s.io/component-base/version.gitVersion=v1.35.4');
    expect(linker).toContain('-X k8s.io/component-base/version.gitMinor=35');
    expect(args.at(-1)).toBe('k8s.io/kubernetes/cmd/kube-scheduler');
  });

  test('may be any that a route gives, also one that nobody has tried', async () => {
    online();
    expect(await getEngine('kubectl', { env, version: '1.35.99' })).toBe(cached('kubectl', '1.35.99'));
  });

  test('that no route has is told with those that are known to work; a known one without', async () => {
    const known = `known to work: ${PINNED}, ${EARLIER}`;
    await expect(getEngines(['kubectl'], { env, kubernetesVersion: '1.30.0' })).rejects.toThrow(
      `install kubectl 1.30.0 (https://kubernetes.io/releases/download/), or ask for one that is ${known}`,
    );
    await expect(getEngine('kubectl', { env, version: EARLIER })).rejects.not.toThrow(known);
    await expect(getEngines(['helm'], { env, kubernetesVersion: '1.30.0' })).rejects.not.toThrow(known);
  });

  test.each(['v1.35', '../../etc', '1', '1.35.x'])('must be a version: %s', async (version) => {
    await expect(getEngine('kubectl', { env, version })).rejects.toThrow(
      `'${version}' is not a version: write numbers such as ${PINNED}`,
    );
  });
});

describe('several engines', () => {
  test('are downloaded at once, each of its own version', async () => {
    const served = online();
    const programs = await getEngines(['kubectl', 'argocd', 'kubectl'], { env, kubernetesVersion: EARLIER });
    expect(programs).toEqual({ kubectl: cached('kubectl', EARLIER), argocd: cached('argocd', '3.2.3') });
    expect(served.urls).toHaveLength(4);
    expect(served.most).toBe(2);
  });

  test('are built one after the other', async () => {
    const { calls } = fakeGo('module x\n');
    const events: string[] = [];
    await getEngines(['helm', 'argocd', 'promtool'], { env, onProgress: asLines((line) => events.push(line)) });
    const builds = calls().sort((one, other) => one.at - other.at);
    expect(builds).toHaveLength(3);
    for (const [index, build] of builds.slice(1).entries()) expect(build.at).toBeGreaterThanOrEqual(builds[index]!.to);
    expect(events.filter((line) => / waits for another build to end$/.test(line))).toHaveLength(2);
  });

  test('that cannot be had are all named, and the others stay', async () => {
    fakeGo(
      'module x\n',
      `if (/helm|promtool/.test(args.at(-1))) { console.error('no ' + args.at(-1)); process.exit(1); }`,
    );
    const got = getEngines(['helm', 'argocd', 'promtool'], { env });
    await expect(got).rejects.toThrow(EngineMissingError);
    await expect(got).rejects.toThrow(/^helm is missing .*no helm.sh.*\npromtool is missing .*install promtool/);
    expect(existsSync(cached('argocd', '3.2.3'))).toBe(true);
  });
});

describe('a build', () => {
  test('takes along the folders of its module that the program reads, writable', async () => {
    fakeGo('module x\n');
    const program = await getEngine('kube-bench', { env });
    expect(readFileSync(path.join(path.dirname(program), 'cfg', 'config.yaml'), 'utf8')).toBe('x');
    expect(statSync(path.join(path.dirname(program), 'cfg')).mode & 0o200).toBe(0o200);
  });

  test('on a full disk says where to make room', async () => {
    fakeGo('module x\n', `console.error('write /x/b002: no space left on device'); process.exit(1);`);
    await expect(getEngine('helm', { env })).rejects.toThrow(
      /^helm 3\.21\.4 cannot be had: no space left to build helm: make room in \S+ \(\S+ [MG]iB free\), \/go\/cache, \/go\/modules$/,
    );
    expect(await readdir(engines())).toEqual([]);
  });
});

describe("the distribution's packages", () => {
  /** An apt-get that downloads what it is told to, and a dpkg-deb that unpacks a program which says this. */
  function fakeApt(version: string, apt = ''): string {
    const log = path.join(folder, 'apt.log');
    symlinkSync('/usr/bin/readlink', path.join(folder, 'bin', 'readlink'));
    onPath(
      'apt-get',
      `const fs = require('node:fs'), args = process.argv.slice(2);
       fs.appendFileSync(${JSON.stringify(log)}, args.join(' ') + '\\n');
       ${apt}
       const cache = args.find((arg) => arg.startsWith('Dir::Cache=')).slice(11);
       if (args.includes('install')) fs.writeFileSync(cache + '/archives/haproxy.deb', '');`,
    );
    const program = `#!/bin/sh\nif [ "$1" = -v ]; then echo 'HAProxy version ${version} 2026/01/01'; else echo $$ $LD_LIBRARY_PATH "$@"; fi\n`;
    onPath(
      'dpkg-deb',
      `const fs = require('node:fs'), root = process.argv[4];
       fs.mkdirSync(root + '/usr/sbin', { recursive: true });
       fs.mkdirSync(root + '/usr/lib/x86_64-linux-gnu', { recursive: true });
       fs.writeFileSync(root + '/usr/sbin/haproxy', ${JSON.stringify(program)}, { mode: 0o755 });
       fs.writeFileSync(root + '/usr/lib/x86_64-linux-gnu/liblua.so.5', '');`,
    );
    return log;
  }

  test('are unpacked in the cache, with the libraries that the machine lacks; the program is the process', async () => {
    const log = fakeApt('2.6.12-1+deb12u4');
    const program = await getEngine('haproxy', { env });
    expect(await readdir(engines())).toEqual([`haproxy-2.4-${os}-${arch}`]);
    expect((await readdir(path.dirname(program))).sort()).toEqual(['haproxy', 'root']);
    const child = `const child = require('node:child_process').spawn(${JSON.stringify(program)}, ['-db', 'a b'], { stdio: ['ignore', 'inherit', 'inherit'] }); child.on('close', () => console.log(child.pid));`;
    const [said, pid] = execFileSync(process.execPath, ['-e', child], { env, encoding: 'utf8' }).split('\n');
    expect(said).toBe(`${pid} ${path.join(path.dirname(program), 'root/usr/lib/x86_64-linux-gnu')} -db a b`);
    const calls = readFileSync(log, 'utf8').trim().split('\n');
    expect(calls.map((call) => / (update|install) ?.*$/.exec(call)?.[1])).toEqual(['update', 'install']);
    for (const call of calls) expect(call).toContain(`Dir::State::lists=${engines()}`);
  });

  test('that are too old are refused', async () => {
    fakeApt('2.2.9-2');
    await expect(getEngine('haproxy', { env })).rejects.toThrow(
      /haproxy is missing .*Debian package: the distribution's haproxy does not run here or is older than 2\.4/,
    );
    expect(await readdir(engines())).toEqual([]);
  });

  test('that apt does not trust are refused', async () => {
    fakeApt('2.6.12', `console.error("E: The repository is not signed."); process.exit(100);`);
    await expect(getEngine('haproxy', { env })).rejects.toThrow('Debian package: E: The repository is not signed.');
    expect(await readdir(engines())).toEqual([]);
  });

  test('are no route where there is no apt-get', async () => {
    await expect(getEngine('haproxy', { env })).rejects.toThrow(
      /this machine has no apt-get\): install .*haproxy\.org/,
    );
  });
});

test("GitHub's description of a release gives the digest of a file that its project publishes none for", () => {
  const digest = 'c'.repeat(64);
  const described = JSON.stringify({
    assets: [
      { name: 'kwok-linux-arm64', digest: `sha256:${'b'.repeat(64)}` },
      { name: 'kwok-linux-amd64', digest: `sha256:${digest}` },
      { name: 'kwok-darwin-amd64', digest: null },
    ],
  });
  expect(digestOf('kwok-linux-amd64', described)).toBe(digest);
  expect(() => digestOf('kwok-darwin-amd64', described)).toThrow('no SHA-256 digest of kwok-darwin-amd64');
  expect(() => digestOf('kwokctl', described)).toThrow('no SHA-256 digest of kwokctl');
});
