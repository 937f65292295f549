// Generated from schema/outputs.schema.json by `npm run generate`: change the schema, not this file.

/**
 * What provisioning a cluster gave, as clusters/<name>.outputs.json: `keelson outputs <name>` writes it.
 */
export interface OutputsFile {
  /**
   * Version of the file's fields.
   */
  apiVersion: 'platform.keelson.dev/v1';
  kind: 'ClusterOutputs';
  metadata: {
    /**
     * The cluster's name; the file is named after it.
     */
    name: string;
  };
  /**
   * Digest of what platform.ts said of the cluster when it was provisioned, as far as outputs follow from it.
   */
  description: string;
  outputs: ClusterOutputs;
}
export interface ClusterOutputs {
  api: ApiOutputs;
  /**
   * Issuer of service-account tokens, as other systems are to trust it.
   */
  issuer: string;
  network: NetworkOutputs;
  buckets?: BucketOutputs;
  /**
   * ARNs of the roles that add-ons and tenants act as, by the name after `<cluster>-`.
   *
   * @default - the cluster is in no cloud
   */
  roles?: {
    [k: string]: string;
  };
  /**
   * ARNs of KMS keys by what they encrypt.
   *
   * @default - the cluster is in no cloud
   */
  keys?: {
    [k: string]: string;
  };
  /**
   * Ids of DNS zones by their domain.
   *
   * @default - the cluster is in no cloud
   */
  zones?: {
    [k: string]: string;
  };
}
/**
 * Where the API is reached.
 */
export interface ApiOutputs {
  host: string;
  port: number;
}
/**
 * Address ranges in use, and the network in the cloud.
 */
export interface NetworkOutputs {
  podCidr: string;
  serviceCidr: string;
  nodeCidr: string;
  /**
   * @default - the cluster is in no cloud
   */
  vpc?: string;
  /**
   * Security group of tenants' databases in RDS.
   *
   * @default - the cluster is in no cloud
   */
  databaseSecurityGroup?: string;
  /**
   * Addresses that others see the cluster's requests come from.
   *
   * @default - unknown
   */
  egress?: string[];
}
/**
 * Buckets by what they hold.
 *
 * @default - the cluster is in no cloud
 */
export interface BucketOutputs {
  backups: string;
  logs: string;
  traces: string;
  [k: string]: string;
}
