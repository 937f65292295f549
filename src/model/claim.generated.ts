// Generated from schema/claim.schema.json by `npm run generate`: change the schema, not this file.

/**
 * A tenant's claim, as a YAML file under tenants/claims/.
 */
export interface Claim {
  /**
   * Version of the claim's fields.
   */
  apiVersion: 'platform.keelson.dev/v2';
  kind: 'Tenant';
  metadata: {
    /**
     * The tenant's name; the file is named after it.
     */
    name: string;
  };
  spec: TenantProps;
}
/**
 * What a tenant claims. Only an owner's mail address and the developers' group must be said.
 */
export interface TenantProps {
  owner: OwnerProps;
  groups: GroupProps;
  /**
   * Where the bill goes: a label that costs are summed by.
   *
   * @default - the tenant's name
   */
  costCentre?: string;
  /**
   * US dollars a month, for all environments together; its owner is told before it is spent.
   *
   * @default - none: nobody is told
   */
  monthlyBudget?: number;
  /**
   * How far it is kept apart: `1` namespaces, `2` sandboxed containers (gVisor), `3` machines of its own, `4` a cluster of its own.
   *
   * @default 1
   */
  tier?: 1 | 2 | 3 | 4;
  /**
   * How sensitive and how dear its data is: decides how often it is backed up and for how long it is kept.
   *
   * @default internal
   */
  dataClass?: 'public' | 'internal' | 'confidential' | 'restricted';
  /**
   * `suspended` stops its workloads and delivery and keeps everything else; `removed` is the first of two steps that take it away.
   *
   * @default active
   */
  state?: 'active' | 'suspended' | 'removed';
  /**
   * Further labels of its namespaces. Those of the platform and of Kubernetes are not the tenant's to set.
   *
   * @default - none
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Environments by name; `{}` takes every default.
   *
   * @default - every environment that is not a production one
   */
  environments?: {
    [k: string]: TenantEnvironmentProps;
  };
  /**
   * The team's own repositories, which Argo CD deploys.
   *
   * @default - none: nothing is deployed yet
   *
   * @maxItems 50
   */
  repositories?: RepositoryProps[];
  connections?: ConnectionsProps;
  /**
   * Ports that Prometheus scrapes.
   *
   * @default - none
   *
   * @maxItems 50
   */
  metrics?: MetricsProps[];
  /**
   * Databases by name, one in each environment.
   *
   * @default - none
   */
  databases?: {
    [k: string]: DatabaseProps;
  };
  /**
   * Names of further stores of secrets, each with a path and an identity of its own below the tenant's.
   *
   * @default - one store, named `tenant`
   *
   * @maxItems 20
   */
  secretStores?: string[];
  /**
   * Private registries that its images come from, each with credentials in the tenant's store under `registries/<registry>`.
   *
   * @default - none
   *
   * @maxItems 20
   */
  registries?: string[];
  /**
   * Identities in the cloud by the name of their ServiceAccount.
   *
   * @default - none
   */
  workloadIdentities?: {
    [k: string]: WorkloadIdentityProps;
  };
  /**
   * Who is told of alerts.
   *
   * @default - the owner's mail address
   *
   * @maxItems 20
   */
  alertReceivers?: AlertReceiverProps[];
  /**
   * Objectives by name.
   *
   * @default - none
   */
  slos?: {
    [k: string]: SloProps;
  };
  backup?: BackupProps;
}
/**
 * Who answers for it.
 */
export interface OwnerProps {
  /**
   * Mail address of the team.
   */
  email: string;
  /**
   * Name of the team.
   *
   * @default - the tenant's name
   */
  team?: string;
  /**
   * How to reach whoever is on call: a number, a page, a channel.
   *
   * @default - the mail address
   */
  onCall?: string;
  /**
   * Who reviews the claim, as CODEOWNERS names them: `@organisation/team` or a mail address.
   *
   * @default - the mail address
   *
   * @minItems 1
   * @maxItems 10
   */
  reviewers?: string[];
}
/**
 * Groups of people, as the OIDC issuer names them.
 */
export interface GroupProps {
  /**
   * Work in the tenant's namespaces; in production they read.
   */
  developers: string;
  /**
   * May also manage what the tenant keeps secret, outside of production.
   *
   * @default - nobody
   */
  admins?: string;
  /**
   * Read all but secrets.
   *
   * @default - nobody
   */
  viewers?: string;
}
/**
 * One environment of a tenant.
 */
export interface TenantEnvironmentProps {
  quota?: QuotaProps;
  /**
   * Node pool whose machines its Pods run on.
   *
   * @default - the cluster's largest pool without taints; for tier 3 the pool that is the tenant's
   */
  nodePool?: string;
  /**
   * Names that it serves to the outside.
   *
   * @default - none
   *
   * @maxItems 100
   */
  hosts?: HostProps[];
  /**
   * What is different here about databases of the tenant.
   *
   * @default - nothing
   */
  databases?: {
    [k: string]: DatabaseChanges;
  };
  autoscaling?: AutoscalingProps;
}
/**
 * What all Pods together may ask for.
 */
export interface QuotaProps {
  /**
   * Cores requested.
   *
   * @default - 4, in production 16
   */
  cpu?: string;
  /**
   * Memory requested and at most used.
   *
   * @default - 8Gi, in production 32Gi
   */
  memory?: string;
  /**
   * Persistent volumes together.
   *
   * @default - 50Gi, in production 200Gi
   */
  storage?: string;
  /**
   * Pods that have not ended.
   *
   * @default - 50, in production 100
   */
  pods?: number;
  /**
   * Volumes together by StorageClass; a class that is not named here may hold the whole of `storage`.
   *
   * @default - none is bounded further
   */
  storageClasses?: {
    [k: string]: string;
  };
  /**
   * Load balancers of its own, beside the shared gateway.
   *
   * @default 0
   */
  loadBalancers?: number;
  /**
   * Ports on every machine of the cluster.
   *
   * @default 0
   */
  nodePorts?: number;
}
/**
 * A name, and the service behind it.
 */
export interface HostProps {
  /**
   * Full name, below one of the environment's domains.
   */
  host: string;
  /**
   * Service in the tenant's namespace.
   */
  service: string;
  /**
   * Port of the Service.
   */
  port: number;
  /**
   * Port that the Service's Pods listen on.
   *
   * @default - the Service's port
   */
  targetPort?: number;
  /**
   * Pods behind it, by their label `app.kubernetes.io/name`.
   *
   * @default - every Pod of the namespace
   */
  workload?: string;
  /**
   * HTTP methods allowed.
   *
   * @default - all
   *
   * @minItems 1
   */
  methods?: ('GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS')[];
  /**
   * Path prefixes allowed, such as `/api`.
   *
   * @default - all
   *
   * @minItems 1
   * @maxItems 32
   */
  paths?: string[];
}
/**
 * Fields of a database, changed for one environment.
 */
export interface DatabaseChanges {
  /**
   * Major version of the engine.
   *
   * @default 17
   */
  version?: '15' | '16' | '17';
  /**
   * Machine behind it: `small` 1 core and 2 GiB, `medium` 2 and 8, `large` 4 and 16.
   *
   * @default - small, in production medium
   */
  size?: 'small' | 'medium' | 'large';
  /**
   * Space for data.
   *
   * @default - 20Gi, in production 100Gi
   */
  storage?: string;
  /**
   * A second copy that takes over.
   *
   * @default - false, in production true
   */
  highAvailability?: boolean;
  /**
   * Days that backups are kept.
   *
   * @default - 7, in production 30
   */
  backupRetentionDays?: number;
  /**
   * What becomes of the data when the database is removed: `keep` leaves it, `snapshot` takes a last snapshot and then deletes, `delete` deletes.
   *
   * @default - snapshot, in production keep
   */
  onDelete?: 'keep' | 'snapshot' | 'delete';
}
/**
 * Bounds on the copies of a workload.
 */
export interface AutoscalingProps {
  /**
   * Copies at the least that an autoscaler must keep; 0 lets KEDA stop a workload.
   *
   * @default - 0, in production 2
   */
  minimum?: number;
  /**
   * Copies at the most that an autoscaler may ask for.
   *
   * @default - 10, in production 50
   */
  maximum?: number;
}
/**
 * A repository with one directory an environment.
 */
export interface RepositoryProps {
  /**
   * URL without credentials.
   */
  url: string;
  /**
   * Short name, by which its Applications go. No two of a claim are the same.
   *
   * @default - the last part of the URL
   */
  name?: string;
  /**
   * Directory that holds one directory an environment, such as `deploy` for `deploy/dev`.
   *
   * @default deploy
   */
  path?: string;
  /**
   * Branch or tag.
   *
   * @default main
   */
  revision?: string;
  /**
   * Whether Argo CD needs credentials, which are in the platform's store under `<cluster>/tenants/<tenant>/repositories/<host>/<path>`.
   *
   * @default false
   */
  private?: boolean;
  /**
   * Environments that it is for.
   *
   * @default - every environment of the tenant
   *
   * @minItems 1
   */
  environments?: string[];
}
/**
 * Who its Pods talk to beyond their namespace, DNS, gateway and monitoring.
 *
 * @default - nobody
 */
export interface ConnectionsProps {
  /**
   * Whether Pods of one namespace reach each other without a NetworkPolicy of the team.
   *
   * @default true
   */
  inside?: boolean;
  /**
   * Tenants that its Pods call, in the environment of the same name. The other's `from` must say the same.
   *
   * @default - none
   *
   * @maxItems 100
   */
  to?: ConnectionToProps[];
  /**
   * Tenants that call its Pods, in the environment of the same name. The other's `to` must say the same.
   *
   * @default - none
   *
   * @maxItems 100
   */
  from?: ConnectionFromProps[];
  /**
   * What is called outside of the cluster.
   *
   * @default - nothing
   *
   * @maxItems 200
   */
  outside?: OutsideProps[];
  /**
   * Whether its Pods may talk to the Kubernetes API.
   *
   * @default false
   */
  kubernetesApi?: boolean;
  /**
   * Whether its Pods may talk to the cloud's metadata address.
   *
   * @default false
   */
  cloudMetadata?: boolean;
  /**
   * Ports on the machines of the cluster that its Pods may talk to.
   *
   * @default - none
   *
   * @maxItems 20
   */
  nodePorts?: number[];
}
/**
 * A tenant that is called.
 */
export interface ConnectionToProps {
  /**
   * Its name.
   */
  tenant: string;
  /**
   * Port that its Pods listen on.
   */
  port: number;
  /**
   * Pods that call, by their label `app.kubernetes.io/name`.
   *
   * @default - every Pod of the tenant
   */
  workload?: string;
  /**
   * Environments that it is for.
   *
   * @default - every environment of the tenant
   *
   * @minItems 1
   */
  environments?: string[];
}
/**
 * A tenant that calls.
 */
export interface ConnectionFromProps {
  /**
   * Its name.
   */
  tenant: string;
  /**
   * Port that Pods of this tenant listen on.
   */
  port: number;
  /**
   * Pods that are called, by their label `app.kubernetes.io/name`.
   *
   * @default - every Pod of the tenant
   */
  workload?: string;
  /**
   * Service that they are called by: in a service mesh, methods and paths are judged for it.
   *
   * @default - the one that is named like the workload
   */
  service?: string;
  /**
   * HTTP methods allowed.
   *
   * @default - all
   *
   * @minItems 1
   */
  methods?: ('GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS')[];
  /**
   * Path prefixes allowed, such as `/api`.
   *
   * @default - all
   *
   * @minItems 1
   * @maxItems 32
   */
  paths?: string[];
  /**
   * Environments that it is for.
   *
   * @default - every environment of the tenant
   *
   * @minItems 1
   */
  environments?: string[];
}
/**
 * A host or an address range; one of the two.
 */
export interface OutsideProps {
  /**
   * Name, or `*.` and a domain.
   */
  host?: string;
  /**
   * Address range, where there is no name.
   */
  cidr?: string;
  /**
   * Port.
   *
   * @default 443
   */
  port?: number;
  /**
   * @default TCP
   */
  protocol?: 'TCP' | 'UDP';
  /**
   * For whoever reads the policy.
   *
   * @default - nothing
   */
  why?: string;
  /**
   * Environments that it is for.
   *
   * @default - every environment of the tenant
   *
   * @minItems 1
   */
  environments?: string[];
}
/**
 * An endpoint with metrics.
 */
export interface MetricsProps {
  /**
   * Port that the container listens on.
   */
  port: number;
  /**
   * HTTP path.
   *
   * @default /metrics
   */
  path?: string;
  /**
   * Pods that have it, by their label `app.kubernetes.io/name`.
   *
   * @default - every Pod that declares the port
   */
  workload?: string;
}
/**
 * A database. Whether the cloud runs it or the cluster is up to the platform.
 */
export interface DatabaseProps {
  /**
   * Database engine.
   *
   * @default postgres
   */
  engine?: 'postgres';
  /**
   * Major version of the engine.
   *
   * @default 17
   */
  version?: '15' | '16' | '17';
  /**
   * Machine behind it: `small` 1 core and 2 GiB, `medium` 2 and 8, `large` 4 and 16.
   *
   * @default - small, in production medium
   */
  size?: 'small' | 'medium' | 'large';
  /**
   * Space for data.
   *
   * @default - 20Gi, in production 100Gi
   */
  storage?: string;
  /**
   * A second copy that takes over.
   *
   * @default - false, in production true
   */
  highAvailability?: boolean;
  /**
   * Days that backups are kept.
   *
   * @default - 7, in production 30
   */
  backupRetentionDays?: number;
  /**
   * What becomes of the data when the database is removed: `keep` leaves it, `snapshot` takes a last snapshot and then deletes, `delete` deletes.
   *
   * @default - snapshot, in production keep
   */
  onDelete?: 'keep' | 'snapshot' | 'delete';
  /**
   * Environments that it is for.
   *
   * @default - every environment of the tenant
   *
   * @minItems 1
   */
  environments?: string[];
}
/**
 * A role in the cloud, and which workloads may take it on.
 */
export interface WorkloadIdentityProps {
  /**
   * Workloads that may use it, by their label `app.kubernetes.io/name`.
   *
   * @minItems 1
   * @maxItems 50
   */
  workloads: string[];
  /**
   * What it may do.
   *
   * @minItems 1
   * @maxItems 30
   */
  permissions: PermissionProps[];
  /**
   * Environments that it is for.
   *
   * @default - every environment of the tenant
   *
   * @minItems 1
   */
  environments?: string[];
}
/**
 * Actions on resources of the cloud.
 */
export interface PermissionProps {
  /**
   * Actions such as `s3:GetObject`, without wildcards.
   *
   * @minItems 1
   * @maxItems 50
   */
  actions: string[];
  /**
   * ARNs. `{account}`, `{region}` and `{environment}` stand for those of the environment; `*` only as the last part below a name, as in `arn:aws:s3:::bucket/*`.
   *
   * @minItems 1
   * @maxItems 50
   */
  resources: string[];
}
/**
 * One place that alerts are sent to.
 */
export interface AlertReceiverProps {
  /**
   * What kind of place.
   */
  type: 'email' | 'slack' | 'pagerduty' | 'webhook';
  /**
   * Mail address for `email`, channel for `slack`; the others take it from their secret.
   *
   * @default - the owner's mail address for `email`
   */
  to?: string;
  /**
   * Key in the tenant's store that holds the URL or the integration key; all but `email` need one.
   */
  secret?: string;
  /**
   * Which alerts.
   *
   * @default - all
   *
   * @minItems 1
   */
  severities?: ('critical' | 'warning')[];
}
/**
 * Which share of events must be good.
 */
export interface SloProps {
  /**
   * Percent of events that must be good.
   */
  objective: number;
  /**
   * Days that it is judged over.
   *
   * @default 30
   */
  days?: 7 | 28 | 30;
  /**
   * Counter of all events.
   */
  metric: string;
  /**
   * Labels that narrow it down, by equality.
   *
   * @default - none
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * What bad events match: label to regular expression, such as `code: 5..`.
   */
  bad: {
    [k: string]: string;
  };
}
/**
 * Backups beyond what the data class asks for.
 *
 * @default - as the data class says
 */
export interface BackupProps {
  /**
   * Hours between two backups; not more than the data class allows.
   */
  everyHours?: number;
  /**
   * Days that a backup is kept; not fewer than the data class asks for.
   */
  keepDays?: number;
}
