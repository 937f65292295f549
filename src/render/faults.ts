import type { Declarations } from '../model/declare';
import type { Finding } from '../model/finding';
import type { Unit } from '../model/slices';
import { nameOf } from './file-finding';

/** Who is to blame for what is wrong, so that one broken claim keeps nobody else from being published. */
export interface Faults {
  /** True where the platform's own description, an add-on or a cluster is broken: nothing of the tree may be used. */
  readonly platform: boolean;
  /** Tenants with faults, and the file that is broken. None of their files is in the tree. */
  readonly tenants: ReadonlyMap<string, string>;
  /** Files that may declare any tenant, since they cannot be run or read. */
  readonly unread: readonly string[];
  /** The file of every tenant that is declared. @default - platform.ts is broken */
  readonly declared?: ReadonlyMap<string, string>;
}

/** All that was found, by the stage that found it. */
export interface Found {
  readonly declarations: Declarations;
  /** Findings about platform.ts, add-ons and outputs as they were read. */
  readonly ofPlatform: readonly Finding[];
  /** Findings about files below tenants/ as they were read. */
  readonly ofTenants: readonly Finding[];
  /** Files below tenants/ that declared nothing. */
  readonly unread: readonly string[];
  readonly resolved: readonly Finding[];
  readonly units: readonly Unit[];
  /** Units whose objects are wrong. */
  readonly broken: readonly Unit[];
}

/** Every error has somebody to blame: one tenant, or the platform. */
export function faultsOf({ declarations, ofPlatform, ofTenants, unread, resolved, units, broken }: Found): Faults {
  const faulty = new Map<string, string>();
  const byFile = new Map<string, string[]>();
  for (const { name, file } of declarations.tenants) byFile.set(file, [...(byFile.get(file) ?? []), name]);
  let platform = ofPlatform.some(isError);
  for (const { file } of ofTenants.filter(isError)) for (const name of byFile.get(file) ?? []) faulty.set(name, file);
  for (const { file, unit } of resolved.filter(isError)) {
    const names = byFile.get(file) ?? [];
    if (unit !== undefined && names.includes(unit)) faulty.set(unit, file);
    else if (names.length > 0 && file.startsWith('tenants/')) for (const name of names) faulty.set(name, file);
    else platform = true;
  }
  for (const { slice, name, file } of broken) {
    if (slice.kind === 'tenant') faulty.set(name, file);
    else platform = true;
  }
  // Nobody told why, and still it is not there: its absence must not be taken for a wish.
  const placed = new Set(units.filter(({ slice }) => slice.kind === 'tenant').map(({ name }) => name));
  for (const { name, file } of declarations.tenants) if (!placed.has(name) && !faulty.has(name)) faulty.set(name, file);
  // A file that claims a name which another file has in order takes nothing from it.
  for (const file of unread) if (!placed.has(nameOf(file)) && !faulty.has(nameOf(file))) faulty.set(nameOf(file), file);
  const declared = new Map(declarations.tenants.map(({ name, file }) => [name, file]));
  return { platform, tenants: faulty, unread, declared };
}

function isError({ severity }: Finding): boolean {
  return severity === 'error';
}
