import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addFiles, claimFile, platformFile, localProps, tenantFile } from '../support/platforms';
import { type Ended, keelson, platform } from './support/keelson';

const claim = (name: string) => `tenants/claims/${name}.yaml`;
const pods = (count: number) => `  environments: { sandbox: { quota: { pods: ${count} } } }\n`;

/** A published platform with the tenants shop, wiki and desk. */
class Team {
  readonly root = platform({
    [claim('wiki')]: claimFile('wiki', pods(11)),
    [claim('desk')]: claimFile('desk'),
  });

  constructor() {
    expect(this.publish()).toMatchObject({ code: 0, stderr: '' });
  }

  publish(...more: string[]): Ended {
    return keelson(['publish', '--root', this.root, ...more]);
  }

  git(...args: string[]): string {
    const gitDir = join(this.root, '.keelson', 'gitops.git');
    return execFileSync('git', ['--git-dir', gitDir, ...args], { encoding: 'utf8' }).trim();
  }

  /** What is published of a tenant: its files and their bytes. */
  of(tenant: string): string {
    return this.git('ls-tree', '-r', 'main', '--', `clusters/laptop/tenants/${tenant}`);
  }

  /** Pods of a tenant's quota, as published. */
  pods(tenant: string): string | undefined {
    return /^ +pods: ["']?(\d+)/m.exec(this.git('show', `main:clusters/laptop/tenants/${tenant}/quota.yaml`))?.[1];
  }
}

describe('A broken claim keeps nobody else from being published', () => {
  test.each<[string, (root: string) => void, RegExp]>([
    ['says something wrong', (root) => addFiles(root, { [claim('shop')]: claimFile('shop', '  tier: 9\n') }), /tier/],
    ['is no YAML', (root) => addFiles(root, { [claim('shop')]: 'spec: [' }), /is not YAML/],
    ['is named otherwise', (root) => addFiles(root, { [claim('shop')]: claimFile('shopping') }), /shopping/],
    [
      'asks for what is not there',
      (root) => addFiles(root, { [claim('shop')]: claimFile('shop', '  environments: { moon: {} }\n') }),
      /no environment 'moon'/,
    ],
    [
      'became a construct that throws, under another name',
      (root) => {
        rmSync(join(root, claim('shop')));
        addFiles(root, { 'tenants/retail.ts': `throw new Error('no budget left');` });
      },
      /no budget left/,
    ],
    [
      'became a construct that fails in a file that it imports',
      (root) => {
        rmSync(join(root, claim('shop')));
        addFiles(root, {
          'lib/limits.ts': `throw new Error('no limits');`,
          'tenants/shop.ts': `import '../lib/limits';\n${tenantFile('shop')}`,
        });
      },
      /lib\/limits\.ts:1: error: no limits/,
    ],
  ])('where it %s', (_, spoil, told) => {
    const team = new Team();
    const [first, shop, desk] = [team.git('rev-parse', 'main'), team.of('shop'), team.of('desk')];
    spoil(team.root);
    addFiles(team.root, { [claim('wiki')]: claimFile('wiki', pods(12)), [claim('blog')]: claimFile('blog') });
    const { code, stdout, stderr } = team.publish();
    expect(code).toBe(1);
    expect(stderr).toMatch(told);
    expect(stderr).toMatch(
      new RegExp(`shop.*published version of \\d+ \\w+ ago stays \\(commit ${first.slice(0, 12)}\\)`),
    );
    expect(stdout).toContain('kept');
    expect(team.git('rev-parse', 'main')).not.toBe(first);
    expect([team.of('shop'), team.of('desk')]).toEqual([shop, desk]);
    expect(team.pods('wiki')).toBe('12');
    expect(team.of('blog')).not.toBe('');
    expect(team.git('log', '-1', '--format=%(trailers:key=Kept,valueonly)', 'main')).toContain('tenant/shop');

    const again = team.publish('--json');
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout)).toMatchObject({ outcome: 'unchanged', kept: [{ tenant: 'shop', commit: first }] });

    addFiles(team.root, { [claim('shop')]: claimFile('shop') });
    for (const file of ['tenants/retail.ts', 'tenants/shop.ts']) rmSync(join(team.root, file), { force: true });
    expect(team.publish()).toMatchObject({ code: 0, stderr: '' });
    expect(team.of('shop')).toBe(shop);
  });

  test('and one that was never published is named, and is not there', () => {
    const team = new Team();
    addFiles(team.root, { [claim('blog')]: claimFile('blog', '  tier: nine\n') });
    const { code, stderr } = team.publish();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('blog was never published') as string,
    });
    expect(team.of('blog')).toBe('');
  });

  test('and what others say of its tenant stands', () => {
    const callers = {
      [claim('shop')]: claimFile('shop', '  connections: { to: [{ tenant: wiki, port: 8080 }] }\n'),
      [claim('wiki')]: claimFile('wiki', '  connections: { from: [{ tenant: shop, port: 8080 }] }\n'),
    };
    const team = new Team();
    addFiles(team.root, callers);
    expect(team.publish()).toMatchObject({ code: 0, stderr: '' });
    const wiki = team.of('wiki');
    addFiles(team.root, { [claim('wiki')]: 'spec: [' });
    const { code, stderr } = team.publish();
    expect(code).toBe(1);
    expect(stderr).not.toContain('shop');
    expect(team.of('wiki')).toBe(wiki);
    expect(team.git('show', 'main:clusters/laptop/tenants/shop/network.yaml')).toContain('wiki-sandbox');
  });

  test('but nobody takes what it still has, which diff tells too', () => {
    const team = new Team();
    const text = readFileSync(join(team.root, 'platform.ts'), 'utf8');
    addFiles(team.root, {
      'platform.ts': text.replace('"environments":{', '$&"eu-live":{"cluster":"laptop","production":true},'),
      [claim('shop')]: claimFile('shop', `  environments: { sandbox: {}, eu-live: {} }\n`),
    });
    expect(team.publish()).toMatchObject({ code: 0, stderr: '' });
    const before = team.of('shop');
    // It gives a namespace up and makes a mistake, so that nothing of that is published.
    addFiles(team.root, {
      [claim('shop')]: claimFile('shop', '  tier: 9\n'),
      [claim('shop-eu')]: claimFile('shop-eu', `  environments: { live: {} }\n`),
      [claim('desk')]: claimFile('desk', pods(14)),
    });
    for (const command of ['diff', 'publish']) {
      const { code, stderr } = keelson([command, '--root', team.root]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(
          /claims\/shop-eu\.yaml: error: .*namespace 'shop-eu-live' is published of tenant 'shop'.*claims\/shop\.yaml/,
        ) as string,
      });
    }
    expect([team.of('shop'), team.of('shop-eu')]).toEqual([before, '']);
    expect(team.pods('desk')).toBe('14');
  });

  test('and a second file of a name that is taken changes nothing for whoever has it', () => {
    const team = new Team();
    addFiles(team.root, {
      'tenants/shop.ts': tenantFile('shop', 'environments: { sandbox: { quota: { pods: 13 } } }'),
    });
    const { code, stderr } = team.publish();
    expect(code).toBe(1);
    expect(stderr).toContain('already declared');
    expect(stderr).not.toContain('stays');
  });

  test('while a broken platform.ts, add-on or page of outputs keeps everything as it is', () => {
    const team = new Team();
    const first = team.git('rev-parse', 'main');
    addFiles(team.root, { [claim('wiki')]: claimFile('wiki', pods(12)), [claim('shop')]: 'spec: [' });
    for (const [file, text] of [
      ['platform.ts', platformFile({ ...localProps, domain: 7 })],
      ['addons/broken.ts', 'export const component = 7;'],
      ['clusters/laptop.outputs.json', '{'],
    ] as const) {
      const path = join(team.root, file);
      const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
      addFiles(team.root, { [file]: text });
      const { code, stdout } = team.publish();
      expect({ file, code, told: stdout.trim() }).toEqual({ file, code: 1, told: 'Nothing was published.' });
      rmSync(path);
      if (before !== undefined) addFiles(team.root, { [file]: before });
    }
    expect(team.git('rev-parse', 'main')).toBe(first);
  });

  test('nor from being looked at: diff shows the others, render leaves its files alone', () => {
    const team = new Team();
    expect(keelson(['render', '--out', 'out', '--root', team.root])).toMatchObject({ code: 0 });
    addFiles(team.root, { [claim('shop')]: 'spec: [', [claim('wiki')]: claimFile('wiki', pods(12)) });
    const shown = keelson(['diff', '--root', team.root]);
    expect(shown.code).toBe(1);
    expect(shown.stderr).toContain('shop.yaml');
    expect(shown.stdout).toContain('wiki');
    expect(shown.stdout).not.toContain('shop');
    expect(keelson(['render', '--out', 'out', '--root', team.root])).toMatchObject({ code: 1 });
    const file = (tenant: string) => join(team.root, 'out/clusters/laptop/tenants', tenant, 'quota.yaml');
    expect(readFileSync(file('shop'), 'utf8')).toContain('ResourceQuota');
    expect(readFileSync(file('wiki'), 'utf8')).toMatch(/pods: ["']?12/);
  });
});

describe('A tenant vanishes', () => {
  test('only after it was published as removed', () => {
    const team = new Team();
    const file = join(team.root, claim('wiki'));
    rmSync(file);
    const refused = team.publish();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/tenant wiki would vanish.*keelson tenant remove wiki/);

    addFiles(team.root, { [claim('wiki')]: claimFile('wiki', '  state: removed\n') });
    expect(team.publish()).toMatchObject({ code: 0, stderr: '' });
    expect(team.git('show', 'main:clusters/laptop/tenants/wiki/namespace.yaml')).toContain(
      'keelson.dev/state: removed',
    );
    rmSync(file);
    expect(team.publish()).toMatchObject({ code: 0, stderr: '' });
    expect(team.of('wiki')).toBe('');
  });

  test('not by being suspended, and not one environment of it', () => {
    const team = new Team();
    addFiles(team.root, {
      [claim('wiki')]: claimFile('wiki', '  state: suspended\n'),
      [claim('desk')]: claimFile('desk', '  environments: { sandbox: {}, live: {} }\n'),
    });
    expect(team.publish()).toMatchObject({ code: 0, stderr: '' });
    rmSync(join(team.root, claim('wiki')));
    addFiles(team.root, { [claim('desk')]: claimFile('desk', '  environments: { sandbox: {} }\n') });
    const { code, stderr } = team.publish();
    expect(code).toBe(1);
    expect(stderr).toMatch(/tenant wiki would vanish/);
    expect(stderr).toMatch(/namespace desk-live of tenant desk would vanish/);
    expect(team.publish('--allow-remove', 'tenant/wiki', '--allow-remove', 'tenant/desk')).toMatchObject({ code: 0 });
  });

  test('not under another name: it is told that a tenant cannot be renamed', () => {
    const team = new Team();
    const owned = claimFile('wiki').replace('name: wiki', 'name: lexicon');
    renameSync(join(team.root, claim('wiki')), join(team.root, claim('lexicon')));
    addFiles(team.root, { [claim('lexicon')]: owned });
    const { code, stderr } = team.publish();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /cannot be renamed.*bring wiki back beside lexicon, which has the same owner wiki@example\.com/,
    );
    expect(team.of('lexicon')).toBe('');
  });
});
