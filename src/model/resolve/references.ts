import type { Declarations, TenantDeclaration } from '../declare';
import { suggest } from './clusters';
import type { Findings } from './findings';

/** Names that Keelson gives its own things, so that no environment may have them: logs of the platform go by one. */
const RESERVED_ENVIRONMENTS: readonly string[] = ['platform'];

/**
 * Every name that a declaration uses must be one that something has: clusters, environments, add-ons. Looks at
 * whatever is there, so that one fault of shape hides no other fault.
 */
export function checkReferences(declarations: Declarations, addOns: readonly string[], findings: Findings): void {
  const { file, props } = declarations.platform;
  const clusters = entries(field(props, 'clusters'));
  const environments = entries(field(props, 'environments'));
  const clusterNames = clusters.map(([name]) => name);
  const environmentNames = environments.map(([name]) => name);

  for (const [name, environment] of environments) {
    const cluster = field(environment, 'cluster');
    if (typeof cluster === 'string' && clusterNames.length > 0 && !clusterNames.includes(cluster)) {
      unknown(file, 'cluster', `environments.${name}.cluster`, cluster, clusterNames);
    }
    if (RESERVED_ENVIRONMENTS.includes(name)) {
      findings.error(file, {
        rule: 'config/reserved-environment',
        field: `environments.${name}`,
        message: `'${name}' is the name under which the platform keeps its own logs and traces`,
        fix: 'choose another name',
      });
    }
  }
  const places = [
    ['addOns', props] as const,
    ...clusters.map(([name, cluster]) => [`clusters.${name}.addOns`, cluster] as const),
  ];
  for (const [at, owner] of places) {
    for (const [name] of entries(field(owner, 'addOns'))) {
      if (!addOns.includes(name)) unknown(file, 'add-on', `${at}.${name}`, undefined, addOns);
    }
  }
  for (const tenant of declarations.tenants) {
    for (const [name] of entries(field(tenant.props, 'environments'))) {
      if (environmentNames.length > 0 && !environmentNames.includes(name)) unknownEnvironment(tenant, name);
    }
  }

  function unknown(where: string, what: string, at: string, value: string | undefined, known: readonly string[]): void {
    const name = value ?? at.slice(at.lastIndexOf('.') + 1);
    findings.error(where, {
      rule: `config/unknown-${what}`,
      field: at,
      ...(value === undefined ? {} : { value }),
      message: `there is no ${what} '${name}'`,
      fix: suggest(name, known),
    });
  }

  function unknownEnvironment({ file: where, name: unit, prefix, lineOf }: TenantDeclaration, name: string): void {
    const line = lineOf?.(['environments', name]);
    findings.error(where, {
      rule: 'config/unknown-environment',
      field: [...(prefix ? [prefix] : []), 'environments', name].join('.'),
      ...(line === undefined ? {} : { line }),
      value: name,
      message: `there is no environment '${name}'`,
      fix: suggest(name, environmentNames),
      unit,
    });
  }
}

function field(value: unknown, name: string): unknown {
  return isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function entries(value: unknown): readonly (readonly [string, unknown])[] {
  return isMap(value) ? Object.entries(value) : [];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
