import type { Cluster } from '../../src/model/cluster';

/** Place of the parameter in AWS Systems Manager that holds the token by which machines join; secret, and an hour old at most. */
export function bootstrapTokenParameter(cluster: Pick<Cluster, 'name'>): string {
  return `/keelson/${cluster.name}/bootstrap-token`;
}

/** Alias of the key that encrypts that parameter; without it, AWS would take its own. */
export function bootstrapTokenKey(cluster: Pick<Cluster, 'name'>): string {
  return `alias/keelson-${cluster.name}-hosts`;
}
