import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareFindings, type Finding } from '../model/finding';
import { resolve } from '../model/resolve';
import { codeDigest } from './code-digest';
import { Compiler } from './compiler';
import { fileFinding, nameOf } from './file-finding';
import { load, userFiles } from './load';
import { namesIn } from './product';
import { renderUnit } from './unit';

/** What a look at one claim found. */
export interface CheckedClaim {
  /** Tenants that the file claims. */
  readonly tenants: readonly string[];
  /** What is wrong with it. */
  readonly findings: readonly Finding[];
  /** What is wrong with the platform itself, so that nobody can tell whether the claim is right. */
  readonly platform: readonly Finding[];
  /** Objects that it becomes, each checked against its schema. */
  readonly objects: number;
}

/**
 * Checks one claim against the platform and all other claims, without running any other tenant's code and without
 * rendering any other tenant. Of constructs in other files it knows the names alone.
 *
 * @param file below tenants/, relative to the root
 */
export async function checkClaim(
  root: string,
  file: string,
  options: { readonly cache?: boolean } = {},
): Promise<CheckedClaim> {
  const caching = options.cache !== false;
  const cacheRoot = join(root, '.keelson', 'cache');
  const compiler = new Compiler(caching ? cacheRoot : undefined);
  await compiler.ahead(userFiles(root).filter((path) => !path.includes('/tenants/') || path.endsWith(`/${file}`)));
  const loaded = load(root, caching ? { directory: cacheRoot, code: codeDigest() } : undefined, compiler, file);
  const { declarations } = loaded;
  const errors = loaded.ofPlatform.filter(({ severity }) => severity === 'error');
  const nothing = { tenants: [], findings: [], objects: 0 };
  if (!declarations || errors.length > 0) return { ...nothing, platform: errors };

  const own = declarations.tenants.filter((one) => one.file === file);
  const findings = loaded.ofTenants.filter((finding) => finding.file === file || !finding.file.startsWith('tenants/'));
  const elsewhere = namesInCode(root, file);
  const unread = [...(declarations.unread ?? []), ...elsewhere.keys()];
  let objects = 0;
  for (const { name } of own.length > 0 ? own : [{ name: nameOf(file) }]) {
    const other = elsewhere.get(name);
    if (other !== undefined && !findings.some(({ rule }) => rule === 'config/throws'))
      findings.push(
        fileFinding(
          file,
          'config/duplicate-tenant',
          `tenant '${name}' is already declared in ${other}`,
          'choose another name',
        ),
      );
    const { findings: resolved, clusters, units } = resolve({ ...declarations, unread }, name);
    if (clusters.size === 0) return { ...nothing, platform: resolved };
    findings.push(...resolved.filter((finding) => finding.file === file));
    const platform = resolved.filter(
      ({ severity, file: where }) => severity === 'error' && !where.startsWith('tenants/'),
    );
    if (platform.length > 0) return { ...nothing, platform };
    for (const unit of units) {
      const cluster = clusters.get(unit.cluster);
      if (unit.slice.kind !== 'tenant' || !cluster) continue;
      const rendered = renderUnit(unit, cluster);
      findings.push(...rendered.findings);
      objects += rendered.files.reduce((sum, one) => sum + one.objects, 0);
    }
  }
  const distinct = [...new Map(findings.map((one) => [JSON.stringify(one), one])).values()];
  return { tenants: own.map(({ name }) => name), findings: distinct.sort(compareFindings), platform: [], objects };
}

/** Names that other TypeScript files give to tenants, by their text: what they claim, only running them would tell. */
function namesInCode(root: string, but: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const name of namesIn(join(root, 'tenants'))) {
    const file = `tenants/${name}.ts`;
    if (file === but || !existsSync(join(root, file))) continue;
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, , tenant = ''] of text.matchAll(/new Tenant\(\s*[\w.]+,\s*(['"`])([^'"`]+)\1/g))
      names.set(tenant, file);
  }
  return names;
}
