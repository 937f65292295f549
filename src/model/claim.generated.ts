// Generated from schema/claim.schema.json by `npm run generate`: change the schema, not this file.

/**
 * A tenant's claim, as a YAML file under tenants/claims/.
 */
export interface Claim {
  /**
   * Version of the claim's fields.
   */
  apiVersion: 'platform.keelson.dev/v1';
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
   * Environments by name; `{}` takes every default.
   *
   * @default - every environment that is not a production one
   */
  environments?: {
    [k: string]: TenantEnvironmentProps;
  };
  delivery?: DeliveryProps;
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
   * May also manage what the tenant keeps secret.
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
   * Node pool whose machines bound the largest container.
   *
   * @default - the cluster's largest pool without taints
   */
  nodePool?: string;
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
}
/**
 * The team's own repository, which Argo CD deploys.
 *
 * @default - none: nothing is deployed yet
 */
export interface DeliveryProps {
  /**
   * URL without credentials.
   */
  repository: string;
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
}
