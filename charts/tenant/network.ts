import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { ResolvedCluster, TenantConnection, TenantEnvironment, TenantSlice } from '../../src/model/slices';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { HBONE, isByRequest, isInMesh, throughWaypoint, WAYPOINT, WAYPOINT_PODS } from '../mesh';
import {
  addCiliumPolicy,
  addDefaultDeny,
  addNetworkPolicy,
  ciliumPodsOf,
  ciliumPorts,
  hostSelector,
  podsOf,
  type PolicyPort,
  seenLookups,
} from '../network';
import { byWorkload, grouped, NAME, nameOf, podLabels, requestsOf } from '../tenant-policies';

/** Where a machine of AWS answers with its metadata, and with the credentials of its role. */
const METADATA = '169.254.169.254/32';

/** Where EKS hands a Pod the credentials of its role. The agent listens on its machine, which is Cilium's `host`. */
const CREDENTIALS_PORT = 80;

/**
 * Nothing in or out but for what is declared: looking up names, the namespace's own Pods, what add-ons serve to
 * tenants, gateway, monitoring, tenants that said yes, places outside. What labels or addresses select is a
 * NetworkPolicy, what only Cilium has an identity for a CiliumNetworkPolicy; Cilium allows what either allows. Probes
 * come from a Pod's own machine, which Cilium always lets in. A tenant that is suspended or on its way out keeps what
 * is inside of its namespace.
 */
export const facet: TenantFacet = {
  each: 'environment',
  why: 'nothing comes in or goes out unless the claim, or the other side too, says so',
  render(scope, tenant, environment, cluster) {
    const { namespace, connections } = environment;
    const labels = tenantLabels(tenant, environment);
    const at: At = { scope, metadata: (name) => ({ name, namespace, labels }) };
    addDefaultDeny(scope, namespace, labels);
    addNetworkPolicy(
      scope,
      at.metadata('dns'),
      {},
      {
        egress: [
          {
            peers: [podsOf(cluster.dns.namespace, cluster.dns.labels)],
            ports: [udp(cluster.dns.port), tcp(cluster.dns.port)],
          },
        ],
      },
    );
    if (connections.inside) {
      const inside = [{ peers: [{ podSelector: {} }] }];
      addNetworkPolicy(scope, at.metadata('same-namespace'), {}, { ingress: inside, egress: inside });
    }
    if (tenant.state !== 'active') return;
    addPlatform(at, tenant, cluster);
    addGateway(at, environment);
    addTenants(at, tenant, environment, cluster);
    addWaypoint(at, tenant, environment, cluster);
    addOutside(at, environment, cluster);
    addMachines(at, environment, cluster);
  },
};

/** Where policies go, and what they are called. */
interface At {
  readonly scope: Construct;
  readonly metadata: (name: string) => {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Record<string, string>;
  };
}

/** What add-ons serve to every tenant, and the one that asks every tenant: Prometheus. */
function addPlatform({ scope, metadata }: At, { metrics }: TenantSlice, cluster: ResolvedCluster): void {
  // Waypoints alone ask istiod: see there.
  const served = cluster.servesTenants.filter(({ addOn }) => addOn !== 'istiod');
  const byPods = grouped(served, ({ namespace, labels }) => JSON.stringify([namespace, labels]));
  const egress = byPods.map(([{ namespace, labels }, some]) => ({
    peers: [podsOf(namespace, labels)],
    ports: some.map(({ port, protocol }) => ({ port, protocol })),
  }));
  addNetworkPolicy(scope, metadata('add-ons'), {}, { egress });
  const { metrics: scraper } = cluster;
  if (!scraper) return;
  for (const [workload, some] of byWorkload(metrics)) {
    addNetworkPolicy(scope, metadata(nameOf('metrics', workload)), podLabels(workload), {
      ingress: [
        { peers: [podsOf(scraper.namespace, scraper.labels)], ports: distinct(some.map(({ port }) => tcp(port))) },
      ],
    });
  }
}

/** The gateway is an identity of Cilium's own. It lets through only what a route says: see the hosts. */
function addGateway({ scope, metadata }: At, { hosts }: TenantEnvironment): void {
  for (const [workload, some] of byWorkload(hosts)) {
    addCiliumPolicy(scope, metadata(nameOf('gateway', workload)), matching(podLabels(workload)), {
      ingress: [
        {
          fromEntities: ['ingress'],
          toPorts: ciliumPorts(distinct(some.map(({ targetPort }) => tcp(targetPort)))),
        },
      ],
    });
  }
}

/** Tenants that both sides agreed on. In the mesh, connections arrive on one port, and AuthorizationPolicies tell more. */
function addTenants(
  { scope, metadata }: At,
  tenant: TenantSlice,
  { connections }: TenantEnvironment,
  cluster: ResolvedCluster,
): void {
  const meshed = isInMesh(tenant, cluster);
  for (const [{ tenant: other, caller }, some] of grouped(
    connections.to,
    (one) => `${one.tenant} ${one.caller ?? ''}`,
  )) {
    addNetworkPolicy(scope, metadata(nameOf(`to-${other}`, caller)), podLabels(caller), {
      egress: some.map((one) => ({
        peers: [
          ...(viaWaypoint(one) ? [] : [podsOf(one.namespace, podLabels(one.workload))]),
          // Whether others' requests are judged there, and ours are led there too, is the called side's to say.
          ...(isMeshed(one) ? [podsOf(one.namespace, WAYPOINT_PODS)] : []),
        ],
        ports: viaWaypoint(one) ? [tcp(HBONE)] : portsOf(one),
      })),
    });
  }
  for (const [{ tenant: other, workload }, some] of grouped(
    connections.from,
    (one) => `${one.tenant} ${one.workload ?? ''}`,
  )) {
    const called = metadata(nameOf(`from-${other}`, workload));
    addNetworkPolicy(scope, called, podLabels(workload), {
      ingress: some
        .filter((one) => !isByRequest(one))
        .map((one) => ({ peers: [podsOf(one.namespace, podLabels(one.caller))], ports: portsOf(one) })),
    });
    addCiliumPolicy(scope, called, matching(podLabels(workload)), {
      ingress: some
        .filter((one) => isByRequest(one) && !viaWaypoint(one))
        .map((one) => ({
          fromEndpoints: [ciliumPodsOf(one.namespace, podLabels(one.caller))],
          toPorts: ciliumPorts([tcp(one.port)], { http: requestsOf(one) }),
        })),
    });
  }

  function viaWaypoint(one: TenantConnection): boolean {
    return isMeshed(one) && isByRequest(one);
  }

  function isMeshed(one: TenantConnection): boolean {
    return meshed && !one.sandboxed;
  }

  function portsOf(one: TenantConnection): readonly PolicyPort[] {
    return isMeshed(one) ? distinct([tcp(one.port), tcp(HBONE)]) : [tcp(one.port)];
  }
}

/** The proxy that judges requests from others: they come to it, it goes to the Pods, and istiod tells it what to do. */
function addWaypoint(
  { scope, metadata }: At,
  tenant: TenantSlice,
  environment: TenantEnvironment,
  cluster: ResolvedCluster,
): void {
  const connections = throughWaypoint(tenant, environment, cluster);
  if (connections.length === 0) return;
  const workloads = [...byWorkload(connections)].map(([workload]) => workload);
  const istiod = cluster.servesTenants.filter(({ addOn }) => addOn === 'istiod');
  addNetworkPolicy(scope, metadata(WAYPOINT), WAYPOINT_PODS, {
    ingress: connections.map(({ namespace, caller }) => ({
      peers: [podsOf(namespace, podLabels(caller))],
      ports: [tcp(HBONE)],
    })),
    egress: [
      ...workloads.map((workload) => ({ peers: [inside(podLabels(workload))], ports: [tcp(HBONE)] })),
      ...istiod.map(({ namespace, labels, port, protocol }) => ({
        peers: [podsOf(namespace, labels)],
        ports: [{ port, protocol }],
      })),
    ],
  });
  for (const workload of workloads) {
    addNetworkPolicy(scope, metadata(nameOf('by-waypoint', workload)), podLabels(workload), {
      ingress: [{ peers: [inside(WAYPOINT_PODS)], ports: [tcp(HBONE)] }],
    });
  }
}

function addOutside({ scope, metadata }: At, { connections }: TenantEnvironment, { dns }: ResolvedCluster): void {
  const { outside, cloudMetadata } = connections;
  const ports = ({ port, protocol }: PolicyPort) => [{ port, protocol }];
  addNetworkPolicy(
    scope,
    metadata('outside'),
    {},
    {
      egress: outside.flatMap((one) =>
        'cidr' in one.to ? [{ peers: [{ ipBlock: { cidr: one.to.cidr } }], ports: ports(one) }] : [],
      ),
    },
  );
  const named = outside.flatMap((one) =>
    'host' in one.to ? [{ toFQDNs: [hostSelector(one.to.host)], toPorts: ciliumPorts(ports(one)) }] : [],
  );
  if (named.length > 0) {
    addCiliumPolicy(
      scope,
      metadata('outside'),
      {},
      {
        egress: [seenLookups(dns), ...named],
        // Whoever owns a name says where it leads: not to what answers on the machine.
        egressDeny: cloudMetadata ? [] : [{ toCIDR: ['169.254.0.0/16'] }],
      },
    );
  }
  if (cloudMetadata) {
    addCiliumPolicy(
      scope,
      metadata('cloud-metadata'),
      {},
      {
        egress: [{ toCIDR: [METADATA], toPorts: ciliumPorts([tcp(80)]) }],
      },
    );
  }
}

/** The API server, machines of the cluster, and where a workload with a role of the cloud takes it up. */
function addMachines({ scope, metadata }: At, environment: TenantEnvironment, cluster: ResolvedCluster): void {
  const { connections, identities } = environment;
  if (connections.kubernetesApi) {
    addCiliumPolicy(
      scope,
      metadata('kubernetes-api'),
      {},
      {
        egress: [{ toEntities: ['kube-apiserver'], toPorts: ciliumPorts([tcp(cluster.network.apiServerPort)]) }],
      },
    );
  }
  if (connections.nodePorts.length > 0) {
    addCiliumPolicy(
      scope,
      metadata('nodes'),
      {},
      {
        egress: [{ toEntities: ['host', 'remote-node'], toPorts: ciliumPorts(connections.nodePorts.map(tcp)) }],
      },
    );
  }
  const workloads = [...new Set(identities.flatMap((one) => one.workloads))].sort();
  if (workloads.length === 0 || cluster.provider === 'local') return;
  const pods = { matchExpressions: [{ key: NAME, operator: 'In', values: workloads }] };
  addCiliumPolicy(scope, metadata('cloud-identity'), pods, {
    egress:
      cluster.provider === 'eks'
        ? [{ toEntities: ['host'], toPorts: ciliumPorts([tcp(CREDENTIALS_PORT)]) }]
        : [
            seenLookups(cluster.dns),
            {
              toFQDNs: [hostSelector(`sts.${cluster.region ?? ''}.amazonaws.com`)],
              toPorts: ciliumPorts([tcp(443)]),
            },
          ],
  });
}

function inside(labels: Readonly<Record<string, string>>): k8s.NetworkPolicyPeer {
  return { podSelector: matching(labels) };
}

function matching(labels: Readonly<Record<string, string>>): { matchLabels?: Record<string, string> } {
  return Object.keys(labels).length ? { matchLabels: { ...labels } } : {};
}

function distinct(ports: readonly PolicyPort[]): readonly PolicyPort[] {
  return grouped(ports, ({ port, protocol }) => `${port}/${protocol}`).map(([first]) => first);
}

function tcp(port: number): PolicyPort {
  return { port, protocol: 'TCP' };
}

function udp(port: number): PolicyPort {
  return { port, protocol: 'UDP' };
}
