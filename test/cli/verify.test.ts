import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from '../support/platforms';
import { keelson, platform } from './support/keelson';

describe('verify', () => {
  const good = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: page\n  namespace: shop\ndata:\n  a: b\n';

  test('finds nothing in a folder of valid objects', () => {
    const folder = folderOf({ 'a.yaml': good, 'deep/b.yml': `---\n${good}---\n${good}`, 'notes.txt': 'none' });
    const { code, stdout, stderr } = keelson(['verify', folder]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('3 objects in 2 files');
    expect(keelson(['verify', folder, '--quiet'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('names file, object and field of what is wrong', () => {
    const folder = folderOf({ 'a.yaml': good.replace('\ndata:', '\ndta:'), 'b.yaml': good });
    const { code, stderr } = keelson(['verify', folder]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^a\.yaml: error: ConfigMap shop\/page dta/);
    const json = keelson(['verify', folder, '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ files: 2, objects: 2, findings: [{ file: 'a.yaml' }] });
  });

  test.each([
    ['an empty folder', () => folderOf({})],
    ['a folder without objects', () => folderOf({ 'a.yaml': '# nothing\n' })],
    ['a folder that is not there', () => join(folderOf({}), 'gone')],
    ['a file instead of a folder', () => join(folderOf({ 'a.yaml': good }), 'a.yaml')],
  ])('cannot check %s: exit code 2, never a pass', (_, folder) => {
    const { code, stdout, stderr } = keelson(['verify', folder()]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^keelson: [^\n]+\n$/);
  });

  test('checks the platform itself where no folder is named, each fault told once', () => {
    const root = platform();
    expect(keelson(['verify', '--root', root])).toMatchObject({ code: 0, stderr: '' });
    const addOn = readFileSync(join(root, 'addons', 'cd.ts'), 'utf8').replace(
      `role: 'gitops',`,
      `role: 'gitops', resources(scope, { namespace }) {
        new ApiObject(scope, 'x', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace }, dta: {} });
      },`,
    );
    writeFileSync(join(root, 'addons', 'cd.ts'), addOn);
    const { code, stdout } = keelson(['verify', '--json', '--root', root]);
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as { findings: object[] }).findings).toEqual([
      expect.objectContaining({ field: 'dta', construct: expect.any(String) as string }),
    ]);
  });
});
