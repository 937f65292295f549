import { nthAddress } from '../../src/model/cidr';
import type { Cluster } from '../../src/model/cluster';
import type { ControlPlane } from '../../src/model/control-plane';
import type { Site } from '../control-plane/site';
import type { Place } from './place';

/** Places in the loopback range: the balancer's, then the hosts'. */
const [BALANCER, FIRST_HOST] = [10, 11];

/** Name of a control-plane host, from 0 on. */
export function hostName(index: number): string {
  return `control-plane-${index + 1}`;
}

/** The local form of a control plane: every host is a loopback address and a folder. */
export function localSite(cluster: Cluster, controlPlane: ControlPlane, place: Place): Site {
  const range = controlPlane.addresses!;
  const host = (name: string, nth: number) => ({ name, address: nthAddress(range, nth), root: place.root(name) });
  const loadBalancer = host('load-balancer', BALANCER);
  return {
    hosts: Array.from({ length: controlPlane.hosts }, (_, i) => host(hostName(i), FIRST_HOST + i)),
    loadBalancer,
    endpoint: { host: loadBalancer.address, port: cluster.network.apiServer.port },
    encryption: { kind: 'key' },
    offCluster: { kind: 'folder', path: place.storage },
    serviceAccountIssuer: 'https://kubernetes.default.svc.cluster.local',
    sharedMachine: true,
  };
}
