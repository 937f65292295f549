import Ajv, { type ValidateFunction } from 'ajv';
import fc from 'fast-check';
import { checkObject, schemaOf, type RawSchema, type SchemaRule } from '../../src/schemas';
import { definition } from '../../src/schemas/catalog';
import * as samples from './samples';

/** What JSON Schema can say; the rest (names, keys of lists, CEL, …) has tests of its own. */
const PLAIN: readonly SchemaRule[] = [
  'unknown-field',
  'type',
  'required',
  'enum',
  'pattern',
  'range',
  'length',
  'combination',
];

/** A structural schema as plain JSON Schema. */
function plain(schema: RawSchema, narrows = false): object {
  if (schema.$ref !== undefined) {
    const { $ref, ...own } = schema;
    return plain({ ...definition($ref), ...own }, narrows);
  }
  const { properties, format, required = [], allOf, anyOf, oneOf, not, nullable: _, default: __, ...rest } = schema;
  const result: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).filter(([key]) => !key.startsWith('x-') && key !== 'propertyNames'),
  );
  if (schema['x-kubernetes-int-or-string']) result.type = ['integer', 'string'];
  else if (format === 'quantity') result.type = ['number', 'string'];
  if (format === 'int32') Object.assign(result, { minimum: -(2 ** 31), maximum: 2 ** 31 - 1, ...minMax(schema) });
  if (schema.items) result.items = plain(schema.items, narrows);
  const needed = required.filter((name) => properties?.[name]?.default === undefined);
  if (needed.length > 0) result.required = needed;
  if (properties) {
    result.properties = Object.fromEntries(Object.entries(properties).map(([name, it]) => [name, plain(it, narrows)]));
    if (!narrows && !schema['x-kubernetes-preserve-unknown-fields']) result.additionalProperties = false;
  }
  if (typeof schema.additionalProperties === 'object') {
    result.additionalProperties = plain(schema.additionalProperties, narrows);
  }
  const parts = { allOf, oneOf, ...(schema['x-kubernetes-int-or-string'] ? {} : { anyOf }) };
  for (const [key, choices] of Object.entries(parts)) {
    if (choices) result[key] = choices.map((choice) => plain(choice, true));
  }
  if (not) result.not = plain(not, true);
  return result;
}

function minMax({ minimum, maximum }: RawSchema): object {
  return { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) };
}

/** Every place in a value, as the path to it. */
function places(value: unknown): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [[], ...entries.flatMap(([key, inner]) => places(inner).map((rest) => [key, ...rest]))];
}

const REMOVED = Symbol('removed');

function changed(object: object, path: readonly (string | number)[], value: unknown): object {
  const copy = structuredClone(object) as Record<string | number, unknown>;
  let place = copy;
  for (const step of path.slice(0, -1)) place = place[step] as Record<string | number, unknown>;
  const last = path.at(-1)!;
  if (value !== REMOVED) place[last] = value;
  else if (Array.isArray(place)) place.splice(last as number, 1);
  else delete place[last];
  return copy;
}

const value = fc.oneof(
  fc.constant(REMOVED),
  fc.constantFrom<unknown>('', 'x', '30s', '10%', 'Always', -1, 0, 80, 65_536, 2 ** 31, 1.5, true, [], {}, [{}], ['x']),
  fc.jsonValue({ maxDepth: 2 }).filter((json) => !JSON.stringify(json).includes('null')),
);

test.each([
  samples.deployment(),
  samples.networkPolicy(),
  samples.certificate(),
  samples.serviceMonitor(),
  samples.appProject(),
])('ajv and the walker agree on every change of one place ($kind)', (object) => {
  const schema = plain(schemaOf(object.apiVersion, object.kind)!);
  const validate: ValidateFunction = new Ajv({ strict: false, logger: false }).compile(schema);
  const spots = places(object).filter(([first, second]) => first === 'spec' && second !== undefined);
  fc.assert(
    fc.property(fc.constantFrom(...spots), value, (path, replacement) => {
      const mutant = changed(object, path, replacement);
      const problems = checkObject(mutant).filter(({ rule }) => PLAIN.includes(rule));
      expect({ mutant, accepted: problems.length === 0 }).toEqual({ mutant, accepted: validate(mutant) });
    }),
    { numRuns: 400 },
  );
});
