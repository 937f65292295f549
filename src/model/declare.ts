import { Construct, RootConstruct } from 'constructs';
import type { TenantProps } from './claim.generated';
import type { Component } from './component';
import type { PlatformProps } from './platform.generated';
import { show } from './show';

/**
 * The platform: clusters, environments, identities and add-ons, as `platform.ts` declares them.
 * Its props are checked when everything is declared, so that all faults are told at once and none is thrown here.
 */
export class Platform extends RootConstruct {
  readonly props: PlatformProps;

  constructor(props: PlatformProps) {
    super();
    this.props = freeze(props);
  }
}

/**
 * One tenant: a file under `tenants/` adds one, or a YAML claim under `tenants/claims/` does.
 *
 * @throws Error where the name is no text, or taken: the message names the file that has it.
 */
export class Tenant extends Construct {
  readonly props: TenantProps;
  /** File that declares it, relative to the platform's root. */
  readonly file: string;

  /**
   * @param platform the platform that `platform.ts` exports
   * @param name the tenant's name, a DNS label; namespaces are `<name>-<environment>`
   */
  constructor(
    platform: Platform,
    readonly name: string,
    props: TenantProps,
  ) {
    if (!(platform instanceof Platform)) {
      throw new Error(
        `new Tenant(…, '${String(name)}', …): the first argument must be the platform that platform.ts exports`,
      );
    }
    if (typeof name !== 'string' || name === '') {
      throw new Error(`new Tenant(…): the name is ${show(name)}: write a DNS label, such as 'payments'`);
    }
    const id = `tenant-${name}`;
    const taken = platform.node.tryFindChild(id);
    if (taken instanceof Tenant) {
      throw new Error(`tenant '${name}' is already declared in ${taken.file}: choose another name`);
    }
    // Not the name alone: constructs keep their children by name, where 'constructor' stands already.
    super(platform, id);
    this.props = freeze(props);
    this.file = staging?.file ?? '';
    staging?.tenants.push(this);
  }
}

/** A tenant as data: what resolving sees of either form of claim. */
export interface TenantDeclaration {
  readonly name: string;
  readonly props: TenantProps;
  readonly file: string;
  /** Where the fields stand in the file: `spec` in a YAML claim. @default - at the top */
  readonly prefix?: string;
  /** Line of a field in the file, by its path from `prefix` on. @default - unknown */
  readonly lineOf?: (path: readonly (string | number)[]) => number | undefined;
  /** True where its shape was found right as it was read. @default false */
  readonly checked?: boolean;
}

/** An add-on and the file that declares it. */
export interface ComponentFile {
  readonly file: string;
  readonly component: Component;
  /** True for an add-on of the team's own, whose code no worker may load. */
  readonly own: boolean;
}

/** Everything that was declared, before anything is checked against anything else. */
export interface Declarations {
  readonly platform: { readonly file: string; readonly props: PlatformProps };
  readonly tenants: readonly TenantDeclaration[];
  /** Names of tenants whose file is there and could not be read. @default - none */
  readonly unread?: readonly string[];
  readonly components: readonly ComponentFile[];
  /** Files of outputs that are there. @default - none */
  readonly outputs?: readonly OutputsDeclaration[];
}

/** A cluster's file of outputs as it was read, before anything of it is checked. */
export interface OutputsDeclaration {
  readonly file: string;
  /** The cluster that the file is named after. */
  readonly cluster: string;
  readonly value: unknown;
}

let staging: { readonly file: string; readonly tenants: Tenant[] } | undefined;

/**
 * Runs one file's declarations together: where it throws, none of its tenants stay, so that one bad file
 * is one finding and the others are untouched. A file that it imports is staged inside, with tenants of its own.
 */
export function stage(file: string, run: () => void): readonly Tenant[] {
  const current = { file, tenants: [] as Tenant[] };
  const outer = staging;
  staging = current;
  try {
    run();
    return current.tenants;
  } catch (error) {
    for (const tenant of current.tenants) tenant.node.scope?.node.tryRemoveChild(tenant.node.id);
    throw error;
  } finally {
    staging = outer;
  }
}

/** Freezes data all the way down; whatever is not plain data stays as it is, for validation to name it. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
  return value;
}
