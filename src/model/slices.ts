import type { Cluster } from './cluster';
import type { ComponentDeclaration, Protocol, Role } from './component';
import type { TenantSlice } from './tenant-slice';

export type * from './tenant-slice';

/** Pods by namespace and labels. */
export interface PodGroup {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A cluster as rendering sees it: its facts, and where the components that others lean on run. */
export interface ResolvedCluster extends Cluster {
  /** Pods that resolve names, and the port they listen on. */
  readonly dns: PodGroup & { readonly port: number };
  /** Namespace of Argo CD, where Applications and AppProjects live. */
  readonly gitopsNamespace: string;
  /** Pods that scrape. @default - the cluster runs no metrics component */
  readonly metrics?: PodGroup;
  /** Every namespace of the platform's, such as add-ons own, in code-unit order: no tenant may have one of them. */
  readonly platformNamespaces: readonly string[];
  /** Add-ons that are on, in code-unit order. */
  readonly addOns: readonly string[];
  /** Ports that add-ons serve to Pods of tenants, in code-unit order of the add-ons. */
  readonly servesTenants: readonly (PodGroup & {
    readonly addOn: string;
    readonly port: number;
    readonly protocol: Protocol;
  })[];
}

/** The other end of a flow. */
export type Peer =
  | ({ readonly kind: 'pods' } & PodGroup)
  /** Cilium's identities for what no label selects. */
  | { readonly kind: 'entities'; readonly entities: readonly string[] }
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'cidr'; readonly cidr: string }
  /** Pods of all tenants. */
  | { readonly kind: 'tenants' }
  /** Pods of the whole cluster. */
  | { readonly kind: 'cluster' };

/** One permitted direction of traffic of a workload. */
export interface Flow {
  readonly direction: 'ingress' | 'egress';
  readonly workload: string;
  readonly peer: Peer;
  /** @default - every port */
  readonly port?: number;
  readonly protocol: Protocol;
}

/** What one add-on's rendering may know on one cluster. */
export interface ComponentSlice {
  readonly kind: 'component';
  readonly name: string;
  /** Namespace it runs in. */
  readonly namespace: string;
  /** True where the namespace is its own and it writes it. */
  readonly ownsNamespace: boolean;
  readonly declaration: ComponentDeclaration;
  /** Its place in the order of synchronization, from the dependency graph; CRDs come at 0. */
  readonly wave: number;
  readonly flows: readonly Flow[];
  /** Whether monitors make sense here: a component of role `metrics` is on. */
  readonly monitored: boolean;
  /** Whether it writes objects of its own (`resources`). */
  readonly hasResources: boolean;
}

/** What a cluster's own files know. */
export interface ClusterSlice {
  readonly kind: 'cluster';
  /** Every place that Applications of the platform's project take manifests from, in code-unit order. */
  readonly sources: readonly string[];
  /** What each component declared and was given, for proofs: written to keelson.yaml. */
  readonly components: readonly {
    readonly name: string;
    readonly namespace: string;
    readonly wave: number;
    readonly role?: Role;
    readonly flows: readonly Flow[];
  }[];
}

export type Slice = ComponentSlice | ClusterSlice | TenantSlice;

/** The unit of change: what is rendered, cached and published together. */
export interface Unit {
  /** `<cluster>/cluster`, `<cluster>/add-on/<name>` or `<cluster>/tenant/<name>`. */
  readonly id: string;
  readonly cluster: string;
  readonly name: string;
  readonly slice: Slice;
  /** File that declares it, for findings. */
  readonly file: string;
  /** True where the team's own code renders it: on the main thread, never from the cache. */
  readonly own: boolean;
}
