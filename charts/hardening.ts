import { roleArn } from '../src/model/outputs';
import type { Cluster, JsonObject } from './component';

export { roleArn } from '../src/model/outputs';

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

/** One value for each provider: how a file says that clusters differ, without a branch. */
export function byProvider<T>(cluster: Cluster, values: { readonly cloud: T; readonly local: T }): T {
  return cluster.provider === 'local' ? values.local : values.cloud;
}

/** What a Pod is given to act as a role in the cloud. */
export interface WebIdentity {
  readonly env: readonly JsonObject[];
  readonly volumes: readonly JsonObject[];
  readonly volumeMounts: readonly JsonObject[];
}

const IDENTITY_VOLUME = 'aws-iam-token';
const IDENTITY_PATH = '/var/run/secrets/eks.amazonaws.com/serviceaccount';

/**
 * A token of its own for a Pod that must not wait for the identity webhook: because the webhook waits for it, or
 * because no Pod can be scheduled before it runs. Names and path are the webhook's, which then leaves the Pod alone.
 */
export function webIdentity(cluster: Cluster, role: string): WebIdentity {
  return byProvider<WebIdentity>(cluster, {
    cloud: {
      env: [
        { name: 'AWS_REGION', value: cluster.region ?? '' },
        { name: 'AWS_ROLE_ARN', value: roleArn(cluster, role) },
        { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
        { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${IDENTITY_PATH}/token` },
      ],
      volumes: [
        {
          name: IDENTITY_VOLUME,
          projected: {
            sources: [
              { serviceAccountToken: { audience: 'sts.amazonaws.com', expirationSeconds: 86400, path: 'token' } },
            ],
          },
        },
      ],
      volumeMounts: [{ name: IDENTITY_VOLUME, mountPath: IDENTITY_PATH, readOnly: true }],
    },
    local: { env: [], volumes: [], volumeMounts: [] },
  });
}

/**
 * For `after`, of whoever has its identity by annotation: a Pod that is made before the webhook answers has none.
 * EKS runs that webhook in its own control plane.
 */
export function afterIdentityWebhook(cluster: Cluster): readonly { component: string; why: string; optional: true }[] {
  return cluster.provider === 'aws'
    ? [{ component: 'aws-pod-identity-webhook', why: 'hands its Pods the token of their role', optional: true }]
    : [];
}

/** For `after`, of whoever keeps data on volumes: its Pods stay pending until somebody makes those. */
export function afterStorage(cluster: Cluster): readonly { component: string; why: string; optional: true }[] {
  return [
    {
      component: byProvider(cluster, { cloud: 'aws-ebs-csi-driver', local: 'local-path-provisioner' }),
      why: 'makes its volumes',
      optional: true,
    },
  ];
}

/** The reach of whoever exchanges a token for a role. */
export function reachesSts(cluster: Cluster): {
  readonly to: 'host';
  readonly host: string;
  readonly port: number;
  readonly why: string;
} {
  return {
    to: 'host',
    host: `sts.${cluster.region ?? ''}.amazonaws.com`,
    port: 443,
    why: 'exchanges its token for its role',
  };
}
