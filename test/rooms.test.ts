import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '..');

/** What lint says of an import, were it written in that file. */
function lint(file: string, imported: string): string {
  try {
    execFileSync(join(root, 'node_modules/.bin/eslint'), ['--stdin', '--stdin-filename', file], {
      cwd: root,
      input: `import '${imported}';\n`,
      encoding: 'utf8',
    });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test.each([
  ['src/model/platform.ts', '../render'],
  ['src/model/resolve/clusters.ts', '../../../charts/component'],
  ['charts/tenant/network.ts', '../../src/render/unit'],
  ['src/gitops/publish.ts', '../schemas'],
  ['tenants/payments.ts', '../src/cli/main'],
  ['infra/bootstrap/plan.ts', '../../src/render'],
  ['infra/tenant-roles.ts', '../src/render/unit'],
])('%s may not import %s', (file, imported) => {
  expect(lint(file, imported)).toContain('docs/decisions/0001-rooms.md');
});

test.each([
  ['src/render/unit.ts', '../model/slices'],
  ['src/model/resolve/index.ts', './tenants'],
  ['tenants/payments.ts', '../platform'],
  ['infra/bootstrap/definitions.ts', '../../src/schemas'],
  ['infra/tenant-roles.ts', '../src/render/load'],
])('%s may import %s', (file, imported) => {
  expect(lint(file, imported)).toBe('');
});
