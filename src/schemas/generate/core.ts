import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiServer } from '../../engines';
import type { RawSchema } from '../raw-schema';
import { constrain } from './core-constraints';
import { IGNORED, strip } from './strip';

/** A built-in kind: where it stands in the definitions, and whether its objects have a namespace. */
export interface CoreKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly definition: string;
  readonly namespaced: boolean;
}

/** All built-in kinds that can be created, and every definition that they reach. */
export interface CoreSchemas {
  readonly kinds: readonly CoreKind[];
  readonly definitions: Readonly<Record<string, RawSchema>>;
}

interface Discovery {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources: readonly {
        readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
        readonly scope: 'Namespaced' | 'Cluster';
        readonly verbs: readonly string[];
      }[];
    }[];
  }[];
}

type Definition = RawSchema & {
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
};

const DISCOVERY = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' };

/** Reads the built-in kinds from a running API server: what its discovery serves, in the words of its OpenAPI. */
export async function readCore(server: ApiServer): Promise<CoreSchemas> {
  const served = [...(await discover(server, '/api')), ...(await discover(server, '/apis'))];
  const documents = await openApi(server, [...new Set(served.map(({ apiVersion }) => apiVersion))]);
  const all: Record<string, Definition> = Object.assign({}, ...documents);

  const byKind = new Map<string, string>();
  for (const [name, definition] of Object.entries(all)) {
    for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
      byKind.set(`${group ? `${group}/` : ''}${version} ${kind}`, name);
    }
  }
  const kinds = served.map((kind) => {
    const definition = byKind.get(`${kind.apiVersion} ${kind.kind}`);
    if (!definition) throw new Error(`${kind.apiVersion} ${kind.kind} is served but has no schema`);
    return { ...kind, definition };
  });

  const roots = new Set(kinds.map(({ definition }) => definition));
  const definitions: Record<string, RawSchema> = {};
  const reach = (name: string): void => {
    if (definitions[name]) return;
    const found = all[name];
    if (!found) throw new Error(`definition ${name} is referred to but missing`);
    const stripped = withoutZeroDefaults(strip(found));
    const drops = roots.has(name) && stripped.properties?.status;
    definitions[name] = drops ? { ...stripped, properties: { ...stripped.properties, status: IGNORED } } : stripped;
    for (const target of references(definitions[name])) reach(target);
  };
  for (const { definition } of kinds) reach(definition);
  return { kinds, definitions: constrain(definitions) };
}

async function discover(server: ApiServer, root: string): Promise<Omit<CoreKind, 'definition'>[]> {
  const { body } = await server.request('GET', root, undefined, DISCOVERY);
  return (body as Discovery).items.flatMap(({ metadata, versions }) =>
    versions.flatMap(({ version, resources }) =>
      resources
        .filter(({ verbs }) => verbs.includes('create'))
        .map(({ responseKind, scope }) => ({
          apiVersion: metadata.name ? `${metadata.name}/${version}` : version,
          kind: responseKind.kind,
          namespaced: scope === 'Namespaced',
        })),
    ),
  );
}

/** The definitions of every served version. The index fills only some time after the server says that it is ready. */
async function openApi(server: ApiServer, apiVersions: readonly string[]): Promise<Record<string, Definition>[]> {
  const wanted = apiVersions.map((version) => (version.includes('/') ? `apis/${version}` : `api/${version}`));
  for (let attempt = 0; attempt < 50; attempt++) {
    const { body } = await server.request('GET', '/openapi/v3');
    const paths = (body as { paths?: Record<string, { serverRelativeURL: string }> }).paths ?? {};
    if (wanted.every((name) => paths[name])) {
      const answers = await Promise.all(wanted.map((name) => server.request('GET', paths[name]!.serverRelativeURL)));
      return answers.map(
        (answer) => (answer.body as { components: { schemas: Record<string, Definition> } }).components.schemas,
      );
    }
    await sleep(200);
  }
  throw new Error('the API server does not publish OpenAPI for all that it serves');
}

/** Go's zero values stand as defaults at every built-in field that is not a pointer; they decide nothing. */
function withoutZeroDefaults(schema: RawSchema): RawSchema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    const zero = value === '' || value === 0 || value === false || (isObject(value) && !Object.keys(value).length);
    return key === 'default' && zero ? undefined : value;
  }) as RawSchema;
}

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
