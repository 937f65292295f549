import type { Tree } from '../../src/gitops/tree';
import { type KubernetesObject, objectsIn } from './platforms';

/**
 * What ztunnel and a waypoint let through, as Istio documents AuthorizationPolicy and PeerAuthentication in ambient
 * mode: written for tests from those documents, and knowing nothing of how the policies were made.
 */
export class Mesh {
  private readonly policies: readonly KubernetesObject[];

  constructor(objects: readonly KubernetesObject[]) {
    this.policies = objects.filter(({ kind }) => ['AuthorizationPolicy', 'PeerAuthentication'].includes(kind));
  }

  /** The same without the policies that `drop` picks: for defects that a test plants. */
  without(drop: (policy: KubernetesObject) => boolean): Mesh {
    return new Mesh(this.policies.filter((policy) => !drop(policy)));
  }

  /** Whether ztunnel hands a connection to a Pod. Without an identity the connection is in plain text. */
  takes(pod: MeshPod, port: number, source?: Identity): boolean {
    if (source === undefined && this.modeOf(pod, port) === 'STRICT') return false;
    const about = this.of('AuthorizationPolicy', pod).filter(({ spec }) => spec.targetRefs === undefined);
    return judge(about, { port, ...(source ? { source } : {}) });
  }

  /** Whether the waypoint of a namespace hands a request on to a Service. */
  passes(
    namespace: string,
    service: string,
    request: { readonly source: Identity; method: string; path: string },
  ): boolean {
    const about = this.policies.filter(
      ({ kind, metadata, spec }) =>
        kind === 'AuthorizationPolicy' &&
        metadata.namespace === namespace &&
        ((spec.targetRefs ?? []) as { kind: string; name: string }[]).some(
          (target) =>
            (target.kind === 'Gateway' && target.name === 'waypoint') ||
            (target.kind === 'Service' && target.name === service),
        ),
    );
    return judge(about, request);
  }

  private of(kind: string, { namespace, labels = {} }: MeshPod): readonly KubernetesObject[] {
    return this.policies.filter(
      (policy) =>
        policy.kind === kind &&
        policy.metadata.namespace === namespace &&
        Object.entries((policy.spec.selector?.matchLabels ?? {}) as Record<string, string>).every(
          ([key, value]) => labels[key] === value,
        ),
    );
  }

  /** The policy with a selector goes before that of the namespace, and the port's word before the policy's. */
  private modeOf(pod: MeshPod, port: number): string {
    const policies = this.of('PeerAuthentication', pod);
    const policy = policies.find(({ spec }) => spec.selector !== undefined) ?? policies[0];
    if (policies.filter(({ spec }) => spec.selector === undefined && spec.portLevelMtls !== undefined).length > 0) {
      throw new Error('exceptions of a port need a selector');
    }
    return policy?.spec.portLevelMtls?.[String(port)]?.mode ?? policy?.spec.mtls?.mode ?? 'PERMISSIVE';
  }
}

export interface Identity {
  readonly namespace: string;
  readonly account: string;
}

interface MeshPod {
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Asked {
  readonly port?: number;
  readonly source?: Identity;
  readonly method?: string;
  readonly path?: string;
}

interface Rule {
  readonly from?: readonly { source: Readonly<Record<string, readonly string[]>> }[];
  readonly to?: readonly { operation: Readonly<Record<string, readonly string[]>> }[];
}

/** Policies of one cluster of a tree. */
export function meshOf(tree: Tree, cluster: string): Mesh {
  const paths = [...tree.files.keys()].filter((path) => path.startsWith(`clusters/${cluster}/`));
  return new Mesh(paths.flatMap((path) => objectsIn(tree, path)));
}

/** One that denies goes before all that allow; where any allows, one of them must. */
function judge(policies: readonly KubernetesObject[], asked: Asked): boolean {
  const hit = ({ spec }: KubernetesObject) => ((spec.rules ?? []) as Rule[]).some((rule) => ruleMatches(rule, asked));
  if (policies.some((policy) => policy.spec.action === 'DENY' && hit(policy))) return false;
  const allowing = policies.filter(({ spec }) => (spec.action ?? 'ALLOW') === 'ALLOW');
  return allowing.length === 0 || allowing.some(hit);
}

function ruleMatches({ from, to }: Rule, { source, port, method, path }: Asked): boolean {
  const principal = source && `cluster.local/ns/${source.namespace}/sa/${source.account}`;
  const fields: Readonly<Record<string, string | undefined>> = {
    principals: principal,
    namespaces: source?.namespace,
    ports: port === undefined ? undefined : String(port),
    methods: method,
    paths: path,
  };
  const all = (wanted: Readonly<Record<string, readonly string[]>>) =>
    Object.entries(wanted).every(([key, values]) => {
      const negative = /^not([A-Z])(.*)$/.exec(key);
      const field = negative ? `${negative[1]?.toLowerCase() ?? ''}${negative[2] ?? ''}` : key;
      if (!(field in fields)) throw new Error(`field ${key} is not known here`);
      const given = fields[field];
      const some = given !== undefined && values.some((value) => textMatches(value, given));
      return negative ? !some : some;
    });
  return (
    (from === undefined || from.some((one) => all(one.source))) &&
    (to === undefined || to.some((one) => all(one.operation)))
  );
}

/** A star at the end, at the beginning or alone. */
function textMatches(pattern: string, text: string): boolean {
  if (pattern === '*') return text !== '';
  if (pattern.endsWith('*')) return text.startsWith(pattern.slice(0, -1));
  if (pattern.startsWith('*')) return text.endsWith(pattern.slice(1));
  return text === pattern;
}
