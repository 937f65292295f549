import { arnOf, type Graph, type GraphNode } from './aws-graph';

/** All resources of a type, by the last part of its name: `Vpc`, or `ssm:Association` where two modules have one. */
export function all(graph: Graph, type: string): readonly GraphNode[] {
  const [kind = '', module] = type.split(':').reverse();
  return graph.nodes.filter(
    (node) => node.type.endsWith(`:${kind}`) && (module === undefined || node.type.startsWith(`aws:${module}/`)),
  );
}

/** The one resource of that type and name. */
export function one(graph: Graph, type: string, name: string): GraphNode | undefined {
  return all(graph, type).find((node) => node.name === name);
}

/** A field of the inputs by its path. */
export function field(node: GraphNode | undefined, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], node?.inputs);
}

/** A field that is a text; empty where it is none. */
export function text(node: GraphNode | undefined, path: string): string {
  const value = field(node, path);
  return typeof value === 'string' ? value : '';
}

/** A field that is a list; empty where it is none. */
export function list<T = string>(node: GraphNode | undefined, path: string): readonly T[] {
  const value = field(node, path);
  return Array.isArray(value) ? (value as T[]) : [];
}

/** True where a value of the node's inputs is the other's id or ARN. */
export function refers(node: GraphNode, path: string, to: GraphNode | undefined): boolean {
  if (!to) return false;
  const value = field(node, path);
  const found = Array.isArray(value) ? value : [value];
  return found.includes(to.id) || found.includes(arnOf(to.type, to.name));
}

/** A statement of a policy, every field that may be one word or several a list. */
export interface PolicyStatement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly principals: readonly string[];
  readonly conditions: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Statements of a policy's JSON. */
export function statements(policy: string): readonly PolicyStatement[] {
  const { Statement } = JSON.parse(policy) as { Statement: Record<string, unknown>[] };
  const words = (value: unknown): string[] =>
    value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)];
  return Statement.map(({ Effect, Action, Resource, Principal, Condition }) => ({
    effect: String(Effect),
    actions: words(Action),
    resources: words(Resource),
    principals:
      typeof Principal === 'object' && Principal !== null ? Object.values(Principal).flatMap(words) : words(Principal),
    conditions: (Condition ?? {}) as PolicyStatement['conditions'],
  }));
}

/** Role policies with the role's logical name. */
export function rolePolicies(
  graph: Graph,
): readonly { readonly name: string; readonly statements: readonly PolicyStatement[] }[] {
  return all(graph, 'RolePolicy').map((node) => ({ name: node.name, statements: statements(text(node, 'policy')) }));
}

/** First and last address of a range of IPv4, as numbers. */
export function bounds(cidr: string): readonly [number, number] {
  const [address = '', length = ''] = cidr.split('/');
  const first = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return [first, first + 2 ** (32 - Number(length)) - 1];
}

/** Complains where the condition does not hold. */
export function unless(holds: boolean, violation: string): readonly string[] {
  return holds ? [] : [violation];
}
