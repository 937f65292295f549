import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addFiles, folderOf } from '../support/platforms';
import { keelson, platform } from './support/keelson';

describe('render', () => {
  test('writes the tree, leaves foreign files and takes leftovers away', () => {
    const root = platform();
    const out = join(root, 'out');
    addFiles(out, { 'mine.txt': 'mine', 'clusters/laptop/mine.yaml': 'a: b\n' });
    const first = keelson(['render', '--out', 'out', '--root', root]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(out, 'clusters/laptop/tenants/shop/network.yaml'))).toBe(true);
    expect(keelson(['verify', out]).code).toBe(1); // mine.yaml is no object
    rmSync(join(root, 'tenants', 'claims', 'shop.yaml'));
    expect(keelson(['render', '--out', 'out', '--root', root])).toMatchObject({ code: 0 });
    expect(existsSync(join(out, 'clusters/laptop/tenants'))).toBe(false);
    expect(readFileSync(join(out, 'mine.txt'), 'utf8')).toBe('mine');
    expect(existsSync(join(out, 'clusters/laptop/mine.yaml'))).toBe(true);
    rmSync(join(out, 'clusters/laptop/mine.yaml'));
    expect(keelson(['verify', out])).toMatchObject({ code: 0, stderr: '' });
  });

  test('writes nothing over a file that Keelson did not write', () => {
    const root = platform();
    addFiles(root, { 'README.md': '# Our platform\n' });
    const { code, stderr } = keelson(['render', '--out', '.', '--root', root]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/README\.md/);
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toBe('# Our platform\n');
    expect(existsSync(join(root, 'clusters'))).toBe(false);
  });

  test('writes nothing of a broken platform, and tells all of its faults at once', () => {
    const root = platform({
      'addons/d.ts': 'export const component = 7;',
      'tenants/a.ts': 'const = 1;',
      'tenants/claims/b.yaml': 'a: [',
      'tenants/c.ts': 'export {};',
    });
    const { code, stderr } = keelson(['render', '--out', 'out', '--root', root]);
    expect(code).toBe(1);
    for (const file of ['tenants/a.ts:1:', 'tenants/claims/b.yaml:', 'tenants/c.ts:', 'addons/d.ts:'])
      expect(stderr).toContain(file);
    expect(stderr).toContain('4 errors, 0 warnings');
    expect(existsSync(join(root, 'out'))).toBe(false);
  });

  test('finds no platform in a folder without one, and says where to look', () => {
    const { code, stderr } = keelson(['render'], { cwd: folderOf({}) });
    expect(code).toBe(1);
    expect(stderr).toContain('--root');
  });

  test('cannot run in a folder that is not there', () => {
    const { code, stderr } = keelson(['render', '--root', join(folderOf({}), 'gone')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/gone.*no such folder/);
  });
});
