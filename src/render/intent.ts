import type { ClusterSlice, ResolvedCluster } from '../model/slices';

/**
 * What the cluster is meant to be, for proofs that judge the rendered objects against it: never inferred from those.
 * It stands beside the tree and is not applied.
 */
export function intentOf(slice: ClusterSlice, cluster: ResolvedCluster): object {
  return {
    apiVersion: 'platform.keelson.dev/v1',
    kind: 'Intent',
    metadata: { name: cluster.name },
    spec: {
      provider: cluster.provider,
      kubernetesVersion: cluster.kubernetesVersion,
      production: cluster.production,
      environments: cluster.environments,
      nodePools: cluster.nodePools,
      network: cluster.network,
      registries: cluster.platform.registries,
      platformNamespaces: cluster.platformNamespaces,
      components: slice.components,
    },
  };
}
