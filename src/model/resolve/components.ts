import { types } from 'node:util';
import type { Cluster } from '../cluster';
import type { Client, Component, ComponentDeclaration, JsonObject, Json, Workload } from '../component';
import type { ComponentFile } from '../declare';
import { compareText } from '../finding';
import type { AddOnProps, PlatformProps } from '../platform.generated';
import { clusterApps } from '../layout';
import { BREAK_GLASS_NAMESPACE, DELIVERY_NAMESPACE, labelFault } from '../names';
import componentSchema from '../schema/component.schema.json';
import { validateShape } from '../validate';
import { suggest } from './clusters';
import type { Findings } from './findings';
import { plainCopy } from './plain-copy';

/** An add-on that is on, as it stands on one cluster. */
export interface ActiveComponent {
  readonly name: string;
  readonly file: string;
  readonly own: boolean;
  readonly component: Component;
  readonly declaration: ComponentDeclaration;
  /** Namespace that it runs in; its own or another's. */
  readonly namespace: string;
}

/** Namespaces of accounts that are more than whoever makes a Pod there may be. */
const ACCOUNTS_ONLY: readonly string[] = [BREAK_GLASS_NAMESPACE, DELIVERY_NAMESPACE];

/** Names of the cluster's own files and Applications, and what the names of others begin or end with. */
const TAKEN_NAMES = [...clusterApps, 'root', 'tenant-*', 'delivery-*', 'virtual-*', '*-crds'];

/** Add-ons by name; one that no add-on can have, or that two have, becomes a finding. */
export function indexComponents(
  files: readonly ComponentFile[],
  findings: Findings,
): ReadonlyMap<string, ComponentFile> {
  const index = new Map<string, ComponentFile>();
  for (const file of files) {
    const { name } = file.component;
    const taken = index.get(name);
    const fault = labelFault(name);
    const reserved = TAKEN_NAMES.find((one) => new RegExp(`^${one.replace('*', '.*')}$`).test(name));
    if (fault) {
      findings.error(file.file, { rule: 'config/name', field: 'name', value: name, ...fault });
    } else if (reserved) {
      findings.error(file.file, {
        rule: 'config/name',
        field: 'name',
        value: name,
        message: `an add-on named '${name}' would stand in the place of what Keelson itself writes`,
        fix: `choose another name; taken are ${TAKEN_NAMES.join(', ')}`,
      });
    } else if (taken) {
      findings.error(file.file, {
        rule: 'config/duplicate-add-on',
        field: 'name',
        value: name,
        message: `there is already an add-on '${name}' in ${taken.file}`,
        fix: 'give one of them another name',
      });
    } else {
      index.set(name, file);
    }
  }
  return index;
}

/** The add-ons that are on for a cluster, declared for it and re-tuned, in code-unit order of their names. */
export function activate(
  index: ReadonlyMap<string, ComponentFile>,
  cluster: Cluster,
  props: PlatformProps,
  findings: Findings,
): ReadonlyMap<string, ActiveComponent> {
  const active = new Map<string, Omit<ActiveComponent, 'namespace'>>();
  for (const [name, { file, component, own }] of [...index].sort(([a], [b]) => compareText(a, b))) {
    const everywhere = props.addOns?.[name];
    const here = props.clusters[cluster.name]?.addOns?.[name];
    if (!isOn(component, cluster, everywhere, here)) continue;
    try {
      const declared = component.declare(cluster);
      // Nobody has to type-check a team's own files, so that what comes from there may be anything.
      const faults = own ? validateShape(componentSchema, declared, { file }) : [];
      for (const fault of faults) findings.error(file, { ...fault, unit: name });
      if (faults.length > 0) continue;
      // What stands there as undefined is not there, for whoever lays one object over another.
      const declaration = retune(plainCopy(declared), [everywhere, here]);
      if (!declaration.chart) checkUntuned(name, cluster.name, props, findings);
      for (const path of nullsIn(declaration.chart?.values ?? {}, 'values')) {
        findings.error(file, {
          rule: 'config/null-value',
          field: path,
          message: 'is null, which an Application cannot hold and would lose without a word',
          fix: 'write the value that stands for "off" in the chart, or leave the key out',
          unit: name,
        });
      }
      active.set(name, { name, file, own, component, declaration });
    } catch (error) {
      findings.error(file, {
        rule: 'config/throws',
        field: 'declare',
        message: `throws for cluster '${cluster.name}': ${types.isNativeError(error) ? error.message : String(error)}`,
        unit: name,
      });
    }
  }
  return withNamespaces(index, active, cluster, findings);
}

/** A cluster's word goes before the platform's, that before the add-on's own choice by provider. */
function isOn(component: Component, cluster: Cluster, everywhere: AddOnSetting, here: AddOnSetting): boolean {
  if (here !== undefined) return here !== false;
  if (typeof everywhere === 'boolean') return everywhere;
  return component.providers.includes(cluster.provider);
}

type AddOnSetting = boolean | AddOnProps | undefined;

function retune(declaration: ComponentDeclaration, settings: readonly AddOnSetting[]): ComponentDeclaration {
  let { chart } = declaration;
  for (const setting of settings) {
    if (typeof setting !== 'object' || !chart) continue;
    chart = {
      ...chart,
      version: setting.version ?? chart.version,
      values: merge(chart.values, (setting.values ?? {}) as JsonObject),
    };
  }
  return chart ? { ...declaration, chart } : declaration;
}

/** A version or values for an add-on without a chart would be lost in silence. */
function checkUntuned(name: string, cluster: string, props: PlatformProps, findings: Findings): void {
  const places = [
    ['addOns', props.addOns?.[name]],
    [`clusters.${cluster}.addOns`, props.clusters[cluster]?.addOns?.[name]],
  ] as const;
  for (const [at, setting] of places) {
    if (typeof setting !== 'object' || Object.keys(setting).length === 0) continue;
    const message = `${name} is no chart on cluster '${cluster}', so that it takes neither a version nor values`;
    findings.error('platform.ts', {
      rule: 'config/no-chart',
      field: `${at}.${name}`,
      message,
      fix: 'write true or false',
    });
  }
}

/** Lays one object over another as Helm does: objects merge, everything else is replaced, `null` removes what is there. */
export function merge(base: JsonObject, over: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    if (value === null && Object.hasOwn(base, key)) delete result[key];
    else result[key] = isObject(before) && isObject(value) ? merge(before, value) : value;
  }
  return result;
}

/** Paths of the nulls that are left in a chart's values. */
function nullsIn(value: Json, path: string): readonly string[] {
  if (value === null) return [path];
  if (typeof value !== 'object') return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, part]) =>
    nullsIn(part as Json, isList ? `${path}[${key}]` : `${path}.${key}`),
  );
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withNamespaces(
  index: ReadonlyMap<string, ComponentFile>,
  declared: ReadonlyMap<string, Omit<ActiveComponent, 'namespace'>>,
  cluster: Cluster,
  findings: Findings,
): ReadonlyMap<string, ActiveComponent> {
  const owners = new Map<string, Omit<ActiveComponent, 'namespace'>>();
  const active = new Map<string, ActiveComponent>();
  for (const one of declared.values()) {
    const { namespace } = one.declaration;
    if ('sharedWith' in namespace) continue;
    const owner = owners.get(namespace.name);
    if (ACCOUNTS_ONLY.includes(namespace.name)) {
      findings.error(one.file, {
        rule: 'config/reserved-namespace',
        field: 'namespace.name',
        value: namespace.name,
        message: `nothing runs in namespace '${namespace.name}', since whatever did could act as the accounts there`,
        fix: 'choose another namespace',
        unit: one.name,
      });
    } else if (owner) {
      findings.error(one.file, {
        rule: 'config/duplicate-namespace',
        field: 'namespace.name',
        value: namespace.name,
        message: `${one.name} and ${owner.name} (${owner.file}) both own namespace '${namespace.name}' on cluster '${cluster.name}'`,
        fix: `give one of them another namespace, or write sharedWith: '${owner.name}'`,
        unit: one.name,
      });
    } else {
      owners.set(namespace.name, one);
    }
  }
  for (const one of declared.values()) {
    const { namespace } = one.declaration;
    if (!('sharedWith' in namespace)) {
      active.set(one.name, { ...one, namespace: namespace.name });
      continue;
    }
    const owner = declared.get(namespace.sharedWith)?.declaration.namespace;
    if (owner && 'name' in owner) {
      active.set(one.name, { ...one, namespace: owner.name });
      continue;
    }
    const off = index.has(namespace.sharedWith) && !declared.has(namespace.sharedWith);
    findings.error(one.file, {
      rule: 'config/unknown-namespace',
      field: 'namespace.sharedWith',
      value: namespace.sharedWith,
      message: `${one.name} shares the namespace of '${namespace.sharedWith}', which ${off ? 'is off' : 'owns none'} on cluster '${cluster.name}'`,
      fix: off
        ? `switch ${namespace.sharedWith} on there`
        : suggest(
            namespace.sharedWith,
            [...owners.values()].map(({ name }) => name),
          ),
      unit: one.name,
    });
    // It stays, so that one fault is not told again by everybody who leans on it.
    active.set(one.name, { ...one, namespace: namespace.sharedWith });
  }
  return active;
}

/** Workloads of a component with their names. */
export function workloadsOf(one: ActiveComponent): readonly (readonly [string, Workload])[] {
  return Object.entries(one.declaration.workloads);
}

/** Workloads of the component itself that `self` or `self/<workload>` means; any other client means none of them. */
export function ownClients(one: ActiveComponent, client: Client): readonly Workload[] {
  const [place, name] = client.split('/');
  if (place !== 'self') return [];
  return workloadsOf(one).flatMap(([own, workload]) => (name === undefined || name === own ? [workload] : []));
}

/** Whether a workload looks for others by name: those that it reaches, or its component's own Pods. */
export function findsOthers(one: ActiveComponent, workload: Workload): boolean {
  const open = workloadsOf(one).some(([, { serves = {} }]) =>
    Object.values(serves).some(({ to }) => to.some((client) => ownClients(one, client).includes(workload))),
  );
  return open || (workload.reaches?.length ?? 0) > 0;
}
