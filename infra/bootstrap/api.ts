import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiAnswer } from '../../src/engines';
import { type KubeObject, nameOf } from './object';

/** All that the bootstrap asks of a connection to an API server. Rejects only when no answer comes. */
export interface Requester {
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
}

/** How an object is applied. */
export interface ApplyOptions {
  readonly fieldManager: string;
  /** True refuses fields that the API server does not know. @default false */
  readonly strict?: boolean;
  /** True changes nothing and gives what would be. @default false */
  readonly dryRun?: boolean;
}

/** An object as it is stored. */
export interface StoredObject extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly resourceVersion: string; readonly generation?: number };
  readonly status?: Readonly<Record<string, unknown>>;
}

/** Requests under way at once: more only queue in the API server of a small machine. */
const PARALLEL = 12;
/** Pauses before an answer that passes is asked for again, in milliseconds: 6.2 s in all. */
const PAUSES = [200, 500, 1000, 1500, 3000];
/** Conflict, too many requests, and a server that is just starting or going. */
const PASSING = [409, 429, 500, 502, 503, 504];
/** What server-side apply says of a field that there is not: with status 500, though it will say so for ever. */
const UNKNOWN_FIELD = /failed to create typed patch object/;

/** Runs an action on every item, a dozen at a time, and gives the results in the items' order. */
export async function onEach<T, R>(items: readonly T[], action: (item: T) => Promise<R>): Promise<readonly R[]> {
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

/** The objects of an API server, by kind and name. What it serves is asked once, and anew by `discover`. */
export class Api {
  private resources: ReadonlyMap<string, { readonly plural: string; readonly namespaced: boolean }> = new Map();

  constructor(private readonly requester: Requester) {}

  /** Asks what is served. Throws where the server does not say. */
  async discover(): Promise<void> {
    const found = new Map<string, { plural: string; namespaced: boolean }>();
    for (const path of ['/api', '/apis']) {
      const body = await this.send('GET', path, undefined, {
        accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      });
      for (const { metadata, versions } of (body as Discovery).items) {
        for (const { version, resources } of versions) {
          const apiVersion = metadata.name ? `${metadata.name}/${version}` : version;
          for (const { resource, responseKind, scope } of resources ?? []) {
            const key = `${apiVersion} ${responseKind.kind}`;
            if (!found.has(key)) found.set(key, { plural: resource, namespaced: scope === 'Namespaced' });
          }
        }
      }
    }
    this.resources = found;
  }

  serves(apiVersion: string, kind: string): boolean {
    return this.resources.has(`${apiVersion} ${kind}`);
  }

  /** Every `<group>/<version>` and `<group>/<version>/<Kind>`, as charts ask for them. */
  served(): readonly string[] {
    const kinds = [...this.resources.keys()].map((key) => key.split(' ') as [string, string]);
    return [...new Set(kinds.flatMap(([apiVersion, kind]) => [apiVersion, `${apiVersion}/${kind}`]))].sort();
  }

  /** The object with its namespace: one that names none stands in `fallback`, one of the whole cluster in none. */
  placed(object: KubeObject, fallback: string): KubeObject {
    const resource = this.resources.get(`${object.apiVersion} ${object.kind}`);
    if (!resource?.namespaced || object.metadata.namespace) return object;
    return { ...object, metadata: { ...object.metadata, namespace: fallback } };
  }

  /** Server-side apply: takes over whatever fields the object names. */
  async apply(object: KubeObject, { fieldManager, strict, dryRun }: ApplyOptions): Promise<StoredObject> {
    const query = `fieldManager=${fieldManager}&force=true&fieldValidation=${strict ? 'Strict' : 'Warn'}${dryRun ? '&dryRun=All' : ''}`;
    const body = await this.send('PATCH', `${this.path(object)}?${query}`, object, {
      'content-type': 'application/apply-patch+yaml',
    });
    return body as StoredObject;
  }

  /** The object as it is stored, `undefined` where there is none. */
  async get(object: KubeObject): Promise<StoredObject | undefined> {
    return (await this.send('GET', this.path(object), undefined, {}, [404])) as StoredObject | undefined;
  }

  private path(object: KubeObject): string {
    const { apiVersion, kind, metadata } = object;
    const resource = this.resources.get(`${apiVersion} ${kind}`);
    if (!resource) throw new Error(`${nameOf(object)}: the API server does not serve ${apiVersion} ${kind}`);
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    if (!resource.namespaced) return `${root}/${resource.plural}/${metadata.name}`;
    if (!metadata.namespace) throw new Error(`${nameOf(object)}: says no namespace`);
    return `${root}/namespaces/${metadata.namespace}/${resource.plural}/${metadata.name}`;
  }

  /** One request, again where its failure may pass. Gives undefined for a status that is `expected`. */
  private async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    expected: readonly number[] = [],
  ): Promise<unknown> {
    for (const pause of [...PAUSES, undefined]) {
      const answer = await this.requester.request(method, path, body, headers).catch((error: Error) => error);
      if (!(answer instanceof Error)) {
        if (answer.status < 300) return answer.body;
        if (expected.includes(answer.status)) return undefined;
      }
      const said = answer instanceof Error ? answer.message : `${answer.status} ${messageOf(answer.body)}`;
      const passes = answer instanceof Error || (PASSING.includes(answer.status) && !UNKNOWN_FIELD.test(said));
      if (!passes || pause === undefined) throw new Error(said);
      await sleep(pause);
    }
    throw new Error(`${method} ${path}: no answer`);
  }
}

/** What the API server says in an answer that is no object. */
function messageOf(body: unknown): string {
  return typeof body === 'string' ? body : ((body as { message?: string }).message ?? JSON.stringify(body));
}

interface Discovery {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind: { readonly kind: string };
        readonly scope: string;
      }[];
    }[];
  }[];
}
