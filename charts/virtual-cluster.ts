import type { ResolvedCluster, TenantEnvironment, TenantSlice } from '../src/model/slices';
import { VIRTUAL_CONTROL_PLANE, type VirtualAmounts, virtualReplicas } from '../src/model/virtual-cluster';
import type { JsonObject } from './component';
import { RESTRICTED_POD } from './hardening';

/** The chart of every virtual cluster. */
export const VIRTUAL_CLUSTER_CHART = {
  repository: 'https://charts.loft.sh',
  name: 'vcluster',
  version: '0.35.3',
} as const;

/** Name of the virtual cluster in its namespace, and of the Service of its API. */
export const VIRTUAL_CLUSTER = 'virtual';

/** Its API server, and what copies its Pods into the namespace. */
export const API_PODS = { app: 'vcluster', release: VIRTUAL_CLUSTER };

/** What resolves names for its workloads: Pods that it makes itself. */
export const VIRTUAL_DNS = {
  pods: { 'k8s-app': 'vcluster-kube-dns' },
  ports: [
    { port: 1053, protocol: 'UDP' },
    { port: 1053, protocol: 'TCP' },
  ],
} as const;

/** Nobody in particular, who owns the volume: the image's own user is root. */
const USER = 12345;

/** Disk of the machine for the API server's programs. The chart's own 10Gi would be a tenth of a quota for each copy. */
const DISK = '2Gi';

const POD_SECURITY = { ...RESTRICTED_POD, runAsUser: USER, runAsGroup: USER, fsGroup: USER };
const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
};

/**
 * Values of the chart: everything inside of the namespace, under the level `restricted`, with no rights in the cluster
 * around it. Quota, limits and network policies are the namespace's own, so that the chart writes none.
 */
export function virtualClusterValues(
  tenant: TenantSlice,
  { namespace, production }: TenantEnvironment,
  cluster: ResolvedCluster,
): JsonObject {
  const { api, dns, database, storage } = VIRTUAL_CONTROL_PLANE;
  const replicas = virtualReplicas(production);
  const security = { podSecurityContext: POD_SECURITY, containerSecurityContext: CONTAINER_SECURITY };
  const volume = { size: storage, storageClass: cluster.storageClass, retentionPolicy: 'Retain' };
  return {
    controlPlane: {
      distro: {
        k8s: {
          apiServer: { extraArgs: signIn(cluster) },
          securityContext: CONTAINER_SECURITY,
        },
      },
      backingStore:
        replicas.database > 0
          ? {
              etcd: {
                deploy: {
                  enabled: true,
                  statefulSet: {
                    highAvailability: { replicas: replicas.database },
                    persistence: { volumeClaim: volume },
                    resources: resourcesOf(database),
                    security,
                  },
                },
              },
            }
          : {},
      coredns: { deployment: { replicas: replicas.dns, resources: resourcesOf(dns) }, security },
      statefulSet: {
        // Of the two images the one under an open licence.
        image: { repository: 'loft-sh/vcluster-oss' },
        highAvailability: { replicas: replicas.api },
        persistence: { volumeClaim: volume },
        resources: resourcesOf(api, DISK),
        security,
      },
      serviceMonitor: { enabled: false },
    },
    // Signed in by whoever may read the namespace's Secrets; by this name inside of the cluster.
    exportKubeConfig: { server: `https://${VIRTUAL_CLUSTER}.${namespace}.svc` },
    policies: { networkPolicy: { enabled: false }, resourceQuota: { enabled: false }, limitRange: { enabled: false } },
    // All that would need rights outside of the namespace stays off.
    rbac: { clusterRole: { enabled: false }, enableVolumeSnapshotRules: { enabled: false } },
    sync: {
      toHost: {
        // Its Pods would get a container more, from an image and with limits of the chart's choice.
        pods: { rewriteHosts: { enabled: false } },
        ingresses: { enabled: false },
      },
      fromHost: {
        csiDrivers: { enabled: false },
        csiNodes: { enabled: false },
        csiStorageCapacities: { enabled: false },
        ingressClasses: { enabled: false },
        nodes: { enabled: false },
        storageClasses: { enabled: false },
      },
    },
    telemetry: { enabled: false },
    experimental: { deploy: { vcluster: { manifests: people(tenant, production) } } },
  };
}

/** People sign in as everywhere: by the platform's issuer, with its names of users and groups. */
function signIn({ platform: { oidc } }: ResolvedCluster): string[] {
  return [
    `--oidc-issuer-url=${oidc.issuer}`,
    `--oidc-client-id=${oidc.clientId}`,
    `--oidc-username-claim=${oidc.usernameClaim}`,
    `--oidc-username-prefix=${oidc.groupsPrefix}`,
    `--oidc-groups-claim=${oidc.groupsClaim}`,
    `--oidc-groups-prefix=${oidc.groupsPrefix}`,
  ];
}

/** Rights in the virtual cluster: all of it for those who may change things in the namespace, in production they read. */
function people({ groups }: TenantSlice, production: boolean): string {
  const roles = [
    { name: 'viewers', group: groups.viewers, role: 'view' },
    { name: 'developers', group: groups.developers, role: production ? 'view' : 'cluster-admin' },
    { name: 'admins', group: groups.admins, role: production ? 'view' : 'cluster-admin' },
  ];
  return roles
    .flatMap(({ name, group, role }) => (group === undefined ? [] : [binding(name, group, role)]))
    .map((object) => JSON.stringify(object))
    .join('\n---\n');
}

function binding(name: string, group: string, role: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `tenant-${name}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
  };
}

function resourcesOf({ cpu, cpuLimit, memory, memoryLimit }: VirtualAmounts, disk?: string): JsonObject {
  const more: JsonObject = disk === undefined ? {} : { 'ephemeral-storage': disk };
  return { requests: { cpu, memory, ...more }, limits: { cpu: cpuLimit, memory: memoryLimit, ...more } };
}
