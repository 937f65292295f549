import { BlockList, isIPv4 } from 'node:net';
import type { Tree } from '../../src/gitops/tree';
import { type KubernetesObject, objectsIn } from './platforms';

/**
 * Who reaches whom by the policies of a tree, as Kubernetes' NetworkPolicy and Cilium's CiliumNetworkPolicy are
 * documented: written for tests from those documents, and knowing nothing of how the policies were made.
 */

/** One end of a connection. */
export type End =
  | { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> }
  /** An identity of Cilium's own, such as `host`. */
  | { readonly entity: string }
  | { readonly address: string }
  /** A name outside, and an address that it leads to. */
  | { readonly host: string; readonly address?: string };

export interface Traffic {
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP';
  readonly request?: { readonly method: string; readonly path: string };
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { key: string; operator: string; values?: string[] }[];
}

type Direction = 'ingress' | 'egress';

type Pod = Extract<End, { namespace: string }>;

/** The policies of one cluster of a tree, of tenants and of add-ons. */
export function networkOf(tree: Tree, cluster: string): Network {
  const paths = [...tree.files.keys()].filter((path) => path.startsWith(`clusters/${cluster}/`));
  return new Network(paths.flatMap((path) => objectsIn(tree, path)));
}

export class Network {
  private readonly policies: readonly KubernetesObject[];
  private readonly namespaces = new Map<string, Readonly<Record<string, string>>>();

  constructor(objects: readonly KubernetesObject[]) {
    this.policies = objects.filter(({ kind }) => /^(Cilium)?NetworkPolicy$/.test(kind));
    for (const { kind, metadata } of objects) {
      if (kind !== 'Namespace') continue;
      this.namespaces.set(metadata.name, { 'kubernetes.io/metadata.name': metadata.name, ...metadata.labels });
    }
  }

  /** The same without the policies that `drop` picks: for defects that a test plants. */
  without(drop: (policy: KubernetesObject) => boolean): Network {
    const network = new Network(this.policies.filter((policy) => !drop(policy)));
    for (const [name, labels] of this.namespaces) network.namespaces.set(name, labels);
    return network;
  }

  /** The same with one policy more. */
  with(policy: KubernetesObject): Network {
    const network = new Network([...this.policies, policy]);
    for (const [name, labels] of this.namespaces) network.namespaces.set(name, labels);
    return network;
  }

  reaches(from: End, to: End, traffic: Traffic): boolean {
    return this.leaves(from, to, traffic) && this.enters(from, to, traffic);
  }

  /** Whether the calling side lets it out, whatever the other says. */
  leaves(from: End, to: End, traffic: Traffic): boolean {
    return !isPod(from) || this.allows('egress', from, to, traffic);
  }

  /** Whether the called side lets it in, whatever the other says. */
  enters(from: End, to: End, traffic: Traffic): boolean {
    return !isPod(to) || this.allows('ingress', to, from, traffic);
  }

  private allows(direction: Direction, pod: Pod, other: End, traffic: Traffic): boolean {
    const about = this.policies.filter((policy) => this.isAbout(policy, direction, pod));
    if (about.some((policy) => this.denies(policy, direction, pod, other))) return false;
    if (about.length === 0) return true;
    return about.some((policy) => this.allowedBy(policy, direction, pod, other, traffic));
  }

  private isAbout({ kind, metadata, spec }: KubernetesObject, direction: Direction, pod: Pod): boolean {
    if (metadata.namespace !== pod.namespace) return false;
    if (kind === 'CiliumNetworkPolicy') {
      return matches(spec.endpointSelector, pod.labels) && (spec[direction] ?? spec[`${direction}Deny`]) !== undefined;
    }
    const types = (spec.policyTypes ?? ['Ingress']) as string[];
    return matches(spec.podSelector, pod.labels) && types.some((type) => type.toLowerCase() === direction);
  }

  private denies({ spec }: KubernetesObject, direction: Direction, pod: Pod, other: End): boolean {
    const rules = (spec[`${direction}Deny`] ?? []) as CiliumRule[];
    return rules.some((rule) => this.ciliumPeer(rule, direction, pod, other));
  }

  private allowedBy(
    { kind, spec }: KubernetesObject,
    direction: Direction,
    pod: Pod,
    other: End,
    traffic: Traffic,
  ): boolean {
    if (kind === 'CiliumNetworkPolicy') {
      return ((spec[direction] ?? []) as CiliumRule[]).some(
        (rule) => this.ciliumPeer(rule, direction, pod, other) && ciliumPort(rule, traffic),
      );
    }
    return ((spec[direction] ?? []) as Rule[]).some((rule) => {
      const peers = direction === 'ingress' ? rule.from : rule.to;
      return (
        (peers === undefined || peers.length === 0 || peers.some((peer) => this.peer(peer, pod, other))) &&
        port(rule, traffic)
      );
    });
  }

  private peer({ podSelector, namespaceSelector, ipBlock }: Peer, pod: Pod, other: End): boolean {
    // Cilium's ranges are about what is outside of the cluster.
    if (ipBlock) return 'address' in other && other.address !== undefined && within(ipBlock.cidr, other.address);
    if (!isPod(other)) return false;
    const space = namespaceSelector
      ? matches(namespaceSelector, this.labelsOf(other.namespace))
      : other.namespace === pod.namespace;
    return space && matches(podSelector ?? {}, other.labels);
  }

  private ciliumPeer(rule: CiliumRule, direction: Direction, pod: Pod, other: End): boolean {
    const [endpoints, entities] =
      direction === 'ingress' ? [rule.fromEndpoints, rule.fromEntities] : [rule.toEndpoints, rule.toEntities];
    if ('entity' in other) return entities?.includes(other.entity) === true;
    if (isPod(other)) {
      return (endpoints ?? []).some((selector) => {
        const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => [
          key.replace(/^k8s:/, ''),
          value,
        ]);
        const wanted = { 'io.kubernetes.pod.namespace': pod.namespace, ...Object.fromEntries(labels) };
        return matches({ matchLabels: wanted }, { ...other.labels, 'io.kubernetes.pod.namespace': other.namespace });
      });
    }
    const { address } = other;
    if (address !== undefined && (rule.toCIDR ?? []).some((cidr) => within(cidr, address))) return true;
    if (entities?.includes('world')) return true;
    return 'host' in other && (rule.toFQDNs ?? []).some((name) => namesHost(name, other.host));
  }

  private labelsOf(namespace: string): Readonly<Record<string, string>> {
    return this.namespaces.get(namespace) ?? { 'kubernetes.io/metadata.name': namespace };
  }
}

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string };
}

interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { port: number; protocol?: string }[];
}

interface CiliumRule {
  readonly fromEndpoints?: readonly Selector[];
  readonly toEndpoints?: readonly Selector[];
  readonly fromEntities?: readonly string[];
  readonly toEntities?: readonly string[];
  readonly toCIDR?: readonly string[];
  readonly toFQDNs?: readonly { matchName?: string; matchPattern?: string }[];
  readonly toPorts?: readonly {
    ports: readonly { port: string; protocol: string }[];
    rules?: { http?: readonly { method?: string; path?: string }[] };
  }[];
}

function isPod(end: End): end is Pod {
  return 'namespace' in end;
}

function matches(selector: Selector | undefined, labels: Readonly<Record<string, string>> = {}): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator === 'Exists') return key in labels;
      if (operator === 'DoesNotExist') return !(key in labels);
      if (operator === 'In') return values.includes(labels[key] ?? '');
      throw new Error(`operator ${operator} is not known here`);
    })
  );
}

function port({ ports }: Rule, { port: wanted, protocol = 'TCP' }: Traffic): boolean {
  return ports === undefined || ports.some((one) => one.port === wanted && (one.protocol ?? 'TCP') === protocol);
}

function ciliumPort({ toPorts }: CiliumRule, { port: wanted, protocol = 'TCP', request }: Traffic): boolean {
  if (toPorts === undefined) return true;
  return toPorts.some(({ ports, rules }) => {
    if (!ports.some((one) => one.port === String(wanted) && ['ANY', protocol].includes(one.protocol))) return false;
    if (rules?.http === undefined) return true;
    // What is judged by request lets nothing else through.
    return rules.http.some(
      ({ method, path }) =>
        request !== undefined &&
        (method === undefined || new RegExp(`^(?:${method})$`).test(request.method)) &&
        (path === undefined || new RegExp(`^(?:${path})$`).test(request.path)),
    );
  });
}

/** In Cilium's patterns a star stands for part of one label. */
function namesHost({ matchName, matchPattern }: { matchName?: string; matchPattern?: string }, host: string): boolean {
  if (matchPattern === undefined) return matchName === host;
  return new RegExp(`^${matchPattern.replaceAll('.', '\\.').replaceAll('*', '[^.]*')}$`).test(host);
}

function within(cidr: string, address: string): boolean {
  const [base = '', length = ''] = cidr.split('/');
  const family = isIPv4(base) ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(base, Number(length), family);
  return isIPv4(address) === (family === 'ipv4') && list.check(address, family);
}
