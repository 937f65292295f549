import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { engineSource, type EngineName } from '../../src/engines/table';

const ROOT = path.resolve(__dirname, '..', '..');
/** Who has no rights on any machine. */
const NOBODY = 65_534;
const HIDDEN = /^(haproxy|redis-)/;

const describeDebian = existsSync('/usr/bin/apt-get') ? describe : describe.skip;

/** On Debian and Ubuntu, from the real packages, as an ordinary user and without what the machine has installed. */
describeDebian("programs from the distribution's packages", () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keelson-packages-'));
  const bin = path.join(folder, 'bin');
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const env = { PATH: bin, KEELSON_CACHE: path.join(folder, 'cache'), HOME: folder, TMPDIR: folder };

  beforeAll(() => {
    mkdirSync(bin);
    const places = new Map(
      ['/bin', '/usr/bin'].flatMap((place) =>
        readdirSync(place).map((name) => [name, path.join(place, name)] as const),
      ),
    );
    for (const [name, place] of places) if (!HIDDEN.test(name)) symlinkSync(place, path.join(bin, name));
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function got(name: EngineName): Promise<string> {
    const script = path.join(ROOT, 'test', 'engines', 'support', 'obtain.ts');
    const args = [path.join(ROOT, 'bin', 'run-ts.cjs'), script, JSON.stringify({ name, source: engineSource(name) })];
    const text = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, args, { env, ...user, timeout: 300_000 }, (error, out) =>
        error ? reject(error) : resolve(out),
      );
    });
    const { program, error } = JSON.parse(text.trim().split('\n').at(-1)!) as { program?: string; error?: string };
    if (program === undefined) throw new Error(error);
    return program;
  }

  test('Redis answers', async () => {
    const program = await got('redis-server');
    expect(program.startsWith(folder)).toBe(true);
    expect(execFileSync(program, ['--version'], { encoding: 'utf8' })).toMatch(/Redis server v=[67]\./);
    expect(readdirSync(path.join(folder, 'cache', 'engines'))).toEqual([path.basename(path.dirname(program))]);
  }, 300_000);

  test('HAProxy passes connections on, under its own name', async () => {
    const program = await got('haproxy');
    expect(program.startsWith(folder)).toBe(true);
    const behind = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
    await once(behind, 'listening');
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const file = path.join(folder, 'haproxy.cfg');
    const lines = [
      'defaults',
      ...['mode tcp', 'timeout connect 5s', 'timeout client 5s', 'timeout server 5s'],
      'listen test',
      ...[`bind 127.0.0.1:${port}`, `server one 127.0.0.1:${(behind.address() as AddressInfo).port}`],
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const child = spawn(program, ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      let said = '';
      for (let tries = 0; said === '' && tries < 100; tries++) {
        said = await hear(port);
        await sleep(50);
      }
      expect(said).toBe('hello');
      expect(readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toBe('haproxy\n');
    } finally {
      child.kill();
      await once(child, 'exit');
      await new Promise((resolve) => behind.close(resolve));
    }
  }, 300_000);
});

async function hear(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(text));
  });
}
