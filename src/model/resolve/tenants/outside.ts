import { isIPv4 } from 'node:net';
import { overlaps } from '../../cidr';
import type { ResolvedCluster } from '../../slices';
import type { Claimant, ClaimFault } from './claimant';

/** Shortest prefix of a range: shorter ones hold more than any one organisation was ever given. */
const SHORTEST = { 4: 8, 6: 32 } as const;

/** Ranges that lead back into the machine, or to what answers on every machine, under one spelling or another. */
const FORBIDDEN: readonly (readonly [range: string, what: string])[] = [
  ['0.0.0.0/8', 'the machine itself'],
  ['127.0.0.0/8', 'the loopback addresses'],
  ['169.254.0.0/16', 'link-local addresses, where a cloud has its metadata and credentials'],
  ['224.0.0.0/4', 'multicast addresses'],
  ['240.0.0.0/4', 'addresses that are nobody’s'],
  ['::/127', 'the machine itself'],
  ['::ffff:0:0/96', 'IPv4 addresses in the form of IPv6'],
  ['64:ff9b::/96', 'IPv4 addresses behind a translator'],
  ['fe80::/10', 'link-local addresses'],
  ['fd00:ec2::/32', 'addresses where a cloud has its metadata and credentials'],
  ['ff00::/8', 'multicast addresses'],
];

/** Endings of names that are looked up inside of a cluster. */
const INTERNAL: readonly string[] = ['cluster.local', 'svc', 'localhost'];

/**
 * What is called outside of the cluster must be outside of it: a host or a range, one of the two, and none that leads
 * back to Pods, Services, machines or pages of the platform.
 */
export function checkOutside(claimant: Claimant, clusters: ReadonlyMap<string, ResolvedCluster>): void {
  claimant.props.connections?.outside?.forEach(({ host, cidr }, i) => {
    const at = ['connections', 'outside', i];
    if ((host === undefined) === (cidr === undefined)) {
      claimant.fault(at, {
        rule: 'outside',
        message: host === undefined ? 'names neither a host nor a range' : 'names both a host and a range',
        fix: 'write `host`, or `cidr` where there is no name',
      });
    } else if (host !== undefined) {
      const fault = hostFault(host, clusters);
      if (fault) claimant.fault([...at, 'host'], { value: host, ...fault });
    } else if (cidr !== undefined) {
      const fault = rangeFault(cidr, clusters);
      if (fault) claimant.fault([...at, 'cidr'], { value: cidr, ...fault });
    }
  });
}

function hostFault(host: string, clusters: ReadonlyMap<string, ResolvedCluster>): ClaimFault | undefined {
  if (isIPv4(host)) {
    return {
      rule: 'outside',
      message: `'${host}' is an address, which no name is looked up for`,
      fix: `write cidr: ${host}/32`,
    };
  }
  const name = host.replace(/^\*\./, '');
  const isIn = (domain: string) => name === domain || name.endsWith(`.${domain}`);
  if (!name.includes('.') || INTERNAL.some(isIn)) {
    return {
      rule: 'outside',
      message: `'${host}' is looked up inside of a cluster or machine, not outside`,
      fix: 'connect to the tenant by connections.to, or write a public name',
    };
  }
  for (const { name: cluster, domain, network } of clusters.values()) {
    if (!isIn(domain) && !isIn(network.apiServer.host)) continue;
    return {
      rule: 'outside',
      message: `'${host}' is below ${domain}, the domain of cluster '${cluster}'`,
      fix: 'connect to the tenant behind it by connections.to; pages of the platform are for people',
    };
  }
  return undefined;
}

function rangeFault(cidr: string, clusters: ReadonlyMap<string, ResolvedCluster>): ClaimFault | undefined {
  const family = cidr.includes(':') ? 6 : 4;
  const length = Number(cidr.slice(cidr.indexOf('/') + 1));
  if (length === 0) {
    return {
      rule: 'outside',
      message: `'${cidr}' is every address there is, those of the cluster among them`,
      fix: 'name the hosts that are called',
    };
  }
  if (length < SHORTEST[family]) {
    return {
      rule: 'outside',
      message: `'${cidr}' is wider than /${SHORTEST[family]}, more than any one organisation has: it would let traffic out to strangers`,
      fix: 'name the hosts that are called, or the ranges of their operator',
    };
  }
  const forbidden = FORBIDDEN.find(([range]) => overlaps(range, cidr));
  if (forbidden) {
    return {
      rule: 'outside',
      message: `'${cidr}' holds ${forbidden[1]}${forbidden[0] === cidr ? '' : ` (${forbidden[0]})`}`,
      fix: 'write a range outside of the cluster',
    };
  }
  for (const { name, network } of clusters.values()) {
    for (const [range, what] of [
      [network.podCidr, 'Pods'],
      [network.serviceCidr, 'Services'],
      [network.nodeCidr, 'machines'],
    ] as const) {
      if (!overlaps(range, cidr)) continue;
      return {
        rule: 'outside',
        message: `'${cidr}' holds ${what} of cluster '${name}' (${range})`,
        fix: 'connect to tenants by connections.to; write a range outside of every cluster',
      };
    }
  }
  return undefined;
}
