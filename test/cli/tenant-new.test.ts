import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { claimFile, folderOf, platformFile, product, smallPlatform, tenantFile } from '../support/platforms';
import { everyFile, keelson, platform, program } from './support/keelson';

describe('tenant new', () => {
  const who = ['--owner', 'search@example.com', '--group', 'search-developers'];

  test.each(['1x', 'a--1-b', 'class', 'platform', 'constructor'])(
    'writes a tenant named %s that renders at once, in both forms alike',
    (name) => {
      const root = team();
      const code = keelson(['tenant', 'new', name, ...who, '--env', 'live,sandbox', '--root', root], { cwd: root });
      expect(code).toMatchObject({ code: 0, stderr: '' });
      expect(code.stdout).toContain(`wrote tenants/${name}.ts`);
      const fromCode = rendered(root);
      rmSync(join(root, 'tenants', `${name}.ts`));
      expect(keelson(['tenant', 'new', name, ...who, '--env', 'live,sandbox', '--yaml', '--root', root])).toMatchObject(
        {
          code: 0,
          stderr: '',
        },
      );
      expect(existsSync(join(root, 'tenants', 'claims', `${name}.yaml`))).toBe(true);
      expect(rendered(root)).toEqual(fromCode);
      expect(fromCode.tenants).toEqual([name]);
      rmSync(join(root, 'tenants', 'claims', `${name}.yaml`));
    },
  );

  let folder: string | undefined;

  /** A team's own repository: the product and the platform in one folder. */
  function team(): string {
    if (folder) return folder;
    folder = folderOf(smallPlatform());
    for (const part of ['src', 'charts', 'policies', 'package.json', 'package-lock.json', 'node_modules'])
      execFileSync('ln', ['-s', join(product, part), join(folder, part)]);
    return folder;
  }

  function rendered(root: string): { tenants: unknown; findings: unknown; objects: unknown } {
    const { code, stdout } = keelson(['render', '--json', '--root', root]);
    const { tenants, findings, objects } = JSON.parse(stdout) as Record<string, unknown>;
    expect({ code, findings }).toEqual({ code: 0, findings: [] });
    return { tenants, findings, objects };
  }

  test.each<[string, string[], RegExp[]]>([
    ['a name that is none', ['Big_Shop', ...who], [/`Big_Shop` is not a DNS label/]],
    ['a name that leads elsewhere', ['../../evil', ...who], [/not a DNS label/]],
    ['no owner and no group', ['wiki'], [/--owner is missing/, /--group is missing/]],
    ['an owner that is no mail address', ['wiki', '--owner', 'me', '--group', 'g'], [/owner\.email = "me"/]],
    [
      'a repository that another has, by a name that comes first',
      ['aaa', ...who, '--repository', 'https://git.example.com/common/site.git'],
      [/is the repository of tenant 'shop'/],
    ],
    ['an environment that is not there', ['wiki', ...who, '--env', 'prdo,live'], [/there is no environment 'prdo'/]],
    ['no environment at all', ['wiki', ...who, '--env', ','], [/environments.* is empty/]],
    [
      'everything wrong at once',
      ['Wiki', '--owner', 'me', '--env', 'nope', '--repository', 'not a url'],
      [/DNS label/, /--group is missing/, /owner\.email/, /repository/],
    ],
    ['a tenant that is there', ['shop', ...who], [/tenant 'shop' is already declared in tenants\/claims\/shop\.yaml/]],
    ['a file that is there', ['taken', ...who], [/tenants\/taken\.ts: error: .*is there already/]],
  ])('refuses %s with exit code 1 and writes nothing', (_, args, expected) => {
    const repositories = `  repositories: [{ url: 'https://git.example.com/common/site.git' }]\n`;
    const claims = { 'tenants/claims/shop.yaml': claimFile('shop', repositories) };
    const root = platform({ 'tenants/taken.ts': tenantFile('other'), ...claims });
    const before = everyFile(root);
    const { code, stdout, stderr } = keelson(['tenant', 'new', ...args, '--root', root]);
    expect(code).toBe(1);
    for (const one of expected) expect(stderr).toMatch(one);
    expect(stdout).toContain('Nothing was written');
    expect(everyFile(root)).toEqual(before);
  });

  test('refuses on a platform that is broken, and says what is', () => {
    const root = folderOf({ 'platform.ts': platformFile({ name: 'x' }) });
    const { code, stderr } = keelson(['tenant', 'new', 'wiki', ...who, '--root', root]);
    expect(code).toBe(1);
    expect(stderr).toContain('platform.ts: error: domain');
    expect(existsSync(join(root, 'tenants'))).toBe(false);
  });

  test('writes text with quotes and backslashes as it is, or refuses it', () => {
    const root = platform();
    const group = `team's \\ "best" \${x}`;
    const args = ['tenant', 'new', 'wiki', '--owner', 'a@example.com', '--group', group, '--root', root, '--json'];
    const { code, stdout } = keelson(args);
    const { file, findings } = JSON.parse(stdout) as { file?: string; findings: unknown[] };
    expect(code === 0 ? file : findings).toEqual(
      code === 0 ? 'tenants/wiki.ts' : expect.arrayContaining([expect.anything()]),
    );
    if (code === 0)
      expect(readFileSync(join(root, 'tenants/wiki.ts'), 'utf8')).toContain(JSON.stringify(group).slice(1, 5));
  });

  test('asks on a terminal for what is missing, and for better answers', async () => {
    const root = platform();
    const command = `stty cols 120 rows 40; exec ${process.execPath} ${program} tenant new --root ${root}`;
    // A terminal of its own, as a person has one.
    const child = spawn('script', ['-qfec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let shown = '';
    const waiting: { readonly word: string; readonly answer: string }[] = [
      { word: 'Name', answer: 'Bad_Name\r' },
      { word: 'is not a DNS label', answer: '\u007f'.repeat(8) + 'lexicon\r' },
      { word: 'Mail address', answer: 'lexicon@example.com\r' },
      { word: 'Group', answer: 'lexicon-developers\r' },
      { word: 'Environments', answer: '\r' },
      { word: 'Git repository', answer: '\r' },
      { word: 'Form', answer: '\r' },
    ];
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      const [next] = waiting;
      if (!next || !shown.includes(next.word)) return;
      waiting.shift();
      child.stdin.write(next.answer);
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, waiting }).toEqual({ code: 0, waiting: [] });
    const text = readFileSync(join(root, 'tenants/claims/lexicon.yaml'), 'utf8');
    expect(text).toContain('email: lexicon@example.com');
    expect(text).toContain('sandbox: {}');
    expect(text).not.toContain('live');
  });
});
