import type { Construct } from 'constructs';
import type { Cluster, Provider } from './cluster';

/** Pod Security Standard of a namespace, from the strictest on. */
export type PodSecurityLevel = 'restricted' | 'baseline' | 'privileged';

export type Protocol = 'TCP' | 'UDP';

/** Something that JSON can hold: chart values are data, never functions. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** `<group>/<Kind>`, such as `cert-manager.io/Certificate`; a core kind has no group and is never listed. */
export type GroupKind = `${string}/${string}`;

/** A Helm chart, pinned. */
export interface ChartSource {
  /** `https://…` of a chart repository, or `oci://registry/path` (without the chart's name). */
  readonly repository: string;
  readonly name: string;
  /** Exact version, never a range. */
  readonly version: string;
  /** @default - the component's name */
  readonly releaseName?: string;
  readonly values: JsonObject;
}

/** A directory of manifests in a git repository, pinned to a tag or commit. */
export interface GitSource {
  readonly repository: string;
  readonly revision: string;
  /** Directory inside the repository, `.` for its root. */
  readonly path: string;
  /** Only files that match this glob, such as `{a.yaml,b.yaml}`. @default - every YAML file below, kustomizations aside */
  readonly include?: string;
  /** True where upstream's kustomization there patches the files and must be run. @default false */
  readonly kustomize?: boolean;
}

/**
 * Who may come in:
 * - `api-server`: webhooks and aggregated APIs; `nodes`: kubelets and other host processes; `gateway`: Cilium's ingress;
 * - `tenants`: every Pod of every tenant; `cluster`: every Pod of the cluster;
 * - `self` or `self/<workload>`: Pods of the same component, both sides of which are opened without a `reaches`;
 * - `<component>` or `<component>/<workload>`: that one, which must say in its own `reaches` that it comes.
 */
export type Client = 'api-server' | 'nodes' | 'gateway' | 'tenants' | 'cluster' | 'self' | (string & {});

/** A port that Pods listen on. */
export interface ServedPort {
  /** Number that the process listens on in the Pod (not the Service's port). */
  readonly port: number;
  /** @default TCP */
  readonly protocol?: Protocol;
  readonly to: readonly Client[];
}

/** A process that a workload talks to. `why` is for readers of the rendered policy. */
export type Reach =
  /** The Kubernetes API. */
  | { readonly to: 'api-server' }
  /** Another component's served port. It becomes an edge of the sync order too, unless `ordered` is false. */
  | {
      readonly to: 'component';
      readonly component: string;
      readonly workload: string;
      /** Name of the port in that workload's `serves`. */
      readonly port: string;
      /** True where the edge is dropped, not an error, when the component is off. @default false */
      readonly optional?: boolean;
      /** False where this workload starts and becomes healthy without the other. @default true */
      readonly ordered?: boolean;
    }
  /** A host outside: an exact name or a `*.` pattern, resolved through the cluster's DNS (Cilium's toFQDNs). */
  | { readonly to: 'host'; readonly host: string; readonly port: number; readonly why: string }
  /** Every host that charts and manifests of this cluster's components, and the GitOps repository, come from. */
  | { readonly to: 'sources' }
  /** Anything outside the cluster on one port; only where no list of names can exist. */
  | { readonly to: 'world'; readonly port: number; readonly protocol?: Protocol; readonly why: string }
  /** An address range outside the cluster, such as a cloud's metadata service. */
  | { readonly to: 'cidr'; readonly cidr: string; readonly port: number; readonly why: string }
  /** Processes on the nodes themselves, such as kubelets. */
  | { readonly to: 'nodes'; readonly port: number; readonly protocol?: Protocol; readonly why: string }
  /** Pods of tenants, on one port or (for whoever scrapes) on whichever they declare. */
  | { readonly to: 'tenants'; readonly port?: number; readonly why: string }
  /** Every port that any component is scraped on; for the one that scrapes. */
  | { readonly to: 'scraped' };

/** One metrics endpoint of a workload; becomes a PodMonitor. */
export interface Scrape {
  /** The container port, by the number that the Pod's spec declares. */
  readonly port: number;
  /** @default /metrics */
  readonly path?: string;
  /** `https` is scraped without a token, and without checking a certificate that nobody published. @default http */
  readonly scheme?: 'http' | 'https';
}

/** A set of Pods that share labels and a network policy. */
export interface Workload {
  /** Labels that select exactly these Pods, as the chart sets them. */
  readonly labels: Readonly<Record<string, string>>;
  /** True where the Pods use their node's network: no policy selects them, peers see a node. @default false */
  readonly hostNetwork?: boolean;
  readonly serves?: Readonly<Record<string, ServedPort>>;
  readonly reaches?: readonly Reach[];
  readonly scrape?: readonly Scrape[];
  /**
   * Disruption budget to write beside the chart. Leave it out where the chart writes one from `values` or where a
   * budget has no meaning (one replica, DaemonSets).
   */
  readonly disruptionBudget?: { readonly minAvailable?: number | string; readonly maxUnavailable?: number | string };
}

/** An admission webhook, conversion webhook or aggregated API that the API server calls. */
export interface Webhook {
  /** Name of its configuration object or APIService. */
  readonly name: string;
  readonly type: 'validating' | 'mutating' | 'conversion' | 'aggregated-api';
  readonly workload: string;
  /** Name of the port in that workload's `serves`, which must serve `api-server`. */
  readonly port: string;
  /** `Fail` stops what it intercepts while its Pods are down. @default - not an admission webhook */
  readonly failurePolicy?: 'Fail' | 'Ignore';
  /** Kinds it intercepts; whoever makes such objects waits for it when it fails closed. `*` for all. */
  readonly kinds: readonly (GroupKind | '*')[];
  /** True where a running process makes the configuration and not the chart. @default false */
  readonly atRuntime?: boolean;
}

/** Where a chart falls short of the hardening rules and may: told so that nobody has to guess. */
export interface HardeningException {
  /** What is not met, such as `readOnlyRootFilesystem` of `cilium-agent`. */
  readonly what: string;
  readonly reason: string;
}

/** An identity in the cloud that a ServiceAccount acts as. */
export interface CloudIdentity {
  /** Name of the ServiceAccount in the component's namespace. */
  readonly serviceAccount: string;
  /** Last part of the role's name; the whole is `<cluster>-<role>`. */
  readonly role: string;
}

/** What an add-on is on one cluster: plain data, from which everything beside its chart is derived. */
export interface ComponentDeclaration {
  /** @default - no chart: its objects are those of `manifests` and `resources` */
  readonly chart?: ChartSource;
  readonly manifests?: GitSource;
  /** Its own namespace with the Pod Security level it needs, or that of another component which owns it. */
  readonly namespace:
    | { readonly name: string; readonly level: 'restricted' }
    | { readonly name: string; readonly level: 'baseline' | 'privileged'; readonly reason: string }
    | { readonly sharedWith: string };
  readonly workloads: Readonly<Record<string, Workload>>;
  /** Custom resources it brings. They become an Application of their own in the first wave. */
  readonly crds?: { readonly source: GitSource; readonly kinds: readonly GroupKind[] };
  /** Custom resources that its processes make once they run: whoever needs one waits for it. */
  readonly makesKinds?: readonly GroupKind[];
  /** Repositories of charts that tenants' own Applications of this kind come from, beside its own. @default - none */
  readonly sources?: readonly string[];
  readonly webhooks?: readonly Webhook[];
  /** Kinds of others that its chart or its `resources` make; monitors, policies and budgets are known already. */
  readonly needs?: readonly GroupKind[];
  /** Components that must be healthy before it, for a reason that is neither an edge nor a kind. */
  readonly after?: readonly {
    readonly component: string;
    readonly why: string;
    /** True where the other may be off, because a team may bring what it does by other means. @default false */
    readonly optional?: boolean;
  }[];
  readonly identities?: readonly CloudIdentity[];
  /** PriorityClass of its Pods, told to the chart through its values; here for budgets and proofs. */
  readonly priorityClass:
    'system-node-critical' | 'system-cluster-critical' | 'platform-critical' | 'platform-standard';
  readonly exceptions?: readonly HardeningException[];
  /** Objects whose fields other controllers write, so that Argo CD leaves those fields alone. @default - none */
  readonly ignoreDifferences?: readonly {
    readonly group?: string;
    readonly kind: string;
    readonly name?: string;
    readonly jsonPointers?: readonly string[];
    readonly jqPathExpressions?: readonly string[];
  }[];
}

/** What a component's own objects may know when they are rendered. */
export interface ComponentContext {
  readonly cluster: Cluster & {
    /** Add-ons that are on there, in code-unit order. */
    readonly addOns: readonly string[];
  };
  readonly name: string;
  readonly namespace: string;
  readonly declaration: ComponentDeclaration;
}

/**
 * What a component is to the others.
 * - `network`: gives Pods their network; every component with Pods of its own network waits for it;
 * - `dns`: resolves names; whoever looks one up reaches it, and waits for it;
 * - `gitops`: applies the tree, so that nothing can wait for it;
 * - `metrics`: scrapes the others;
 * - `priority`: makes the platform's priority classes, without which no Pod that names one is admitted.
 */
export type Role = 'network' | 'dns' | 'gitops' | 'metrics' | 'priority';

/**
 * An add-on: one file under `charts/baseline/` (or the team's `addons/`) that exports one of these as `component`.
 * `declare` is pure and cheap; it is called once a cluster. `resources` runs where the unit is rendered.
 */
export interface Component {
  /** Name of its directory, of its Application and in edges: a DNS label. */
  readonly name: string;
  /** One sentence for people: what it is for. */
  readonly summary: string;
  /** Providers on whose clusters it is on unless the platform says otherwise. */
  readonly providers: readonly Provider[];
  readonly role?: Role;
  declare(cluster: Cluster): ComponentDeclaration;
  /** Custom resources beside the chart, such as issuers or storage classes. @default - none */
  resources?(scope: Construct, context: ComponentContext): void;
}
