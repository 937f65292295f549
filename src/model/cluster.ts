import type { ClusterOutputs } from './outputs.generated';

/** Where a cluster's machines come from. `aws`: virtual machines under a hard-way control plane; `eks`: the managed one. */
export type Provider = 'aws' | 'eks' | 'local';

/** What runs databases: the cloud's service, or PostgreSQL in the tenant's own namespace. */
export type DatabaseProvider = 'rds' | 'cluster';

/** Effect of a taint, as Kubernetes spells it. */
export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: TaintEffect;
}

/** A group of equal machines. */
export interface NodePool {
  readonly name: string;
  /** Machines at the least and at the most; equal where nothing scales. */
  readonly minimum: number;
  readonly maximum: number;
  /** Cloud instance type, such as `m7i.2xlarge`. @default - the machine is not bought from a cloud */
  readonly instanceType?: string;
  /** What one machine offers to Pods, in Kubernetes quantities. */
  readonly capacity: { readonly cpu: string; readonly memory: string; readonly pods: number };
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Tenant of tier 3 that has it for itself. @default - it is shared */
  readonly tenant?: string;
}

/** Buckets by purpose: names only, whoever needs one adds the region. */
export interface StorageLocations {
  /** Velero's backups. */
  readonly backups: string;
  /** Loki's chunks and indexes. */
  readonly logs: string;
  /** Tempo's blocks. */
  readonly traces: string;
}

/**
 * All that rendering may know of one cluster and of the platform around it: plain data, the same for every unit of
 * the cluster, and free of anything that a tenant can change. It is part of every slice, so that a change here
 * renders the whole cluster again and adding a tenant renders nothing else.
 */
export interface Cluster {
  readonly name: string;
  readonly provider: Provider;
  /** Tenant of tier 4 that has it for itself. @default - it is shared */
  readonly tenant?: string;
  /** Cloud region, such as `eu-central-1`. @default - local clusters have none */
  readonly region?: string;
  /** Cloud account that the cluster lives in. @default - local clusters have none */
  readonly accountId?: string;
  /** Kubernetes version as `major.minor.patch`. */
  readonly kubernetesVersion: string;
  /** True where at least one environment of the cluster is a production one. */
  readonly production: boolean;
  /** Environments that live on this cluster, in code-unit order. */
  readonly environments: readonly string[];
  /** What runs tenants' databases in each of them. */
  readonly databaseProviders: Readonly<Record<string, DatabaseProvider>>;
  /** Domains that tenants may claim hosts below, in any environment of the cluster, in code-unit order. */
  readonly tenantDomains: readonly string[];
  readonly nodePools: readonly NodePool[];
  readonly network: {
    readonly podCidr: string;
    readonly serviceCidr: string;
    /** Address of the cluster's DNS Service inside `serviceCidr`: its tenth address, as kubeadm and EKS have it. */
    readonly dnsAddress: string;
    readonly nodeCidr: string;
    /** Where kubelets and Cilium find the API servers: the load balancer's name and port. */
    readonly apiServer: { readonly host: string; readonly port: number };
    /** The port that an API server itself listens on: policies see it, not the balancer's. */
    readonly apiServerPort: number;
  };
  /** Domain of the platform's own pages on this cluster, such as `prod.example.com`; hosts are made by prefixing it. */
  readonly domain: string;
  /** @default - a local cluster keeps its data on its own disks */
  readonly storage?: StorageLocations;
  /** What provisioning gave. @default - nothing is known yet: names are those that provisioning will use */
  readonly provisioned?: ClusterOutputs;
  /** StorageClass that stateful add-ons ask for. */
  readonly storageClass: string;
  /** StorageClasses that its add-ons bring, in code-unit order: what tenants may ask for. */
  readonly storageClasses: readonly string[];
  /**
   * How many copies things run in. `controller`: leader-elected or stateless Deployments (2, local 1);
   * `quorum`: what votes or keeps three replicas (3, local 1).
   */
  readonly replicas: { readonly controller: number; readonly quorum: number };
  readonly platform: {
    readonly name: string;
    /** Who answers for the platform; becomes a contact in ACME accounts and annotations. */
    readonly contact: string;
    readonly gitops: { readonly url: string; readonly branch: string };
    /** Where repositories of tenants may be, as `host:port` in code-unit order; empty where all are on the machine itself. */
    readonly gitHosts: readonly string[];
    readonly registries: readonly string[];
    readonly oidc: {
      readonly issuer: string;
      readonly clientId: string;
      readonly usernameClaim: string;
      readonly groupsClaim: string;
      /** What the API server puts before each group; empty for none. */
      readonly groupsPrefix: string;
      /** Groups of people, as the issuer names them. */
      readonly groups: { readonly admins: string; readonly oncall: string; readonly auditors: string };
    };
    /** Group of sealed, audited emergency access. */
    readonly breakGlassGroup: string;
    /** Server that alerts are mailed by. @default - none */
    readonly mail?: {
      readonly host: string;
      readonly port: number;
      readonly from: string;
      readonly username: string;
    };
  };
}
