import { claimFile, folderOf } from '../support/platforms';
import { MACHINES, tierPlatform } from '../support/tier-platform';
import { type Ended, keelson } from './support/keelson';

describe('keelson tenant tier', () => {
  let root: string;
  const run = (...args: string[]): Ended => keelson(['tenant', 'tier', ...args, '--root', root]);

  beforeAll(() => {
    root = folderOf({
      'platform.ts': tierPlatform(MACHINES),
      'tenants/claims/shop.yaml': claimFile('shop', '  environments: { prod: {}, staging: {} }\n'),
      'tenants/claims/wiki.yaml': claimFile('wiki', '  environments: { prod: {} }\n'),
    });
  });

  test('says each step in order, who does it, and which Pods restart', () => {
    const { code, stdout } = run('shop', '--to', '3');
    expect(code).toBe(0);
    const lines = stdout.split('\n').filter((line) => /^ +\d+ /.test(line));
    expect(lines.at(-2)).toMatch(/staging: restart every workload.*\(shop\) {2}Pods restart/);
    expect(lines.at(-1)).toMatch(/prod: restart every workload.*\(shop\) {2}Pods restart/);
    const published = lines.findIndex((line) => line.includes('namespaces say tier 3'));
    expect(lines[published]).toContain('`tier: 3` in tenants/claims/shop.yaml');
    expect(lines[published]).not.toContain('Pods restart');
    expect(lines.findIndex((line) => line.includes('rules out node pool shop'))).toBeLessThan(published);
    expect(JSON.parse(run('shop', '--to', '3', '--json').stdout)).toMatchObject({
      tenant: 'shop',
      change: { from: 1, to: 3, steps: expect.arrayContaining([expect.objectContaining({ by: 'published' })]) },
    });
  });

  test('says what is missing for a tier, and ends with 1', () => {
    const { code, stdout, stderr } = run('wiki', '--to', '3');
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("no node pool of cluster 'production' is for tenant 'wiki'");
    expect(stdout + stderr).toContain('wiki cannot have tier 3 yet');
  });

  test('has nothing to say where the tier stays, and takes no other', () => {
    expect(run('wiki', '--to', '1')).toMatchObject({ code: 0, stdout: expect.stringContaining('has tier 1 already') });
    const { code, stderr } = run('wiki', '--to', '5');
    expect(code).not.toBe(0);
    expect(stderr).toContain('write 1, 2, 3 or 4');
  });
});
