import { isDate } from 'node:util/types';
import { childrenOf, enumKey, TYPE, type Children, type SchemaNode } from './node';
import type { SchemaProblem, SchemaRule } from './problem';
import { nearest } from '../model/suggest';
import { describe, expected, kindOfValue, rangeMessage, typeFix } from './wording';

// Bound once: under the loaders in use every mention of an imported name is a call, and these stand in the hottest loop.
const { object: OBJECT, array: ARRAY, string: STRING, integer: INTEGER, number: NUMBER, boolean: BOOLEAN } = TYPE;
const below = childrenOf;

/** Deeper objects are refused unread; the API server's own decoder stops at 10,000, real objects stay below 40. */
const DEEPEST = 256;
/** Problems told of one object; more help nobody, and a hostile object could have millions. */
const MOST = 200;

/** A value that has the right shape, so that its schema's CEL rules can be evaluated. */
export interface PendingRules {
  readonly node: SchemaNode;
  readonly value: unknown;
  readonly path: string;
}

/** One walk over one object: where it stands, and what it has found. */
export class Walk {
  readonly problems: SchemaProblem[] = [];
  readonly pending: PendingRules[] = [];
  private readonly at: (string | number)[] = [];

  /** Checks a value against a schema and collects what is wrong; `depth` is the length of the path to it. */
  value(node: SchemaNode, value: unknown, depth: number): void {
    if (depth > DEEPEST) return this.report(depth, 'too-deep', `is nested deeper than ${DEEPEST} levels`);
    if (value === null) return this.absent(node, depth);
    const type = typeOf(value);
    if (type === 0) return this.notJson(value, depth);
    if (node.types !== 0 && (node.types & type) === 0) return this.wrongType(node, value, depth);

    const before = this.problems.length;
    if (type === STRING) this.text(node, value as string, depth);
    else if (type === INTEGER || type === NUMBER) this.number(node, value as number, depth);
    else if (type === OBJECT) this.object(node, value as Record<string, unknown>, depth);
    else if (type === ARRAY) this.list(node, value as unknown[], depth);
    if (node.enumeration && !node.enumeration.has(enumKey(value))) this.notListed(node, value, depth);
    if (node.combines) this.combinations(node, value, depth);
    if (node.rules.length > 0 && this.problems.length === before) {
      this.pending.push({ node, value, path: this.path(depth) });
    }
  }

  /** Adds a problem at the place of the given depth, or at a field of it. */
  report(depth: number, rule: SchemaRule, message: string, value?: unknown, fix?: string, field?: string): void {
    if (this.problems.length >= MOST) return;
    if (field !== undefined) this.at[depth] = field;
    this.problems.push({
      path: this.path(field === undefined ? depth : depth + 1),
      rule,
      message,
      ...(fix === undefined ? {} : { fix }),
      ...(value === undefined ? {} : { value }),
    });
  }

  private path(depth: number): string {
    let path = '';
    for (const step of this.at.slice(0, depth)) {
      if (typeof step === 'number') path += `[${step}]`;
      else if (/^[A-Za-z_$][\w$-]*$/.test(step)) path += path ? `.${step}` : step;
      else path += `[${JSON.stringify(step)}]`;
    }
    return path;
  }

  /**
   * In built-in kinds a null field is a field left out. In custom resources server-side apply refuses it unless it is
   * nullable or has a default to be replaced by. Lists of built-in kinds see to their items themselves.
   */
  private absent(node: SchemaNode, depth: number): void {
    if (node.builtIn || node.narrows || node.types === 0 || node.raw.nullable) return;
    if (node.raw.default !== undefined) return;
    this.report(depth, 'type', `is null, expected ${expected(node)}`, null, 'leave it out');
  }

  private notJson(value: unknown, depth: number): void {
    const fix = isDate(value) ? 'put it in quotes' : undefined;
    this.report(depth, 'type', `is ${kindOfValue(value)}, which JSON can't hold`, value, fix);
  }

  private wrongType(node: SchemaNode, value: unknown, depth: number): void {
    this.report(depth, 'type', `is ${kindOfValue(value)}, expected ${expected(node)}`, value, typeFix(node, value));
  }

  private notListed({ enumeration }: SchemaNode, value: unknown, depth: number): void {
    const choices = [...enumeration!].map(String);
    const near = nearest(String(value), choices);
    const fix = near !== undefined ? `write ${near}` : `write one of ${choices.slice(0, 12).join(', ')}`;
    this.report(depth, 'enum', `must be one of ${choices.slice(0, 12).join(', ')}`, value, fix);
  }

  private text(node: SchemaNode, text: string, depth: number): void {
    const { raw, pattern, format } = node;
    if (raw.maxLength !== undefined && text.length > raw.maxLength && lengthOf(text) > raw.maxLength) {
      this.report(depth, 'length', `has ${lengthOf(text)} characters, at most ${raw.maxLength} are allowed`, text);
    }
    if (raw.minLength !== undefined && lengthOf(text) < raw.minLength) {
      const message = raw.minLength === 1 ? 'must not be empty' : `must have at least ${raw.minLength} characters`;
      this.report(depth, 'length', message, text);
    }
    if (pattern && !pattern.test(text)) {
      this.report(depth, 'pattern', `does not match ${raw.pattern}`, text);
    }
    // A built-in field left empty is a field left out, except where the decoder itself wants a syntax.
    const leftOut = text === '' && node.builtIn && raw.format !== 'quantity';
    if (format && !leftOut && !format.test(text)) {
      const fix = format.fix?.(text);
      this.report(depth, format.rule, `is not ${format.what}`, text, fix === undefined ? undefined : `write ${fix}`);
    }
  }

  private number(node: SchemaNode, value: number, depth: number): void {
    const { minimum, maximum, raw } = node;
    const low = raw.exclusiveMinimum ? value <= minimum : value < minimum;
    const high = raw.exclusiveMaximum ? value >= maximum : value > maximum;
    if (low || high) this.report(depth, 'range', rangeMessage(node), value);
    if (raw.multipleOf !== undefined && !Number.isInteger(value / raw.multipleOf)) {
      this.report(depth, 'range', `must be a multiple of ${raw.multipleOf}`, value);
    }
  }

  private object(node: SchemaNode, value: Record<string, unknown>, depth: number): void {
    const children = below(node);
    const { raw, keys } = node;
    let count = 0;
    for (const name of Object.keys(value)) {
      const inner = value[name];
      if (inner === undefined) continue;
      if (inner !== null) count++;
      this.at[depth] = name;
      if (keys) this.value(keys, name, depth + 1);
      const child = children.properties.get(name) ?? children.others;
      if (child === undefined) this.unknownField(children, name, inner, value, depth);
      else if (child === true) this.anything(inner, depth + 1);
      else this.value(child, inner, depth + 1);
    }
    for (const name of node.required) {
      const inner = Object.hasOwn(value, name) ? value[name] : undefined;
      if (inner === undefined || (inner === null && node.builtIn)) {
        this.report(depth, 'required', 'is missing', undefined, `set ${name}`, name);
      }
    }
    if (raw.maxProperties !== undefined && count > raw.maxProperties) {
      this.report(depth, 'length', `has ${count} fields, at most ${raw.maxProperties} are allowed`);
    }
    if (raw.minProperties !== undefined && count < raw.minProperties) {
      this.report(depth, 'length', `has ${count} fields, at least ${raw.minProperties} are needed`);
    }
  }

  private unknownField(
    children: Children,
    name: string,
    value: unknown,
    object: Record<string, unknown>,
    depth: number,
  ): void {
    if (this.problems.length >= MOST) return;
    const unused = [...children.properties.keys()].filter((known) => !Object.hasOwn(object, known));
    const near = nearest(name, unused);
    const fix = near === undefined ? 'remove it' : `write ${near}`;
    this.report(depth, 'unknown-field', `there is no field ${JSON.stringify(name)} here`, value, fix, name);
  }

  /** Content that no schema describes: only what JSON can't hold, and hostile depth, are told. */
  private anything(value: unknown, depth: number): void {
    if (value === null || (typeof value !== 'object' && typeOf(value) !== 0)) return;
    if (depth > DEEPEST) return this.report(depth, 'too-deep', `is nested deeper than ${DEEPEST} levels`);
    if (typeOf(value) === 0) return this.notJson(value, depth);
    for (const [name, inner] of Object.entries(value as object)) {
      this.at[depth] = Array.isArray(value) ? Number(name) : name;
      this.anything(inner, depth + 1);
    }
  }

  private list(node: SchemaNode, list: readonly unknown[], depth: number): void {
    const { items } = below(node);
    const { raw } = node;
    for (let index = 0; index < list.length; index++) {
      this.at[depth] = index;
      const item = list[index];
      if (item === null && node.builtIn) this.report(depth + 1, 'type', 'is null, expected an item', null, 'remove it');
      else if (items) this.value(items, item, depth + 1);
      else this.anything(item, depth + 1);
    }
    if (raw.maxItems !== undefined && list.length > raw.maxItems) {
      this.report(depth, 'length', `has ${list.length} items, at most ${raw.maxItems} are allowed`);
    }
    if (raw.minItems !== undefined && list.length < raw.minItems) {
      const message = raw.minItems === 1 ? 'must have an item' : `must have at least ${raw.minItems} items`;
      this.report(depth, 'length', message, list);
    }
    if (list.length > 1 && (raw.uniqueItems || raw['x-kubernetes-list-type'] !== undefined)) {
      this.duplicates(node, list, depth);
    }
  }

  private duplicates(node: SchemaNode, list: readonly unknown[], depth: number): void {
    const { raw } = node;
    const keys = raw['x-kubernetes-list-type'] === 'map' ? (raw['x-kubernetes-list-map-keys'] ?? []) : undefined;
    if (!keys && raw['x-kubernetes-list-type'] !== 'set' && !raw.uniqueItems) return;
    const fields = keys && below(node).items && below(below(node).items!).properties;
    const seen = new Map<unknown, number>();
    for (const [index, item] of list.entries()) {
      if (keys && (typeof item !== 'object' || item === null)) continue;
      const named = keys?.map((key) => ownValue(item as object, key) ?? fields?.get(key)?.raw.default ?? '');
      const identity = !named ? enumKey(item) : named.length === 1 ? named[0] : JSON.stringify(named);
      const first = seen.get(identity);
      if (first === undefined) {
        seen.set(identity, index);
        continue;
      }
      this.at[depth] = index;
      const what = keys ? keys.map((key, position) => `${key} ${String(named![position])}`).join(', ') : 'value';
      this.report(depth + 1, 'duplicate-key', `has the same ${what} as item ${first}`, item, 'remove or rename one');
    }
  }

  private combinations(node: SchemaNode, given: unknown, depth: number): void {
    const { allOf, anyOf, oneOf, not, defaults } = below(node);
    const value = defaults && typeOf(given) === OBJECT ? { ...defaults, ...(given as object) } : given;
    for (const part of allOf) this.value(part, value, depth);
    if (anyOf.length > 0 && !anyOf.some((choice) => accepts(choice, value))) {
      this.report(depth, 'combination', `must meet at least one of: ${describe(anyOf)}`, value);
    }
    if (oneOf.length > 0) {
      const met = oneOf.filter((choice) => accepts(choice, value)).length;
      if (met !== 1) {
        const found = met === 0 ? 'none is met' : `${met} are met`;
        this.report(depth, 'combination', `must meet exactly one of: ${describe(oneOf)}; ${found}`, value);
      }
    }
    if (not && accepts(not, value)) {
      this.report(depth, 'combination', `must not have the form: ${describe([not])}`, value);
    }
  }
}

function accepts(node: SchemaNode, value: unknown): boolean {
  const walk = new Walk();
  walk.value(node, value, 0);
  return walk.problems.length === 0;
}

/** The bit of a value's JSON type; 0 for what JSON can't hold. */
function typeOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return STRING;
    case 'number':
      return Number.isInteger(value) ? INTEGER : Number.isFinite(value) ? NUMBER : 0;
    case 'boolean':
      return BOOLEAN;
    case 'object': {
      if (Array.isArray(value)) return ARRAY;
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype === Object.prototype || prototype === null) return OBJECT;
      // An object made in another realm (a worker, a vm context) is as plain, with a prototype of its own.
      return Object.getPrototypeOf(prototype) === null ? OBJECT : 0;
    }
    default:
      return 0;
  }
}

function ownValue(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}

function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
