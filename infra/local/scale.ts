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

/** What another number of control-plane hosts means. Throws where etcd could not have it. */
export function planScale({ cluster, operated }: LocalCluster, hosts: string): ScalePlan {
  const to = Number(hosts);
  if (![1, 3, 5].includes(to))
    throw new Error(`--hosts ${hosts}: etcd wants an odd number of members: write 1, 3 or 5`);
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
