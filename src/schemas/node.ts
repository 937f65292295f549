import { definition } from './catalog';
import { FORMATS, type Format } from './formats';
import type { RawCelRule, RawSchema } from './raw-schema';
import { compileRe2 } from './re2';

/** JSON types as bits, so that one comparison tells whether a value's type is allowed. */
export const TYPE = { object: 1, array: 2, string: 4, integer: 8, number: 16, boolean: 32, null: 64 } as const;

/**
 * One schema made ready for walking. Its children are made when the first value reaches them, so that a kind costs
 * only what its objects use.
 */
export interface SchemaNode {
  readonly raw: RawSchema;
  /** Built-in kinds are decoded into Go structs, where `null` is as good as a field left out. */
  readonly builtIn: boolean;
  /** Only narrows another schema (inside `allOf`, `anyOf`, `oneOf`, `not`): knows nothing of other fields. */
  readonly narrows: boolean;
  /** Allowed types as bits; 0 allows any. */
  readonly types: number;
  readonly required: readonly string[];
  readonly enumeration?: ReadonlySet<unknown>;
  readonly pattern?: RegExp;
  readonly format?: Format;
  readonly minimum: number;
  readonly maximum: number;
  readonly keys?: SchemaNode;
  readonly rules: readonly RawCelRule[];
  /** Whether a value needs more than its type, `properties` and `items` looked at. */
  readonly combines: boolean;
  /** Made by `childrenOf`. */
  children?: Children;
}

/** What lies below a node. */
export interface Children {
  readonly properties: ReadonlyMap<string, SchemaNode>;
  /** Schema of fields that `properties` does not name; `true` allows anything, `undefined` refuses them. */
  readonly others: SchemaNode | true | undefined;
  readonly items?: SchemaNode;
  /** Fields that the API server fills in before it looks at combinations. */
  readonly defaults: Readonly<Record<string, unknown>> | undefined;
  readonly allOf: readonly SchemaNode[];
  readonly anyOf: readonly SchemaNode[];
  readonly oneOf: readonly SchemaNode[];
  readonly not?: SchemaNode;
}

const INT32 = 2 ** 31;
const NONE: readonly never[] = [];
const EMBEDDED: RawSchema = {
  required: ['apiVersion', 'kind'],
  properties: { apiVersion: { type: 'string', minLength: 1 }, kind: { type: 'string', minLength: 1 } },
};

const prepared = new WeakMap<RawSchema, SchemaNode>();

/** Prepares a whole kind's schema. */
export function prepareRoot(raw: RawSchema, builtIn: boolean): SchemaNode {
  return prepare(raw, builtIn, false);
}

function prepare(schema: RawSchema, parentBuiltIn: boolean, narrows: boolean): SchemaNode {
  const known = prepared.get(schema);
  if (known) return known;
  const builtIn = parentBuiltIn || schema.$ref !== undefined;
  let raw = schema;
  if (schema.$ref !== undefined) {
    const { $ref, ...own } = schema;
    const target = definition($ref);
    if (Object.keys(own).length === 0) {
      const node = prepare(target, true, narrows);
      prepared.set(schema, node);
      return node;
    }
    raw = { ...target, ...own };
  }
  const node = makeNode(raw, builtIn, narrows);
  prepared.set(schema, node);
  return node;
}

function makeNode(raw: RawSchema, builtIn: boolean, narrows: boolean): SchemaNode {
  const intOrString = raw['x-kubernetes-int-or-string'] === true;
  const integer = raw.type === 'integer' || intOrString;
  const { minimum = -Infinity, maximum = Infinity } = raw;
  return {
    raw,
    builtIn,
    narrows,
    types: typesOf(raw, intOrString),
    required: (raw.required ?? NONE).filter((name) => raw.properties?.[name]?.default === undefined),
    enumeration: raw.enum && new Set(raw.enum.map(enumKey)),
    pattern: raw.pattern === undefined ? undefined : compileRe2(raw.pattern),
    format: raw.format === undefined ? undefined : FORMATS[raw.format],
    minimum: integer && raw.format === 'int32' ? Math.max(minimum, -INT32) : minimum,
    maximum: integer && raw.format === 'int32' ? Math.min(maximum, INT32 - 1) : maximum,
    keys: raw.propertyNames && makeNode(raw.propertyNames, builtIn, true),
    rules: raw['x-kubernetes-validations'] ?? NONE,
    combines: Boolean(
      raw.allOf ?? raw.oneOf ?? raw.not ?? raw['x-kubernetes-embedded-resource'] ?? (!intOrString && raw.anyOf),
    ),
  };
}

function typesOf(raw: RawSchema, intOrString: boolean): number {
  if (intOrString) return TYPE.integer | TYPE.string;
  if (raw.format === 'quantity') return TYPE.integer | TYPE.number | TYPE.string;
  if (raw.type === 'number') return TYPE.number | TYPE.integer;
  if (raw['x-kubernetes-embedded-resource']) return TYPE.object;
  return raw.type === undefined ? 0 : TYPE[raw.type as keyof typeof TYPE];
}

/** What a value is compared by in `enum`: itself, or its JSON where it is a list or an object. */
export function enumKey(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

/** What lies below a node, made on first use. */
export function childrenOf(node: SchemaNode): Children {
  return (node.children ??= makeChildren(node));
}

function makeChildren({ raw, builtIn, narrows }: SchemaNode): Children {
  const below = (schema: RawSchema): SchemaNode => prepare(schema, builtIn, narrows);
  const narrowing = (schemas: readonly RawSchema[] = NONE): SchemaNode[] =>
    schemas.map((schema) => prepare(schema, builtIn, true));
  const embedded = raw['x-kubernetes-embedded-resource'] === true;
  const properties = Object.entries(raw.properties ?? {});
  const preset = properties.filter(([, schema]) => schema.default !== undefined);
  return {
    properties: new Map(properties.map(([name, schema]) => [name, below(schema)])),
    others: othersOf(raw, builtIn, narrows, below),
    items: raw.items && below(raw.items),
    defaults:
      preset.length > 0 ? Object.fromEntries(preset.map(([name, schema]) => [name, schema.default])) : undefined,
    allOf: [...narrowing(raw.allOf), ...(embedded ? narrowing([EMBEDDED]) : NONE)],
    anyOf: raw['x-kubernetes-int-or-string'] ? NONE : narrowing(raw.anyOf),
    oneOf: narrowing(raw.oneOf),
    not: raw.not && prepare(raw.not, builtIn, true),
  };
}

function othersOf(
  raw: RawSchema,
  builtIn: boolean,
  narrows: boolean,
  below: (schema: RawSchema) => SchemaNode,
): SchemaNode | true | undefined {
  const { additionalProperties } = raw;
  if (typeof additionalProperties === 'object') return below(additionalProperties);
  if (additionalProperties === true || raw['x-kubernetes-preserve-unknown-fields'] || narrows) return true;
  // A built-in type without fields holds anything: RawExtension, FieldsV1, JSON.
  return builtIn && !raw.properties ? true : undefined;
}
