import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dump } from 'js-yaml';
import type { TenantProps } from '../model/claim.generated';
import { CURRENT_CLAIM } from '../model/claim-versions';
import { compareFindings, type Finding } from '../model/finding';
import { resolve } from '../model/resolve';
import { load } from './load';

/** A tenant to add; what is missing becomes a finding. */
export interface NewTenant {
  readonly name: string;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  /** @default - every environment that is not a production one */
  readonly environments?: readonly string[] | undefined;
  readonly repository?: string | undefined;
  readonly form: 'construct' | 'yaml';
}

/**
 * Writes the file that declares a tenant, after checking it against the platform as it stands. Where something is
 * wrong, everything that is wrong is told and nothing is written.
 */
export function addTenant(
  root: string,
  tenant: NewTenant,
): { readonly file?: string; readonly findings: readonly Finding[] } {
  const { name, owner, group, environments, repository, form } = tenant;
  const missing = [...(owner ? [] : ['--owner']), ...(group ? [] : ['--group'])].map((option) => ({
    rule: 'config/required',
    severity: 'error' as const,
    file: 'keelson tenant new',
    message: `${option} is missing`,
    fix: `add ${option === '--owner' ? '--owner team@example.com' : '--group team-developers'}`,
  }));
  const { declarations, findings } = load(root);
  if (!declarations) return { findings: [...missing, ...findings] };

  const props: TenantProps = {
    owner: { email: owner ?? 'team@example.com' },
    groups: { developers: group ?? 'team-developers' },
    ...(environments ? { environments: Object.fromEntries(environments.map((environment) => [environment, {}])) } : {}),
    ...(repository ? { repositories: [{ url: repository }] } : {}),
  };
  const file = form === 'yaml' ? `tenants/claims/${name}.yaml` : `tenants/${name}.ts`;
  const taken = declarations.tenants.find((one) => one.name === name);
  const tenants = [...declarations.tenants.filter((one) => one !== taken), { name, props, file }];
  const resolved = resolve({ ...declarations, tenants }, name);
  const faults = [
    ...missing,
    ...clash(root, file, name, taken?.file),
    // A platform that is broken cannot say which environments it has.
    ...resolved.findings.filter((finding) => finding.file === file || resolved.clusters.size === 0),
  ];
  if (faults.length > 0) return { findings: faults.sort(compareFindings) };

  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  // Never over a file that is there, whatever it holds.
  writeFileSync(path, form === 'yaml' ? claim(name, props) : construct(name, props), { flag: 'wx' });
  return { file, findings: [] };
}

/** What stands where the tenant would: another of that name, or another file. */
function clash(root: string, file: string, name: string, declaredIn: string | undefined): readonly Finding[] {
  const message =
    declaredIn !== undefined
      ? `tenant '${name}' is already declared in ${declaredIn}`
      : existsSync(join(root, file))
        ? 'is there already'
        : undefined;
  if (message === undefined) return [];
  const fix = 'choose another name, or change that file';
  return [{ rule: 'config/duplicate-tenant', severity: 'error', file, message, fix }];
}

/** Tells editors which schema completes and checks the file. */
const EDITOR_HINT = '# yaml-language-server: $schema=../../src/model/schema/claim.schema.json\n';

/** Longest object that stands on one line, so that with its name it stays within the project's width. */
const LINE_LENGTH = 90;

function claim(name: string, spec: TenantProps): string {
  return EDITOR_HINT + dump({ apiVersion: CURRENT_CLAIM.apiVersion, kind: 'Tenant', metadata: { name }, spec });
}

function construct(name: string, props: TenantProps): string {
  return `import { Tenant } from '../src/model';
import { platform } from '../platform';

export const tenant = new Tenant(platform, ${quoted(name)}, ${literal(props, '')});
`;
}

/** Plain data as TypeScript: names bare where they may be, text in single quotes, small objects on one line. */
function literal(value: unknown, indent: string): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, part]): [string, unknown] => [
    /^[A-Za-z_]\w*$/.test(key) ? key : quoted(key),
    part,
  ]);
  if (entries.length === 0) return '{}';
  const line = `{ ${entries.map(([key, part]) => `${key}: ${literal(part, '')}`).join(', ')} }`;
  if (indent !== '' && !line.includes('\n') && line.length <= LINE_LENGTH) return line;
  const inner = `${indent}  `;
  return `{\n${entries.map(([key, part]) => `${inner}${key}: ${literal(part, inner)},\n`).join('')}${indent}}`;
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
