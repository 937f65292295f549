import { join } from 'node:path';
import type { TenantProps } from '../model/claim.generated';
import type { Declarations, TenantDeclaration } from '../model/declare';
import { compareText, type Finding } from '../model/finding';
import { resolve } from '../model/resolve';
import type { ResolvedCluster, TenantEnvironment, TenantState, Unit } from '../model/slices';
import { codeDigest } from './code-digest';
import { Compiler } from './compiler';
import { type Faults, faultsOf } from './faults';
import { load, userFiles } from './load';

/** A tenant as it is claimed, and as it is understood where its claim is in order. */
export interface SurveyedTenant {
  readonly name: string;
  readonly file: string;
  /** @default - the claim cannot be read */
  readonly props?: TenantProps;
  readonly state: TenantState;
  /** Environments and the cluster of each, every default filled in. Empty where the claim has faults. */
  readonly places: readonly { readonly cluster: string; readonly environment: TenantEnvironment }[];
  /** One unit a cluster. Empty where the claim has faults. */
  readonly units: readonly Unit[];
  readonly findings: readonly Finding[];
}

/** What there is, without rendering any of it. */
export interface Survey {
  readonly findings: readonly Finding[];
  readonly faults: Faults;
  readonly clusters: ReadonlyMap<string, ResolvedCluster>;
  /** In code-unit order of their names. */
  readonly tenants: readonly SurveyedTenant[];
  /** @default - platform.ts is broken */
  readonly declarations?: Declarations;
}

/** Reads the platform and everything that it declares. */
export async function survey(root: string, options: { readonly cache?: boolean } = {}): Promise<Survey> {
  const caching = options.cache !== false;
  const cacheRoot = join(root, '.keelson', 'cache');
  const compiler = new Compiler(caching ? cacheRoot : undefined);
  await compiler.ahead(userFiles(root));
  const loaded = load(root, caching ? { directory: cacheRoot, code: codeDigest() } : undefined, compiler);
  const { declarations, ofPlatform, ofTenants, unread } = loaded;
  if (!declarations) {
    const faults = { platform: true, tenants: new Map<string, string>(), unread: [] };
    return { findings: loaded.findings, faults, clusters: new Map(), tenants: [] };
  }
  const { findings: resolved, clusters, units } = resolve(declarations);
  const findings = [...loaded.findings, ...resolved];
  const faults = faultsOf({ declarations, ofPlatform, ofTenants, unread, resolved, units, broken: [] });
  return { findings, faults, clusters, tenants: tenantsOf(declarations, units, findings, faults), declarations };
}

/** The units that a tenant would have if its claim said something else, beside all other claims as they are. */
export function unitsWith(declarations: Declarations, name: string, change: Partial<TenantProps>): readonly Unit[] {
  return resolvedWith(declarations, name, change).units;
}

/** The same, and what would be wrong with the claim then. */
export function resolvedWith(
  declarations: Declarations,
  name: string,
  change: Partial<TenantProps>,
): { readonly units: readonly Unit[]; readonly findings: readonly Finding[] } {
  const tenants = declarations.tenants.map((one): TenantDeclaration =>
    one.name === name ? { ...one, props: { ...one.props, ...change } } : one,
  );
  const { units, findings } = resolve({ ...declarations, tenants });
  return {
    units: units.filter((unit) => unit.slice.kind === 'tenant' && unit.name === name),
    findings: findings.filter(({ unit }) => unit === name),
  };
}

function tenantsOf(
  { tenants }: Declarations,
  units: readonly Unit[],
  findings: readonly Finding[],
  faults: Faults,
): readonly SurveyedTenant[] {
  const unitsOf = new Map<string, Unit[]>();
  for (const unit of units) if (unit.slice.kind === 'tenant') push(unitsOf, unit.name, unit);
  const told = new Map<string, Finding[]>();
  for (const finding of findings) for (const key of keysOf(finding)) push(told, key, finding);
  const known = new Set(tenants.map(({ name }) => name));
  const unread = [...faults.tenants].filter(([name]) => !known.has(name)).map(([name, file]) => ({ name, file }));
  return [...tenants, ...unread]
    .map((one): SurveyedTenant => {
      const { name, file } = one;
      const own = unitsOf.get(name) ?? [];
      const places = own.flatMap(({ cluster, slice }) =>
        slice.kind === 'tenant' ? slice.environments.map((environment) => ({ cluster, environment })) : [],
      );
      const props = 'props' in one ? one.props : undefined;
      return {
        name,
        file,
        ...(props ? { props } : {}),
        state: props?.state ?? 'active',
        places: places.sort((a, b) => compareText(a.environment.name, b.environment.name)),
        units: own,
        findings: told.get(`${file}\0${name}`) ?? (props ? [] : (told.get(`${file}\0`) ?? [])),
      };
    })
    .sort((a, b) => compareText(a.name, b.name));
}

/** By file and tenant, and, for a file that cannot be read, by the file alone. */
function keysOf({ file, unit }: Finding): readonly string[] {
  return unit === undefined ? [`${file}\0`] : [`${file}\0${unit}`, `${file}\0`];
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
