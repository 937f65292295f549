import type { Pair, YAMLMap } from 'yaml';
import type { ObjectLiteralExpression, PropertyAssignment } from 'typescript';
import type { TenantState } from '../model/slices';

/** The file's text with the state changed and nothing else; undefined where that cannot be done safely. */
export type Edited = string | undefined;

/**
 * Writes a state into a YAML claim. Only the one value, or one line, differs: comments, quotes and order stay as a
 * person wrote them.
 */
export function editYaml(text: string, state: TenantState): Edited {
  const { parseDocument, isMap, isScalar } = require('yaml') as typeof import('yaml');
  const document = parseDocument(text);
  const spec = document.get('spec', true);
  if (document.errors.length > 0 || !isMap(spec) || !spec.range) return undefined;
  const pairs = (spec as YAMLMap).items as Pair[];
  const there = pairs.find(({ key }) => isScalar(key) && key.value === 'state');
  if (there) {
    const { key, value } = there;
    if (!isScalar(key) || !isScalar(value) || !key.range || !value.range) return undefined;
    // An anchor or tag stands before the value and would change its meaning; a block of text ends with its line.
    if (value.anchor !== undefined || value.tag !== undefined || value.type?.startsWith('BLOCK')) return undefined;
    const [from, to] = value.range;
    return text.slice(0, from) + quotedLike(text, from, state) + text.slice(to);
  }
  const [first] = pairs;
  if (!first || !isScalar(first.key) || !first.key.range) return undefined;
  const at = first.key.range[0];
  if (spec.flow) {
    // With quotes as those of JSON, so that it stays what it was.
    const [key, value] = [quotedLike(text, at, 'state'), quotedLike(text, at, state)];
    return `${text.slice(0, at)}${key}: ${value}, ${text.slice(at)}`;
  }
  const indent = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  // Something else than spaces before the key, such as `? `, is a form that few know.
  if (indent.trim() !== '') return undefined;
  return `${text.slice(0, at)}state: ${state}${lineEnd(text)}${indent}${text.slice(at)}`;
}

/** A word in the quotes that another one stands in. */
function quotedLike(text: string, at: number, word: string): string {
  const [quote] = /^["'`]/.exec(text.slice(at, at + 1)) ?? [''];
  return `${quote}${word}${quote}`;
}

/** How the lines of a text end. */
function lineEnd(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** Writes a state into the props of `new Tenant(…, '<name>', { … })` in a TypeScript file, and touches nothing else. */
export function editTypeScript(text: string, name: string, state: TenantState): Edited {
  const ts = require('typescript') as typeof import('typescript');
  const source = ts.createSourceFile('tenant.ts', text, ts.ScriptTarget.Latest, true);
  const found: ObjectLiteralExpression[] = [];
  const visit = (node: import('typescript').Node): void => {
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Tenant') {
      const [, called, props] = node.arguments ?? [];
      if (
        called &&
        ts.isStringLiteralLike(called) &&
        called.text === name &&
        props &&
        ts.isObjectLiteralExpression(props)
      )
        found.push(props);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const [props] = found;
  // A part that is spread in may hold a state of its own.
  if (found.length !== 1 || !props || props.properties.some((one) => ts.isSpreadAssignment(one))) return undefined;
  const isState = (one: (typeof props.properties)[number]) =>
    one.name !== undefined && (ts.isIdentifier(one.name) || ts.isStringLiteral(one.name)) && one.name.text === 'state';
  const there = props.properties.find(isState);
  if (there) {
    const { initializer } = there as Partial<PropertyAssignment>;
    if (!ts.isPropertyAssignment(there) || !initializer || !ts.isStringLiteralLike(initializer)) return undefined;
    const from = initializer.getStart();
    return text.slice(0, from) + quotedLike(text, from, state) + text.slice(initializer.getEnd());
  }
  const [first] = props.properties;
  if (!first) return undefined;
  const at = first.getStart();
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  const separator = line.trim() === '' ? `${lineEnd(text)}${line}` : ' ';
  return `${text.slice(0, at)}state: '${state}',${separator}${text.slice(at)}`;
}
