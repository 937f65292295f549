import * as pulumi from '@pulumi/pulumi';
import type { Cluster } from '../src/model/cluster';
import { describeControlPlane, type ControlPlane } from '../src/model/control-plane';
import type { Platform } from '../src/model/declare';
import { describeClusters } from '../src/model/resolve/clusters';

/** A cluster and its control plane, as a stack of its name provisions them. */
export interface StackCluster {
  readonly cluster: Cluster;
  readonly controlPlane: ControlPlane;
}

/**
 * The cluster that a stack is named after. A local one may be given another number of hosts for trying out, by
 * `pulumi config set keelson:hosts 3`; all others have what `platform.ts` says. Throws where no cluster has that name.
 */
export function stackCluster(platform: Platform, stack: string): StackCluster {
  const cluster = describeClusters(platform.props).get(stack);
  const props = platform.props.clusters[stack];
  if (!cluster || !props) {
    const known = Object.keys(platform.props.clusters).sort().join(', ');
    throw new Error(`platform.ts has no cluster '${stack}': a stack is named after its cluster: ${known}`);
  }
  const controlPlane = describeControlPlane(props);
  if (cluster.provider !== 'local') return { cluster, controlPlane };
  const hosts = new pulumi.Config('keelson').getNumber('hosts') ?? controlPlane.hosts;
  if (hosts !== 1 && hosts !== 3 && hosts !== 5) {
    throw new Error(`keelson:hosts is ${hosts}: etcd wants an odd number of members: set it to 1, 3 or 5`);
  }
  return { cluster, controlPlane: { ...controlPlane, hosts } };
}
