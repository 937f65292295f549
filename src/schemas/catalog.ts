import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CoreData, CrdIndex, RawSchema, SchemaSource } from './raw-schema';

export type { RawSchema } from './raw-schema';

/** A kind that there is a schema for. */
export interface KindInfo {
  /** Such as `apps/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Built into Kubernetes, or brought by a CustomResourceDefinition. */
  readonly builtIn: boolean;
  /** What the schema was generated from. */
  readonly source: SchemaSource;
}

interface Entry extends KindInfo {
  /** Name of the definition of a built-in kind. */
  readonly definition?: string;
}

interface Catalog {
  readonly definitions: Readonly<Record<string, RawSchema>>;
  readonly byVersion: ReadonlyMap<string, ReadonlyMap<string, Entry>>;
}

const DATA = path.join(__dirname, 'data');
let loaded: Catalog | undefined;

function catalog(): Catalog {
  return (loaded ??= load());
}

function load(): Catalog {
  const core = read('core.json') as CoreData;
  const crds = read('crds.json') as CrdIndex;
  const byVersion = new Map<string, Map<string, Entry>>();
  const add = (entry: Entry): void => {
    const kinds = byVersion.get(entry.apiVersion) ?? new Map<string, Entry>();
    byVersion.set(entry.apiVersion, kinds.set(entry.kind, entry));
  };
  for (const [apiVersion, kinds] of Object.entries(core.kinds)) {
    for (const [kind, [definition, namespaced]] of Object.entries(kinds)) {
      add({ apiVersion, kind, namespaced, builtIn: true, source: core.source, definition });
    }
  }
  for (const [apiVersion, kinds] of Object.entries(crds.kinds)) {
    for (const [kind, [source, namespaced]] of Object.entries(kinds)) {
      add({ apiVersion, kind, namespaced, builtIn: false, source: crds.sources[source]! });
    }
  }
  return { definitions: core.definitions, byVersion };
}

function read(...names: string[]): unknown {
  return JSON.parse(readFileSync(path.join(DATA, ...names), 'utf8'));
}

/** Every kind that there is a schema for, built-in ones first. */
export function kinds(): readonly KindInfo[] {
  return [...catalog().byVersion.values()].flatMap((byKind) => [...byKind.values()]);
}

/** The kind of that name in that version, if there is a schema for it. */
export function findKind(apiVersion: string, kind: string): KindInfo | undefined {
  return catalog().byVersion.get(apiVersion)?.get(kind);
}

/** The API version's kinds, if it is known. */
export function kindsOf(apiVersion: string): readonly string[] {
  return [...(catalog().byVersion.get(apiVersion)?.keys() ?? [])];
}

/**
 * The schema of a kind, `undefined` where there is none. References in it name shared definitions (`definition`).
 * A custom resource's is read from disk each time: keep what you need.
 */
export function schemaOf(apiVersion: string, kind: string): RawSchema | undefined {
  const entry = catalog().byVersion.get(apiVersion)?.get(kind);
  if (!entry) return undefined;
  if (entry.definition !== undefined) return definition(entry.definition);
  return read('crds', ...apiVersion.split('/'), `${kind}.json`) as RawSchema;
}

/** A shared definition that a `$ref` names. Throws when the data has no such definition. */
export function definition(name: string): RawSchema {
  const { definitions } = catalog();
  if (!Object.hasOwn(definitions, name)) throw new Error(`schema data lacks the definition ${name}`);
  return definitions[name]!;
}

/** Whether a kind's objects live in a namespace; `undefined` where the kind is unknown. */
export function isNamespaced(apiVersion: string, kind: string): boolean | undefined {
  return findKind(apiVersion, kind)?.namespaced;
}
