import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Flow, Peer, ResolvedCluster } from '../../src/model/slices';
import type { AddOnFacet } from '../facet';
import { addOnLabels } from '../labels';
import { addDefaultDeny, hostSelector, seenLookups } from '../network';

/**
 * Both directions of every workload's traffic: denied by default, opened for the flows that were resolved.
 * What labels select is a NetworkPolicy; what only Cilium has an identity for is a CiliumNetworkPolicy. Cilium allows
 * what either allows.
 */
export const facet: AddOnFacet = {
  render(scope, { name, namespace, ownsNamespace, declaration, flows }, cluster) {
    const labels = addOnLabels(name);
    if (ownsNamespace) addDefaultDeny(scope, namespace, labels);
    for (const [workload, { labels: podLabels }] of Object.entries(declaration.workloads)) {
      const metadata = { name: `${name}-${workload}`, namespace, labels };
      const own = flows.filter((flow) => flow.workload === workload);
      addPolicy(scope, workload, metadata, podLabels, own);
      addCiliumPolicy(scope, `${workload}-cilium`, metadata, podLabels, own, cluster);
    }
  },
};

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
}

/** Peers that a Kubernetes NetworkPolicy can name. */
type SelectedPeer = Extract<Peer, { kind: 'pods' | 'tenants' | 'cluster' | 'cidr' }>;

function addPolicy(
  scope: Construct,
  id: string,
  metadata: Metadata,
  podLabels: Readonly<Record<string, string>>,
  flows: readonly Flow[],
): void {
  const selected = flows.filter(
    (flow): flow is Flow & { peer: SelectedPeer } => !['entities', 'host'].includes(flow.peer.kind),
  );
  if (selected.length === 0) return;
  const rules = (direction: Flow['direction']) =>
    byPeer(selected.filter((flow) => flow.direction === direction)).map(([{ peer }, some]) => ({
      peer: peerOf(peer),
      ports: portsOf(some),
    }));
  const ingress = rules('ingress').map(({ peer, ports }) => ({ from: [peer], ports }));
  const egress = rules('egress').map(({ peer, ports }) => ({ to: [peer], ports }));
  new k8s.KubeNetworkPolicy(scope, id, {
    metadata,
    spec: {
      podSelector: { matchLabels: { ...podLabels } },
      policyTypes: [...(ingress.length ? ['Ingress'] : []), ...(egress.length ? ['Egress'] : [])],
      ingress: ingress.length ? ingress : undefined,
      egress: egress.length ? egress : undefined,
    },
  });
}

function peerOf(peer: SelectedPeer): k8s.NetworkPolicyPeer {
  switch (peer.kind) {
    case 'pods':
      return {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': peer.namespace } },
        ...(Object.keys(peer.labels).length ? { podSelector: { matchLabels: { ...peer.labels } } } : {}),
      };
    case 'tenants':
      return { namespaceSelector: { matchExpressions: [{ key: 'tenant', operator: 'Exists' }] } };
    case 'cluster':
      return { namespaceSelector: {} };
    case 'cidr':
      return { ipBlock: { cidr: peer.cidr } };
  }
}

function portsOf(flows: readonly Flow[]): k8s.NetworkPolicyPort[] | undefined {
  const ports = flows.flatMap(({ port, protocol }) =>
    port === undefined ? [] : [{ port: k8s.IntOrString.fromNumber(port), protocol }],
  );
  return ports.length === flows.length ? ports : undefined;
}

function addCiliumPolicy(
  scope: Construct,
  id: string,
  metadata: Metadata,
  podLabels: Readonly<Record<string, string>>,
  flows: readonly Flow[],
  { dns }: ResolvedCluster,
): void {
  const special = flows.filter(({ peer }) => peer.kind === 'entities' || peer.kind === 'host');
  if (special.length === 0) return;
  const ingress = byPeer(special.filter(({ direction }) => direction === 'ingress')).map(([{ peer }, some]) => ({
    fromEntities: peer.kind === 'entities' ? [...peer.entities] : [],
    toPorts: ciliumPorts(some),
  }));
  const egress = byPeer(special.filter(({ direction }) => direction === 'egress')).map(([{ peer }, some]) => ({
    ...(peer.kind === 'host' ? { toFQDNs: [hostSelector(peer.host)] } : {}),
    ...(peer.kind === 'entities' ? { toEntities: [...peer.entities] } : {}),
    toPorts: ciliumPorts(some),
  }));
  const lookups = special.some(({ peer }) => peer.kind === 'host') ? [seenLookups(dns)] : [];
  new ApiObject(scope, id, {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata,
    spec: {
      endpointSelector: { matchLabels: { ...podLabels } },
      ...(ingress.length ? { ingress } : {}),
      ...(egress.length + lookups.length ? { egress: [...lookups, ...egress] } : {}),
    },
  });
}

function ciliumPorts(flows: readonly Flow[]): object[] {
  return [{ ports: flows.map(({ port, protocol }) => ({ port: String(port ?? 0), protocol })) }];
}

/** Flows of one peer together, in the order of their first appearance, each port once. */
function byPeer<F extends Flow>(flows: readonly F[]): [F, F[]][] {
  const groups = new Map<string, Map<string, F>>();
  for (const flow of flows) {
    const key = JSON.stringify(flow.peer);
    const ports = groups.get(key) ?? new Map<string, F>();
    ports.set(`${flow.protocol}/${flow.port ?? '*'}`, flow);
    groups.set(key, ports);
  }
  return [...groups.values()]
    .map((ports) => [...ports.values()])
    .flatMap((group) => (group[0] ? [[group[0], group] as [F, F[]]] : []));
}
