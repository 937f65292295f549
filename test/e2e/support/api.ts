import { setTimeout as sleep } from 'node:timers/promises';
import { databaseCrd } from '../../../src/schemas/generate/composite';
import { readCrds, type Crd } from '../../../src/schemas/generate/crds';
import type { ApiAnswer, ApiServer } from '../../../src/engines';

/** As much of a Kubernetes object as it takes to send one. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly uid?: string;
    readonly generation?: number;
    readonly resourceVersion?: string;
  };
  readonly [field: string]: unknown;
}

/** Requests under way at once: more only queue in the API server of a small machine. */
const PARALLEL = 12;
/** How long definitions may take until their kinds are served, in milliseconds. */
const SERVED_TIMEOUT = 120_000;

/** A kind as `<apiVersion> <kind>`. */
export function kindOf({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): string {
  return `${apiVersion} ${kind}`;
}

/** Runs an action on every item, a dozen at a time, and gives the results in the items' order. */
export async function onEach<T, R>(items: readonly T[], action: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      results[i] = await action(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return results;
}

/** The objects of a running API server, by kind and name. What it serves is asked once: install definitions first. */
export class Api {
  private constructor(
    private readonly server: ApiServer,
    private readonly resources: ReadonlyMap<string, { readonly plural: string; readonly namespaced: boolean }>,
  ) {}

  static async of(server: ApiServer): Promise<Api> {
    const resources = new Map<string, { plural: string; namespaced: boolean }>();
    for (const path of ['/api', '/apis']) {
      const { body } = await server.request('GET', path, undefined, {
        accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      });
      for (const { metadata, versions } of (body as Discovery).items) {
        for (const { version, resources: served } of versions) {
          const apiVersion = metadata.name ? `${metadata.name}/${version}` : version;
          for (const { resource, responseKind, scope } of served) {
            const key = `${apiVersion} ${responseKind.kind}`;
            if (!resources.has(key)) resources.set(key, { plural: resource, namespaced: scope === 'Namespaced' });
          }
        }
      }
    }
    return new Api(server, resources);
  }

  /** Whether the server has a kind, named `<apiVersion> <kind>`. */
  serves(kind: string): boolean {
    return this.resources.has(kind);
  }

  /** The object's own path. Throws where its kind is not served or it does not say its namespace. */
  path({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): string {
    const resource = this.resources.get(`${apiVersion} ${kind}`);
    if (!resource) throw new Error(`${apiVersion} ${kind} is not served`);
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    if (!resource.namespaced) return `${root}/${resource.plural}/${name}`;
    if (!namespace) throw new Error(`${apiVersion} ${kind} ${name} says no namespace`);
    return `${root}/namespaces/${namespace}/${resource.plural}/${name}`;
  }

  /** Server-side apply as Argo CD's, but strict about fields. */
  apply(object: KubeObject, fieldManager = 'keelson'): Promise<ApiAnswer> {
    const query = `fieldManager=${fieldManager}&fieldValidation=Strict&force=true`;
    return this.server.request('PATCH', `${this.path(object)}?${query}`, object, {
      'content-type': 'application/apply-patch+yaml',
    });
  }

  /** The object as it is stored, `undefined` where there is none. */
  async get<T extends KubeObject>(
    apiVersion: string,
    kind: string,
    name: string,
    namespace?: string,
  ): Promise<T | undefined> {
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    const { status, body } = await this.server.request('GET', this.path({ apiVersion, kind, metadata }));
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`${kind} ${name}: ${status} ${messageOf(body)}`);
    return body as T;
  }

  /** Every object of a namespaced kind in one namespace. */
  async list<T extends KubeObject>(apiVersion: string, kind: string, namespace: string): Promise<readonly T[]> {
    const path = this.path({ apiVersion, kind, metadata: { name: '', namespace } }).replace(/\/$/, '');
    const { status, body } = await this.server.request('GET', path);
    if (status !== 200) throw new Error(`${kind}: ${status} ${messageOf(body)}`);
    return (body as { items: T[] }).items;
  }

  /**
   * Deletes objects, then namespaces, and lets the latter go at once, as there is no controller to empty them.
   * Kubernetes' own namespaces stay.
   */
  async remove(objects: readonly KubeObject[]): Promise<void> {
    const isNamespace = ({ apiVersion, kind }: KubeObject): boolean => apiVersion === 'v1' && kind === 'Namespace';
    const namespaces = objects.filter((one) => isNamespace(one) && !one.metadata.name.startsWith('kube-'));
    await onEach(
      objects.filter((one) => !isNamespace(one)),
      (one) => this.server.request('DELETE', this.path(one)),
    );
    await onEach(namespaces, async (one) => {
      await this.server.request('DELETE', this.path(one));
      const { apiVersion, kind, metadata } = one;
      const released = { apiVersion, kind, metadata: { name: metadata.name }, spec: { finalizers: [] } };
      await this.server.request('PUT', `${this.path(one)}/finalize`, released);
    });
  }
}

/**
 * Applies those definitions that the schemas are generated from and that hold one of the kinds (`<apiVersion> <kind>`),
 * and waits until all are served. Gives the add-on of each kind.
 */
export async function installCrds(server: ApiServer, kinds: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const installed = new Map<string, string>();
  const wanted: Crd[] = [];
  const brought = (await readCrds()).map(({ source, crds }) => ({ addOn: source.addOn, crds }));
  // Crossplane makes this one of a definition in the tree.
  for (const { addOn, crds } of [...brought, { addOn: 'databases', crds: [databaseCrd()] }]) {
    for (const crd of crds) {
      const own = kindsOf(crd).filter((kind) => kinds.has(kind));
      if (own.length > 0) wanted.push(crd);
      for (const kind of own) installed.set(kind, addOn);
    }
  }
  const root = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await onEach(wanted, async (crd) => {
    const { status, body } = await server.request(
      'PATCH',
      `${root}/${crd.metadata.name}?fieldManager=keelson&force=true`,
      crd,
      { 'content-type': 'application/apply-patch+yaml' },
    );
    if (status >= 300) throw new Error(`${crd.metadata.name}: ${messageOf(body)}`);
  });
  for (const deadline = Date.now() + SERVED_TIMEOUT; ; await sleep(500)) {
    const api = await Api.of(server);
    const missing = [...installed.keys()].filter((kind) => !api.serves(kind));
    if (missing.length === 0) return installed;
    if (Date.now() > deadline) throw new Error(`not served: ${missing.join(', ')}`);
  }
}

function kindsOf({ spec }: Crd): readonly string[] {
  return spec.versions.filter(({ served }) => served).map(({ name }) => `${spec.group}/${name} ${spec.names.kind}`);
}

/** What the API server says in an answer that is no object. */
export function messageOf(body: unknown): string {
  return typeof body === 'string' ? body : ((body as { message?: string }).message ?? JSON.stringify(body));
}

interface Discovery {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources: readonly {
        readonly resource: string;
        readonly responseKind: { readonly kind: string };
        readonly scope: string;
      }[];
    }[];
  }[];
}
