import type { Fault } from './fault';
import { oneLine } from './show';

/** Where a value stands: keys and indexes from the top. */
export type Path = readonly (string | number)[];

/** Something that is no plain data. */
export interface Impurity extends Fault {
  readonly path: Path;
  /** True where reading the value from top to bottom may not come to an end. @default false */
  readonly endless?: boolean;
}

/** Deeper or larger descriptions than any real one; YAML aliases can spell a huge one in a few lines. */
const DEEPEST = 64;
const LARGEST = 200_000;

const WRITE_DATA = 'write objects, lists, strings, numbers, true, false or null';

/**
 * Everything in a value that JSON cannot hold, or that two readings could see differently: functions, instances of
 * classes, accessors, symbols, `undefined` in lists, numbers that are none, cycles, `__proto__` keys. Each is told
 * once; an object that stands in two places is walked once. `undefined` under a key counts as absent.
 */
export function findImpurities(value: unknown): Impurity[] {
  const found: Impurity[] = [];
  const open = new Set<object>();
  const sizes = new Map<object, number>();

  const measure = (part: unknown, path: Path): number => {
    const reason = impurityOf(part);
    if (reason) return report(path, reason, WRITE_DATA);
    if (typeof part !== 'object' || part === null) return 1;
    if (open.has(part)) return report(path, 'contains itself', 'write what is meant once', true);
    if (path.length > DEEPEST) return report(path, `is nested deeper than ${DEEPEST} levels`, 'write it flatter', true);
    const known = sizes.get(part);
    if (known !== undefined) return known;
    open.add(part);
    const size = Array.isArray(part) ? measureList(part, path) : measureObject(part, path);
    open.delete(part);
    sizes.set(part, size);
    return size;
  };
  const report = (path: Path, message: string, fix: string, endless = false): number => {
    found.push({ path, message, fix, endless });
    return 1;
  };
  const measureList = (list: readonly unknown[], path: Path): number => {
    let size = 1;
    for (let index = 0; index < list.length; index++) {
      const part = list[index];
      size +=
        part === undefined
          ? report([...path, index], 'is undefined, which no list may hold', 'remove it')
          : measure(part, [...path, index]);
    }
    return size;
  };
  const measureObject = (object: object, path: Path): number => {
    let size = 1;
    for (const key of Reflect.ownKeys(object)) {
      if (typeof key === 'symbol') size += report([...path, String(key)], 'has a symbol as its key', 'remove it');
      else if (key === '__proto__') size += report([...path, key], '`__proto__` is not allowed as a key', 'remove it');
      else size += measureProperty(Object.getOwnPropertyDescriptor(object, key), [...path, key]);
    }
    return size;
  };
  const measureProperty = (property: PropertyDescriptor | undefined, path: Path): number => {
    if (property?.get || property?.set) return report(path, 'is computed when it is read', WRITE_DATA);
    return property?.value === undefined ? 1 : measure(property.value, path);
  };

  const size = measure(value, []);
  if (size > LARGEST) report([], `holds ${size} values, more than the ${LARGEST} allowed`, 'write less', true);
  return found;
}

function impurityOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'function':
    case 'symbol':
    case 'bigint':
      return `is a ${typeof value}, not plain data`;
    case 'number':
      return Number.isFinite(value) ? undefined : `is ${value}, which JSON cannot hold`;
    case 'object':
      return value === null || Array.isArray(value) || isPlain(value)
        ? undefined
        : `is an instance of ${className(value)}, not plain data`;
    default:
      return undefined;
  }
}

/** True for `{…}` of any realm: what a sandbox loaded has another `Object.prototype` than ours. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'hasOwnProperty');
}

function className(value: object): string {
  const constructor: unknown = value.constructor;
  return typeof constructor === 'function' && constructor.name ? oneLine(constructor.name) : 'a class';
}
