import { isDeepStrictEqual } from 'node:util';

/** Plain data of unknown shape, as YAML gives it. */
export type Plain = Record<string, unknown>;

/** The value as a map; an empty one where it is none. */
export function map(value: unknown): Plain {
  return isMap(value) ? value : {};
}

export function isMap(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a list; an empty one where it is none. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value where it is text. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The value below a path of fields; undefined where any of them is missing. */
export function at(value: unknown, ...path: string[]): unknown {
  let found = value;
  for (const field of path) found = map(found)[field];
  return found;
}

/** Items of `after` that `before` has none equal to. */
export function newItems(before: unknown, after: unknown): unknown[] {
  const known = list(before);
  return list(after).filter((item) => !known.some((other) => isDeepStrictEqual(item, other)));
}

/** A value on one line of at most 120 characters. */
export function brief(value: unknown): string {
  const written = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return written.length > 120 ? `${written.slice(0, 119)}…` : written;
}
