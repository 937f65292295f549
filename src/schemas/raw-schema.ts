/** One validation rule in CEL, as a CustomResourceDefinition writes it. */
export interface RawCelRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/**
 * A structural schema as generated: the parts of OpenAPI that decide whether an object is accepted.
 * `$ref` names an entry of the shared definitions.
 */
export interface RawSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly nullable?: boolean;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, RawSchema>>;
  readonly additionalProperties?: RawSchema | boolean;
  readonly required?: readonly string[];
  readonly items?: RawSchema;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly propertyNames?: RawSchema;
  readonly default?: unknown;
  readonly allOf?: readonly RawSchema[];
  readonly anyOf?: readonly RawSchema[];
  readonly oneOf?: readonly RawSchema[];
  readonly not?: RawSchema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-validations'?: readonly RawCelRule[];
}

/** What a part of the data was generated from. */
export interface SchemaSource {
  readonly name: string;
  readonly version: string;
  readonly from: string;
  readonly note?: string;
}

/** `data/core.json`: the built-in kinds of Kubernetes and the definitions that they share. */
export interface CoreData {
  readonly source: SchemaSource;
  /** By apiVersion and kind: name of the definition, and whether objects have a namespace. */
  readonly kinds: KindTable<readonly [definition: string, namespaced: boolean]>;
  readonly definitions: Readonly<Record<string, RawSchema>>;
}

/** `data/crds.json`: the index of `data/crds/<group>/<version>/<kind>.json`, one schema a file. */
export interface CrdIndex {
  readonly sources: readonly SchemaSource[];
  /** By apiVersion and kind: position in `sources`, and whether objects have a namespace. */
  readonly kinds: KindTable<readonly [source: number, namespaced: boolean]>;
}

/** Something about each kind, by apiVersion and kind. */
export type KindTable<T> = Readonly<Record<string, Readonly<Record<string, T>>>>;
