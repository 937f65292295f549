// Generated from schema/platform.schema.json by `npm run generate`: change the schema, not this file.

/**
 * A platform: its clusters, environments, identities and add-ons.
 */
export interface PlatformProps {
  /**
   * Short name of the platform, a DNS label; prefixes names in the cloud.
   */
  name: string;
  /**
   * DNS domain under which clusters serve their pages and tenants their hosts.
   */
  domain: string;
  /**
   * Mail address of the platform team.
   */
  contact: string;
  /**
   * Who reviews for the platform team, as CODEOWNERS names them: `@organisation/team` or a mail address.
   *
   * @default - the mail address
   *
   * @minItems 1
   * @maxItems 10
   */
  reviewers?: string[];
  /**
   * The GitOps repository that Argo CD reads.
   */
  gitops: {
    /**
     * URL that Argo CD clones, without credentials.
     */
    url: string;
    /**
     * Branch that Argo CD follows.
     *
     * @default main
     */
    branch?: string;
    /**
     * Where `keelson publish` pushes: a git URL, or `embedded` for the bare repository `.keelson/gitops.git` beside the platform.
     *
     * @default embedded
     */
    publishTo?: (
      | 'embedded'
      | {
          [k: string]: unknown;
        }
    ) &
      string;
  };
  /**
   * Hosts that repositories of tenants may be on: Argo CD gets manifests from there, by HTTPS and by SSH unless a port is named.
   *
   * @default - the host of the GitOps repository
   *
   * @minItems 1
   * @maxItems 20
   */
  gitHosts?: string[];
  /**
   * Registries, or paths in them, that images may come from, such as `registry.example.com/apps`.
   *
   * @minItems 1
   */
  registries: string[];
  /**
   * Who says who people are.
   */
  oidc: {
    /**
     * Issuer URL.
     */
    issuer: string;
    /**
     * Audience of the tokens.
     */
    clientId: string;
    /**
     * Claim that names a person.
     *
     * @default email
     */
    usernameClaim?: string;
    /**
     * Claim that lists groups.
     *
     * @default groups
     */
    groupsClaim?: string;
    /**
     * What the API server puts before each group, so that the issuer cannot name a group of Kubernetes' own.
     *
     * @default oidc:
     */
    groupsPrefix?: string;
    /**
     * Groups of the platform's own people, as the issuer names them.
     */
    groups: {
      /**
       * Own the platform.
       */
      admins: string;
      /**
       * Answer at night.
       */
      oncall: string;
      /**
       * Read everything but secrets.
       */
      auditors: string;
    };
  };
  /**
   * Sealed emergency access.
   */
  breakGlass: {
    /**
     * Group that holds it; empty until the seal is broken.
     */
    group: string;
  };
  /**
   * Clusters by name.
   */
  clusters: {
    [k: string]: ClusterProps;
  };
  /**
   * Environments by name, each on one cluster.
   */
  environments: {
    [k: string]: EnvironmentProps;
  };
  dataClasses?: DataClasses;
  mail?: MailProps;
  addOns?: AddOns;
}
/**
 * One cluster.
 */
export interface ClusterProps {
  /**
   * `aws`: virtual machines under a control plane of your own; `eks`: AWS' managed control plane; `local`: this machine.
   */
  provider: 'aws' | 'eks' | 'local';
  /**
   * Cloud region; required unless local.
   */
  region?: string;
  /**
   * Cloud account, twelve digits; required unless local.
   */
  accountId?: string;
  /**
   * Exact version, such as `1.36.3`.
   */
  kubernetesVersion: string;
  /**
   * Domain of this cluster's pages.
   *
   * @default - `<cluster>.<platform domain>`
   */
  domain?: string;
  network: NetworkProps;
  controlPlane?: ControlPlaneProps;
  /**
   * Groups of equal machines by name.
   */
  nodePools: {
    [k: string]: NodePoolProps;
  };
  storage?: StorageProps;
  addOns?: AddOns;
  /**
   * Tenant of tier 4 that has the cluster for itself.
   *
   * @default - nobody: it is shared
   */
  tenant?: string;
}
/**
 * Address ranges; none may overlap another.
 */
export interface NetworkProps {
  /**
   * Addresses of Pods.
   */
  podCidr: string;
  /**
   * Addresses of Services.
   */
  serviceCidr: string;
  /**
   * Addresses of machines.
   */
  nodeCidr: string;
  /**
   * Host of the load balancer before the API servers.
   *
   * @default - `api.<cluster domain>`
   */
  apiServer?: string;
}
/**
 * Hosts of the control plane; not for provider `eks`, which brings its own, but for `allowedSources`.
 */
export interface ControlPlaneProps {
  /**
   * How many hosts, each with a member of etcd: one, three or five.
   *
   * @default - 3, on a local cluster 1
   */
  hosts?: 1 | 3 | 5;
  /**
   * Cloud instance type of a host.
   *
   * @default m7i.large
   */
  instanceType?: string;
  /**
   * Address ranges outside the network from which people and pipelines reach the API.
   *
   * @default - none: only the network itself does
   */
  allowedSources?: string[];
  /**
   * Loopback addresses of a local cluster's hosts: its tenth is the load balancer's, the next are the hosts'.
   *
   * @default 127.20.0.0/24
   */
  addresses?: string;
}
/**
 * A group of equal machines.
 */
export interface NodePoolProps {
  /**
   * Machines at the least.
   */
  minimum: number;
  /**
   * Machines at the most.
   *
   * @default - as many as `minimum`
   */
  maximum?: number;
  /**
   * Cloud instance type; required unless local.
   */
  instanceType?: string;
  capacity: CapacityProps;
  /**
   * Labels of its nodes.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Taints of its nodes.
   */
  taints?: TaintProps[];
  /**
   * Tenant of tier 3 that has it for itself: its nodes carry a taint and a label with the tenant's name.
   *
   * @default - nobody: it is shared
   */
  tenant?: string;
}
/**
 * What one machine offers to Pods.
 */
export interface CapacityProps {
  /**
   * Cores, such as `8`.
   */
  cpu: string;
  /**
   * Memory, such as `32Gi`.
   */
  memory: string;
  /**
   * Pods at the most.
   *
   * @default 110
   */
  pods?: number;
}
export interface TaintProps {
  key: string;
  value?: string;
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}
/**
 * Buckets; required unless local.
 */
export interface StorageProps {
  /**
   * Bucket of backups.
   */
  backups: string;
  /**
   * Bucket of logs.
   */
  logs: string;
  /**
   * Bucket of traces.
   */
  traces: string;
}
/**
 * Add-ons by name: `false` switches one off, `true` on; an object re-tunes it, and on a cluster switches it on. A cluster's word goes before the platform's.
 *
 * @default - each add-on's own choice by provider
 */
export interface AddOns {
  [k: string]: boolean | AddOnProps;
}
/**
 * An add-on, re-tuned.
 */
export interface AddOnProps {
  /**
   * Chart version in place of the pinned one.
   */
  version?: string;
  /**
   * Chart values laid over the add-on's own: objects are merged, lists and scalars replaced, `null` removes a key.
   */
  values?: {};
}
/**
 * A stage that tenants deploy to.
 */
export interface EnvironmentProps {
  /**
   * Name of the cluster that it lives on.
   */
  cluster: string;
  /**
   * Whether people depend on it: stricter access, larger default quotas.
   *
   * @default false
   */
  production?: boolean;
  /**
   * Domains that tenants may claim hosts below.
   *
   * @default - `apps.<cluster domain>`
   *
   * @minItems 1
   * @maxItems 20
   */
  domains?: string[];
  /**
   * What runs tenants' databases: `rds`, the cloud's service, or `cluster`, PostgreSQL in the tenant's namespace.
   *
   * @default - `rds` in production in a cloud, else `cluster`
   */
  databases?: 'rds' | 'cluster';
  /**
   * When what teams have merged is deployed, and when it waits.
   *
   * @default - at any time: merging is the decision, and a fix must not wait for a window
   *
   * @minItems 1
   * @maxItems 20
   */
  syncWindows?: SyncWindowProps[];
}
/**
 * A span of time that comes again and again. Where there is one of kind `allow`, nothing is deployed outside of those.
 */
export interface SyncWindowProps {
  /**
   * Whether it is a time to deploy or one to wait.
   */
  kind: 'allow' | 'deny';
  /**
   * When it begins: minute, hour, day of the month, month and day of the week, as cron has it.
   */
  schedule: string;
  /**
   * How long it lasts, such as `10h` or `1h30m`.
   */
  duration: string;
  /**
   * Time zone of the schedule, such as `Europe/Berlin`.
   *
   * @default UTC
   */
  timeZone?: string;
  /**
   * Whether people who may sync can do so while others wait, such as a tenant's admins for an urgent fix.
   *
   * @default true
   */
  manualSync?: boolean;
}
/**
 * What the classes of tenants' data mean for their backups.
 *
 * @default - see each class
 */
export interface DataClasses {
  public?: PublicData;
  internal?: InternalData;
  confidential?: ConfidentialData;
  restricted?: RestrictedData;
}
/**
 * Anybody may read it.
 */
export interface PublicData {
  /**
   * Hours of work that may be lost at the most: backups are as often.
   *
   * @default 24
   */
  rpoHours?: number;
  /**
   * Hours until it is back at the most: a restore check that takes longer is an alert.
   *
   * @default 24
   */
  rtoHours?: number;
  /**
   * Days that a backup is kept.
   *
   * @default 14
   */
  keepDays?: number;
}
/**
 * For the company.
 */
export interface InternalData {
  /**
   * Hours of work that may be lost at the most: backups are as often.
   *
   * @default 24
   */
  rpoHours?: number;
  /**
   * Hours until it is back at the most: a restore check that takes longer is an alert.
   *
   * @default 8
   */
  rtoHours?: number;
  /**
   * Days that a backup is kept.
   *
   * @default 30
   */
  keepDays?: number;
}
/**
 * For some of the company.
 */
export interface ConfidentialData {
  /**
   * Hours of work that may be lost at the most: backups are as often.
   *
   * @default 6
   */
  rpoHours?: number;
  /**
   * Hours until it is back at the most: a restore check that takes longer is an alert.
   *
   * @default 4
   */
  rtoHours?: number;
  /**
   * Days that a backup is kept.
   *
   * @default 90
   */
  keepDays?: number;
}
/**
 * Losing it or losing track of it would be grave.
 */
export interface RestrictedData {
  /**
   * Hours of work that may be lost at the most: backups are as often.
   *
   * @default 1
   */
  rpoHours?: number;
  /**
   * Hours until it is back at the most: a restore check that takes longer is an alert.
   *
   * @default 2
   */
  rtoHours?: number;
  /**
   * Days that a backup is kept.
   *
   * @default 365
   */
  keepDays?: number;
}
/**
 * The mail server that alerts are sent by.
 *
 * @default - none: receivers by mail are refused, and an owner's address is not written to
 */
export interface MailProps {
  /**
   * Host of the server, which must offer TLS.
   */
  host: string;
  /**
   * Its port.
   *
   * @default 587
   */
  port?: number;
  /**
   * Address that mails come from.
   */
  from: string;
  /**
   * Who signs in there; the password is in the store of secrets.
   *
   * @default - the address that mails come from
   */
  username?: string;
}
