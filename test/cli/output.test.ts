import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addFiles } from '../support/platforms';
import { ESCAPE, keelson, platform, program } from './support/keelson';

describe('Colour', () => {
  /** Runs on a terminal of its own and gives all that it shows. */
  function onTerminal(environment: NodeJS.ProcessEnv, ...args: string[]): string {
    const command = [process.execPath, program, ...args].map((one) => `'${one}'`).join(' ');
    return execFileSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      env: { ...process.env, FORCE_COLOR: undefined, TERM: 'xterm-256color', CI: undefined, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  test('is on a terminal, with progress, and is not in a pipe', () => {
    const root = platform();
    expect(onTerminal({}, 'render', '--out', 'out', '--root', root)).toMatch(ESCAPE);
    expect(keelson(['render', '--out', 'out', '--root', root]).stdout).not.toMatch(ESCAPE);
  });

  test('is nowhere with NO_COLOR', () => {
    const root = platform();
    // eslint-disable-next-line no-control-regex
    expect(onTerminal({ NO_COLOR: '1' }, 'publish', '--root', root)).not.toMatch(/\u001b\[[0-9;]*m/);
    addFiles(root, { 'tenants/broken.ts': 'const = 1;' });
    const { stdout, stderr } = keelson(['render', '--root', root], { env: { NO_COLOR: '1', FORCE_COLOR: undefined } });
    expect(stdout + stderr).not.toMatch(ESCAPE);
  });

  test('is not in findings that go to a file while the rest goes to a terminal', () => {
    const root = platform({ 'tenants/broken.ts': 'const = 1;' });
    const file = join(root, 'findings.txt');
    const command = `'${process.execPath}' '${program}' render --root '${root}' 2> '${file}'; true`;
    execFileSync('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm-256color', CI: undefined },
    });
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('tenants/broken.ts');
    expect(text).not.toMatch(ESCAPE);
  });
});

test('Output that nobody reads to its end is no fault', () => {
  const root = platform();
  const command = `'${process.execPath}' '${program}' diff --json --root '${root}' | head -c 10`;
  const { stdout, stderr } = spawnSync('bash', ['-c', `${command}; exit \${PIPESTATUS[0]}`], { encoding: 'utf8' });
  expect(stdout).toHaveLength(10);
  expect(stderr).toBe('');
});

test('A finding is one line without control characters, whatever stands in the names that it tells', () => {
  const root = platform({ 'tenants/broken.ts': "throw new Error('first\\nsecond \\u001b[31m \\u202e');" });
  const { code, stderr } = keelson(['render', '--root', root]);
  expect(code).toBe(1);
  expect(stderr).toContain('first\\nsecond \\u{1b}[31m \\u{202e}');
  expect(stderr.trim().split('\n')).toHaveLength(3);
});

test('What a file of the platform does to the process is told, and is no success', () => {
  const root = platform();
  const run = (text: string) => {
    addFiles(root, { 'tenants/odd.ts': text });
    return keelson(['render', '--json', '--root', root]);
  };
  expect(run('process.exit(0);')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('process.exit'),
  });
  const late = run("void Promise.reject(new Error('too late'));");
  expect(late).toMatchObject({ code: 2, stderr: 'keelson: too late\n' });
  const chatty = run("console.log('hello');");
  expect(chatty).toMatchObject({ code: 1, stderr: 'hello\n' });
  expect(JSON.parse(chatty.stdout)).toHaveProperty('findings');
});
