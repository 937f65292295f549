import type { SecretStore } from '../secrets/store';

/** A cluster in AWS, as whoever needs its secrets names it. */
export interface ClusterPlace {
  readonly cluster: string;
  readonly region: string;
}

/** Prefix of the entries of a cluster's secret store: only who provisions clusters may read below it. */
export function storePrefix(cluster: string): string {
  return `keelson/${cluster}/store/`;
}

/** The secret store of a cluster in AWS. */
export async function clusterStore({ cluster, region }: ClusterPlace): Promise<SecretStore> {
  // The SDK is large: only who opens such a store loads it.
  const { SecretsManagerStore } =
    require('../secrets/secrets-manager-store') as typeof import('../secrets/secrets-manager-store');
  return SecretsManagerStore.open({ region, prefix: storePrefix(cluster) });
}
