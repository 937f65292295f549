import type { ErrorObject, ValidateFunction } from 'ajv';
import { settleAlternatives } from './alternatives';
import type { Fault } from './fault';
import type { Finding } from './finding';
import { formats } from './formats';
import { findImpurities, type Path } from './plain';
import { faultOf, missingFault, type Schema, unknownKeyFault } from './schema-fault';
import { looksSecret, oneLine } from './show';
import { nearest } from './suggest';

/** Where a value comes from, for its findings. */
export interface Where {
  /** File relative to the platform's root. */
  readonly file: string;
  /** Where the value stands in the file, such as `spec`. @default - at the top */
  readonly prefix?: string;
  /** Line of a field by its path inside the value. @default - unknown */
  readonly lineOf?: (path: Path) => number | undefined;
}

/** Faults of one scalar: the first that applies tells most, and the others follow from it. */
const ONE_A_VALUE = ['type', 'anyOf', 'oneOf', 'const', 'enum', 'minLength', 'maxLength', 'format', 'pattern'];
/** Told by the errors that come with them. */
const SUMMARIES = ['propertyNames', 'if'];

/** A fault at a place, before it is a finding. */
interface Located extends Fault {
  readonly rule: string;
  readonly path: Path;
  /** The offending value. @default - there is none to tell */
  readonly value?: unknown;
  /** Path of what a line can be given for. @default - `path` */
  readonly at?: Path;
}

const compiled = new WeakMap<object, ValidateFunction>();

/**
 * Checks a value against a JSON Schema (draft-07, with the formats of `formats.ts`) and that it is plain data. One
 * finding a fault, all at once; none where the value is valid. Nothing is coerced and no default filled in.
 */
export function validateShape(schema: object, value: unknown, where: Where): Finding[] {
  const impurities = findImpurities(value);
  const impure = new Set(impurities.map(({ path }) => fieldOf(path)));
  const located: Located[] = impurities.map((impurity) => ({ rule: 'config/plain-data', ...impurity }));
  if (!impurities.some(({ endless }) => endless)) {
    const isImpure = (path: Path) => path.some((_, index) => impure.has(fieldOf(path.slice(0, index + 1))));
    located.push(...(impure.has('') ? [] : shapeFaults(schema, value).filter(({ path }) => !isImpure(path))));
  }
  return located.map((fault) => findingOf(fault, where));
}

function shapeFaults(schema: object, value: unknown): Located[] {
  const validate = compiled.get(schema) ?? compile(schema);
  if (validate(value)) return [];
  const resolve = (part: unknown) => resolveReference(schema, part);
  const errors = settleAlternatives(validate.errors ?? [], resolve).filter(
    (error) => !SUMMARIES.includes(error.keyword),
  );
  const missing = new Map<string, Set<string>>();
  for (const error of errors.filter(({ keyword }) => keyword === 'required')) {
    const keys = missing.get(error.instancePath) ?? new Set();
    missing.set(error.instancePath, keys.add(String(error.params.missingProperty)));
  }
  // Unknown keys come first: one that is a missing key misspelled takes its fault along.
  const unknown = errors
    .filter(({ keyword }) => keyword === 'additionalProperties')
    .map((error) => unknownKey(error, pathOf(error.instancePath, value), missing.get(error.instancePath)));
  const rest = firstOfEachValue(errors).flatMap((error): Located[] => {
    const path = pathOf(error.instancePath, value);
    switch (error.keyword) {
      case 'additionalProperties':
        return [];
      case 'required': {
        const key = String(error.params.missingProperty);
        if (!missing.get(error.instancePath)?.has(key)) return [];
        const property = resolve((error.parentSchema as Schema).properties?.[key]) as Schema | undefined;
        return [{ rule: 'config/required', path: [...path, key], at: path, ...missingFault(key, property) }];
      }
      case 'uniqueItems':
        return [{ path: [...path, Number(error.params.j)], value: undefined, ...faultOf(error) }];
      default:
        return [{ path: keyed(path, error), value: error.data as unknown, ...faultOf(error) }];
    }
  });
  return [...unknown, ...rest];
}

function unknownKey(error: ErrorObject, path: Path, missing: Set<string> | undefined): Located {
  const key = String(error.params.additionalProperty);
  const valid = Object.keys((error.parentSchema as Schema).properties ?? {});
  const present = error.data as Readonly<Record<string, unknown>>;
  const near = nearest(
    key,
    valid.filter((one) => present[one] === undefined),
  );
  if (near !== undefined) missing?.delete(near);
  return { rule: 'config/unknown-key', path: [...path, key], ...unknownKeyFault(key, near, valid) };
}

/** Of the errors that judge one and the same scalar only the first, by `ONE_A_VALUE`; all others stay. */
function firstOfEachValue(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const first = new Map<string, ErrorObject>();
  const rank = (error: ErrorObject) => ONE_A_VALUE.indexOf(error.keyword);
  const scalar = (error: ErrorObject) => JSON.stringify([error.instancePath, error.propertyName]);
  for (const error of errors.filter((one) => rank(one) >= 0)) {
    const other = first.get(scalar(error));
    if (!other || rank(error) < rank(other)) first.set(scalar(error), error);
  }
  return errors.filter((error) => rank(error) < 0 || first.get(scalar(error)) === error);
}

/** Loads ajv at the first use only: most commands have nothing to validate. */
function compile(schema: object): ValidateFunction {
  const { Ajv } = require('ajv') as typeof import('ajv');
  // Each process compiles anew and checks little: what ajv does to check schemas and to make fast code costs more.
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    validateSchema: false,
    code: { optimize: false },
  });
  for (const [name, { check }] of Object.entries(formats)) {
    ajv.addFormat(name, { type: 'string', validate: (text: string) => check(text) === undefined });
  }
  const validate = ajv.compile(schema);
  compiled.set(schema, validate);
  return validate;
}

function resolveReference(root: unknown, schema: unknown): unknown {
  const reference = (schema as { $ref?: unknown } | undefined)?.$ref;
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return schema;
  const target = pointerKeys(reference.slice(1)).reduce<unknown>(
    (part, key) => (part as Record<string, unknown> | undefined)?.[key],
    root,
  );
  return resolveReference(root, target);
}

function pathOf(pointer: string, value: unknown): Path {
  let part = value;
  return pointerKeys(pointer).map((key) => {
    const index = Array.isArray(part) ? Number(key) : key;
    part = (part as Record<string | number, unknown>)[index];
    return index;
  });
}

function pointerKeys(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The path, or that of the key that an error judges. */
function keyed(path: Path, error: ErrorObject): Path {
  return error.propertyName === undefined ? path : [...path, error.propertyName];
}

/** `clusters.prod.nodePools[0]["a.b"]`. */
function fieldOf(path: Path): string {
  return path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^[\w$-]{1,253}$/.test(key) ? `.${key}` : `["${oneLine(key)}"]`;
    })
    .join('')
    .replace(/^\./, '');
}

function findingOf(fault: Located, where: Where): Finding {
  const { rule, path, message } = fault;
  // A correction that is made from a credential would show it after all.
  const leaks = !fault.secret && typeof fault.value === 'string' && looksSecret(fault.value);
  const fix = leaks ? 'keep secrets out of this file' : fault.fix;
  const field = joinField(where.prefix, fieldOf(path));
  const line = where.lineOf?.(fault.at ?? path);
  const value = fault.secret ? undefined : printable(fault.value, path.at(-1));
  return {
    rule,
    severity: 'error',
    file: where.file,
    ...(line === undefined ? {} : { line }),
    ...(field === '' ? {} : { field }),
    ...(value === undefined ? {} : { value }),
    message,
    ...(fix === undefined ? {} : { fix }),
  };
}

function joinField(prefix: string | undefined, field: string): string {
  if (!prefix || !field) return prefix ?? field;
  return field.startsWith('[') ? prefix + field : `${prefix}.${field}`;
}

/** The value where it is a scalar that anybody may read, short and on one line. */
function printable(value: unknown, key: string | number | undefined): unknown {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'string' || looksSecret(value, String(key))) return undefined;
  return oneLine(value, 200);
}
