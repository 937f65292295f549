import * as lb from '@pulumi/aws/lb';
import type { SiteHost } from '../control-plane/site';
import type { Network } from './network';
import { type AwsScope, child, tags } from './scope';
import type { SecurityGroups } from './security-groups';

/** Load balancers before the API servers. */
export interface ApiBalancers {
  /** For the network itself: kubelets, Cilium, the hosts. */
  readonly internal: lb.LoadBalancer;
  /** For people and pipelines. @default - no source outside is allowed, and there is none */
  readonly external?: lb.LoadBalancer;
  /** Hosts behind the internal one. */
  readonly targets: lb.TargetGroup;
  /** What must be there before the API is reachable. */
  readonly listeners: readonly lb.Listener[];
}

/**
 * Network load balancers before the API servers. Machines have one of their own inside the network: through the public
 * one they would come back by the NAT gateways. Targets are the hosts' fixed addresses, so that replacing a machine
 * changes nothing here.
 */
export function declareApiBalancers(
  scope: AwsScope,
  network: Network,
  groups: SecurityGroups,
  hosts: readonly SiteHost[],
  allowedSources: readonly string[],
): ApiBalancers {
  const internal = balancer(scope, network, groups, hosts, 'internal');
  const external = allowedSources.length > 0 ? balancer(scope, network, groups, hosts, 'external') : undefined;
  return {
    internal: internal.made,
    targets: internal.targets,
    ...(external ? { external: external.made } : {}),
    listeners: [internal.listener, ...(external ? [external.listener] : [])],
  };
}

function balancer(
  scope: AwsScope,
  network: Network,
  groups: SecurityGroups,
  hosts: readonly SiteHost[],
  kind: 'internal' | 'external',
) {
  const { cluster } = scope;
  const internal = kind === 'internal';
  const name = `api-${kind}`;
  const made = new lb.LoadBalancer(
    name,
    {
      loadBalancerType: 'network',
      internal,
      subnets: (internal ? network.privateSubnets : network.publicSubnets).map(({ id }) => id),
      securityGroups: [groups[internal ? 'balancer' : 'public-balancer'].id],
      enableCrossZoneLoadBalancing: true,
      enableDeletionProtection: cluster.production,
      tags: tags(scope, 'control-plane', name),
    },
    child(scope),
  );
  const port = cluster.network.apiServerPort;
  const targets = new lb.TargetGroup(
    name,
    {
      vpcId: network.vpcId,
      protocol: 'TCP',
      port,
      targetType: 'ip',
      // A host that calls the API through the balancer may be sent to itself, and would refuse its own address.
      preserveClientIp: internal ? 'false' : 'true',
      deregistrationDelay: 60,
      connectionTermination: true,
      healthCheck: {
        protocol: 'HTTPS',
        path: '/readyz',
        port: String(port),
        matcher: '200',
        interval: 10,
        timeout: 6,
        healthyThreshold: 2,
        unhealthyThreshold: 2,
      },
      tags: tags(scope, 'control-plane', name),
    },
    child(scope),
  );
  for (const host of hosts) {
    new lb.TargetGroupAttachment(
      `${name}-${host.name}`,
      { targetGroupArn: targets.arn, targetId: host.address, port },
      child(scope),
    );
  }
  const listener = new lb.Listener(
    name,
    {
      loadBalancerArn: made.arn,
      protocol: 'TCP',
      port: cluster.network.apiServer.port,
      defaultActions: [{ type: 'forward', targetGroupArn: targets.arn }],
      tags: tags(scope, 'control-plane', name),
    },
    child(scope),
  );
  return { made, targets, listener };
}
