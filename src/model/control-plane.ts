import type { ClusterProps } from './platform.generated';

/** The hosts that run a cluster's control plane, every default filled in. EKS brings its own: it has none. */
export interface ControlPlane {
  /** How many hosts, each with a member of etcd: one, three or five. */
  readonly hosts: number;
  /** Cloud instance type of a host. @default - a local host is a folder and processes */
  readonly instanceType?: string;
  /** Ranges outside the network from which the API is reached. */
  readonly allowedSources: readonly string[];
  /** Loopback range of a local cluster: its tenth address is the load balancer's, the next are the hosts'. */
  readonly addresses?: string;
}

/** Loopback addresses of a local cluster that names none. */
const ADDRESSES = '127.20.0.0/24';
/** Two cores and 8 GiB: etcd's own guidance for a small cluster. Source: etcd, "Hardware recommendations". */
const INSTANCE_TYPE = 'm7i.large';

/** Label, and taint, of the nodes that are its hosts. */
export const CONTROL_PLANE_LABEL = 'node-role.kubernetes.io/control-plane';

/** The control plane of a cluster, defaults filled in. */
export function describeControlPlane(cluster: ClusterProps): ControlPlane {
  const { provider, controlPlane = {} } = cluster;
  return {
    hosts: provider === 'eks' ? 0 : (controlPlane.hosts ?? (provider === 'aws' ? 3 : 1)),
    ...(provider === 'aws' ? { instanceType: controlPlane.instanceType ?? INSTANCE_TYPE } : {}),
    allowedSources: controlPlane.allowedSources ?? [],
    ...(provider === 'local' ? { addresses: controlPlane.addresses ?? ADDRESSES } : {}),
  };
}
