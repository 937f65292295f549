import { isDate } from 'node:util/types';
import { TYPE, type SchemaNode } from './node';

/** What a value is, in a person's words. */
export function kindOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (isDate(value)) return 'a date';
  if (typeof value === 'number') {
    return Number.isInteger(value) ? 'a whole number' : Number.isFinite(value) ? 'a fraction' : String(value);
  }
  const words: Record<string, string> = { object: 'an object', string: 'text', boolean: 'true or false' };
  return words[typeof value] ?? `a ${typeof value}`;
}

/** What a schema wants, in a person's words. */
export function expected({ types, raw }: SchemaNode): string {
  if (raw.format === 'quantity') return 'a quantity';
  const words: readonly [number, string][] = [
    [TYPE.object, 'an object'],
    [TYPE.array, 'a list'],
    [TYPE.string, 'text'],
    [TYPE.number, 'a number'],
    [types & TYPE.number ? 0 : TYPE.integer, 'a whole number'],
    [TYPE.boolean, 'true or false'],
  ];
  return words
    .filter(([bit]) => (types & bit) !== 0)
    .map(([, word]) => word)
    .join(' or ');
}

/** What to write instead of a value of a wrong type, where that can be told. */
export function typeFix({ types }: SchemaNode, value: unknown): string | undefined {
  const fits = (type: number): boolean => (types & type) !== 0;
  if (fits(TYPE.string) && (typeof value === 'number' || typeof value === 'boolean')) return `write "${String(value)}"`;
  if (typeof value !== 'string') return fits(TYPE.array) && !Array.isArray(value) ? 'write a list' : undefined;
  if (fits(TYPE.integer) && /^-?\d+$/.test(value)) return `write ${value} without quotes`;
  if (fits(TYPE.boolean) && /^(true|false)$/i.test(value)) return `write ${value.toLowerCase()} without quotes`;
  return fits(TYPE.array) ? 'write a list' : undefined;
}

/** The bounds of a number. */
export function rangeMessage({ minimum, maximum, raw }: SchemaNode): string {
  const low = raw.exclusiveMinimum ? `more than ${minimum}` : `at least ${minimum}`;
  const high = raw.exclusiveMaximum ? `less than ${maximum}` : `at most ${maximum}`;
  const bounds = [...(minimum === -Infinity ? [] : [low]), ...(maximum === Infinity ? [] : [high])];
  return `must be ${bounds.join(' and ')}`;
}

/** Choices in few words: the fields that each wants, where that is all there is to it. */
export function describe(choices: readonly SchemaNode[]): string {
  return choices
    .map(({ raw }) => (raw.required ? raw.required.join(' and ') : JSON.stringify(raw).slice(0, 120)))
    .join(' / ');
}
