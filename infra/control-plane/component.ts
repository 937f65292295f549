import type { Cluster } from '../../src/model/cluster';
import type { HostDirectory, HostFile, Unit } from './host';
import type { Site, SiteHost } from './site';

/** What one component adds to a host. */
export interface Component {
  readonly directories: readonly HostDirectory[];
  readonly files: readonly HostFile[];
  /** In the order in which they start. */
  readonly units: readonly Unit[];
}

/** What a component's part of a host follows from. */
export interface Subject {
  readonly cluster: Cluster;
  readonly site: Site;
  readonly host: SiteHost;
}

/** Steps between the loopback ports of hosts that share a machine. */
const PORT_STEP = 10;

/** A port on 127.0.0.1. Hosts that share a machine share that address too: the first has the standard port. */
export function loopbackPort({ site, host }: Subject, standard: number): number {
  return site.sharedMachine ? standard + PORT_STEP * Math.max(0, site.hosts.indexOf(host)) : standard;
}

/** URL of the host's own API server. */
export function ownApiServer({ cluster, host }: Subject): string {
  return `https://${host.address}:${cluster.network.apiServerPort}`;
}
