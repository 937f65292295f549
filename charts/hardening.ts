import type { Cluster, JsonObject } from './component';

/** Pod security context that the `restricted` Pod Security Standard asks for. */
export const RESTRICTED_POD = {
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
} as const satisfies JsonObject;

/** Container security context: `restricted`, and a root filesystem that nothing can write to. */
export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
} as const satisfies JsonObject;

/**
 * Requests and limits of one container. Memory is limited to what is requested unless told otherwise, since memory
 * cannot be taken back; CPU is requested and not limited unless told otherwise, since throttling a controller only
 * makes it late.
 */
export function resources(cpu: string, memory: string, limits: { cpu?: string; memory?: string } = {}): JsonObject {
  return {
    requests: { cpu, memory },
    limits: { ...(limits.cpu ? { cpu: limits.cpu } : {}), memory: limits.memory ?? memory },
  };
}

/** Spreads the copies of one workload over zones and nodes, without refusing to run where there is one of each. */
export function spread(labels: Readonly<Record<string, string>>): JsonObject[] {
  return ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { ...labels } },
  }));
}

/** ARN of the role that an identity of a component has in the cluster's account: `<cluster>-<role>`. */
export function roleArn(cluster: Cluster, role: string): string {
  return `arn:aws:iam::${cluster.accountId ?? '000000000000'}:role/${cluster.name}-${role}`;
}

/** One value for each provider: how a file says that clusters differ, without a branch. */
export function byProvider<T>(cluster: Cluster, values: { readonly cloud: T; readonly local: T }): T {
  return cluster.provider === 'local' ? values.local : values.cloud;
}
