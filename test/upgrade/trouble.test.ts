import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { upgrade } from '../../src/upgrade';
import { WAY_BACK } from '../../src/upgrade/apply';
import { type GitServer, serveGit } from './support/http';
import { packageJson, type Repository, Yard } from './support/keelson';

const yard = new Yard();
afterAll(() => yard.clean());
// Processes that load TypeScript, on a machine that may be busy.
jest.setTimeout(120_000);

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the command line as a person would, in the platform's folder. */
function keelson(platform: Repository, args: readonly string[], watch?: (kill: () => void) => void): Promise<Ended> {
  const program = join(__dirname, '../../bin/keelson.cjs');
  // What a killed process leaves among temporary files goes with the rest.
  const env = { ...process.env, TMPDIR: yard.folder() };
  const child = spawn(process.execPath, [program, 'upgrade', ...args], { cwd: platform.root, env });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  watch?.(() => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8') }));
  });
}

/** A platform, and a Keelson whose next version adds, changes and removes many files. */
function manyFiles(): { readonly platform: Repository; readonly source: Repository } {
  const source = yard.keelson();
  const some = (from: number, text: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`src/many/${(from + i) % 7}/f${from + i}.ts`, text]));
  source.commit(some(0, '1\n'));
  const platform = yard.platform(source, { 'tenants/search.ts': 'ours\n' });
  source.commit({ 'src/many': undefined });
  source.commit({ ...some(150, '2\n'), 'package.json': packageJson({ version: '1.1.0' }) });
  return { platform, source };
}

test('a file that cannot be written leaves everything as it was', async () => {
  const { platform, source } = manyFiles();
  const before = platform.snapshot();
  // Comes into being after the checks, where one of the last new files shall stand.
  const obstacle = 'src/many/6/f447.ts/in-the-way.local';
  const result = upgrade({
    root: platform.root,
    from: source.root,
    write: true,
    onProgress: (stage) => {
      if (stage === 'write') platform.write({ [obstacle]: '' });
    },
  });
  await expect(result).rejects.toThrow('nothing was changed');
  platform.write({ [join(obstacle, '..')]: undefined });
  expect(platform.snapshot()).toEqual(before);
  expect(platform.git('status', '--porcelain')).toBe('');
  expect(await upgrade({ root: platform.root, from: source.root, write: true })).toMatchObject({ outcome: 'upgraded' });
});

test('a folder that could not be made either is taken back', async () => {
  const { platform, source } = manyFiles();
  source.commit({ 'zoo/deep/er/file.ts': 'new\n' });
  const before = platform.snapshot();
  const result = upgrade({
    root: platform.root,
    from: source.root,
    write: true,
    onProgress: (stage) => {
      if (stage === 'write') platform.write({ 'zoo/deep/er': 'a file of somebody\n' });
    },
  });
  await expect(result).rejects.toThrow('nothing was changed');
  expect(platform.snapshot()).toEqual({ ...before, 'zoo/deep/er': 'a file of somebody\n' });
});

test('after kill -9 half-way, git has the way back that is told, and the next run succeeds', async () => {
  const { platform, source } = manyFiles();
  const before = platform.snapshot();
  let timer: NodeJS.Timeout | undefined;
  await keelson(platform, ['--from', source.root, '--yes'], (kill) => {
    const stage = join(platform.root, '.keelson', 'upgrade', 'before');
    timer = setInterval(() => {
      // Killed once the first files are on their way out.
      if (existsSync(stage) && readdirSync(stage).length > 0) kill();
    }, 0);
  });
  clearInterval(timer);
  if (platform.git('status', '--porcelain') !== '') {
    const told = await keelson(platform, ['--from', source.root, '--yes']);
    // Killed too late to matter: what is there is whole.
    if (told.code === 0) expect(told.output).toContain('Nothing to do');
    else expect(told).toMatchObject({ code: 1, output: expect.stringContaining(WAY_BACK) as string });
    for (const command of WAY_BACK.split(' && ')) platform.git(...command.split(' ').slice(1));
  }
  const after = Object.entries(platform.snapshot()).filter(([path]) => !path.startsWith('.keelson/'));
  expect(Object.fromEntries(after)).toEqual(before);
  expect(await upgrade({ root: platform.root, from: source.root, write: true })).toMatchObject({ outcome: 'upgraded' });
  expect(platform.has('.keelson/upgrade')).toBe(false);
});

test('another upgrade at work is not disturbed', async () => {
  const { platform, source } = manyFiles();
  platform.write({ '.keelson/upgrade/pid': String(process.pid) });
  const before = platform.snapshot();
  await expect(upgrade({ root: platform.root, from: source.root, write: true })).rejects.toThrow('another upgrade');
  expect(platform.snapshot()).toEqual(before);
});

describe('a URL with a password', () => {
  const password = 's3cret-enough';
  let server: GitServer | undefined;
  afterEach(() => server?.close());

  /** Files of the platform's folder, git's own among them, that hold the password. */
  function holders(platform: Repository): string[] {
    return readdirSync(platform.root, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name))
      .filter((path) => readFileSync(path).includes(password));
  }

  test('works, and the password is neither printed nor recorded', async () => {
    const { platform, source } = manyFiles();
    server = await serveGit(join(source.root, '.git'), 'ada', password);
    const place = `127.0.0.1:${server.port}/.git`;
    const url = `http://ada:${password}@${place}`;
    const first = await keelson(platform, ['--from', url, '--yes']);
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining(`http://***@${place}`) as string });
    expect(platform.json('keelson.lock.json')['source']).toBe(`http://${place}`);
    platform.commit();
    source.commit({ 'src/main.ts': 'third\n' });
    const next = await keelson(platform, ['--from', url, '--yes', '--json']);
    expect(JSON.parse(next.output)).toMatchObject({ outcome: 'upgraded', files: [{ path: 'src/main.ts' }] });
    expect(first.output + next.output).not.toContain(password);
    expect(holders(platform)).toEqual([]);
  });

  test('is not printed either where it is wrong or nobody answers', async () => {
    const { platform, source } = manyFiles();
    server = await serveGit(join(source.root, '.git'), 'ada', 'another');
    const url = `http://ada:${password}@127.0.0.1:${server.port}/.git`;
    const wrong = await keelson(platform, ['--from', url]);
    await server.close();
    const silent = await keelson(platform, ['--from', url]);
    for (const { code, output } of [wrong, silent]) {
      expect(code).toBe(2);
      expect(output).toContain('could not be fetched');
      expect(output).not.toContain(password);
    }
  });
});

test('the command line plans, refuses and explains itself by its exit codes', async () => {
  const { platform, source } = manyFiles();
  const plan = await keelson(platform, ['--from', source.root]);
  expect(plan.code).toBe(0);
  expect(plan.output).toContain('150 added, 150 changed, 150 removed');
  expect(plan.output).toContain('Nothing was changed. Pass --yes to do it.');
  platform.commit({ 'src/many/0/f0.ts': 'ours\n' });
  const refused = await keelson(platform, ['--from', source.root, '--yes']);
  expect(refused.code).toBe(1);
  expect(refused.output).toContain('src/many/0/f0.ts: error');
  expect((await keelson(platform, ['--from', './nowhere'])).code).toBe(2);
  const help = await keelson(platform, ['--help']);
  expect(help).toMatchObject({ code: 0, output: expect.stringContaining('$ keelson upgrade --from') as string });
});
