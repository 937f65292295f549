import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { addFiles, claimFile } from '../support/platforms';
import { keelson, platform } from './support/keelson';

describe('diff', () => {
  let root: string;

  beforeAll(() => {
    root = platform();
    expect(keelson(['publish', '--root', root]).code).toBe(0);
  });

  test('ends with 0 where nothing changes, asked for an exit code or not', () => {
    expect(keelson(['diff', '--root', root]).code).toBe(0);
    expect(keelson(['diff', '--exit-code', '--root', root]).code).toBe(0);
  });

  test('tells what would change, and ends with 1 where it is asked to', () => {
    addFiles(root, { 'tenants/claims/wiki.yaml': claimFile('wiki') });
    const { code, stdout } = keelson(['diff', '--root', root]);
    expect(code).toBe(0);
    expect(stdout).toContain('wiki');
    expect(keelson(['diff', '--exit-code', '--root', root]).code).toBe(1);
    const json = keelson(['diff', '--json', '--root', root]);
    expect(JSON.parse(json.stdout)).toMatchObject({ changed: true });
    expect(keelson(['diff', '--markdown', '--root', root]).stdout).toMatch(/\|.*\n|^#|\*\*/);
    rmSync(join(root, 'tenants', 'claims', 'wiki.yaml'));
  });

  test('compares nothing where the platform is broken', () => {
    addFiles(root, { 'addons/broken.ts': 'export {' });
    const { code, stderr, stdout } = keelson(['diff', '--json', '--root', root]);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing to compare');
    expect(JSON.parse(stdout)).toMatchObject({ findings: [{ file: 'addons/broken.ts' }] });
    rmSync(join(root, 'addons', 'broken.ts'));
  });

  test('compares with everything where nothing is published yet', () => {
    const { code, stdout } = keelson(['diff', '--json', '--root', platform()]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ changed: true });
  });
});
