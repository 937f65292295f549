import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load as parseYaml } from 'js-yaml';
import { addFiles, claimFile, folderOf, platformFile, tenantFile } from '../support/platforms';
import { type Ended, everyFile, keelson, platform } from './support/keelson';

const claim = (name: string) => `tenants/claims/${name}.yaml`;

/** Claims as a person writes them, with words of their own. */
const written = `# Who sells things.
apiVersion: platform.keelson.dev/v2
kind: Tenant
metadata: { name: "shop" }
spec:
  # Ask Ada before you change this.
  owner:   { email: 'shop@example.com' }   # the team
  groups:
      developers: shop-developers
`;
const code = tenantFile('wiki', `// Everybody reads it.\n  environments: { live: {} },`);

describe('The life of a tenant', () => {
  let root: string;
  const run = (...args: string[]): Ended => keelson(['tenant', ...args, '--root', root]);
  const json = (...args: string[]) => JSON.parse(run(...args, '--json').stdout) as Record<string, never>;
  const text = (file: string) => readFileSync(join(root, file), 'utf8');

  beforeEach(() => {
    root = platform({
      [claim('shop')]: written,
      'tenants/wiki.ts': code,
      [claim('desk')]: claimFile('desk', '  tier: 9\n'),
    });
  });

  test('list says of each its tier, state, environments, owner and findings', () => {
    const { code, stdout } = run('list');
    expect(code).toBe(0);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/));
    expect(rows).toEqual([
      ['tenant', 'tier', 'state', 'environments', 'owner', 'findings'],
      ['desk', '?', 'broken', '-', '?', '1'],
      ['shop', '1', 'active', 'sandbox', 'shop@example.com', 'none'],
      ['wiki', '1', 'active', 'live', 'wiki@example.com', 'none'],
    ]);
    expect(json('list')).toMatchObject({
      tenants: [
        { name: 'desk', environments: [], findings: [{ file: claim('desk') }] },
        { name: 'shop', environments: [{ name: 'sandbox', cluster: 'laptop', namespace: 'shop-sandbox' }] },
        { name: 'wiki', environments: [{ production: true }] },
      ],
    });
  });

  test('show says what it has, and ends with 1 where something is wrong or nobody has that name', () => {
    const { code, stdout } = run('show', 'wiki');
    expect(code).toBe(0);
    for (const word of [
      'tenants/wiki.ts',
      'wiki-live on laptop',
      '16 cores',
      'machine (up to',
      'backups',
      '% of their cores',
    ])
      expect(stdout).toContain(word);
    expect(run('show', 'desk')).toMatchObject({ code: 1, stdout: expect.stringMatching(/tier = 9/) as string });
    expect(run('show', 'wikki')).toMatchObject({ code: 1, stderr: expect.stringContaining("write 'wiki'") as string });
    addFiles(root, { 'platform.ts': platformFile({ name: 'x' }) });
    expect(run('show', 'wiki')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('domain') as string,
    });
  });

  test('promises only what add-ons that are on keep', () => {
    const full = folderOf({ 'platform.ts': platformFile(), [claim('shop')]: claimFile('shop') });
    const said = (where: string) =>
      ['show', 'suspend', 'remove'].map((verb) => keelson(['tenant', verb, 'shop', '--root', where]).stdout).join('');
    expect(said(full)).toMatch(/; Kyverno ends the Pods[^]*\d\. Kyverno ends the Pods/);
    expect(said(full)).not.toContain('run on until');
    expect(said(root)).toMatch(
      /backups +none: add-on 'velero' is off[^]*; those that run on laptop run on[^]*\d\. those that run on laptop run on/,
    );
  });

  test('explain names every object that rendering writes, and says why each file of them is there', () => {
    const { facets } = json('explain', 'wiki') as unknown as { facets: { why: string; objects: object[] }[] };
    expect(facets.map(({ why }) => why).filter((why) => why === '' || why.endsWith('.'))).toEqual([]);
    expect(keelson(['render', '--out', 'out', '--root', root]).code).toBe(1);
    const files = everyFile(join(root, 'out/clusters/laptop/tenants/wiki'));
    const kinds = files.flatMap(
      (file) => readFileSync(join(root, 'out/clusters/laptop/tenants/wiki', file), 'utf8').match(/^kind: /gm) ?? [],
    );
    expect(facets.flatMap(({ objects }) => objects)).toHaveLength(kinds.length);
    expect(run('explain', 'wiki').stdout).toContain('Namespace wiki-live');
  });

  test.each([
    ['shop', claim('shop'), written, `  # Ask Ada before you change this.\n  state: suspended\n  owner:   { email`],
    ['wiki', 'tenants/wiki.ts', code, `'wiki', {\n  state: 'suspended',\n  owner: {`],
  ])(
    'suspending %s changes one line of its file and nothing else, and resuming the word',
    (name, file, before, expected) => {
      const planned = run('suspend', name);
      expect(planned).toMatchObject({ code: 0, stderr: '' });
      expect(planned.stdout).toMatch(/active → suspended[^]*changes[^]*ResourceQuota[^]*stays[^]*Nothing was changed/);
      expect(text(file)).toBe(before);
      expect(run('suspend', name, '--yes')).toMatchObject({ code: 0, stderr: '' });
      expect(text(file)).toContain(expected);
      expect(
        text(file)
          .split('\n')
          .filter((line) => !line.includes('suspended'))
          .join('\n'),
      ).toBe(before);
      expect(json('show', name)).toMatchObject({ state: 'suspended' });
      expect(run('suspend', name, '--yes').stdout).toContain('already');
      expect(run('resume', name, '--yes').code).toBe(0);
      expect(text(file)).toContain(expected.replace('suspended', 'active'));
      expect(json('show', name)).toMatchObject({ state: 'active' });
    },
  );

  test('quotes and ends of lines stay as they were', () => {
    const json = JSON.stringify(parseYaml(claimFile('shop')));
    const code = tenantFile('wiki', '"state": "active",');
    const desk = claimFile('desk').replaceAll('\n', '\r\n');
    addFiles(root, { [claim('shop')]: json, 'tenants/wiki.ts': code, [claim('desk')]: desk });
    for (const name of ['shop', 'wiki', 'desk'])
      expect(run('suspend', name, '--yes')).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(text(claim('shop')))).toMatchObject({ spec: { state: 'suspended' } });
    expect(text('tenants/wiki.ts')).toBe(code.replace('"active"', '"suspended"'));
    expect(text(claim('desk')).replace('  state: suspended\r\n', '')).toBe(desk);
    expect(run('resume', 'shop', '--yes').code).toBe(0);
    expect(JSON.parse(text(claim('shop')))).toMatchObject({ spec: { state: 'active' } });
  });

  test('a claim with a fault is not changed, nor one that is written in a way of its own', () => {
    expect(run('suspend', 'desk', '--yes')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('mend') as string,
    });
    const own = code.replace('{\n  owner', '{\n  ...{ tier: 1 as const },\n  owner');
    addFiles(root, { 'tenants/wiki.ts': own });
    const { code: ended, stderr } = run('suspend', 'wiki', '--yes');
    expect(ended).toBe(1);
    expect(stderr).toContain(`write \`state: 'suspended',\` into the fields of tenant 'wiki'`);
    expect(text('tenants/wiki.ts')).toBe(own);
    const old = claimFile('desk').replace('/v2', '/v1');
    addFiles(root, { [claim('desk')]: old });
    expect(run('suspend', 'desk', '--yes')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/apiVersion.*without `state`.*write platform\.keelson\.dev\/v2/) as string,
    });
    expect(text(claim('desk'))).toBe(old);
  });

  test('remove takes two steps, and the second waits until the first is published', () => {
    addFiles(root, { [claim('desk')]: claimFile('desk') });
    const publish = () => keelson(['publish', '--root', root]);
    expect(publish()).toMatchObject({ code: 0 });
    const planned = run('remove', 'shop');
    for (const word of [
      'disappears',
      'stays',
      'order',
      'would hang',
      'finalizers',
      'kubectl --context laptop delete namespace shop-sandbox',
    ])
      expect(planned.stdout).toContain(word);
    expect(text(claim('shop'))).toBe(written);
    expect(run('remove', 'shop', '--yes').code).toBe(0);
    expect(text(claim('shop'))).toContain('state: removed');

    const early = run('remove', 'shop', '--yes');
    expect(early).toMatchObject({ code: 1, stderr: expect.stringMatching(/still active.*keelson publish/) as string });
    expect(existsSync(join(root, claim('shop')))).toBe(true);

    expect(publish()).toMatchObject({ code: 0, stderr: '' });
    expect(run('remove', 'shop').stdout).toContain('the second of two steps');
    expect(existsSync(join(root, claim('shop')))).toBe(true);
    expect(run('remove', 'shop', '--yes').code).toBe(0);
    expect(existsSync(join(root, claim('shop')))).toBe(false);
    expect(publish()).toMatchObject({ code: 0, stderr: '' });
    expect(run('list').stdout).not.toContain('shop');
  });

  test('remove waits until nobody is connected to it any more', () => {
    addFiles(root, {
      [claim('shop')]: claimFile('shop', '  connections: { to: [{ tenant: desk, port: 8080 }] }\n'),
      [claim('desk')]: claimFile('desk', '  connections: { from: [{ tenant: shop, port: 8080 }] }\n'),
    });
    const { code: ended, stderr } = run('remove', 'desk', '--yes');
    expect(ended).toBe(1);
    expect(stderr).toMatch(
      /tenants\/claims\/shop\.yaml: error: connections\.to\[0\]\.tenant = "desk".*take the connection out/,
    );
    expect(text(claim('desk'))).not.toContain('removed');
  });
});
