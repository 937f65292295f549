import { CORE_SCHEMA, loadAll } from 'js-yaml';
import { isMap, map, text, type Plain } from './values';

/** One object of a tree. */
export interface TreeObject {
  /** What makes it the same object wherever it stands in its cluster. */
  readonly identity: string;
  /** Empty for a document that is no Kubernetes object. */
  readonly apiVersion: string;
  /** `Document` for one that is no Kubernetes object. */
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly file: string;
  readonly body: Plain;
}

/** The objects of a YAML file. Throws where it can't be parsed, or holds something else than maps. */
export function readObjects(file: string, content: string): TreeObject[] {
  const objects: TreeObject[] = [];
  for (const body of loadAll(content, { schema: CORE_SCHEMA })) {
    if (body === null || body === undefined) continue;
    if (!isMap(body)) throw new Error('a document of it is no map');
    objects.push(describe(file, body, objects.length));
  }
  return objects;
}

function describe(file: string, body: Plain, index: number): TreeObject {
  const apiVersion = text(body.apiVersion);
  const kind = text(body.kind);
  const metadata = map(body.metadata);
  const name = text(metadata.name);
  if (apiVersion === undefined || kind === undefined || name === undefined) {
    return { identity: `${file}#${index}`, apiVersion: '', kind: 'Document', name: `${file}#${index}`, file, body };
  }
  const namespace = text(metadata.namespace);
  // Without the version: `v1beta1` and `v1` of one object are one object to the API server.
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const identity = [group, kind, namespace ?? '', name].join('\0');
  return { identity, apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name, file, body };
}
