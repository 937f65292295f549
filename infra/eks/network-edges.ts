import type { Cluster } from '../../src/model/cluster';
import type { ComponentDeclaration } from '../../src/model/component';
import { type NetworkEdge, type NetworkRole, worldPorts } from '../aws/security-groups';

/** What network interfaces of an EKS cluster are for: AWS brings the balancer before the API itself. */
export const EKS_ROLES = ['control-plane', 'worker', 'endpoints', 'database'] as const satisfies readonly NetworkRole[];

const HTTPS = 443;
const KUBELET = 10250;
const POSTGRES = 5432;

/**
 * Every way through the network of an EKS cluster. Pods have addresses of the machines' own network: between machines
 * all is open here, and which Pod reaches which is said by the network policies of the tree, at both of their ends.
 */
export function eksEdges(cluster: Cluster, declarations: readonly ComponentDeclaration[]): readonly NetworkEdge[] {
  const tcp = (from: NetworkEdge['from'], to: NetworkEdge['to'], port: number, why: string): NetworkEdge => ({
    from,
    to,
    protocol: 'tcp',
    ports: [port, port],
    why,
  });
  const among = (protocol: NetworkEdge['protocol'], ports: readonly [number, number]): NetworkEdge => ({
    from: 'worker',
    to: 'worker',
    protocol,
    ports,
    why: 'Pods and machines, under network policies',
  });
  return [
    tcp('worker', 'control-plane', HTTPS, 'kubelets, Cilium and Pods find the API there'),
    tcp('control-plane', 'worker', KUBELET, 'logs, exec and port-forward'),
    ...calledPorts(declarations).map((port) =>
      tcp('control-plane', 'worker', port, 'webhooks and aggregated APIs of add-ons'),
    ),
    among('tcp', [0, 65535]),
    among('udp', [0, 65535]),
    among('icmp', [8, -1]),
    tcp('worker', 'endpoints', HTTPS, 'services of AWS'),
    tcp('worker', 'database', POSTGRES, 'databases of tenants'),
    ...worldPorts(cluster, declarations).map((port) => tcp('worker', 'world', port, 'images, certificates, git')),
  ];
}

/** Ports of Pods that the API server calls. */
function calledPorts(declarations: readonly ComponentDeclaration[]): readonly number[] {
  const ports = declarations
    .flatMap(({ workloads }) => Object.values(workloads))
    .flatMap(({ serves = {} }) => Object.values(serves))
    .filter(({ to }) => to.includes('api-server'))
    .map(({ port }) => port);
  return [...new Set(ports)].filter((port) => port !== KUBELET).sort((a, b) => a - b);
}
