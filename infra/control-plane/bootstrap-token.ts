import type { Cluster } from '../../src/model/cluster';
import type { Site } from './site';

/** Place of the parameter in AWS Systems Manager that holds the token by which machines join; secret, and an hour old at most. */
export function bootstrapTokenParameter(cluster: Pick<Cluster, 'name'>): string {
  return `/keelson/${cluster.name}/bootstrap-token`;
}

/** Whether machines join by tokens: simulated nodes do not. */
export function joinsByToken(site: Site): site is Site & { offCluster: { kind: 's3' } } {
  return !site.sharedMachine && site.offCluster.kind === 's3';
}
