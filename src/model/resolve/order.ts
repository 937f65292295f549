import type { ComponentDeclaration, GroupKind } from '../component';
import { compareText } from '../finding';
import { nearest } from '../suggest';
import { type ActiveComponent, findsOthers, workloadsOf } from './components';
import type { Findings } from './findings';

/** Kinds that every component may make and that somebody must bring. */
const NETWORK_POLICY: GroupKind = 'cilium.io/CiliumNetworkPolicy';
const POD_MONITOR: GroupKind = 'monitoring.coreos.com/PodMonitor';
const APPLICATION: GroupKind = 'argoproj.io/Application';

/** Add-ons that a finding names before it counts the rest. */
const NAMED = 3;

/** What names of the priority classes begin with that the platform makes itself. */
const OWN_PRIORITY = 'platform-';

/** Why one component waits for another. */
interface Dependency {
  readonly on: string;
  readonly why: string;
}

/**
 * Waves of synchronization from the dependency graph: custom resources at 0, each component one after the last
 * that it waits for. Missing kinds and cycles become findings that name both ends.
 */
export function resolveOrder(
  active: ReadonlyMap<string, ActiveComponent>,
  off: ReadonlyMap<GroupKind, string>,
  cluster: string,
  monitored: boolean,
  findings: Findings,
): ReadonlyMap<string, number> {
  const providers = providersOf(active, findings);
  checkKinds(active, [...providers.keys()], off, cluster, monitored, findings);
  checkPriorities(active, cluster, findings);
  const graph = new Map<string, readonly Dependency[]>();
  for (const one of active.values()) {
    graph.set(one.name, dependencies(one, active, providers, cluster, findings));
  }
  return waves(graph, active, findings);
}

/** Kinds that a component's objects are of, apart from what Kubernetes serves itself. */
function kindsNeeded(one: ActiveComponent, monitored: boolean): readonly GroupKind[] {
  const workloads = workloadsOf(one).filter(([, { hostNetwork }]) => !hostNetwork);
  return [
    APPLICATION,
    ...(workloads.length > 0 ? [NETWORK_POLICY] : []),
    ...(monitored && workloadsOf(one).some(([, { scrape }]) => scrape?.length) ? [POD_MONITOR] : []),
    ...(one.declaration.needs ?? []),
  ];
}

/** Kinds that come with a component, before it runs or from then on. */
export function kindsBrought({ crds, makesKinds = [] }: ComponentDeclaration): readonly GroupKind[] {
  return [...(crds?.kinds ?? []), ...makesKinds];
}

function providersOf(
  active: ReadonlyMap<string, ActiveComponent>,
  findings: Findings,
): ReadonlyMap<GroupKind, ActiveComponent> {
  const providers = new Map<GroupKind, ActiveComponent>();
  for (const one of active.values()) {
    for (const kind of kindsBrought(one.declaration)) {
      const other = providers.get(kind);
      if (!other) {
        providers.set(kind, one);
        continue;
      }
      findings.error(one.file, {
        rule: 'component/duplicate-kind',
        field: 'crds.kinds',
        value: kind,
        message: `${one.name} and ${other.name} (${other.file}) both bring ${kind}`,
        fix: 'let one of them bring it',
        unit: one.name,
      });
    }
  }
  return providers;
}

/** A kind that nobody brings is told once, with all who need it. */
function checkKinds(
  active: ReadonlyMap<string, ActiveComponent>,
  kinds: readonly GroupKind[],
  off: ReadonlyMap<GroupKind, string>,
  cluster: string,
  monitored: boolean,
  findings: Findings,
): void {
  const missing = new Map<GroupKind, ActiveComponent[]>();
  for (const one of active.values()) {
    for (const kind of new Set(kindsNeeded(one, monitored))) {
      if (!kinds.includes(kind)) missing.set(kind, [...(missing.get(kind) ?? []), one]);
    }
  }
  for (const [kind, needers] of missing) {
    const [first] = needers;
    if (!first) continue;
    const owner = off.get(kind);
    const near = nearest(kind, kinds);
    findings.error(first.file, {
      rule: 'component/missing-kind',
      field: 'needs',
      value: kind,
      message: `${listed(needers)} ${needers.length > 1 ? 'need' : 'needs'} ${kind}, which no add-on brings on cluster '${cluster}'`,
      fix: owner
        ? `switch ${owner} on there: it brings ${kind}`
        : near
          ? `write '${near}'`
          : 'add the add-on that brings it',
      unit: first.name,
    });
  }
}

/** The API server refuses every Pod of a priority class that is not there. A team may bring classes for its own. */
function checkPriorities(active: ReadonlyMap<string, ActiveComponent>, cluster: string, findings: Findings): void {
  if ([...active.values()].some(({ component }) => component.role === 'priority')) return;
  const users = [...active.values()].filter(
    ({ own, declaration }) => !own && declaration.priorityClass.startsWith(OWN_PRIORITY),
  );
  const [first] = users;
  if (!first) return;
  const { priorityClass } = first.declaration;
  findings.error(first.file, {
    rule: 'component/missing-priority-class',
    field: 'priorityClass',
    value: priorityClass,
    message: `${listed(users)} ${users.length > 1 ? 'have' : 'has'} Pods of the platform's priority classes, which no add-on makes on cluster '${cluster}'`,
    fix: 'switch priority-classes on there',
    unit: first.name,
  });
}

/** `a, b, c and 4 more`. */
function listed(components: readonly ActiveComponent[]): string {
  const names = components.slice(0, NAMED).map(({ name }) => name);
  const more = components.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function dependencies(
  one: ActiveComponent,
  active: ReadonlyMap<string, ActiveComponent>,
  providers: ReadonlyMap<GroupKind, ActiveComponent>,
  cluster: string,
  findings: Findings,
): readonly Dependency[] {
  const found = new Map<string, string>();
  const wait = (on: string, why: string) => {
    if (on !== one.name && !found.has(on)) found.set(on, why);
  };
  for (const other of active.values()) {
    const withPods = workloadsOf(one).some(([, { hostNetwork }]) => !hostNetwork);
    const resolves = workloadsOf(one).some(([, workload]) => !workload.hostNetwork && findsOthers(one, workload));
    if (other.component.role === 'network' && withPods) wait(other.name, 'gives its Pods their network');
    if (other.component.role === 'priority' && one.declaration.priorityClass.startsWith(OWN_PRIORITY)) {
      wait(other.name, 'makes its priority class');
    }
    // The network itself starts without names: where its own Pods want some later, bootstrap has both running.
    if (other.component.role === 'dns' && resolves && one.component.role !== 'network')
      wait(other.name, 'resolves names for it');
  }
  for (const [, workload] of workloadsOf(one)) {
    for (const reach of workload.reaches ?? []) {
      if (reach.to === 'component' && reach.ordered !== false && active.has(reach.component))
        wait(reach.component, `is reached by it`);
    }
  }
  for (const kind of one.declaration.needs ?? []) {
    const provider = providers.get(kind);
    if (provider && failsClosed(provider, kind)) wait(provider.name, `admits its ${kind}`);
    if (provider?.declaration.makesKinds?.includes(kind)) wait(provider.name, `makes ${kind} once it runs`);
  }
  const { namespace, after = [] } = one.declaration;
  if ('sharedWith' in namespace && active.has(namespace.sharedWith)) wait(namespace.sharedWith, 'owns its namespace');
  for (const { component, why, optional } of after) {
    if (active.has(component)) {
      wait(component, why);
      continue;
    }
    if (optional) continue;
    findings.error(one.file, {
      rule: 'component/edge',
      field: 'after',
      value: component,
      message: `${one.name} comes after ${component}, which is not on cluster '${cluster}'`,
      fix: `switch ${component} on there, or take it out of 'after'`,
      unit: one.name,
    });
  }
  return [...found].map(([on, why]) => ({ on, why })).sort((a, b) => compareText(a.on, b.on));
}

/** Whether objects of a kind are refused while the component's webhook does not answer. */
function failsClosed(provider: ActiveComponent, kind: GroupKind): boolean {
  return (provider.declaration.webhooks ?? []).some(
    ({ failurePolicy, kinds, type }) => (failurePolicy === 'Fail' || type === 'conversion') && kinds.includes(kind),
  );
}

function waves(
  graph: ReadonlyMap<string, readonly Dependency[]>,
  active: ReadonlyMap<string, ActiveComponent>,
  findings: Findings,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const told = new Set<string>();
  const depth = (name: string, path: readonly string[]): number => {
    const known = found.get(name);
    if (known !== undefined) return known;
    const start = path.indexOf(name);
    if (start >= 0) {
      tellCycle(path.slice(start));
      return 0;
    }
    const wave = 1 + Math.max(0, ...(graph.get(name) ?? []).map(({ on }) => depth(on, [...path, name])));
    found.set(name, wave);
    return wave;
  };
  for (const name of graph.keys()) depth(name, []);
  return found;

  function tellCycle(cycle: readonly string[]): void {
    const first = [...cycle].sort(compareText)[0] ?? '';
    const at = cycle.indexOf(first);
    const ring = [...cycle.slice(at), ...cycle.slice(0, at), first];
    const text = ring.join(' -> ');
    if (told.has(text)) return;
    told.add(text);
    const reasons = ring.slice(0, -1).map((name, i) => {
      const next = ring[i + 1] ?? '';
      return `${name} waits for ${next}, which ${graph.get(name)?.find(({ on }) => on === next)?.why ?? ''}`;
    });
    findings.error(active.get(first)?.file ?? '', {
      rule: 'component/cycle',
      field: 'declare',
      message: `add-ons wait for each other: ${text} (${reasons.join('; ')})`,
      fix: 'say ordered: false on the edge that is not needed to start',
      unit: first,
    });
  }
}
