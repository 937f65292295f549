import type * as pulumi from '@pulumi/pulumi';
import type { Cluster } from '../../src/model/cluster';

/** What every resource of a cluster in AWS is made with. */
export interface AwsScope {
  readonly cluster: Cluster;
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
  readonly parent: pulumi.Resource;
  /** ARN of the policy that no role of the stack can do more than. @default - none */
  readonly permissionsBoundary?: string;
}

/** Throws where the cluster has no region or account, as local ones have none. */
export function awsScope(cluster: Cluster, parent: pulumi.Resource, permissionsBoundary?: string): AwsScope {
  const { region, accountId } = cluster;
  if (region === undefined || accountId === undefined) {
    const missing = region === undefined ? 'region' : 'accountId';
    throw new Error(`platform.ts: clusters.${cluster.name}.${missing}: a cluster in AWS needs it; add it`);
  }
  // Secrets of add-ons are named `<cluster>/…`, those of hosts `keelson/…`.
  if (cluster.name === 'keelson') {
    throw new Error(`platform.ts: clusters.keelson: add-ons could read the secrets of hosts; name it another way`);
  }
  return { cluster, region, accountId, parent, ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }) };
}

/** Options of a resource that may go and come again. */
export function child(scope: AwsScope, more: pulumi.CustomResourceOptions = {}): pulumi.CustomResourceOptions {
  return { parent: scope.parent, ...more };
}

/**
 * Options of a resource that holds what cannot be made again. In a production cluster Pulumi refuses to delete or
 * replace it until somebody runs `pulumi state unprotect`.
 */
export function kept(scope: AwsScope, more: pulumi.CustomResourceOptions = {}): pulumi.CustomResourceOptions {
  return child(scope, { protect: scope.cluster.production, ...more });
}

/** The part of the cluster that a cost belongs to: the value of the tag `keelson.dev/part`. */
export type Part =
  'network' | 'control-plane' | 'nodes' | 'storage' | 'keys' | 'identity' | 'names' | 'observation' | 'databases';

/** Tag that names the cluster: budgets and cost reports filter by it. */
export const CLUSTER_TAG = 'keelson.dev/cluster';

/** Tags of one resource: what it is called, whose it is, and where its cost belongs. */
export function tags(scope: AwsScope, part: Part, name: string, more: Readonly<Record<string, string>> = {}) {
  const { cluster } = scope;
  return {
    Name: `${cluster.name}-${name}`,
    'keelson.dev/platform': cluster.platform.name,
    [CLUSTER_TAG]: cluster.name,
    'keelson.dev/part': part,
    ...more,
  };
}

/** By this tag the cloud controllers in the cluster know what is theirs. */
export function ownedTag(cluster: Cluster): Readonly<Record<string, string>> {
  return { [`kubernetes.io/cluster/${cluster.name}`]: 'owned' };
}

/** ARN of something in the cluster's region and account. */
export function arn(scope: AwsScope, service: string, rest: string): string {
  return `arn:aws:${service}:${scope.region}:${scope.accountId}:${rest}`;
}
