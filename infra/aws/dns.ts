import type * as lb from '@pulumi/aws/lb';
import * as route53 from '@pulumi/aws/route53';
import type { ApiBalancers } from './load-balancer';
import type { Network } from './network';
import { type AwsScope, child, kept, tags } from './scope';

/** The cluster's domain, to be delegated to the zone's name servers by whoever runs the domain above it. */
export function declareZone(scope: AwsScope): route53.Zone {
  return new route53.Zone(
    'zone',
    {
      name: scope.cluster.domain,
      comment: `${scope.cluster.name}: pages of the platform, names of routes, proofs for certificates`,
      // Records that external-dns and cert-manager wrote are not Pulumi's, and AWS deletes no zone with records in it.
      forceDestroy: true,
      tags: tags(scope, 'names', 'zone'),
    },
    kept(scope),
  );
}

/**
 * The API's name: inside the network it is the internal balancer, in a zone of this one name; outside it is the public
 * one, where there is one. A name outside the cluster's domain is the team's to point at the public balancer.
 */
export function declareApiNames(
  scope: AwsScope,
  network: Network,
  zone: route53.Zone,
  balancers: ApiBalancers,
): readonly route53.Record[] {
  const { host } = scope.cluster.network.apiServer;
  const inside = new route53.Zone(
    'zone-api',
    {
      name: host,
      comment: `${scope.cluster.name}: the API as machines see it`,
      vpcs: [{ vpcId: network.vpcId }],
      tags: tags(scope, 'names', 'zone-api'),
    },
    child(scope),
  );
  const records = [alias(scope, 'api-internal', inside, host, balancers.internal)];
  if (balancers.external && host.endsWith(`.${scope.cluster.domain}`)) {
    records.push(alias(scope, 'api-external', zone, host, balancers.external));
  }
  return records;
}

function alias(scope: AwsScope, resource: string, zone: route53.Zone, name: string, target: lb.LoadBalancer) {
  return new route53.Record(
    resource,
    {
      zoneId: zone.zoneId,
      name,
      type: 'A',
      aliases: [{ name: target.dnsName, zoneId: target.zoneId, evaluateTargetHealth: true }],
    },
    child(scope),
  );
}
