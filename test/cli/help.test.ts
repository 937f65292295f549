import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { product } from '../support/platforms';
import { keelson } from './support/keelson';

describe('Help', () => {
  const commands = [[], ['diff'], ['publish'], ['render'], ['tenant'], ['tenant', 'new'], ['verify']];

  test.each(commands.map((command) => [command.join(' ') || 'keelson itself', command]))(
    'of %s ends well and shows an example',
    (_, command) => {
      const { code, stdout, stderr } = keelson([...command, '--help']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/\nExamples?:\n {2}\$ (?:npx )?keelson /);
    },
  );

  test('names every command that there is', () => {
    const { stdout } = keelson(['--help']);
    for (const [name] of commands.slice(1)) expect(stdout).toContain(`\n  ${name}`);
  });

  test.each([
    [['nonsense']],
    [['publish', '--nonsense']],
    [['tenant', 'new']],
    [['verify', 'a', 'b']],
    [['diff', '-C', 'nowhere']],
    [[]],
  ])('is offered, and the exit code is 2, after %j', (args) => {
    const { code, stdout, stderr } = keelson(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/--help|Usage/);
  });

  test('tells the version', () => {
    const { version } = JSON.parse(readFileSync(join(product, 'package.json'), 'utf8')) as { version: string };
    expect(keelson(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});
