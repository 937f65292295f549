import { evaluateRules } from './cel';
import { findKind, kinds, kindsOf, schemaOf, type KindInfo } from './catalog';
import { checkConsistency } from './consistency';
import { checkIdentity } from './identity';
import { prepareRoot, type SchemaNode } from './node';
import type { SchemaProblem } from './problem';
import { nearest } from '../model/suggest';
import { Walk } from './walk';

const roots = new Map<string, Map<string, { readonly info: KindInfo; readonly node: SchemaNode }>>();

/**
 * Checks one object as the API server would: fields, types, values, names, the rules of custom resources.
 * Gives all problems, none where the object would be accepted. Takes anything at all and never throws.
 */
export function checkObject(object: unknown): SchemaProblem[] {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    return [{ path: '', rule: 'not-an-object', message: 'a Kubernetes object is expected here', value: object }];
  }
  const { apiVersion, kind } = object as Record<string, unknown>;
  const missing = [
    ...(typeof apiVersion === 'string' && apiVersion ? [] : ['apiVersion']),
    ...(typeof kind === 'string' && kind ? [] : ['kind']),
  ];
  if (missing.length > 0) {
    return missing.map((path) => ({ path, rule: 'required', message: 'is missing or not text', fix: `set ${path}` }));
  }
  const root = rootOf(apiVersion as string, kind as string);
  if (!root) return [unknownKind(apiVersion as string, kind as string)];

  const walk = new Walk();
  walk.value(root.node, object, 0);
  walk.problems.push(...checkIdentity(root.info, (object as Record<string, unknown>).metadata));
  // Only where each field is right by itself can be asked whether they fit together.
  if (walk.problems.length === 0 && root.info.builtIn) {
    walk.problems.push(...checkConsistency(root.info.apiVersion, root.info.kind, object as Record<string, unknown>));
  }
  for (const rules of walk.pending) walk.problems.push(...evaluateRules(rules));
  return walk.problems;
}

function rootOf(apiVersion: string, kind: string): { readonly info: KindInfo; readonly node: SchemaNode } | undefined {
  const known = roots.get(apiVersion)?.get(kind);
  if (known) return known;
  const info = findKind(apiVersion, kind);
  if (!info) return undefined;
  const root = { info, node: prepareRoot(schemaOf(apiVersion, kind)!, info.builtIn) };
  roots.set(apiVersion, (roots.get(apiVersion) ?? new Map<string, typeof root>()).set(kind, root));
  return root;
}

function unknownKind(apiVersion: string, kind: string): SchemaProblem {
  const group = groupOf(apiVersion);
  const versions = kinds().filter((known) => known.kind === kind);
  const served = versions.find((known) => groupOf(known.apiVersion) === group) ?? versions[0];
  const what = `no kind ${kind} of ${apiVersion} is known`;
  if (served) {
    return {
      path: 'apiVersion',
      rule: 'unknown-kind',
      message: what,
      fix: `write ${served.apiVersion}`,
      value: apiVersion,
    };
  }
  const here = kindsOf(apiVersion);
  const nearKind = nearest(kind, here.length > 0 ? here : new Set(kinds().map((known) => known.kind)));
  return {
    path: 'kind',
    rule: 'unknown-kind',
    message: what,
    ...(nearKind === undefined ? {} : { fix: `write ${nearKind}` }),
    value: kind,
  };
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
}
