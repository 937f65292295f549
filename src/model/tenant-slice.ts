import type { DatabaseProvider, Taint } from './cluster';

/** What tenants' data is, from what anybody may read on. */
export type DataClass = 'public' | 'internal' | 'confidential' | 'restricted';

/** How far a tenant is kept apart: 1 namespaces, 2 sandboxed containers, 3 machines of its own, 4 a cluster of its own. */
export type Tier = 1 | 2 | 3 | 4;

/** `suspended`: stopped, nothing taken away; `removed`: on its way out. */
export type TenantState = 'active' | 'suspended' | 'removed';

/** Pods of a tenant: those whose label `app.kubernetes.io/name` it is, or all of its namespace. */
export type WorkloadName = string | undefined;

/** A name that is served to the outside, and the service behind it. */
export interface TenantHost {
  readonly host: string;
  readonly service: string;
  /** Port of the Service, and the one that its Pods listen on. */
  readonly port: number;
  readonly targetPort: number;
  /** @default - every Pod of the namespace is behind it */
  readonly workload?: string;
  /** HTTP methods. @default - all */
  readonly methods?: readonly string[];
  /** Path prefixes. @default - all */
  readonly paths?: readonly string[];
}

/** Another tenant, in the environment of the same name, to which both claims have said yes. */
export interface TenantConnection {
  readonly tenant: string;
  /** The other's namespace. */
  readonly namespace: string;
  /** Port that the called Pods listen on. */
  readonly port: number;
  /** The called Pods. @default - every one of that namespace */
  readonly workload?: string;
  /** The calling Pods. @default - every one of that namespace */
  readonly caller?: string;
  /** Service that the called Pods are behind. @default - one of the workload's name */
  readonly service?: string;
  /** True where the other's containers are sandboxed, which keeps its Pods out of a mesh. @default - they are not */
  readonly sandboxed?: true;
  /** HTTP methods and path prefixes that the called side allows. @default - all */
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
}

/** Something outside of the cluster: a host (or `*.` and a domain) or an address range. */
export interface OutsideConnection {
  readonly to: { readonly host: string } | { readonly cidr: string };
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly why?: string;
}

/** What an environment's Pods may talk to beyond DNS, gateway and monitoring. */
export interface TenantConnections {
  /** Whether Pods of the namespace reach each other. */
  readonly inside: boolean;
  readonly to: readonly TenantConnection[];
  readonly from: readonly TenantConnection[];
  readonly outside: readonly OutsideConnection[];
  readonly kubernetesApi: boolean;
  readonly cloudMetadata: boolean;
  /** Ports on the cluster's machines. */
  readonly nodePorts: readonly number[];
}

/** A port that Prometheus scrapes. */
export interface TenantMetrics {
  readonly port: number;
  readonly path: string;
  readonly workload?: string;
}

/** A database of one environment. */
export interface TenantDatabase {
  readonly name: string;
  readonly engine: 'postgres';
  /** Major version. */
  readonly version: string;
  readonly size: 'small' | 'medium' | 'large';
  /** A quantity of bytes. */
  readonly storage: string;
  readonly highAvailability: boolean;
  readonly backupRetentionDays: number;
  readonly onDelete: 'keep' | 'snapshot' | 'delete';
}

/** A repository that Argo CD deploys a directory an environment of: `<path>/<environment>`. */
export interface TenantRepository {
  /** Its own in the whole claim. */
  readonly name: string;
  readonly url: string;
  readonly path: string;
  readonly revision: string;
  readonly private: boolean;
}

/** A span of time in which delivery goes on, or waits. */
export interface SyncWindow {
  readonly kind: 'allow' | 'deny';
  /** Its beginnings, as cron's five fields. */
  readonly schedule: string;
  /** Such as `1h30m`. */
  readonly duration: string;
  readonly timeZone: string;
  /** Whether people may sync by hand while it keeps others waiting. */
  readonly manualSync: boolean;
}

/** A ServiceAccount that acts as a role in the cloud. */
export interface TenantIdentity {
  /** Name of the ServiceAccount. */
  readonly name: string;
  /** Whole name of the role: `<cluster>.<namespace>.<name>`, shortened to what the cloud takes. */
  readonly role: string;
  /** Workloads that may use it, by their label `app.kubernetes.io/name`. */
  readonly workloads: readonly string[];
  readonly permissions: readonly { readonly actions: readonly string[]; readonly resources: readonly string[] }[];
}

/** Where alerts go. */
export interface AlertReceiver {
  readonly type: 'email' | 'slack' | 'pagerduty' | 'webhook';
  /** Mail address or channel. */
  readonly to?: string;
  /** Key in the tenant's store. */
  readonly secret?: string;
  readonly severities: readonly ('critical' | 'warning')[];
}

/** A service level objective over a counter of events. */
export interface TenantSlo {
  readonly name: string;
  /** Percent of events that must be good. */
  readonly objective: number;
  /** Days that it is judged over. */
  readonly days: number;
  /** Counter of all events. */
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Label to regular expression: what bad events match. */
  readonly bad: Readonly<Record<string, string>>;
}

/** How often an environment is backed up, and how soon it must be back. */
export interface TenantBackup {
  /** Hours between two backups, which is what may be lost. */
  readonly everyHours: number;
  readonly keepDays: number;
  /** Hours until it is back at the most. */
  readonly rtoHours: number;
}

/** One environment of a tenant on a cluster, every default filled in. */
export interface TenantEnvironment {
  readonly name: string;
  readonly namespace: string;
  readonly production: boolean;
  readonly quota: {
    readonly cpu: string;
    readonly memory: string;
    readonly storage: string;
    readonly pods: number;
    /** Bytes by StorageClass, beside `storage`. */
    readonly storageClasses: Readonly<Record<string, string>>;
    readonly loadBalancers: number;
    readonly nodePorts: number;
  };
  readonly limits: {
    /** What a container gets that asks for nothing. */
    readonly defaultRequest: { readonly cpu: string; readonly memory: string };
    readonly default: { readonly cpu: string; readonly memory: string };
    /** The least that a container may ask for. */
    readonly minimum: { readonly cpu: string; readonly memory: string };
    /** How many times its request a container's limit may be. */
    readonly ratio: { readonly cpu: string; readonly memory: string };
    /** The largest container: fits the quota and one machine of its node pool. */
    readonly maximum: { readonly cpu: string; readonly memory: string };
  };
  /** Machines that its Pods run on, where it is not left to the scheduler: a pool of its own (tier 3) or one asked for. */
  readonly nodePool?: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly taints: readonly Taint[];
    /** True where the pool is the tenant's alone. */
    readonly dedicated: boolean;
  };
  /** A cluster of its own inside this one (tier 4 where the cluster is shared). */
  readonly virtualCluster: boolean;
  readonly hosts: readonly TenantHost[];
  readonly connections: TenantConnections;
  readonly repositories: readonly TenantRepository[];
  readonly syncWindows: readonly SyncWindow[];
  /** What runs its databases. */
  readonly databaseProvider: DatabaseProvider;
  readonly databases: readonly TenantDatabase[];
  readonly identities: readonly TenantIdentity[];
  readonly autoscaling: { readonly minimum: number; readonly maximum: number };
  readonly backup: TenantBackup;
}

/** What a tenant's rendering may know on one cluster. Lists are in code-unit order of what names their entries. */
export interface TenantSlice {
  readonly kind: 'tenant';
  readonly name: string;
  readonly owner: { readonly email: string; readonly team: string; readonly onCall: string };
  /** Groups as the API server sees them, prefix included. */
  readonly groups: { readonly developers: string; readonly admins?: string; readonly viewers?: string };
  readonly costCentre: string;
  /** US dollars. @default - nobody is told */
  readonly monthlyBudget?: number;
  readonly tier: Tier;
  readonly dataClass: DataClass;
  readonly state: TenantState;
  /** Further labels of its namespaces. */
  readonly labels: Readonly<Record<string, string>>;
  readonly metrics: readonly TenantMetrics[];
  /** Names of its stores of secrets beside `tenant`. */
  readonly secretStores: readonly string[];
  /** Private registries that its images come from. */
  readonly registries: readonly string[];
  readonly alertReceivers: readonly AlertReceiver[];
  readonly slos: readonly TenantSlo[];
  /** Environments on this cluster, in code-unit order. */
  readonly environments: readonly TenantEnvironment[];
}
