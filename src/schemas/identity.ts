import type { KindInfo } from './catalog';
import { FORMATS, type Format } from './formats';
import type { SchemaProblem } from './problem';

/** Kinds whose names become a part of a DNS name or of other objects' names. */
const LABEL_KINDS = new Set(['v1 Namespace', 'v1 Service', 'apps/v1 StatefulSet']);
/** Names of these groups' objects may hold anything that can stand in a URL's path. */
const PATH_GROUPS = new Set(['rbac.authorization.k8s.io', 'flowcontrol.apiserver.k8s.io']);
/** Most bytes that all annotations of an object may have together. */
const ANNOTATION_BYTES = 256 * 1024;

const PATH_SEGMENT: Format = {
  rule: 'metadata',
  what: "a name without '/' and '%'",
  test: (text) => text !== '.' && text !== '..' && !/[/%]/.test(text),
};

/** Checks what no schema says of an object's metadata: a valid name, and a namespace if and only if the kind has one. */
export function checkIdentity(info: KindInfo, metadata: unknown): SchemaProblem[] {
  if (metadata === undefined || metadata === null) {
    return [problem('metadata', 'is missing', undefined, 'set metadata.name')];
  }
  if (typeof metadata !== 'object' || Array.isArray(metadata)) return [];
  const { name, generateName, namespace, annotations } = metadata as Record<string, unknown>;
  return [
    ...(isAbsent(name) && typeof generateName === 'string' && generateName ? [] : checkName(info, name)),
    ...checkNamespace(info, namespace),
    ...checkSize(annotations),
  ];
}

function checkName(info: KindInfo, name: unknown): SchemaProblem[] {
  if (isAbsent(name)) return [problem('metadata.name', 'is missing', undefined, 'set metadata.name')];
  if (typeof name !== 'string') return [];
  return checkFormat('metadata.name', nameFormat(info), name);
}

function nameFormat({ apiVersion, kind, builtIn }: KindInfo): Format {
  if (!builtIn) return FORMATS['dns-subdomain']!;
  if (LABEL_KINDS.has(`${apiVersion} ${kind}`)) return FORMATS['dns-label']!;
  return PATH_GROUPS.has(apiVersion.split('/')[0]!) ? PATH_SEGMENT : FORMATS['dns-subdomain']!;
}

function checkNamespace({ kind, namespaced }: KindInfo, namespace: unknown): SchemaProblem[] {
  const field = 'metadata.namespace';
  if (!namespaced) {
    if (isAbsent(namespace)) return [];
    return [problem(field, `a ${kind} belongs to the whole cluster and has no namespace`, namespace, 'remove it')];
  }
  if (isAbsent(namespace))
    return [problem(field, `is missing: a ${kind} is in a namespace`, undefined, `set ${field}`)];
  return typeof namespace === 'string' ? checkFormat(field, FORMATS['dns-label']!, namespace) : [];
}

function checkFormat(field: string, format: Format, text: string): SchemaProblem[] {
  if (format.test(text)) return [];
  const fix = format.fix?.(text);
  return [problem(field, `is not ${format.what}`, text, fix === undefined ? undefined : `write ${fix}`)];
}

function checkSize(annotations: unknown): SchemaProblem[] {
  if (typeof annotations !== 'object' || annotations === null) return [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) bytes += Buffer.byteLength(key + String(value));
  if (bytes <= ANNOTATION_BYTES) return [];
  return [problem('metadata.annotations', `has ${bytes} bytes, at most ${ANNOTATION_BYTES} are allowed`)];
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function problem(path: string, message: string, value?: unknown, fix?: string): SchemaProblem {
  return {
    path,
    rule: 'metadata',
    message,
    ...(fix === undefined ? {} : { fix }),
    ...(value === undefined ? {} : { value }),
  };
}
