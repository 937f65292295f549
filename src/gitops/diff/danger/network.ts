import { contains } from '../../../model/cidr';
import { at, brief, isMap, list, newItems, text } from '../values';
import { high, some, type ClusterContext, type Danger, type Judge, type Pair } from './danger';

/** Traffic that becomes possible. */
export const judgeNetwork: Judge = (pair, context) => {
  switch ((pair.after ?? pair.before)?.kind) {
    case 'NetworkPolicy':
      return policyDangers(pair, context);
    case 'CiliumNetworkPolicy':
    case 'CiliumClusterwideNetworkPolicy':
      return ciliumDangers(pair, context);
    case 'AuthorizationPolicy':
      return authorizationDangers(pair, context);
    case 'PeerAuthentication':
      return peerDangers(pair);
    case 'Service':
      return serviceDangers(pair);
    case 'Gateway':
      return gatewayDangers(pair);
    default:
      return [];
  }
};

/** Whether an added object meets traffic that was closed before, or a removed one leaves some to open. */
function concernsExisting({ before, after }: Pair, context: ClusterContext): boolean {
  const namespace = (after ?? before)?.namespace;
  if (before && after) return true;
  if (namespace === undefined) return !context.isNew;
  return before ? !context.goneNamespaces.has(namespace) : !context.isNew && !context.newNamespaces.has(namespace);
}

function policyDangers(pair: Pair, context: ClusterContext): Danger[] {
  const { before, after } = pair;
  if (!concernsExisting(pair, context)) return [];
  if (!after) return [high('opens the network: the policy no longer closes it')];
  const dangers: Danger[] = [];
  for (const [direction, peers] of [
    ['Ingress', 'from'],
    ['Egress', 'to'],
  ] as const) {
    const closed = before && directions(before.body).has(direction);
    if (closed && !directions(after.body).has(direction)) {
      dangers.push(high(`opens the network: ${direction.toLowerCase()} is no longer closed`));
      continue;
    }
    // A direction that this policy did not close can only be closed by it, unless another policy had closed it.
    if (before && !closed) continue;
    const field = direction.toLowerCase();
    const old = openings(at(before?.body, 'spec', field), peers);
    const wider = openings(at(after.body, 'spec', field), peers).filter(
      (each) => !old.some((known) => covers(known, each)),
    );
    if (wider.length > 0) dangers.push(high(`opens ${field} ${peers} ${some(wider.map(openingName))}`));
  }
  if (
    before &&
    newItems([at(before.body, 'spec', 'podSelector')], [at(after.body, 'spec', 'podSelector')]).length > 0
  ) {
    dangers.push(high(`now selects other Pods: ${brief(at(after.body, 'spec', 'podSelector'))}`));
  }
  return dangers;
}

/** What Kubernetes takes for the policy's types where it names none. */
function directions(policy: unknown): Set<unknown> {
  const types = list(at(policy, 'spec', 'policyTypes'));
  if (types.length > 0) return new Set(types);
  return new Set(list(at(policy, 'spec', 'egress')).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']);
}

/** One peer on one port; undefined stands for all. */
interface Opening {
  readonly peer?: unknown;
  readonly port?: unknown;
}

function openings(rules: unknown, peersField: string): Opening[] {
  return list(rules).flatMap((rule) => {
    const peers = list(at(rule, peersField));
    const ports = list(at(rule, 'ports'));
    return (peers.length > 0 ? peers : [undefined]).flatMap((peer) =>
      (ports.length > 0 ? ports : [undefined]).map((port) => ({ peer, port })),
    );
  });
}

function covers(known: Opening, opening: Opening): boolean {
  return covered(known.peer, opening.peer) && (known.port === undefined || same(known.port, opening.port));
}

function covered(known: unknown, peer: unknown): boolean {
  if (known === undefined || same(known, peer)) return true;
  const outer = text(at(known, 'ipBlock', 'cidr'));
  const inner = text(at(peer, 'ipBlock', 'cidr'));
  if (outer === undefined || inner === undefined) return false;
  // An exception that is gone opens what it kept out.
  const kept = list(at(known, 'ipBlock', 'except'));
  if (newItems(at(peer, 'ipBlock', 'except'), kept).length > 0) return false;
  try {
    return contains(outer, inner);
  } catch {
    return false;
  }
}

function same(a: unknown, b: unknown): boolean {
  return newItems([a], [b]).length === 0;
}

function openingName({ peer, port }: Opening): string {
  const where = peer === undefined ? 'everywhere' : (text(at(peer, 'ipBlock', 'cidr')) ?? JSON.stringify(peer));
  const number = at(port, 'port');
  const on = port === undefined || number === undefined ? 'every port' : `port ${String(number)}`;
  return `${where} on ${on}`;
}

function ciliumDangers(pair: Pair, context: ClusterContext): Danger[] {
  const { before, after } = pair;
  if (!concernsExisting(pair, context)) return [];
  if (!after) return [high('opens the network: the policy no longer closes it')];
  const rules = (body: unknown, field: string): unknown[] =>
    [at(body, 'spec'), ...list(at(body, 'specs'))].flatMap((spec) => list(at(spec, field)));
  const dangers: Danger[] = [];
  for (const direction of ['ingress', 'egress']) {
    const wider = newItems(rules(before?.body, direction), rules(after.body, direction)).filter(
      (rule) => !isMap(rule) || Object.keys(rule).length > 0,
    );
    if (wider.length > 0) dangers.push(high(`opens ${direction} ${some(wider)}`));
    const denied = newItems(rules(after.body, `${direction}Deny`), rules(before?.body, `${direction}Deny`));
    if (denied.length > 0) dangers.push(high(`no longer denies ${direction} ${some(denied)}`));
    const off = (body: unknown): boolean => at(body, 'spec', 'enableDefaultDeny', direction) === false;
    if (before && off(after.body) && !off(before.body))
      dangers.push(high(`opens the network: ${direction} is no longer closed`));
  }
  for (const selector of before ? ['endpointSelector', 'nodeSelector'] : []) {
    const [old, now] = [at(before?.body, 'spec', selector), at(after.body, 'spec', selector)];
    if (!same(old, now)) dangers.push(high(`now selects others: ${brief(now)}`));
  }
  return dangers;
}

function authorizationDangers(pair: Pair, context: ClusterContext): Danger[] {
  const { before, after } = pair;
  if (!concernsExisting(pair, context)) return [];
  if (!after) return [high('opens the mesh: the policy no longer closes it')];
  const action = text(at(after.body, 'spec', 'action')) ?? 'ALLOW';
  if (before && (text(at(before.body, 'spec', 'action')) ?? 'ALLOW') !== action) return [high(`now acts by ${action}`)];
  const old = at(before?.body, 'spec', 'rules');
  const now = at(after.body, 'spec', 'rules');
  const opened = action === 'DENY' ? newItems(now, old) : action === 'ALLOW' ? newItems(old, now) : [];
  return opened.length > 0 ? [high(`opens the mesh to ${some(opened)}`)] : [];
}

const modes = ['DISABLE', 'PERMISSIVE', 'STRICT'];

function peerDangers({ before, after }: Pair): Danger[] {
  const mode = (body: unknown): string => text(at(body, 'spec', 'mtls', 'mode')) ?? 'UNSET';
  if (!before) return [];
  const [old, now] = [mode(before.body), mode(after?.body)];
  return modes.indexOf(now) < modes.indexOf(old) ? [high(`lowers mutual TLS from ${old} to ${now}`)] : [];
}

function serviceDangers({ before, after }: Pair): Danger[] {
  if (!after) return [];
  const type = (body: unknown): string => text(at(body, 'spec', 'type')) ?? 'ClusterIP';
  const now = type(after.body);
  const isOpen = now === 'LoadBalancer' || now === 'NodePort';
  const addresses = newItems(at(before?.body, 'spec', 'externalIPs'), at(after.body, 'spec', 'externalIPs'));
  return [
    ...(isOpen && now !== type(before?.body) ? [high(`opens the Service to the outside: ${now}`)] : []),
    ...(addresses.length > 0 ? [high(`takes outside addresses: ${some(addresses)}`)] : []),
  ];
}

function gatewayDangers({ before, after }: Pair): Danger[] {
  if (!before || !after) return [];
  const listeners = newItems(at(before.body, 'spec', 'listeners'), at(after.body, 'spec', 'listeners'));
  return listeners.length > 0 ? [high(`listens anew: ${some(listeners)}`)] : [];
}
