import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { upgrade, type UpgradeResult } from '../../src/upgrade';
import { type Files, manifest, packageJson, Repository, Yard } from './support/keelson';

const yard = new Yard();
afterAll(() => yard.clean());
// Dozens of git processes, on a machine that may be busy.
jest.setTimeout(60_000);

const second: Files = {
  'package.json': packageJson({ version: '1.1.0' }),
  'charts/baseline/loki.ts': 'export const loki = 2;\n',
  'charts/baseline/mimir.ts': 'export const mimir = 1;\n',
  'src/old/only.ts': undefined,
};

/** What a team adds and edits, all of it its own. */
const own: Files = {
  'platform.ts': 'export const platform = "ours";\r\n',
  'tenants/payments.ts': undefined,
  'tenants/search.ts': 'export const search = "ours";\n',
  'tenants/claims/handbook.yaml': 'kind: Tenant\n',
  'addons/vault.ts': 'export const component = "ours";\n',
  'guardrails/no-latest.ts': 'export const guardrail = "ours";\n',
  'test/own/vault.test.ts': 'test("ours", () => {});\n',
  'docs/own/contacts.md': 'ours\n',
  'scripts/anything.sh': 'echo ours\n',
  'README.md': '# Our platform\n',
  '.gitignore': '.keelson/\nnode_modules/\n*.local\nours/\n',
};

const ruleAndFile = ({ findings }: UpgradeResult): string[] => findings.map(({ rule, file }) => `${rule} ${file}`);

describe('a newer Keelson', () => {
  test('changes, adds and removes product files, and the record says what is here now', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson);
    keelson.commit(second);
    const result = await upgrade({ root: platform.root, from: keelson.root, write: true });
    expect(result).toMatchObject({
      outcome: 'upgraded',
      from: { version: '1.0.0' },
      to: { version: '1.1.0', revision: keelson.git('rev-parse', 'HEAD') },
      files: [
        { path: 'charts/baseline/loki.ts', action: 'change' },
        { path: 'charts/baseline/mimir.ts', action: 'add' },
        { path: 'src/old/only.ts', action: 'remove' },
      ],
      findings: [],
    });
    const { 'keelson.lock.json': record, ...files } = platform.snapshot();
    expect(files).toEqual(keelson.snapshot());
    expect(platform.has('src/old')).toBe(false);
    expect(JSON.parse(record ?? '')).toMatchObject({ version: '1.1.0', revision: keelson.git('rev-parse', 'HEAD') });
  });

  test('leaves every file of the team as it is, byte for byte', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, own);
    const before = platform.snapshot();
    keelson.commit({
      ...second,
      'platform.ts': 'export const platform = 2;\n',
      'tenants/payments.ts': 'export const tenant = 2;\n',
      'tenants/example.ts': 'export const tenant = 2;\n',
      'README.md': '# Keelson, second\n',
      '.gitignore': '.keelson/\n',
      'package-lock.json': '{"second":true}\n',
    });
    expect(await upgrade({ root: platform.root, from: keelson.root, write: true })).toMatchObject({
      outcome: 'upgraded',
      findings: [],
    });
    const after = platform.snapshot();
    for (const path of [...Object.keys(own).filter((one) => own[one] !== undefined), 'package-lock.json'])
      expect([path, after[path]]).toEqual([path, before[path]]);
    expect(
      Object.keys(after)
        .filter((path) => path.startsWith('tenants/'))
        .sort(),
    ).toEqual(['tenants/claims/handbook.yaml', 'tenants/search.ts']);
  });

  test('is a plan until it is told to write', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, own);
    keelson.commit(second);
    const before = platform.snapshot();
    const result = await upgrade({ root: platform.root, from: keelson.root });
    expect(result.outcome).toBe('planned');
    expect(result.files).toHaveLength(3);
    expect(platform.snapshot()).toEqual(before);
    expect(platform.git('status', '--porcelain', '--ignored')).toBe('');
  });

  test('twice is nothing to do, committed or not, and needs no --from', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, own);
    keelson.commit(second);
    await upgrade({ root: platform.root, from: keelson.root, write: true });
    const before = platform.snapshot();
    expect(await upgrade({ root: platform.root, write: true })).toMatchObject({ outcome: 'current', findings: [] });
    platform.commit();
    expect(await upgrade({ root: platform.root, write: true })).toMatchObject({ outcome: 'current', findings: [] });
    expect(platform.snapshot()).toEqual(before);
  });

  test('after another goes on from the record, without any history', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, own);
    keelson.commit(second);
    await upgrade({ root: platform.root, from: keelson.root, write: true });
    const copy = new Repository(yard.folder());
    copy.git('init', '-q', '--initial-branch=main');
    copy.commit(platform.snapshot());
    keelson.commit({ 'src/main.ts': 'export const main = 3;\n', 'charts/baseline/mimir.ts': undefined });
    expect(await upgrade({ root: copy.root, from: keelson.root, write: true })).toMatchObject({ outcome: 'upgraded' });
    expect(copy.read('src/main.ts')).toBe('export const main = 3;\n');
    expect(copy.has('charts/baseline/mimir.ts')).toBe(false);
  });

  test('is taken at a tag or branch', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson);
    keelson.commit(second).git('tag', '-a', 'v1.1.0', '-m', 'release');
    keelson.commit({ 'src/main.ts': 'unreleased\n' });
    const result = await upgrade({ root: platform.root, from: keelson.root, to: 'v1.1.0', write: true });
    expect(result.to.revision).toBe(keelson.git('rev-parse', 'v1.1.0^{commit}'));
    expect(platform.read('src/main.ts')).toBe('export const main = 1;\n');
  });

  test('keeps what may be executed so', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson);
    keelson.git('update-index', '--chmod=+x', 'bin/keelson.cjs');
    keelson.git('commit', '-q', '-m', 'executable');
    await upgrade({ root: platform.root, from: keelson.root, write: true });
    platform.git('add', '--all');
    expect(platform.git('ls-files', '--stage', 'bin/keelson.cjs')).toMatch(/^100755 /);
  });

  test('may turn a file into a folder and a folder into a file', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson);
    keelson.commit({ 'src/old': undefined, 'src/main.ts': undefined });
    keelson.commit({ 'src/old': 'a file\n', 'src/main.ts/index.ts': 'in a folder\n' });
    expect(await upgrade({ root: platform.root, from: keelson.root, write: true })).toMatchObject({
      outcome: 'upgraded',
    });
    expect([platform.read('src/old'), platform.read('src/main.ts/index.ts')]).toEqual(['a file\n', 'in a folder\n']);
  });

  test('hands a product file over to the team by leaving it where it is', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson);
    const team = [...(keelson.json('src/upgrade/ownership.json')['team'] as string[]), 'charts/baseline/tempo.ts'];
    keelson.commit({ 'src/upgrade/ownership.json': JSON.stringify({ team }), 'charts/baseline/tempo.ts': undefined });
    await upgrade({ root: platform.root, from: keelson.root, write: true });
    expect(platform.has('charts/baseline/tempo.ts')).toBe(true);
  });
});

describe('product files that the team changed', () => {
  const edited = { 'charts/baseline/loki.ts': 'export const loki = "ours";\n' };

  test('are refused where Keelson changes them too, with where the change should live instead', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, edited);
    keelson.commit(second);
    const before = platform.snapshot();
    const result = await upgrade({ root: platform.root, from: keelson.root, write: true });
    expect(result.outcome).toBe('refused');
    expect(ruleAndFile(result)).toEqual(['upgrade/conflict charts/baseline/loki.ts']);
    expect(result.findings[0]?.fix).toContain('addons/');
    expect(result.findings[0]?.fix).toContain('--overwrite charts/baseline/loki.ts');
    expect(platform.snapshot()).toEqual(before);
  });

  test('are overwritten when named', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, edited);
    keelson.commit(second);
    const result = await upgrade({
      root: platform.root,
      from: keelson.root,
      write: true,
      overwrite: ['charts/baseline/loki.ts'],
    });
    expect(result).toMatchObject({ outcome: 'upgraded', findings: [] });
    expect(platform.read('charts/baseline/loki.ts')).toBe('export const loki = 2;\n');
  });

  test('stay where Keelson has no change to them, upgrade after upgrade, and are told each time', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, { 'src/main.ts': '"ours"\n', 'charts/baseline/tempo.ts': undefined });
    keelson.commit(second);
    const result = await upgrade({ root: platform.root, from: keelson.root, write: true });
    const told = ['upgrade/changed-here charts/baseline/tempo.ts', 'upgrade/changed-here src/main.ts'];
    expect(result.outcome).toBe('upgraded');
    expect(ruleAndFile(result)).toEqual(told);
    expect(result.findings.map(({ severity }) => severity)).toEqual(['warning', 'warning']);
    expect(platform.read('src/main.ts')).toBe('"ours"\n');
    expect(platform.has('charts/baseline/tempo.ts')).toBe(false);
    platform.commit();
    keelson.commit({ 'src/main.ts': 'export const main = 2;\n' });
    const next = await upgrade({ root: platform.root, write: true });
    expect(next.outcome).toBe('refused');
    expect(ruleAndFile(next)).toEqual([told[0], 'upgrade/conflict src/main.ts']);
  });

  test('are refused where Keelson removes them', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, { 'src/old/only.ts': '"ours"\n' });
    keelson.commit(second);
    const result = await upgrade({ root: platform.root, from: keelson.root, write: true });
    expect(ruleAndFile(result)).toEqual(['upgrade/conflict src/old/only.ts']);
    expect(result.findings[0]?.message).toContain('no longer has it');
    expect(platform.has('src/old/only.ts')).toBe(true);
  });

  test('in the same way as Keelson are no conflict', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, { 'charts/baseline/loki.ts': 'export const loki = 2;\n' });
    keelson.commit(second);
    expect(await upgrade({ root: platform.root, from: keelson.root, write: true })).toMatchObject({
      outcome: 'upgraded',
      findings: [],
    });
  });
});

describe('a path that the product newly claims', () => {
  test.each<[string, Files, string]>([
    ['a file', { 'charts/baseline/mimir.ts': '"ours"\n' }, 'charts/baseline/mimir.ts'],
    ['an ignored file', {}, 'charts/baseline/mimir.ts'],
    ['a folder', { 'charts/baseline/mimir.ts/ours.ts': '"ours"\n' }, 'charts/baseline/mimir.ts/ours.ts'],
  ])('and where the team has %s is refused', async (kind, files, named) => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, files);
    if (kind === 'an ignored file') {
      platform.commit({ '.gitignore': '.keelson/\nmimir.ts\n' });
      platform.write({ 'charts/baseline/mimir.ts': '"ours"\n' });
    }
    keelson.commit(second);
    const before = platform.snapshot();
    const result = await upgrade({ root: platform.root, from: keelson.root, write: true });
    expect(result.outcome).toBe('refused');
    expect(ruleAndFile(result)).toEqual(['upgrade/claimed charts/baseline/mimir.ts']);
    expect(`${result.findings[0]?.message} ${result.findings[0]?.fix}`).toContain(
      kind === 'a file' ? '--overwrite charts/baseline/mimir.ts' : named,
    );
    expect(platform.snapshot()).toEqual(before);
  });

  test('behind a link is refused, so that nothing is written elsewhere', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson);
    const elsewhere = yard.folder();
    symlinkSync(elsewhere, join(platform.root, 'extra'));
    platform.commit();
    keelson.commit({ 'extra/new.ts': 'new\n' });
    const result = await upgrade({ root: platform.root, from: keelson.root, write: true });
    expect(ruleAndFile(result)).toEqual(['upgrade/claimed extra/new.ts']);
    expect(new Repository(elsewhere).has('new.ts')).toBe(false);
  });
});

describe('package.json', () => {
  test('gets what Keelson changed and keeps what the team added', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, {
      'package.json': packageJson({
        name: 'harbour',
        scripts: { ...manifest.scripts, deploy: 'ours' },
        dependencies: { ...manifest.dependencies, zod: '4.0.0' },
      }),
    });
    keelson.commit({
      'package.json': packageJson({
        version: '1.1.0',
        scripts: { start: 'node bin/keelson.cjs publish', test: 'jest', bench: 'bench' },
        dependencies: { cdk8s: '2.71.0', yaml: '2.9.1' },
        engines: { node: '>=20' },
      }),
    });
    const result = await upgrade({ root: platform.root, from: keelson.root, write: true });
    expect(result.outcome).toBe('upgraded');
    expect(result.fields.map(({ field }) => field)).toEqual([
      'version',
      'scripts.bench',
      'dependencies.cdk8s',
      'dependencies.yaml',
      'dependencies.chalk',
      'engines.node',
    ]);
    expect(platform.json('package.json')).toEqual({
      name: 'harbour',
      version: '1.1.0',
      scripts: { start: 'node bin/keelson.cjs publish', test: 'jest', bench: 'bench', deploy: 'ours' },
      dependencies: { cdk8s: '2.71.0', yaml: '2.9.1', zod: '4.0.0' },
      devDependencies: { jest: '30.0.0' },
      engines: { node: '>=20' },
    });
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['that both set otherwise', { cdk8s: '2.72.0', chalk: '5.6.2' }, { cdk8s: '2.71.0', chalk: '5.6.2' }],
    ['that Keelson newly has', { ...manifest.dependencies, zod: '3.0.0' }, { ...manifest.dependencies, zod: '4.0.0' }],
    ['that Keelson no longer has', { cdk8s: '2.70.0', chalk: '5.7.0' }, { cdk8s: '2.70.0' }],
  ])('a dependency %s is refused until it is named', async (_, ours, theirs) => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, { 'package.json': packageJson({ dependencies: ours }) });
    keelson.commit({ 'package.json': packageJson({ version: '1.1.0', dependencies: theirs }) });
    const before = platform.snapshot();
    const result = await upgrade({ root: platform.root, from: keelson.root, write: true });
    expect(result.outcome).toBe('refused');
    expect(ruleAndFile(result)).toEqual(['upgrade/conflict package.json']);
    expect(platform.snapshot()).toEqual(before);
    const overwrite = [`package.json#${result.findings[0]?.field}`];
    await upgrade({ root: platform.root, from: keelson.root, write: true, overwrite });
    expect(platform.json('package.json')['dependencies']).toEqual(theirs);
  });
});

describe('refusals', () => {
  test('uncommitted changes, even of files that the upgrade leaves alone, are refused and planned over', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson, own);
    keelson.commit(second);
    platform.write({ 'tenants/search.ts': 'half-written\n' });
    const result = await upgrade({ root: platform.root, from: keelson.root, write: true });
    expect(result.outcome).toBe('refused');
    expect(result.findings[0]).toMatchObject({ rule: 'upgrade/uncommitted', severity: 'error' });
    expect(result.findings[0]?.message).toContain('tenants/search.ts');
    expect(await upgrade({ root: platform.root, from: keelson.root })).toMatchObject({ outcome: 'planned' });
  });

  test('an older version needs to be asked for', async () => {
    const keelson = yard.keelson();
    keelson.commit(second);
    const platform = yard.platform(keelson);
    const options = { root: platform.root, from: keelson.root, to: 'v1.0.0', base: 'main', write: true };
    expect(ruleAndFile(await upgrade(options))).toEqual(['upgrade/downgrade package.json']);
    expect(await upgrade({ ...options, downgrade: true })).toMatchObject({ outcome: 'upgraded' });
    expect(platform.read('charts/baseline/loki.ts')).toBe('export const loki = 1;\n');
  });

  test('a copy without history says where it came from with --base', async () => {
    const keelson = yard.keelson();
    const copy = new Repository(yard.folder());
    copy.git('init', '-q', '--initial-branch=main');
    copy.commit({ ...keelson.snapshot(), 'tenants/search.ts': 'ours\n' });
    keelson.commit(second);
    const options = { root: copy.root, from: keelson.root, write: true };
    await expect(upgrade(options)).rejects.toThrow('--base');
    expect(await upgrade({ ...options, base: 'v1.0.0' })).toMatchObject({ outcome: 'upgraded' });
    expect(copy.has('src/old/only.ts')).toBe(false);
  });

  test('a path in --overwrite that names no change is a mistake', async () => {
    const keelson = yard.keelson();
    const platform = yard.platform(keelson);
    keelson.commit(second);
    const options = { root: platform.root, from: keelson.root, write: true, overwrite: ['platform.ts'] };
    expect(ruleAndFile(await upgrade(options))).toEqual(['upgrade/overwrite platform.ts']);
  });

  test.each<[string, (yard: Yard) => { root: string; from?: string; to?: string }, RegExp]>([
    ['no repository', () => ({ root: yard.folder(), from: yard.keelson().root }), /is no git repository/],
    ['nothing to upgrade from', () => ({ root: yard.platform(yard.keelson()).root }), /--from/],
    ['no such folder', () => ({ root: yard.platform(yard.keelson()).root, from: './nowhere' }), /could not be fetched/],
    ['no such tag', () => withTag('v9'), /has no v9/],
    ['a tag that is an option', () => withTag('--upload-pack=x'), /is no tag or branch/],
    ['another project', () => ({ root: yard.platform(yard.keelson()).root, from: otherProject() }), /ownership\.json/],
    ['a Keelson with links', () => ({ root: yard.platform(yard.keelson()).root, from: withLink() }), /no plain file/],
  ])('%s is told', async (_, options, message) => {
    await expect(upgrade(options(yard))).rejects.toThrow(message);
  });

  function withTag(to: string): { root: string; from: string; to: string } {
    const keelson = yard.keelson();
    return { root: yard.platform(keelson).root, from: keelson.root, to };
  }

  function otherProject(): string {
    return yard.keelson().commit({ 'src/upgrade/ownership.json': undefined }).root;
  }

  function withLink(): string {
    const keelson = yard.keelson();
    symlinkSync('/etc', join(keelson.root, 'charts', 'etc'));
    return keelson.commit().root;
  }
});
