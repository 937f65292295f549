import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { addFiles } from '../support/platforms';
import { type Ended, keelson, platform } from './support/keelson';

describe('publish', () => {
  let root: string;
  let first: Ended;
  const log = () => git('log', '--format=%s').split('\n').filter(Boolean);
  const git = (...args: string[]) =>
    execFileSync('git', ['--git-dir', join(root, '.keelson', 'gitops.git'), ...args], { encoding: 'utf8' });

  beforeAll(() => {
    root = platform();
    first = keelson(['publish', '--root', root]);
  });

  test('commits the tree and says what it did and what to do next', () => {
    expect(first).toMatchObject({ code: 0, stderr: '' });
    for (const word of ['clusters', 'add-ons', 'tenants', 'objects', 'findings', 'commit', 'time', 'Next'])
      expect(first.stdout).toContain(word);
    expect(log()).toHaveLength(1);
    expect(git('ls-tree', '-r', '--name-only', 'main')).toContain('clusters/laptop/tenants/shop/namespace.yaml');
  });

  test('says the second time that nothing changed, and makes no commit', () => {
    const { code, stdout } = keelson(['publish', '--root', root]);
    expect(code).toBe(0);
    expect(stdout).toContain('nothing changed');
    expect(log()).toHaveLength(1);
  });

  test('prints one JSON document and nothing else with --json', () => {
    const { code, stdout, stderr } = keelson(['publish', '--json', '--root', root]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ changed: false, findings: [], tenants: ['shop'], clusters: ['laptop'] });
  });

  test('prints nothing with --quiet where nothing is wrong', () => {
    expect(keelson(['publish', '--quiet', '--root', root])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('commits nothing of a platform that is broken', () => {
    addFiles(root, { 'addons/broken.ts': `throw new Error('no budget left');` });
    const { code, stdout, stderr } = keelson(['publish', '--root', root]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^addons\/broken\.ts:1: error: no budget left/);
    expect(stdout).toContain('Nothing was published');
    const json = keelson(['publish', '--json', '--root', root]);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ findings: [{ file: 'addons/broken.ts', line: 1 }] });
    const quiet = keelson(['publish', '--quiet', '--root', root]);
    expect(quiet).toMatchObject({ code: 1, stdout: '' });
    expect(quiet.stderr).toContain('no budget left');
    rmSync(join(root, 'addons', 'broken.ts'));
    expect(log()).toHaveLength(1);
  });

  test('refuses to let a tenant vanish that nobody named', () => {
    rmSync(join(root, 'tenants', 'claims', 'shop.yaml'));
    const refused = keelson(['publish', '--root', root]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('shop');
    expect(log()).toHaveLength(1);
    const named = keelson(['publish', '--root', root, '--allow-remove', 'tenant/shop']);
    expect(named).toMatchObject({ code: 0, stderr: '' });
    expect(log()).toHaveLength(2);
  });
});
