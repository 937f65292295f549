import type { LocalCluster } from './index';
import { hostName } from './site';

/** Which hosts another number of them adds and removes. */
export interface ScalePlan {
  readonly cluster: string;
  readonly from: number;
  readonly to: number;
  readonly added: readonly string[];
  /** With all of their data; what etcd holds is kept by the others. */
  readonly removed: readonly string[];
}

/** Throws where etcd could not have so many members. Asked before it is written down, where it would stop every command. */
export function refuseHosts(hosts: string): void {
  if (!['1', '3', '5'].includes(hosts)) {
    throw new Error(`--hosts ${hosts}: etcd wants an odd number of members: write 1, 3 or 5`);
  }
}

/** What another number of control-plane hosts means. Throws where etcd could not have it. */
export function planScale({ cluster, operated }: LocalCluster, hosts: string): ScalePlan {
  refuseHosts(hosts);
  const to = Number(hosts);
  const now = operated.members.map(({ name }) => name);
  const then = Array.from({ length: to }, (_, i) => hostName(i));
  return {
    cluster: cluster.name,
    from: now.length,
    to,
    added: then.filter((name) => !now.includes(name)),
    removed: now.filter((name) => !then.includes(name)),
  };
}
