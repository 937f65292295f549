import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { JsonObject } from './component';

/** Denies all traffic of a namespace's Pods, both ways: what other policies allow is all that there is. */
export function addDefaultDeny(scope: Construct, namespace: string, labels: Record<string, string>): void {
  new k8s.KubeNetworkPolicy(scope, 'default-deny', {
    metadata: { name: 'default-deny', namespace, labels },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
}

/** Name, namespace and labels of a policy; the name is its construct's too. */
export interface PolicyMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
}

/** A port as policies name it. */
export interface PolicyPort {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** Labels of the Pods that a policy is about; none for all of its namespace. */
export type PodLabels = Readonly<Record<string, string>>;

/** The other ends of one rule: any of these, on any of the ports. No ports are all. */
export interface PolicyRule {
  readonly peers: readonly k8s.NetworkPolicyPeer[];
  readonly ports?: readonly PolicyPort[];
}

/** Allows what its rules say, and denies nothing that another policy allows. Without rules it adds nothing. */
export function addNetworkPolicy(
  scope: Construct,
  metadata: PolicyMetadata,
  pods: PodLabels,
  { ingress = [], egress = [] }: { readonly ingress?: readonly PolicyRule[]; readonly egress?: readonly PolicyRule[] },
): void {
  if (ingress.length + egress.length === 0) return;
  const ports = (rule: PolicyRule) =>
    rule.ports?.map(({ port, protocol }) => ({ port: k8s.IntOrString.fromNumber(port), protocol }));
  new k8s.KubeNetworkPolicy(scope, metadata.name, {
    metadata: { ...metadata },
    spec: {
      podSelector: selector(pods),
      policyTypes: [...(ingress.length ? ['Ingress'] : []), ...(egress.length ? ['Egress'] : [])],
      ...(ingress.length ? { ingress: ingress.map((rule) => ({ from: [...rule.peers], ports: ports(rule) })) } : {}),
      ...(egress.length ? { egress: egress.map((rule) => ({ to: [...rule.peers], ports: ports(rule) })) } : {}),
    },
  });
}

/** Pods of a namespace as a peer: all of them, or those with the labels. */
export function podsOf(namespace: string, labels: PodLabels = {}): k8s.NetworkPolicyPeer {
  return {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    ...(Object.keys(labels).length ? { podSelector: { matchLabels: { ...labels } } } : {}),
  };
}

/** What only Cilium has a name for: rules as its CiliumNetworkPolicy spells them. Without rules it adds nothing. */
export function addCiliumPolicy(
  scope: Construct,
  metadata: PolicyMetadata,
  pods: JsonObject,
  rules: {
    readonly ingress?: readonly JsonObject[];
    readonly egress?: readonly JsonObject[];
    readonly egressDeny?: readonly JsonObject[];
  },
): void {
  const some = Object.fromEntries(Object.entries(rules).filter(([, list]) => list.length > 0));
  if (Object.keys(some).length === 0) return;
  new ApiObject(scope, `${metadata.name}-cilium`, {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { ...metadata },
    spec: { endpointSelector: pods, ...some },
  });
}

/** Ports as Cilium's policies spell them. */
export function ciliumPorts(ports: readonly PolicyPort[], rules?: JsonObject): JsonObject[] {
  return [
    { ports: ports.map(({ port, protocol }) => ({ port: String(port), protocol })), ...(rules ? { rules } : {}) },
  ];
}

/** Pods of a namespace as a peer of Cilium's. */
export function ciliumPodsOf(namespace: string, labels: PodLabels = {}): JsonObject {
  return {
    matchLabels: Object.fromEntries(
      Object.entries({ 'io.kubernetes.pod.namespace': namespace, ...labels }).map(([key, value]) => [
        `k8s:${key}`,
        value,
      ]),
    ),
  };
}

/** A name, or a pattern, that Cilium learns the addresses of. */
export function hostSelector(host: string): JsonObject {
  return host.includes('*') ? { matchPattern: host } : { matchName: host };
}

/** Names become addresses only where Cilium sees the answer: lookups go through its proxy for whoever reaches a host. */
export function seenLookups(dns: {
  readonly namespace: string;
  readonly labels: PodLabels;
  readonly port: number;
}): JsonObject {
  return {
    toEndpoints: [ciliumPodsOf(dns.namespace, dns.labels)],
    toPorts: [{ ports: [{ port: String(dns.port), protocol: 'ANY' }], rules: { dns: [{ matchPattern: '*' }] } }],
  };
}

function selector(pods: PodLabels): k8s.LabelSelector {
  return Object.keys(pods).length ? { matchLabels: { ...pods } } : {};
}
