import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addFiles, claimFile, localProps, platformFile, tenantFile } from '../support/platforms';
import { keelson, platform } from './support/keelson';

const claim = (name: string) => `tenants/claims/${name}.yaml`;

/** Who owns a file by CODEOWNERS as forges read it: the last line whose pattern fits. */
function ownersOf(text: string, file: string): string | undefined {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' '))
    .filter(([pattern]) => pattern === '*' || pattern === `/${file}`)
    .at(-1)
    ?.slice(1)
    .join(' ');
}

describe('codeowners', () => {
  const root = platform({
    'platform.ts': platformFile({ ...localProps, reviewers: ['@example/platform'] }),
    [claim('wiki')]: claimFile('wiki').replace(
      'email: wiki@example.com',
      `email: wiki@example.com\n    reviewers: ['@example/wiki', ada@example.com]`,
    ),
    [claim('bad')]: 'spec: [',
    'tenants/coded.ts': tenantFile('coded'),
  });
  const run = (...args: string[]) => keelson(['codeowners', '--root', root, ...args]);
  const text = () => readFileSync(join(root, 'CODEOWNERS'), 'utf8');

  test('gives each team its own claim, and the platform team all else', () => {
    expect(run('--check')).toMatchObject({ code: 1, stderr: expect.stringContaining('CODEOWNERS') as string });
    expect(existsSync(join(root, 'CODEOWNERS'))).toBe(false);
    expect(run().code).toBe(0);
    expect(ownersOf(text(), claim('shop'))).toBe('shop@example.com');
    expect(ownersOf(text(), claim('wiki'))).toBe('@example/wiki ada@example.com');
    for (const file of ['CODEOWNERS', 'platform.ts', 'addons/x.ts', 'tenants/coded.ts', claim('bad'), claim('new')])
      expect([file, ownersOf(text(), file)]).toEqual([file, '@example/platform']);
    expect(run('--check')).toMatchObject({ code: 0 });
  });

  test('a claim that widens what it may is the platform team’s, and the file is stale until it says so', () => {
    expect(run().code).toBe(0);
    addFiles(root, { [claim('shop')]: claimFile('shop', '  connections: { kubernetesApi: true }\n') });
    expect(run('--check').code).toBe(1);
    expect(run().code).toBe(0);
    expect(ownersOf(text(), claim('shop'))).toBe('@example/platform');
    expect(text()).toMatch(/# the Kubernetes API\n\/tenants\/claims\/shop\.yaml/);
  });

  test('a file whose name holds blanks, wildcards or lines takes nobody’s claim', () => {
    const odd = ['shop.yaml @evil .yaml', 'z*.yaml', 'z\n* @evil .yaml', 'z#.yaml'];
    addFiles(root, Object.fromEntries(odd.map((name) => [`tenants/claims/${name}`, 'spec: ['])));
    expect(run().code).toBe(0);
    expect(text()).not.toMatch(/evil|^\/.*[#*]/m);
    expect(ownersOf(text(), claim('wiki'))).toBe('@example/wiki ada@example.com');
    for (const name of odd) rmSync(join(root, 'tenants/claims', name));
  });

  test('less than the default quota widens nothing', () => {
    addFiles(root, {
      [claim('shop')]: claimFile('shop', '  environments: { sandbox: { quota: { cpu: "2", pods: 10 } } }\n'),
    });
    expect(run().code).toBe(0);
    expect(ownersOf(text(), claim('shop'))).toBe('shop@example.com');
  });
});
