import { nthAddress } from '../../src/model/cidr';
import type { Cluster } from '../../src/model/cluster';

/** Zones that everything is spread over: a quorum of three survives the loss of one. */
export const ZONES = 3;
/** Lengths of `nodeCidr` that work: AWS allows /16 as the largest, and each private subnet should hold 250 machines. */
const LONGEST = 22;
const SHORTEST = 16;

/** Ranges of the subnets, one a zone each, and nothing of them overlaps. */
export interface AddressPlan {
  /** Load balancers and NAT gateways. */
  readonly publicSubnets: readonly string[];
  /** Machines. */
  readonly privateSubnets: readonly string[];
  /** Databases of tenants; no way to or from the internet. */
  readonly databaseSubnets: readonly string[];
}

/**
 * Splits `nodeCidr`: a quarter for the machines of each zone; of the last quarter, an eighth each for the public and
 * the database subnets, and two eighths are left. Throws where the range is too small or too large.
 */
export function addressPlan(cluster: Cluster): AddressPlan {
  const { nodeCidr } = cluster.network;
  const length = Number(nodeCidr.slice(nodeCidr.indexOf('/') + 1));
  if (length < SHORTEST || length > LONGEST) {
    throw new Error(
      `platform.ts: clusters.${cluster.name}.network.nodeCidr: '${nodeCidr}' cannot be a network in AWS with room for ` +
        `three zones; write a range from /${SHORTEST} to /${LONGEST}`,
    );
  }
  const zones = [...Array(ZONES).keys()];
  return {
    privateSubnets: zones.map((zone) => slice(nodeCidr, 2, zone)),
    publicSubnets: zones.map((zone) => slice(nodeCidr, 5, 24 + zone)),
    databaseSubnets: zones.map((zone) => slice(nodeCidr, 5, 27 + zone)),
  };
}

/** AWS keeps a subnet's first four addresses for itself; up to here nothing else is given out first. */
const FIRST_HOST = 10;

/**
 * The fixed address of the control plane's nth host (from 0): zones take turns. It is known before anything exists, so
 * that certificates and etcd's list of members can name it, and it stays when the machine is replaced.
 */
export function hostAddress(plan: AddressPlan, host: number): string {
  const subnet = plan.privateSubnets[host % ZONES];
  if (subnet === undefined) throw new Error(`no zone for host ${host}`);
  return nthAddress(subnet, FIRST_HOST + Math.floor(host / ZONES));
}

/** The nth of the ranges that `bits` more bits of length divide the range into. */
function slice(cidr: string, bits: number, index: number): string {
  const length = Number(cidr.slice(cidr.indexOf('/') + 1)) + bits;
  return `${nthAddress(cidr, index * 2 ** (32 - length))}/${length}`;
}
