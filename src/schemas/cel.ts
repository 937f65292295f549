import { isIP } from 'node:net';
import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { compareQuantities, parseQuantity, type Quantity } from '../model/quantity';
import { kinds, schemaOf } from './catalog';
import { toCel } from './cel-value';
import type { SchemaProblem } from './problem';
import type { RawSchema } from './raw-schema';
import { compileRe2 } from './re2';
import type { PendingRules } from './walk';

/** A check that a custom resource's schema wants and that is not made here. */
export interface UnevaluatedRule {
  readonly apiVersion: string;
  readonly kind: string;
  /** Where it stands in the schema; `[]` is any item, `{}` any value of a map. */
  readonly path: string;
  /** The CEL rule, or the pattern. */
  readonly rule: string;
  readonly reason: string;
}

type Compiled = ParseResult | { readonly reason: string };

/** Rules about a change compare with the object in the cluster; a tree that is checked alone has none. */
const TRANSITION = /\boldSelf\b/;

class CelUrl {
  readonly url: URL;
  constructor(text: string) {
    this.url = new URL(text);
  }
}

class CelQuantity {
  readonly quantity: Quantity;
  constructor(text: string) {
    const quantity = parseQuantity(text);
    if (!quantity) throw new Error(`${text} is no quantity`);
    this.quantity = quantity;
  }
}

/** The standard library of CEL and those of Kubernetes' functions that the pinned definitions use. */
const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  .registerVariable('self', 'dyn')
  .registerType('URL', { ctor: CelUrl, fields: {} })
  .registerFunction('isURL(string): bool', (text: string) => text.startsWith('/') || URL.canParse(text))
  .registerFunction('url(string): URL', (text: string) => new CelUrl(text))
  .registerFunction('URL.getScheme(): string', ({ url }: CelUrl) => url.protocol.slice(0, -1))
  .registerType('Quantity', { ctor: CelQuantity, fields: {} })
  .registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined)
  .registerFunction('quantity(string): Quantity', (text: string) => new CelQuantity(text))
  .registerFunction('Quantity.compareTo(Quantity): int', (one: CelQuantity, other: CelQuantity) =>
    BigInt(compareQuantities(one.quantity, other.quantity)),
  )
  .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0)
  .registerFunction(
    'string.find(string): string',
    (text: string, pattern: string) => re2(pattern).exec(text)?.[0] ?? '',
  )
  .registerFunction('string.matchesRe2(string): bool', (text: string, pattern: string) => re2(pattern).test(text));
const duration = environment.parse('duration(self)');
const types = { duration: (text: string): unknown => duration({ self: text }) };

const patterns = new Map<string, RegExp>();
const compiledRules = new Map<string, Compiled>();

/** Evaluates all rules of one value and gives those that it breaks. Rules that can't be evaluated are passed over. */
export function evaluateRules({ node, value, path }: PendingRules): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  let self: { readonly value: unknown } | undefined;
  for (const { rule, message, fieldPath } of node.rules) {
    const evaluate = compile(rule);
    if (typeof evaluate !== 'function') continue;
    self ??= { value: toCel(node, value, types) };
    const field = fieldPath ? `${path}${fieldPath}`.replace(/^\./, '') : path;
    const fail = (text: string): number => problems.push({ path: field, rule: 'cel', message: text });
    try {
      if (evaluate({ self: self.value }) !== true) fail(message?.trim() ?? `must meet the rule ${rule}`);
    } catch (error) {
      // The API server refuses too when a rule ends in an error.
      fail(`${message?.trim() ?? rule} (the rule fails: ${(error as Error).message.split('\n')[0]})`);
    }
  }
  return problems;
}

/**
 * Every rule and pattern of the custom resources that `checkObject` can't check, with the reason:
 * those about a change, and those beyond the CEL engine or JavaScript's regular expressions.
 */
export function unevaluatedRules(): readonly UnevaluatedRule[] {
  const result: UnevaluatedRule[] = [];
  for (const { apiVersion, kind, builtIn } of kinds()) {
    if (builtIn) continue;
    eachSchema(schemaOf(apiVersion, kind)!, '', (schema, path) => {
      const add = (rule: string, reason: string): number => result.push({ apiVersion, kind, path, rule, reason });
      for (const { rule } of schema['x-kubernetes-validations'] ?? []) {
        const found = compile(rule);
        if (typeof found !== 'function') add(rule, found.reason);
      }
      const { pattern } = schema;
      if (pattern !== undefined && !compileRe2(pattern)) add(pattern, 'JavaScript has no such pattern');
    });
  }
  return result;
}

function compile(rule: string): Compiled {
  const known = compiledRules.get(rule);
  if (known) return known;
  const made = TRANSITION.test(rule) ? { reason: 'compares with the object in the cluster' } : parse(rule);
  compiledRules.set(rule, made);
  return made;
}

function parse(rule: string): Compiled {
  // The engine takes `has()` of fields only, not of a field of an indexed item; `in` says the same.
  // Its `matches` knows JavaScript's patterns and not RE2's.
  const text = rule
    .replaceAll('.matches(', '.matchesRe2(')
    .replace(/\bhas\(([\w.[\]]*\][\w.]*)\.(\w+)\)/g, "('$2' in $1)");
  try {
    const parsed = environment.parse(text);
    const { valid, error } = parsed.check();
    return valid ? parsed : { reason: error?.message.split('\n')[0] ?? 'not valid' };
  } catch (error) {
    return { reason: (error as Error).message.split('\n')[0]! };
  }
}

function re2(pattern: string): RegExp {
  const known = patterns.get(pattern) ?? compileRe2(pattern);
  if (!known) throw new Error(`JavaScript has no such pattern as ${pattern}`);
  patterns.set(pattern, known);
  return known;
}

function eachSchema(schema: RawSchema, path: string, visit: (schema: RawSchema, path: string) => void): void {
  visit(schema, path);
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    eachSchema(inner, path ? `${path}.${name}` : name, visit);
  }
  if (schema.items) eachSchema(schema.items, `${path}[]`, visit);
  if (typeof schema.additionalProperties === 'object') eachSchema(schema.additionalProperties, `${path}{}`, visit);
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  for (const part of [...allOf, ...anyOf, ...oneOf, ...(not ? [not] : [])]) eachSchema(part, path, visit);
}
