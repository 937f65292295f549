import type { Tree } from '../../src/gitops/tree';
import { type KubernetesObject, objectsIn } from './platforms';

/**
 * Where a request to the shared Gateway goes, as Gateway API documents it: written for tests from its documents, and
 * knowing nothing of how listeners and routes were made.
 */
export class Routes {
  private readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;

  constructor(private readonly objects: readonly KubernetesObject[]) {
    this.namespaces = new Map(
      objects
        .filter(({ kind }) => kind === 'Namespace')
        .map(({ metadata }) => [metadata.name, { 'kubernetes.io/metadata.name': metadata.name, ...metadata.labels }]),
    );
  }

  /** The same with more objects, such as somebody's own route. */
  with(...more: readonly KubernetesObject[]): Routes {
    return new Routes([...this.objects, ...more]);
  }

  /** `<namespace>/<service>:<port>` that answers over HTTPS, undefined where nobody does. */
  answers(host: string, path: string, method = 'GET'): string | undefined {
    const matches = this.attached(host).flatMap(({ metadata, spec }) =>
      (spec.rules as Rule[]).flatMap((rule) =>
        (rule.matches ?? [{}]).map((match) => ({ match, rule, namespace: metadata.namespace ?? '' })),
      ),
    );
    const fitting = matches.filter(
      ({ match }) => covers(match.path?.value ?? '/', path) && (match.method ?? method) === method,
    );
    // The longest prefix goes first, then whoever names the method.
    const [best] = fitting.sort(
      (a, b) =>
        (b.match.path?.value ?? '/').length - (a.match.path?.value ?? '/').length ||
        Number(b.match.method !== undefined) - Number(a.match.method !== undefined),
    );
    const backend = best?.rule.backendRefs?.[0];
    return best && backend && `${backend.namespace ?? best.namespace}/${backend.name}:${backend.port}`;
  }

  /** Namespaces whose routes are taken for a host. */
  namespacesFor(host: string): readonly string[] {
    return [...new Set(this.attached(host).map(({ metadata }) => metadata.namespace ?? ''))].sort();
  }

  private attached(host: string): readonly KubernetesObject[] {
    const listeners = this.listeners().filter(({ listener }) => fits(listener.hostname, host));
    // The listener that names the host itself goes before one with a wildcard.
    const exact = listeners.filter(({ listener }) => listener.hostname === host);
    return (exact.length > 0 ? exact : listeners).flatMap(({ owner, listener }) =>
      this.objects.filter(
        ({ kind, metadata, spec }) =>
          kind === 'HTTPRoute' &&
          (spec.parentRefs as Parent[]).some(
            (parent) =>
              (parent.kind ?? 'Gateway') === owner.kind &&
              parent.name === owner.metadata.name &&
              (parent.namespace ?? metadata.namespace) === owner.metadata.namespace &&
              (parent.sectionName ?? listener.name) === listener.name,
          ) &&
          ((spec.hostnames ?? ['*']) as string[]).some((name) => fits(name, host)) &&
          this.lets(listener, owner, metadata.namespace ?? ''),
      ),
    );
  }

  /** HTTPS listeners of the Gateway, its own and those of sets that it lets in. */
  private listeners(): readonly { owner: KubernetesObject; listener: Listener }[] {
    const gateways = this.objects.filter(
      ({ kind, metadata }) => kind === 'Gateway' && metadata.namespace === 'gateway',
    );
    const sets = this.objects.filter(
      ({ kind, metadata, spec }) =>
        kind === 'ListenerSet' &&
        gateways.some(
          (gateway) =>
            spec.parentRef.name === gateway.metadata.name &&
            (spec.parentRef.namespace ?? metadata.namespace) === gateway.metadata.namespace &&
            gateway.spec.allowedListeners?.namespaces?.from === 'Same' &&
            metadata.namespace === gateway.metadata.namespace,
        ),
    );
    return [...gateways, ...sets].flatMap((owner) =>
      (owner.spec.listeners as Listener[])
        .filter(({ protocol }) => protocol === 'HTTPS')
        .map((listener) => ({ owner, listener })),
    );
  }

  private lets({ allowedRoutes }: Listener, owner: KubernetesObject, namespace: string): boolean {
    const { from = 'Same', selector } = allowedRoutes?.namespaces ?? {};
    if (from === 'Same') return owner.metadata.namespace === namespace;
    if (from !== 'Selector') return true;
    const labels = this.namespaces.get(namespace) ?? {};
    return (
      Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
      (selector?.matchExpressions ?? []).every(
        ({ key, operator }) => (operator === 'DoesNotExist') === !(key in labels),
      )
    );
  }
}

interface Parent {
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
  readonly sectionName?: string;
}

interface Listener {
  readonly name: string;
  readonly hostname?: string;
  readonly protocol: string;
  readonly allowedRoutes?: {
    readonly namespaces?: {
      readonly from?: string;
      readonly selector?: {
        readonly matchLabels?: Readonly<Record<string, string>>;
        readonly matchExpressions?: readonly { key: string; operator: string }[];
      };
    };
  };
}

interface Rule {
  readonly matches?: readonly { path?: { value: string }; method?: string }[];
  readonly backendRefs?: readonly { name: string; port: number; namespace?: string }[];
}

/** Everything of one cluster of a tree. */
export function routesOf(tree: Tree, cluster: string): Routes {
  const paths = [...tree.files.keys()].filter((path) => path.startsWith(`clusters/${cluster}/`));
  return new Routes(paths.flatMap((path) => objectsIn(tree, path)));
}

function fits(pattern: string | undefined, host: string): boolean {
  if (pattern === undefined || pattern === '*') return true;
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : pattern === host;
}

/** A prefix ends at a part of the path. */
function covers(prefix: string, path: string): boolean {
  const bare = prefix.replace(/\/$/, '');
  return path === bare || path.startsWith(`${bare}/`);
}
