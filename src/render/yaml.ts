import { dump } from 'js-yaml';

/** Fields that readers look for first, in the order that Kubernetes' own documentation has them. */
const FIRST = ['apiVersion', 'kind', 'metadata'] as const;
const FIRST_OF_METADATA = ['name', 'namespace', 'labels', 'annotations'] as const;

/** The same for fields further down, of the kinds whose constructs order them by the alphabet. */
const FIRST_OF_SPEC: Readonly<Record<string, readonly string[]>> = {
  NetworkPolicy: ['podSelector', 'policyTypes', 'ingress', 'egress', 'from', 'to', 'namespaceSelector'],
  LimitRange: ['type', 'min', 'max', 'default', 'defaultRequest'],
};

/**
 * Kubernetes objects as YAML documents: fields in the usual order, no anchors, no folded lines (a folded line hides
 * what changed), a newline at the end.
 */
export function toYaml(objects: readonly object[]): string {
  return objects.map((object) => Object.entries(inOrder(object)).map(fieldText).join('')).join('---\n');
}

/** Texts of fields by their JSON: the objects of a unit differ in few of their fields, and writing YAML is slow. */
const texts = new Map<string, string>();
/** Texts kept at a time: many times those of one unit. */
const MOST_TEXTS = 1000;

/** One field at the top of an object, as a document of its own would have it. */
function fieldText([name, value]: [string, unknown]): string {
  if (value === undefined) return '';
  if (name === 'metadata' && isMap(value)) {
    const inner = Object.entries(value).map(textOf).join('');
    if (inner !== '') return `metadata:\n${inner.replace(/^(?=.)/gm, '  ')}`;
  }
  return textOf([name, value]);
}

function textOf([name, value]: [string, unknown]): string {
  if (value === undefined) return '';
  const json = JSON.stringify({ [name]: value });
  const known = texts.get(json);
  if (known !== undefined) return known;
  // From the JSON, so that what cannot be told apart by it is written the same.
  const text = dump(JSON.parse(json), { noRefs: true, lineWidth: -1 });
  if (texts.size === MOST_TEXTS) texts.clear();
  texts.set(json, text);
  return text;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inOrder(object: object): object {
  const fields = sorted(object, FIRST);
  const { kind, metadata, spec } = fields;
  if (typeof metadata === 'object' && metadata !== null) fields['metadata'] = sorted(metadata, FIRST_OF_METADATA);
  const first = FIRST_OF_SPEC[String(kind)];
  if (first) fields['spec'] = deeplySorted(spec, first);
  return fields;
}

function deeplySorted(value: unknown, first: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => deeplySorted(item, first));
  const fields = sorted(value, first);
  for (const key of Object.keys(fields)) fields[key] = deeplySorted(fields[key], first);
  return fields;
}

function sorted(object: object, first: readonly string[]): Record<string, unknown> {
  const fields = object as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const key of first) if (fields[key] !== undefined) result[key] = fields[key];
  for (const key of Object.keys(fields)) if (!Object.hasOwn(result, key)) result[key] = fields[key];
  return result;
}
