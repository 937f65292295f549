import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addFiles, claimFile, claimFiles, folderOf, localProps, platformFile, tenantFile } from '../support/platforms';
import { keelson, platform } from './support/keelson';

const claim = (name: string) => `tenants/claims/${name}.yaml`;

describe('tenant check', () => {
  const root = platform({
    [claim('wiki')]: claimFile('wiki', '  connections: { from: [{ tenant: shop, port: 8080 }] }\n'),
    'tenants/code.ts': `${tenantFile('coded')}\nrequire('node:fs').writeFileSync(__dirname + '/ran', '');`,
  });
  const check = (file: string, ...more: string[]) => keelson(['tenant', 'check', file, '--root', root, ...more]);

  test('ends with 0 for a claim that is right, and runs nobody else’s code', () => {
    addFiles(root, { [claim('shop')]: claimFile('shop', '  connections: { to: [{ tenant: wiki, port: 8080 }] }\n') });
    const { code, stdout, stderr } = check(claim('shop'), '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ file: claim('shop'), tenants: ['shop'], findings: [], platform: [] });
    expect((JSON.parse(stdout) as { objects: number }).objects).toBeGreaterThan(5);
    expect(existsSync(join(root, 'tenants/ran'))).toBe(false);
    expect(check('tenants/code.ts')).toMatchObject({ code: 0 });
    expect(existsSync(join(root, 'tenants/ran'))).toBe(true);
  });

  test.each<[string, string, RegExp]>([
    ['a field that is wrong', claimFile('shop', '  tier: 9\n'), /shop\.yaml:\d+: error: spec\.tier = 9/],
    ['no YAML', 'spec: [', /is not YAML/],
    ['another name', claimFile('shopping'), /claims tenant 'shopping' in a file named 'shop'/],
    [
      'a tenant that is not there',
      claimFile('shop', '  connections: { to: [{ tenant: nobody, port: 1 }] }\n'),
      /no tenant 'nobody'/,
    ],
    [
      'one side of a connection alone',
      claimFile('shop', '  connections: { to: [{ tenant: wiki, port: 9 }] }\n'),
      /wiki/,
    ],
  ])('ends with 1 for a claim that says %s', (_, text, told) => {
    addFiles(root, { [claim('shop')]: text });
    const { code, stderr } = check(claim('shop'));
    expect(stderr).toMatch(told);
    expect(code).toBe(1);
  });

  test('a host or repository that another has is told to either, whichever name comes first', () => {
    const both = folderOf({
      'platform.ts': platformFile(),
      ...Object.fromEntries(
        ['aaa', 'shop'].map((name) => {
          const host = `{ host: www.apps.laptop.example.com, service: web, port: 80 }`;
          const repository = `{ url: 'https://git.example.com/common/site.git' }`;
          const holds = `  environments: { sandbox: { hosts: [${host}] } }\n  repositories: [${repository}]\n`;
          return [claim(name), claimFile(name, holds)];
        }),
      ),
    });
    for (const [one, other] of [
      ['aaa', 'shop'],
      ['shop', 'aaa'],
    ] as const) {
      const { code, stderr } = keelson(['tenant', 'check', claim(one), '--root', both]);
      expect(stderr).toContain(`'www.apps.laptop.example.com' is that of tenant '${other}' (${claim(other)})`);
      expect(stderr).toContain(`is the repository of tenant '${other}' (${claim(other)})`);
      expect(code).toBe(1);
    }
  });

  test('a tenant that only code declares may be called, and its name is taken', () => {
    addFiles(root, {
      [claim('shop')]: claimFile('shop', '  connections: { to: [{ tenant: coded, port: 8080 }] }\n'),
    });
    expect(check(claim('shop'))).toMatchObject({ code: 0, stderr: '' });
    addFiles(root, { [claim('coded')]: claimFile('coded') });
    const { code, stderr } = check(claim('coded'));
    expect(stderr).toContain('already declared in tenants/code.ts');
    expect(code).toBe(1);
    rmSync(join(root, claim('coded')));
  });

  test('tells a claim that is another one under a new name, by the revision that it is compared with', () => {
    const repository = platform({ [claim('desk')]: claimFile('desk') });
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], { cwd: repository });
    git('init', '-q');
    git('add', 'tenants');
    git('commit', '-qm', 'All');
    const owned = (name: string, by: string) => claimFile(name).replace(`${name}@example.com`, `${by}@example.com`);
    addFiles(repository, { [claim('bureau')]: owned('bureau', 'desk'), [claim('other')]: claimFile('other') });
    const compare = (name: string, base = 'HEAD') =>
      keelson(['tenant', 'check', claim(name), '--base', base, '--root', repository]);
    expect(compare('bureau')).toMatchObject({ code: 0, stderr: '' });
    rmSync(join(repository, claim('desk')));
    const { code, stderr } = compare('bureau');
    expect(stderr).toMatch(/seems to be tenants\/claims\/desk\.yaml under another name.*owner desk@example\.com/);
    expect(code).toBe(1);
    expect(compare('other')).toMatchObject({ code: 0, stderr: '' });
    expect(compare('other', 'nowhere')).toMatchObject({ code: 2 });
    addFiles(repository, { [claim('other')]: claimFile('other', '  repositories: [null]\n') });
    expect(compare('other')).toMatchObject({ code: 1, stderr: expect.stringContaining('repositories[0]') as string });
  });

  test('faults of other claims are not this one’s', () => {
    addFiles(root, { [claim('shop')]: claimFile('shop'), [claim('bad')]: 'spec: [', 'tenants/bad.ts': 'const = 1;' });
    expect(check(claim('shop'))).toMatchObject({ code: 0, stderr: '' });
  });

  test('ends with 2 where nobody can tell', () => {
    expect(check('tenants/claims/gone.yaml')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is not there') as string,
    });
    expect(check('platform.ts')).toMatchObject({ code: 2, stderr: expect.stringContaining('no claim') as string });
    const broken = platform({ 'platform.ts': platformFile({ ...localProps, domain: 7 }) });
    const { code, stderr } = keelson(['tenant', 'check', claim('shop'), '--root', broken]);
    expect(stderr).toContain('platform.ts');
    expect(code).toBe(2);
  });

  test('judges one claim, not all: among 400 it takes little longer than alone', () => {
    const many = platform(claimFiles(400));
    const time = (where: string, file: string) => {
      keelson(['tenant', 'check', file, '--root', where]);
      const start = performance.now();
      expect(keelson(['tenant', 'check', file, '--root', where]).code).toBe(0);
      return performance.now() - start;
    };
    const alone = time(platform(), claim('shop'));
    // Wide enough for a busy machine; rendering 400 tenants takes many times as long.
    expect(time(many, claim('team-0007'))).toBeLessThan(alone * 3);
  });
});
