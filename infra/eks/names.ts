import type { Cluster } from '../../src/model/cluster';
import { roleName } from '../../src/model/outputs';

/** Tag by which Karpenter finds subnets and security groups: its node class in the tree selects by it. */
export const DISCOVERY = 'karpenter.sh/discovery';

/** Role of the machines that Karpenter buys: its node class in the tree names it. */
export function nodeRoleName(cluster: Cluster): string {
  return roleName(cluster, 'karpenter-node');
}

/** Queue of notices about machines that AWS takes back: Karpenter's settings in the tree name it. */
export function queueName(cluster: Cluster): string {
  return roleName(cluster, 'karpenter');
}

/** EKS' own name of the log group of a control plane. */
export function logGroupName(cluster: Cluster): string {
  return `/aws/eks/${cluster.name}/cluster`;
}
