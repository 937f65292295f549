import { isDeepStrictEqual } from 'node:util';
import { isMap, type Plain } from './values';

/** One field of an object that differs. */
export interface FieldChange {
  /** Such as `spec.containers[name=api].image` or `metadata.labels["app.kubernetes.io/name"]`. */
  readonly path: string;
  readonly action: 'added' | 'changed' | 'removed';
  /** @default - the field is new */
  readonly before?: unknown;
  /** @default - the field is gone */
  readonly after?: unknown;
}

// Fields by which Kubernetes' own kinds tell the items of a list apart; the first that fits both lists is used.
const naturalKeys: readonly (readonly string[])[] = [
  ['name'],
  ['kind', 'namespace', 'name'],
  ['key'],
  ['port', 'protocol'],
  ['port'],
  ['containerPort', 'protocol'],
  ['containerPort'],
  ['mountPath'],
  ['topologyKey'],
  ['scopeName'],
  ['hostname'],
  ['host'],
  ['path'],
  ['ip'],
  ['type'],
];

// Kubernetes fills these in where they are left out.
const optional: ReadonlySet<string> = new Set(['namespace', 'protocol']);

/** Every field at which two values differ, in the order of the fields. */
export function diffFields(before: unknown, after: unknown, path = ''): FieldChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (before === undefined) return [{ path, action: 'added', after }];
  if (after === undefined) return [{ path, action: 'removed', before }];
  if (isMap(before) && isMap(after)) {
    const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return fields.flatMap((field) => diffFields(before[field], after[field], join(path, field)));
  }
  if (Array.isArray(before) && Array.isArray(after)) return diffLists(before, after, path);
  return [{ path, action: 'changed', before, after }];
}

function diffLists(before: readonly unknown[], after: readonly unknown[], path: string): FieldChange[] {
  if (before.length === 0 || after.length === 0) return [{ path, action: 'changed', before, after }];
  if (before.every(isMap) && after.every(isMap)) {
    const keys = naturalKeys.find((fields) => tellsApart(fields, before) && tellsApart(fields, after));
    return keys ? diffKeyed(before, after, keys, path) : diffUnkeyed(before, after, path);
  }
  const gone = withoutEqual(before, after);
  const fresh = withoutEqual(after, before);
  // Order (of arguments, say) or repetition: the lists themselves are the news.
  if (gone.length + fresh.length === 0 || before.some(isMap) || after.some(isMap)) {
    return [{ path, action: 'changed', before, after }];
  }
  return [
    ...gone.map(([, item]): FieldChange => ({ path: `${path}[]`, action: 'removed', before: item })),
    ...fresh.map(([, item]): FieldChange => ({ path: `${path}[]`, action: 'added', after: item })),
  ];
}

function diffKeyed(
  before: readonly Plain[],
  after: readonly Plain[],
  keys: readonly string[],
  path: string,
): FieldChange[] {
  const old = new Map(before.map((item) => [label(item, keys), item]));
  const now = new Map(after.map((item) => [label(item, keys), item]));
  const labels = [...new Set([...old.keys(), ...now.keys()])];
  const changes = labels.flatMap((each) => diffFields(old.get(each), now.get(each), `${path}[${each}]`));
  // The same items in another order.
  return changes.length > 0 ? changes : [{ path, action: 'changed', before: [...old.keys()], after: [...now.keys()] }];
}

/** Items without a key: equal ones stay, the rest are compared in their order. */
function diffUnkeyed(before: readonly Plain[], after: readonly Plain[], path: string): FieldChange[] {
  const gone = withoutEqual(before, after);
  const fresh = withoutEqual(after, before);
  if (gone.length + fresh.length === 0) return [{ path, action: 'changed', before, after }];
  const changes: FieldChange[] = [];
  for (let at = 0; at < Math.max(gone.length, fresh.length); at++) {
    const index = fresh[at]?.[0] ?? gone[at]?.[0];
    changes.push(...diffFields(gone[at]?.[1], fresh[at]?.[1], `${path}[${index}]`));
  }
  return changes;
}

/** Items with no equal in the other list (each equal counts once), with their index. */
function withoutEqual(items: readonly unknown[], others: readonly unknown[]): [number, unknown][] {
  const left = [...others];
  return items.flatMap((item, index): [number, unknown][] => {
    const equal = left.findIndex((other) => isDeepStrictEqual(item, other));
    if (equal < 0) return [[index, item]];
    left.splice(equal, 1);
    return [];
  });
}

function tellsApart(keys: readonly string[], items: readonly Plain[]): boolean {
  const isNamed = (item: Plain): boolean =>
    keys.every(
      (key) => ['string', 'number'].includes(typeof item[key]) || (item[key] === undefined && optional.has(key)),
    );
  return items.every(isNamed) && new Set(items.map((item) => label(item, keys))).size === items.length;
}

function label(item: Plain, keys: readonly string[]): string {
  return keys
    .filter((key) => item[key] !== undefined)
    .map((key) => `${key}=${String(item[key])}`)
    .join(',');
}

function join(path: string, field: string): string {
  const plain = /^[\w-]+$/.test(field);
  if (path === '') return plain ? field : `[${JSON.stringify(field)}]`;
  return plain ? `${path}.${field}` : `${path}[${JSON.stringify(field)}]`;
}
