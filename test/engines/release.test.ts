import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { platformName, type EngineSource } from '../../src/engines/source';
import { startReleases, type Releases } from './support/releases';

// Processes of their own start slowly on a busy machine.
jest.setTimeout(60_000);

const ROOT = path.resolve(__dirname, '..', '..');
const MEBIBYTE = 1024 ** 2;
const { os, arch } = platformName();
const FOLDER = `engine-1.2.3-${os}-${arch}`;

interface Event {
  readonly state: string;
  readonly route?: string;
  readonly bytes?: number;
  readonly total?: number;
  readonly milliseconds: number;
  readonly message: string;
  readonly text: string;
}

interface Outcome {
  readonly program?: string;
  readonly error?: string;
  readonly events: readonly Event[];
}

let folder: string;
let engines: string;
let releases: Releases;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keelson-release-'));
  engines = path.join(folder, 'cache', 'engines');
  releases = await startReleases(randomBytes(4 * MEBIBYTE));
  writeFileSync(path.join(folder, 'ca.pem'), releases.ca);
});
afterEach(async () => {
  await releases.close();
  await rm(folder, { recursive: true, force: true });
});

function source(more: Partial<EngineSource> = {}): EngineSource {
  return {
    version: '1.2.3',
    versionArguments: ['--version'],
    install: 'engine by hand',
    release: { url: `${releases.url}/engine`, digestUrl: `${releases.url}/engine.sha256` },
    ...more,
  };
}

/** Starts a process that gets the engine. `before` are words that its command line begins with. */
function start(wanted = source(), before: readonly string[] = [], cache = path.join(folder, 'cache')) {
  const args = [
    process.execPath,
    path.join(ROOT, 'bin', 'run-ts.cjs'),
    path.join(__dirname, 'support', 'obtain.ts'),
    JSON.stringify({ name: 'engine', source: wanted }),
  ];
  const [program, ...rest] = [...before, ...args] as [string, ...string[]];
  const env = { PATH: process.env.PATH, KEELSON_CACHE: cache, NODE_EXTRA_CA_CERTS: path.join(folder, 'ca.pem') };
  const child: ChildProcess = spawn(program, rest, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (more: string) => (text += more));
  const outcome = once(child, 'close').then((): Outcome => {
    const lines = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Outcome & { event: Event });
    const events = lines.flatMap(({ event }) => (event ? [event] : []));
    return { events, ...lines.find(({ event }) => !event) } as Outcome;
  });
  return { child, outcome, said: () => text };
}

const get = (...args: Parameters<typeof start>): Promise<Outcome> => start(...args).outcome;

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 400) throw new Error('it never came about');
    await sleep(25);
  }
}

/** What an interrupted download left. */
const part = (): string => path.join(engines, `${FOLDER}.part`);
const sizeOfPart = (): number => (existsSync(part()) ? statSync(part()).size : 0);

async function expectWhole({ program, error }: Outcome): Promise<void> {
  expect(error).toBeUndefined();
  expect(program).toBe(path.join(engines, FOLDER, 'engine'));
  expect(readFileSync(program!).equals(releases.content)).toBe(true);
  expect(statSync(program!).mode & 0o777).toBe(0o755);
  expect(await readdir(engines)).toEqual([FOLDER]);
}

test('a release is downloaded, verified and told of with sizes and times', async () => {
  releases.behaviour = { pause: 25 };
  const outcome = await get();
  await expectWhole(outcome);
  const { events } = outcome;
  expect(events.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1])).toEqual([
    'start',
    'downloading',
    'done',
  ]);
  expect(events.every(({ route, milliseconds }) => route === 'release' && milliseconds >= 0)).toBe(true);
  const downloading = events.filter(({ state }) => state === 'downloading');
  expect(downloading.every(({ bytes, total }) => total === 4 * MEBIBYTE && bytes! > 0 && bytes! <= total)).toBe(true);
  expect(events.at(-1)).toMatchObject({ bytes: 4 * MEBIBYTE });
  expect(events.at(-1)!.text).toMatch(/^engine 1\.2\.3: ready, 4\.0 MiB in \d+\.\d s$/);
});

test('a download whose process was killed goes on where it was, though the lock is still there', async () => {
  releases.behaviour = { pause: 100 };
  const { child, outcome } = start();
  await until(() => sizeOfPart() > MEBIBYTE);
  child.kill('SIGKILL');
  await outcome;
  const left = sizeOfPart();
  expect(await readdir(engines)).toContain(`${FOLDER}.lock`);

  releases.behaviour = {};
  const again = await get();
  await expectWhole(again);
  expect(again.events[0]).toMatchObject({ state: 'waiting' });
  expect(releases.requests.map(({ range }) => range)).toEqual([undefined, `bytes=${left}-`]);
  expect(releases.requests[1]!.sent).toBe(4 * MEBIBYTE - left);
});

test('a connection that breaks is taken up again at once', async () => {
  releases.behaviour = { breakAfter: MEBIBYTE, breaks: 2 };
  await expectWhole(await get());
  expect(releases.requests).toHaveLength(3);
  expect(releases.requests.slice(1).every(({ range }) => /^bytes=[1-9]\d*-$/.test(range!))).toBe(true);
});

test('a connection that breaks again and again leaves what came for the next time', async () => {
  releases.behaviour = { breakAfter: 0, breaks: Infinity };
  const { error } = await get();
  expect(error).toMatch(/^EngineMissingError: engine is missing .*release: https:.*install engine by hand$/);
  releases.behaviour = { breakAfter: MEBIBYTE / 4, breaks: Infinity };
  expect((await get()).error).toMatch(/EngineMissingError/);
  const left = sizeOfPart();
  expect(left).toBeGreaterThan(0);
  releases.behaviour = {};
  await expectWhole(await get());
  expect(releases.requests.at(-1)!.range).toBe(`bytes=${left}-`);
});

test('a server that only sends the whole gives the whole', async () => {
  mkdirSync(engines, { recursive: true });
  writeFileSync(part(), releases.content.subarray(0, MEBIBYTE));
  releases.behaviour = { rangeless: true };
  await expectWhole(await get());
});

test.each([
  ['of something else', () => randomBytes(MEBIBYTE)],
  ['longer than the whole', () => randomBytes(5 * MEBIBYTE)],
])('an interrupted download %s is thrown away, and the right one got', async (_, left) => {
  mkdirSync(engines, { recursive: true });
  writeFileSync(part(), left());
  await expectWhole(await get());
  expect(releases.requests.at(-1)!.range).toBeUndefined();
});

test('a whole download that was not yet moved to its place is not downloaded again', async () => {
  mkdirSync(engines, { recursive: true });
  writeFileSync(part(), releases.content);
  await expectWhole(await get());
  expect(releases.requests.reduce((sum, { sent }) => sum + sent, 0)).toBe(0);
});

test('a download that is not what its publisher says is refused, and nothing of it stays', async () => {
  releases.behaviour = { digest: 'ab'.repeat(32) };
  const { error, events } = await get();
  expect(error).toMatch(/engine: SHA-256 is [0-9a-f]{64}, its publisher says abab/);
  expect(events.at(-1)).toMatchObject({ state: 'failed', route: 'release' });
  expect(await readdir(engines)).toEqual([]);
});

test('a server that sends on to plain http is refused', async () => {
  const digest = createHash('sha256').update(releases.content).digest('hex');
  const plain = createServer((request, response) =>
    response.end(/sha256/.test(request.url!) ? digest : releases.content),
  );
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  releases.behaviour = { elsewhere: `http://127.0.0.1:${(plain.address() as AddressInfo).port}` };
  const { error } = await get();
  await new Promise((resolve) => plain.close(resolve));
  expect(error).toMatch(/EngineMissingError: .*sent away from https/);
  expect(await readdir(engines)).toEqual([]);
});

test('of two processes one downloads, and the other waits, says so, and gets the same', async () => {
  releases.behaviour = { pause: 25 };
  const outcomes = await Promise.all([get(), get()]);
  for (const outcome of outcomes) await expectWhole(outcome);
  expect(releases.requests).toHaveLength(1);
  const states = outcomes.map(({ events }) => events.map(({ state }) => state));
  expect(states.filter((one) => one.includes('done'))).toHaveLength(1);
  expect(states.filter((one) => one.length === 1 && one[0] === 'waiting')).toHaveLength(1);
});

test('the lock of a process that has long been dead is no reason to wait', async () => {
  const lock = path.join(engines, `${FOLDER}.lock`);
  mkdirSync(lock, { recursive: true });
  utimesSync(lock, new Date(0), new Date(0));
  const outcome = await get();
  await expectWhole(outcome);
  expect(outcome.events.some(({ state }) => state === 'waiting')).toBe(false);
});

test('what a killed process left of its work is swept away', async () => {
  mkdirSync(path.join(engines, `${FOLDER}.0c9d.tmp`), { recursive: true });
  mkdirSync(path.join(engines, `${FOLDER}.0c9d.tmp`, 'half'));
  await expectWhole(await get());
});

describe('an archive', () => {
  beforeEach(() => {
    const made = path.join(folder, 'made', 'engine-1');
    mkdirSync(path.join(made, 'cfg', 'deep'), { recursive: true });
    writeFileSync(path.join(made, 'engine'), '#!/bin/sh\necho 1.2.3\n');
    writeFileSync(path.join(made, 'engine-helper'), 'x');
    writeFileSync(path.join(made, 'cfg', 'deep', 'file'), 'x');
    const archive = path.join(folder, 'archive.tar.gz');
    execFileSync('tar', ['-czf', archive, '-C', path.dirname(made), 'engine-1']);
    releases.content = readFileSync(archive);
  });
  const archived = (more: object): EngineSource => source({ release: { ...source().release!, ...more } });

  test('gives the program alone', async () => {
    const { program } = await get(archived({ archived: 'engine-1/engine' }));
    expect(await readdir(path.dirname(program!))).toEqual(['engine']);
    expect(await readdir(engines)).toEqual([FOLDER]);
  });

  test('gives all of its folder where the program needs it', async () => {
    const wanted = archived({ archived: 'engine-1/engine', wholeFolder: true });
    const { program } = await get({ ...wanted, companions: ['cfg'] });
    expect((await readdir(path.dirname(program!))).sort()).toEqual(['cfg', 'engine', 'engine-helper']);
    expect(existsSync(path.join(path.dirname(program!), 'cfg', 'deep', 'file'))).toBe(true);
  });

  test('without the program, or without what must lie beside it, is refused', async () => {
    expect((await get(archived({ archived: 'engine-1/other' }))).error).toMatch(/other/);
    const alone = archived({ archived: 'engine-1/engine' });
    expect((await get({ ...alone, companions: ['cfg'] })).error).toMatch(/cfg did not come with it/);
    expect(await readdir(engines)).toEqual([]);
  });

  test('is got again where what must lie beside the program is gone', async () => {
    const wanted = { ...archived({ archived: 'engine-1/engine', wholeFolder: true }), companions: ['cfg'] };
    const { program } = await get(wanted);
    await rm(path.join(path.dirname(program!), 'cfg'), { recursive: true });
    await get(wanted);
    expect(releases.requests).toHaveLength(2);
    expect(existsSync(path.join(path.dirname(program!), 'cfg'))).toBe(true);
  });
});

const unshare = ['unshare', '--user', '--map-root-user', '--mount'];
const describeTmpfs = canMount() ? describe : describe.skip;

describeTmpfs('on a full disk', () => {
  /** Gets the engine into a file system of its own that holds so many KiB, and lists what is left there. */
  async function onDisk(kibibytes: number, wanted?: EngineSource): Promise<Outcome & { readonly left: string[] }> {
    const cache = path.join(folder, 'small');
    mkdirSync(cache);
    const script = [
      `mount -t tmpfs -o size=${kibibytes}k none '${cache}'`,
      '"$@"',
      `find '${cache}' -type f > '${folder}/left'`,
    ].join('\n');
    const outcome = await get(wanted, [...unshare, 'sh', '-ec', script, 'sh'], cache);
    return { ...outcome, left: readFileSync(path.join(folder, 'left'), 'utf8').split('\n').filter(Boolean) };
  }

  test('a download that cannot fit is not begun: the message says where and how much is needed', async () => {
    releases.behaviour = { pause: 25 };
    const { error, left } = await onDisk(1024);
    expect(error).toMatch(/no space left in \/\S+\/small\/engines: \d\.\d MiB free, and https:\S+ needs 4\.0 MiB/);
    expect(releases.requests).toHaveLength(1);
    expect(releases.requests[0]!.sent).toBeLessThan(MEBIBYTE / 2);
    expect(left).toEqual([]);
  });

  test('one whose size nobody told is ended, and nothing of it stays', async () => {
    releases.behaviour = { lengthless: true };
    const { error, left } = await onDisk(1024);
    expect(error).toMatch(/no space left in .*small\/engines: .* needs more than that/);
    expect(left).toEqual([]);
  });

  test('an archive that cannot be unpacked says how much it needs', async () => {
    const made = path.join(folder, 'made');
    mkdirSync(made);
    writeFileSync(path.join(made, 'engine'), Buffer.alloc(8 * MEBIBYTE));
    execFileSync('tar', ['-czf', path.join(folder, 'archive.tar.gz'), '-C', made, 'engine']);
    releases.content = readFileSync(path.join(folder, 'archive.tar.gz'));
    const { error, left } = await onDisk(1024, source({ release: { ...source().release!, archived: 'engine' } }));
    expect(error).toMatch(/no space left in .*: .* and unpacking https:\S+ needs 8\.0 MiB/);
    expect(left).toEqual([]);
  });

  test('no other route is tried', async () => {
    const { events } = await onDisk(1024, source({ go: { module: 'example.com/x', package: 'example.com/x' } }));
    expect(events.map(({ route }) => route)).not.toContain('go');
  });
});

/** Whether this machine lets an ordinary user mount a file system in a namespace of one's own. */
function canMount(): boolean {
  try {
    execFileSync('unshare', [...unshare.slice(1), 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
