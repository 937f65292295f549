import type { RawSchema } from '../raw-schema';

/** Stands for a status that has a subresource of its own: the API server drops it from what is applied. */
export const IGNORED: RawSchema = { nullable: true, 'x-kubernetes-preserve-unknown-fields': true };

/** Keywords whose value is kept as it is. */
const PLAIN = [
  '$ref',
  'type',
  'nullable',
  'format',
  'required',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'default',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
] as const;

/**
 * A schema without prose and without what decides nothing; keys in one order, so that the data is the same every time.
 * A reference with a default, which the API server writes as `allOf` of one, becomes a plain reference.
 */
export function strip(schema: RawSchema): RawSchema {
  const { allOf } = schema;
  if (allOf?.length === 1 && allOf[0]!.$ref) return { ...strip(allOf[0]!), ...pick(schema) };
  const result: Record<string, unknown> = pick(schema);
  if (schema.properties) {
    const names = Object.keys(schema.properties).sort();
    result.properties = Object.fromEntries(names.map((name) => [name, strip(schema.properties![name]!)]));
  }
  const { additionalProperties: additional } = schema;
  if (additional !== undefined) {
    result.additionalProperties = typeof additional === 'boolean' ? additional : strip(additional);
  }
  if (schema.items) result.items = strip(schema.items);
  if (schema.not) result.not = strip(schema.not);
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const) if (schema[key]) result[key] = schema[key].map(strip);
  return result;
}

function pick(schema: RawSchema): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const key of PLAIN) if (schema[key] !== undefined) result[key] = schema[key];
  if (schema.$ref) result.$ref = schema.$ref.replace('#/components/schemas/', '');
  return result;
}
