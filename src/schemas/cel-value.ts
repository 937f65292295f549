import { childrenOf, TYPE, type SchemaNode } from './node';

/** Words that CEL keeps for itself: a field of that name is written `__word__` in rules. */
const RESERVED = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var ' +
    'void while'
  ).split(' '),
);

/** How a value's own types that CEL has and JSON lacks are made. */
export interface CelTypes {
  readonly duration: (text: string) => unknown;
}

/**
 * A JSON value as Kubernetes shows it to CEL: whole numbers are integers, times and durations have types of their own,
 * defaults are filled in, and fields whose names CEL can't read are escaped.
 */
export function toCel(node: SchemaNode | undefined, value: unknown, types: CelTypes): unknown {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) && !(node && node.types & TYPE.number) ? BigInt(value) : value;
    case 'string':
      return textToCel(node, value, types);
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  const children = node && childrenOf(node);
  if (Array.isArray(value)) return value.map((item) => toCel(children?.items, item, types));
  const entries: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    const child = children?.properties.get(name);
    // A null that is not allowed is dropped, so that the default takes its place.
    if (inner === undefined || (inner === null && child && !child.raw.nullable)) continue;
    const others = typeof children?.others === 'object' ? children.others : undefined;
    entries.push([child ? escapeName(name) : name, toCel(child ?? others, inner, types)]);
  }
  for (const [name, child] of children?.properties ?? []) {
    const given = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    const { default: preset } = child.raw;
    if (preset !== undefined && (given === undefined || (given === null && !child.raw.nullable))) {
      entries.push([escapeName(name), toCel(child, preset, types)]);
    }
  }
  return Object.fromEntries(entries);
}

function textToCel(node: SchemaNode | undefined, text: string, types: CelTypes): unknown {
  switch (node?.raw.format) {
    case 'date':
    case 'date-time':
      return new Date(text);
    case 'duration':
      return types.duration(text);
    case 'byte':
      return Buffer.from(text, 'base64');
    default:
      return text;
  }
}

function escapeName(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}
