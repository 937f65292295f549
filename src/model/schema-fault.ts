import type { ErrorObject } from 'ajv';
import type { Fault } from './fault';
import { formats } from './formats';
import { show, showList } from './show';
import { nearest } from './suggest';

/** A JSON Schema as far as messages look into it. */
export interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly examples?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  null: 'null',
  number: 'a number',
  object: 'an object',
  string: 'a string',
};

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', 'no', 'off'].map((word) => [word, false] as const),
]);

/** What one error of ajv says, in words: what is wrong with the value and what to write instead. */
export function faultOf(error: ErrorObject): Fault & { readonly rule: string } {
  const { data, parentSchema = {} } = error;
  const schema = parentSchema as Schema;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'type':
      return { rule: 'config/type', ...typeFault(data, [params.type].flat().map(String), schema) };
    case 'format':
      return { rule: 'config/format', ...formatFault(data, String(params.format)) };
    case 'const':
      return {
        rule: 'config/value',
        message: `${show(data)} is not allowed`,
        fix: `write ${show(params.allowedValue)}`,
      };
    case 'enum':
      return { rule: 'config/value', ...enumFault(data, params.allowedValues as unknown[]) };
    case 'anyOf':
    case 'oneOf':
      return { rule: 'config/value', ...alternativesFault(data, error.schema as Schema[]) };
    case 'pattern':
      return { rule: 'config/pattern', ...patternFault(data, String(params.pattern), schema) };
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return { rule: 'config/range', ...rangeFault(data, String(params.comparison), Number(params.limit)) };
    case 'minLength':
    case 'maxLength':
      return { rule: 'config/length', ...lengthFault(data, error.keyword, Number(params.limit)) };
    case 'minItems':
    case 'minProperties':
    case 'maxItems':
    case 'maxProperties':
      return { rule: 'config/length', ...countFault(Object.keys(data as object).length, Number(params.limit)) };
    case 'uniqueItems':
      return { rule: 'config/duplicate', ...duplicateFault(data, Number(params.i)) };
    default:
      return { rule: `config/${error.keyword}`, message: `${show(data)} ${error.message ?? 'is not allowed'}` };
  }
}

/** What a required key holds, by the first sentence of its description. */
export function missingFault(key: string, schema: Schema | undefined): Fault {
  const sentence = /^[^\n]*?(?=\.(?:\s|$)|\n|$)/.exec(schema?.description ?? '')?.[0];
  return { message: `${show(key)} is missing`, fix: sentence ? `add it: ${lowerFirst(sentence)}` : 'add it' };
}

/** A key that the schema does not have; `near` is the one that was most likely meant. */
export function unknownKeyFault(key: string, near: string | undefined, valid: readonly string[]): Fault {
  const message = `unknown key ${show(key)}`;
  if (near !== undefined) return { message, fix: `write ${show(near)}` };
  return { message, fix: valid.length === 0 ? 'remove it' : `remove it, or write one of ${showList(valid)}` };
}

function typeFault(value: unknown, types: readonly string[], schema: Schema): Fault {
  const wanted = types.map((type) => TYPES[type] ?? type).join(' or ');
  const message = `must be ${wanted}, not ${describeValue(value)}`;
  const [type] = types;
  const text = typeof value === 'string' ? value.trim() : '';
  if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return { message, fix: `put it in quotes: \`'${value}'\`` };
  }
  if (type === 'integer' || type === 'number') {
    if (/^-?\d{1,15}$/.test(text)) return { message, fix: `write \`${Number(text)}\` without quotes` };
    return { message, fix: `write ${wanted}` };
  }
  const truth = type === 'boolean' ? truthOf(value) : undefined;
  if (truth !== undefined) return { message, fix: `write \`${truth}\` without quotes` };
  if (type === 'array') return { message, fix: 'write a list, even of one' };
  if (type === 'object') {
    const keys = schema.required ?? [];
    return {
      message,
      fix:
        keys.length > 0 ? `write an object with ${showList(keys, 'and')}` : 'write an object; `{}` where it is empty',
    };
  }
  return { message, fix: `write ${wanted}` };
}

function describeValue(value: unknown): string {
  if (value === null) return 'empty (null)';
  if (typeof value === 'string') return `the string ${show(value)}`;
  if (typeof value === 'number') return `the number ${show(value)}`;
  return show(value);
}

function formatFault(value: unknown, name: string): Fault {
  const format = formats[name];
  return format?.check(String(value)) ?? { message: `${show(value)} is not ${format?.what ?? `a ${name}`}` };
}

function enumFault(value: unknown, allowed: readonly unknown[]): Fault {
  const words = allowed.filter((one) => typeof one === 'string');
  const near = typeof value === 'string' ? nearest(value, words) : undefined;
  const message = `${show(value)} is not one of ${showList(allowed)}`;
  // YAML makes numbers of some words and words of numbers in quotes.
  const same = allowed.find((one) => typeof one !== typeof value && String(one) === String(value).trim());
  if (typeof same === 'string') return { message, fix: `put it in quotes: \`'${same}'\`` };
  if (same !== undefined) return { message, fix: `write \`${String(same)}\` without quotes` };
  return { message, fix: near === undefined ? 'write one of them' : `write ${show(near)}` };
}

/** For a value that fits no branch: all that it could have been, and the best correction that a branch offers. */
function alternativesFault(value: unknown, branches: readonly Schema[]): Fault {
  const faults = branches.flatMap((branch) =>
    branch.format && typeof value === 'string' ? [formatFault(value, branch.format)] : [],
  );
  const secret = faults.find((fault) => fault.secret);
  if (secret) return secret;
  const words = branches.flatMap((branch) => branch.enum ?? ('const' in branch ? [branch.const] : []));
  const near =
    typeof value === 'string'
      ? nearest(
          value,
          words.filter((word) => typeof word === 'string'),
        )
      : undefined;
  const truth = branches.some(({ type }) => type === 'boolean') ? truthOf(value) : undefined;
  const message = `must be ${branches.map(describeSchema).join(' or ')}, not ${show(value)}`;
  if (truth !== undefined) return { message, fix: `write \`${truth}\` without quotes` };
  if (near !== undefined) return { message, fix: `write ${show(near)}` };
  return { message, fix: faults.find((fault) => fault.fix)?.fix ?? 'write one of these' };
}

/** What a string such as `off` stands for where people write true and false as words. */
function truthOf(value: unknown): boolean | undefined {
  return typeof value === 'string' ? BOOLEANS.get(value.trim().toLowerCase()) : undefined;
}

function describeSchema(schema: Schema): string {
  if ('const' in schema) return show(schema.const);
  if (schema.enum) return `one of ${showList(schema.enum)}`;
  if (schema.format) return formats[schema.format]?.what ?? `a ${schema.format}`;
  const types = [schema.type ?? 'object'].flat();
  return types.map((type) => TYPES[type] ?? type).join(' or ');
}

function patternFault(value: unknown, pattern: string, schema: Schema): Fault {
  const example = schema.examples?.[0];
  return {
    message: `${show(value)} does not have the form \`${pattern}\``,
    fix: example === undefined ? 'write a value of that form' : `write a value such as ${show(example)}`,
  };
}

function rangeFault(value: unknown, comparison: string, limit: number): Fault {
  const words: Readonly<Record<string, string>> = {
    '>=': `\`${limit}\` or more`,
    '<=': `\`${limit}\` or less`,
    '>': `more than \`${limit}\``,
    '<': `less than \`${limit}\``,
  };
  const allowed = words[comparison] ?? `${comparison} \`${limit}\``;
  return { message: `must be ${allowed}, not ${show(value)}`, fix: `write ${allowed}` };
}

function lengthFault(value: unknown, keyword: 'minLength' | 'maxLength', limit: number): Fault {
  // JSON Schema counts characters, not UTF-16 units.
  const length = [...String(value)].length;
  if (length === 0) return { message: 'is empty', fix: 'write a value' };
  const excess =
    keyword === 'maxLength' ? `${length - limit} more than the ${limit} allowed` : `at least ${limit} are needed`;
  const fix = keyword === 'maxLength' ? `shorten it to ${limit}` : `write ${limit} or more`;
  return { message: `${show(value)} is ${length} characters long, ${excess}`, fix };
}

function countFault(count: number, limit: number): Fault {
  if (count === 0) return { message: 'is empty', fix: limit === 1 ? 'add one' : `add ${limit}` };
  if (count < limit)
    return { message: `has ${count} entries, at least ${limit} are needed`, fix: `add ${limit - count}` };
  return { message: `has ${count} entries, at most ${limit} are allowed`, fix: `remove ${count - limit}` };
}

function duplicateFault(value: unknown, index: number): Fault {
  return { message: `repeats ${show((value as unknown[])[index])}`, fix: 'remove it' };
}

function lowerFirst(sentence: string): string {
  return /^[A-Z][a-z]/.test(sentence) ? sentence.charAt(0).toLowerCase() + sentence.slice(1) : sentence;
}
