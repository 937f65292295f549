import type * as pulumi from '@pulumi/pulumi';
import * as ec2 from '@pulumi/aws/ec2';
import * as vpc from '@pulumi/aws/vpc';
import type { Cluster } from '../../src/model/cluster';
import type { ComponentDeclaration } from '../../src/model/component';
import type { Network } from './network';
import { type AwsScope, child, ownedTag, tags } from './scope';

/** What a network interface is for; each has a security group. */
export const NETWORK_ROLES = [
  'control-plane',
  'worker',
  'balancer',
  'public-balancer',
  'endpoints',
  'database',
] as const;
export type NetworkRole = (typeof NETWORK_ROLES)[number];

export type SecurityGroups = Readonly<Record<NetworkRole, ec2.SecurityGroup>>;

/** One way through: who may open connections to whom. */
export interface NetworkEdge {
  readonly from: NetworkRole | { readonly range: string };
  readonly to: NetworkRole | 'world';
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  /** First and last port; type and code of ICMP. */
  readonly ports: readonly [number, number];
  readonly why: string;
}

const NODES = ['control-plane', 'worker'] as const;
const API_SERVER = 6443;
const HTTPS = 443;
/** Ports of Cilium between nodes. Source: its documentation, "Firewall Rules" and "WireGuard". */
const CILIUM = { tunnel: 8472, wireguard: 51871, health: 4240 };
const KUBELET = 10250;
const POSTGRES = 5432;
/** ICMP echo request, any code. */
const ECHO: readonly [number, number] = [8, -1];
/** The resolver of the VPC answers these, and security groups do not see it. */
const DNS = 53;

/** Every way through the network of one cluster. Ports on nodes are what its add-ons declare. */
export function networkEdges(
  cluster: Cluster,
  allowedSources: readonly string[],
  declarations: readonly ComponentDeclaration[],
): readonly NetworkEdge[] {
  const strange = allowedSources.find((range) => range.includes(':'));
  if (strange !== undefined) {
    throw new Error(
      `platform.ts: clusters.${cluster.name}.controlPlane.allowedSources: '${strange}' is a range of IPv6, and the ` +
        `balancer before the API has addresses of IPv4 only; write a range such as 192.0.2.0/24`,
    );
  }
  const one = (port: number) => [port, port] as const;
  const between = (
    protocol: NetworkEdge['protocol'],
    ports: readonly [number, number],
    why: string,
  ): readonly NetworkEdge[] => NODES.flatMap((from) => NODES.map((to) => ({ from, to, protocol, ports, why })));
  const tcp = (from: NetworkEdge['from'], to: NetworkEdge['to'], port: number, why: string): NetworkEdge => ({
    from,
    to,
    protocol: 'tcp',
    ports: one(port),
    why,
  });
  const balancers = ['balancer', ...(allowedSources.length > 0 ? (['public-balancer'] as const) : [])] as const;
  return [
    ...NODES.map((from) => tcp(from, 'balancer', API_SERVER, 'kubelets and Cilium find the API there')),
    ...allowedSources.map((range) => tcp({ range }, 'public-balancer', API_SERVER, 'people and pipelines')),
    ...balancers.map((from) => tcp(from, 'control-plane', API_SERVER, 'the API servers, and their health')),
    // The Service `kubernetes` leads to the hosts themselves, and Cilium sends what is for a node past its tunnel.
    ...NODES.map((from) => tcp(from, 'control-plane', API_SERVER, 'Pods find the API there, by its Service')),
    {
      from: 'control-plane',
      to: 'control-plane',
      protocol: 'tcp',
      ports: [2379, 2380],
      why: 'members of etcd, and their operator',
    },
    ...between('udp', one(CILIUM.tunnel), 'Pods to Pods of other nodes'),
    ...between('udp', one(CILIUM.wireguard), 'the same, encrypted'),
    ...between('tcp', one(CILIUM.health), 'Cilium asks whether nodes are well'),
    ...between('icmp', ECHO, 'Cilium asks whether nodes are well'),
    ...between('tcp', one(KUBELET), 'API servers and metrics ask kubelets'),
    ...nodePorts(declarations).flatMap((port) =>
      NODES.map((to) => tcp('worker', to, port, 'from Pods to add-ons on nodes’ own network')),
    ),
    ...NODES.map((from) => tcp(from, 'endpoints', HTTPS, 'services of AWS')),
    tcp('worker', 'database', POSTGRES, 'databases of tenants'),
    ...NODES.flatMap((from) =>
      worldPorts(cluster, declarations).map((port) => tcp(from, 'world', port, 'images, certificates, git')),
    ),
  ];
}

/** Ports on nodes that Pods come to: what add-ons on nodes' network serve, and what others say they reach. */
function nodePorts(declarations: readonly ComponentDeclaration[]): readonly number[] {
  const workloads = declarations.flatMap((declaration) => Object.values(declaration.workloads));
  return unique([
    ...workloads.flatMap(({ hostNetwork, serves, scrape }) =>
      hostNetwork ? [...Object.values(serves ?? {}), ...(scrape ?? [])].map(({ port }) => port) : [],
    ),
    ...workloads.flatMap(({ reaches }) =>
      (reaches ?? []).flatMap((reach) => (reach.to === 'nodes' && reach.protocol !== 'UDP' ? [reach.port] : [])),
    ),
  ]).filter((port) => port !== KUBELET);
}

/** Ports outside that add-ons, images and the GitOps repository are reached on. Which hosts is for network policies. */
export function worldPorts(cluster: Cluster, declarations: readonly ComponentDeclaration[]): readonly number[] {
  const { protocol, port } = new URL(cluster.platform.gitops.url);
  const git = port !== '' ? Number(port) : protocol === 'ssh:' ? 22 : HTTPS;
  const declared = declarations
    .flatMap(({ workloads }) => Object.values(workloads))
    .flatMap(({ reaches }) => reaches ?? [])
    .flatMap((reach) => (reach.to === 'host' || reach.to === 'world' ? [reach.port] : []));
  return unique([HTTPS, git, ...declared]).filter((one) => one !== DNS);
}

function unique(ports: readonly number[]): readonly number[] {
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** What differs between kinds of cluster. */
export interface SecurityGroupsProps<Role extends NetworkRole> {
  /** @default - all */
  readonly roles?: readonly Role[];
  /** Further tags of the workers' group, such as Karpenter's. @default - none */
  readonly workerTags?: Readonly<Record<string, string>>;
}

/** A security group a role, and for each edge a rule at both of its ends. */
export function declareSecurityGroups<Role extends NetworkRole = NetworkRole>(
  scope: AwsScope,
  network: Network,
  edges: readonly NetworkEdge[],
  props: SecurityGroupsProps<Role> = {},
): Readonly<Record<Role, ec2.SecurityGroup>> {
  const { roles = NETWORK_ROLES, workerTags = {} } = props;
  const groups = Object.fromEntries(
    roles.map((role) => [
      role,
      new ec2.SecurityGroup(
        `group-${role}`,
        {
          vpcId: network.vpcId,
          description: `${scope.cluster.name}: ${role}`,
          // Rules stand for themselves: the cloud controller adds its own to the workers' group, the one it finds by tag.
          tags: tags(
            scope,
            'network',
            `group-${role}`,
            role === 'worker' ? { ...ownedTag(scope.cluster), ...workerTags } : {},
          ),
        },
        child(scope, { ignoreChanges: ['ingress', 'egress'] }),
      ),
    ]),
  ) as Record<NetworkRole, ec2.SecurityGroup>;
  for (const edge of edges) declareEdge(scope, groups, edge);
  return groups;
}

function declareEdge(scope: AwsScope, groups: SecurityGroups, edge: NetworkEdge): void {
  const { from, to, protocol, ports, why } = edge;
  const source = typeof from === 'string' ? from : from.range;
  const name = `${source}-to-${to}-${protocol}-${ports[0]}`;
  const rule = {
    ipProtocol: protocol,
    fromPort: ports[0],
    toPort: ports[1],
    description: description(why),
    tags: tags(scope, 'network', name),
  };
  const peer = (
    end: NetworkEdge['from'] | 'world',
  ): { cidrIpv4: string } | { referencedSecurityGroupId: pulumi.Output<string> } =>
    end === 'world'
      ? { cidrIpv4: '0.0.0.0/0' }
      : typeof end === 'string'
        ? { referencedSecurityGroupId: groups[end].id }
        : { cidrIpv4: end.range };
  if (to !== 'world') {
    new vpc.SecurityGroupIngressRule(name, { ...rule, securityGroupId: groups[to].id, ...peer(from) }, child(scope));
  }
  if (typeof from === 'string') {
    new vpc.SecurityGroupEgressRule(name, { ...rule, securityGroupId: groups[from].id, ...peer(to) }, child(scope));
  }
}

/** AWS takes only these characters in a rule's description. */
function description(text: string): string {
  return text.replace(/[^a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]/g, '');
}
