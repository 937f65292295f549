import { facet as namespaceFacet } from '../../charts/derived/namespace';
import { facet as projectsFacet } from '../../charts/cluster/projects';
import { facet as rootFacet } from '../../charts/cluster/root';
import type { ChartSource, Component, GitSource, GroupKind, Role } from '../../src/model/component';
import type { Declarations } from '../../src/model/declare';
import { OUTPUTS_ENDING } from '../../src/model/outputs';
import { resolve } from '../../src/model/resolve';
import type { ClusterSlice, ComponentSlice, ResolvedCluster } from '../../src/model/slices';
import { flowControlObjects } from '../control-plane/flow-control';
import { accessObjects } from './access';
import { isNamespace, type KubeObject, objectsOf } from './object';

/** What a step puts into the cluster. */
export type StepContent =
  | { readonly kind: 'objects'; readonly objects: readonly KubeObject[] }
  /** CustomResourceDefinitions of these kinds, from the place that the tree takes them from. */
  | { readonly kind: 'definitions'; readonly source: GitSource; readonly kinds: readonly GroupKind[] }
  /** A chart exactly as its Application has it, so that taking it over changes nothing. */
  | {
      readonly kind: 'chart';
      readonly chart: ChartSource;
      readonly releaseName: string;
      readonly namespace: string;
      readonly kubernetesVersion: string;
    };

/** One step, which needs all those before it. */
export interface BootstrapStep {
  /** Such as `access` or `chart/cilium`. */
  readonly name: string;
  /** One sentence for people: why it comes here. */
  readonly why: string;
  readonly content: StepContent;
  /**
   * What the next step waits for: `stored` by the API server; `served`, its kinds can be made; `running`, its Jobs are
   * done and its workloads rolled out.
   */
  readonly until: 'stored' | 'served' | 'running';
  /** False where what it makes only looks as if it ran when nodes are simulated. */
  readonly runsOnSimulatedNodes: boolean;
  /** What does not happen on simulated nodes, for people. @default - all of it happens */
  readonly missingOnSimulatedNodes?: string;
  /**
   * The Application that takes these objects over: from then on they are Argo CD's, and whoever made them must leave
   * them alone. @default - nobody does: the bootstrap keeps them as they are here
   */
  readonly adoptedBy?: string;
}

/** What a fresh API server gets, in this order. */
export interface BootstrapPlan {
  readonly cluster: string;
  readonly steps: readonly BootstrapStep[];
  /**
   * The step that must be done before machines join, where one makes them wait to be well: without a network none is.
   * @default - the team brings its network by other means
   */
  readonly machinesAfter?: string;
}

/** Charts without which nothing else comes, by role, in the order in which they start. */
const ROLES: readonly Role[] = ['network', 'dns', 'gitops'];

/** Kinds of monitors: no add-on with a port to scrape can be applied before they are served. */
const MONITORS: GroupKind = 'monitoring.coreos.com/PodMonitor';

/** Initialises machines on AWS: until it has, they take no Pods but its own and the network's. */
const CLOUD_CONTROLLER = 'aws-cloud-controller-manager';

const NOT_RUN = 'is stored, and its Pods are shown as running, but no container of it runs';

/**
 * The steps for one cluster of a platform: pure, the same for every place. Throws where the platform's description is
 * broken (`keelson verify` tells how) or has no such cluster.
 */
export function planBootstrap(declarations: Declarations, name: string): BootstrapPlan {
  const { clusters, units, findings } = resolve(declarations);
  const cluster = clusters.get(name);
  // Outputs that are stale are what provisioning is about to mend.
  if (findings.some(({ severity, file }) => severity === 'error' && !file.endsWith(OUTPUTS_ENDING)))
    throw new Error("platform.ts: is broken: run 'keelson verify' to see how");
  if (!cluster) {
    const known = [...clusters.keys()].map((one) => `'${one}'`).join(', ');
    throw new Error(`platform.ts: clusters: there is no cluster '${name}': write one of ${known}`);
  }
  const slices = units.filter((unit) => unit.cluster === name).map(({ slice }) => slice);
  const own = slices.find((slice): slice is ClusterSlice => slice.kind === 'cluster')!;
  const components = new Map(declarations.components.map(({ component }) => [component.name, component]));
  const parts: Parts = {
    cluster,
    own,
    components,
    addOns: slices.filter((slice): slice is ComponentSlice => slice.kind === 'component'),
  };
  const started = startedBy(parts);
  const network = withRole(parts, 'network');
  return {
    cluster: name,
    ...(network?.declaration.chart ? { machinesAfter: `chart/${network.name}` } : {}),
    steps: [
      {
        name: 'access',
        why: 'lets administrators, API servers and joining machines in',
        content: { kind: 'objects', objects: accessObjects(cluster) },
        until: 'stored',
        runsOnSimulatedNodes: true,
      },
      {
        name: 'flow-control',
        why: 'people who come to end a flood of requests must not wait in it',
        content: { kind: 'objects', objects: flowControlObjects(cluster) as readonly KubeObject[] },
        until: 'stored',
        runsOnSimulatedNodes: true,
      },
      ...namespaces(parts, started),
      ...definitions(parts, started),
      ...priorities(parts),
      ...started.filter(({ declaration }) => declaration.chart).map((one) => chart(one, cluster)),
      ...delivery(parts),
    ],
  };
}

interface Parts {
  readonly cluster: ResolvedCluster;
  readonly own: ClusterSlice;
  readonly components: ReadonlyMap<string, Component>;
  readonly addOns: readonly ComponentSlice[];
}

const withRole = ({ addOns, components }: Parts, role: Role): ComponentSlice | undefined =>
  addOns.find(({ name }) => components.get(name)?.role === role);

/** Add-ons whose charts the bootstrap starts, in order. One that a team switched off is not here. */
function startedBy(parts: Parts): readonly ComponentSlice[] {
  const cloud = parts.addOns.find(({ name }) => name === CLOUD_CONTROLLER);
  const found = ROLES.flatMap((role) => {
    const one = withRole(parts, role);
    return [...(role === 'network' && cloud ? [cloud] : []), ...(one ? [one] : [])];
  });
  return found;
}

/** Namespaces come before what stands in them, with the Pod Security levels that the tree gives them. */
function namespaces({ cluster, components }: Parts, started: readonly ComponentSlice[]): readonly BootstrapStep[] {
  return started.map((slice) => {
    const context = { cluster, name: slice.name, namespace: slice.namespace, declaration: slice.declaration };
    return {
      name: `namespaces/${slice.name}`,
      why: `the objects of ${slice.name} stand in them`,
      content: {
        kind: 'objects' as const,
        objects: [
          ...objectsOf((scope) => namespaceFacet.render(scope, slice, cluster)),
          // Charts may write into a second namespace that stands beside them.
          ...objectsOf((scope) => components.get(slice.name)?.resources?.(scope, context)).filter(isNamespace),
        ],
      },
      until: 'stored' as const,
      runsOnSimulatedNodes: true,
      adoptedBy: slice.name,
    };
  });
}

/**
 * Kinds of the first wave: what the network's operator looks for once, when it starts; the network's own, which its
 * chart does not bring; monitors; Argo CD's. All others come with Argo CD's first wave.
 */
function definitions(parts: Parts, started: readonly ComponentSlice[]): readonly BootstrapStep[] {
  const network = withRole(parts, 'network');
  const wanted = new Set<GroupKind>([...(network?.declaration.needs ?? []), MONITORS]);
  return parts.addOns
    .filter(({ name, declaration: { crds } }) => {
      const own = started.some((one) => one.name === name);
      return crds !== undefined && (own || crds.kinds.some((kind) => wanted.has(kind)));
    })
    .sort((a, b) => Number(a === network) - Number(b === network))
    .map(({ name, declaration: { crds } }) => ({
      name: `definitions/${name}`,
      why: `its kinds must be served before anything of them is made`,
      content: { kind: 'definitions' as const, ...crds! },
      until: 'served' as const,
      runsOnSimulatedNodes: true,
      adoptedBy: `${name}-crds`,
    }));
}

/** The API server refuses Pods of a priority class that is not there: Argo CD's own are of one. */
function priorities(parts: Parts): readonly BootstrapStep[] {
  const { cluster } = parts;
  const slice = withRole(parts, 'priority');
  const component = slice && parts.components.get(slice.name);
  if (!slice || !component?.resources) return [];
  const context = { cluster, name: slice.name, namespace: slice.namespace, declaration: slice.declaration };
  return [
    {
      name: 'priorities',
      why: 'Pods that name a priority class are refused before it is there',
      content: { kind: 'objects', objects: objectsOf((scope) => component.resources?.(scope, context)) },
      until: 'stored',
      runsOnSimulatedNodes: true,
      adoptedBy: slice.name,
    },
  ];
}

function chart({ name, namespace, declaration }: ComponentSlice, cluster: ResolvedCluster): BootstrapStep {
  const source = declaration.chart!;
  return {
    name: `chart/${name}`,
    why: `nothing after it starts without ${name}`,
    content: {
      kind: 'chart',
      chart: source,
      releaseName: source.releaseName ?? name,
      namespace,
      kubernetesVersion: cluster.kubernetesVersion,
    },
    until: 'running',
    runsOnSimulatedNodes: false,
    missingOnSimulatedNodes: `${name} ${NOT_RUN}`,
    adoptedBy: name,
  };
}

/** Argo CD's projects and the one Application that points at all others, as the tree has them. */
function delivery({ cluster, own }: Parts): readonly BootstrapStep[] {
  return [
    {
      name: 'projects',
      why: 'an Application without its project is refused',
      content: { kind: 'objects', objects: objectsOf((scope) => projectsFacet.render(scope, own, cluster)) },
      until: 'stored',
      runsOnSimulatedNodes: true,
      adoptedBy: 'root',
    },
    {
      name: 'root',
      why: 'from here on Argo CD applies the tree',
      content: { kind: 'objects', objects: objectsOf((scope) => rootFacet.render(scope, own, cluster)) },
      until: 'stored',
      runsOnSimulatedNodes: false,
      missingOnSimulatedNodes:
        'the root Application is stored, but no controller of Argo CD runs that would apply the tree',
    },
  ];
}
