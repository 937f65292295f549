import { formats } from '../model/formats';
import claimSchema from '../model/schema/claim.schema.json';
import { markdownTable } from './markdown-table';

/** A JSON Schema as far as the reference tells it. */
interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly examples?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly maxLength?: number;
  readonly $ref?: string;
}

const HEAD = `# Claim reference

Generated from \`src/model/schema/claim.schema.json\` by \`keelson reference\`: change the schema, not this page.
A claim in YAML has all of this; a construct takes what stands below \`spec\`.
`;

/** Every field of a claim: what it takes, what it is without being said, what it means. */
export function claimReference(): string {
  const sections: string[] = [];
  describe(claimSchema as Schema, '', sections);
  return `${HEAD}\n${sections.join('\n')}`;
}

/** Writes a section for an object, and one for each object below it. */
function describe(given: Schema, path: string, sections: string[]): void {
  const schema = resolved(given);
  const { properties = {}, required = [] } = schema;
  const rows = Object.entries(properties).map(([name, property]) => {
    const { text, fallback } = spoken({ ...resolved(property), ...property });
    return [`\`${name}\``, takes(property), required.includes(name) ? 'required' : fallback, text];
  });
  const title = path === '' ? 'The claim' : `\`${path}\``;
  sections.push(`## ${title}\n\n${markdownTable([['field', 'takes', 'default', 'meaning'], ...rows])}`);
  for (const [name, property] of Object.entries(properties))
    below(property, path === '' ? name : `${path}.${name}`, sections);
}

function below(given: Schema, path: string, sections: string[]): void {
  const schema = resolved(given);
  if (schema.properties) describe(schema, path, sections);
  if (schema.items) below(schema.items, `${path}[]`, sections);
  if (typeof schema.additionalProperties === 'object') below(schema.additionalProperties, `${path}.<name>`, sections);
}

function resolved(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.replace('#/definitions/', '');
  const found = (claimSchema.definitions as Readonly<Record<string, unknown>>)[name];
  if (found === undefined) throw new Error(`the claim's schema refers to ${schema.$ref}, which it lacks`);
  return found as Schema;
}

/** Meaning and default, which descriptions tell apart by `@default`. */
function spoken({ description = '' }: Schema): { readonly text: string; readonly fallback: string } {
  const [text = '', fallback = ''] = description.split(/\n+@default\s*(?:-\s*)?/);
  const said = fallback.split('\n')[0] ?? '';
  const literal = /\n+@default -/.test(description) || said === '';
  return { text: text.replaceAll('\n', ' '), fallback: literal ? said : `\`${said}\`` };
}

function takes(given: Schema): string {
  const schema = resolved(given);
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum) return schema.enum.map((one) => `\`${String(one)}\``).join(', ');
  if (schema.type === 'array') {
    const most = schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`;
    return `a list${most}: ${schema.items ? takes(schema.items) : 'anything'}`;
  }
  if (schema.type === 'object' || schema.properties) {
    if (schema.properties) return 'an object';
    const names = schema.propertyNames?.format
      ? `, each ${formats[schema.propertyNames.format]?.what ?? 'a name'}`
      : '';
    const most = schema.maxProperties === undefined ? '' : `at most ${schema.maxProperties} `;
    const values = typeof schema.additionalProperties === 'object' ? `: ${takes(schema.additionalProperties)}` : '';
    return `${most}by name${names}${values}`;
  }
  if (schema.format) return formats[schema.format]?.what ?? schema.format;
  if (schema.type === 'boolean') return '`true` or `false`';
  if (schema.type === 'integer' || schema.type === 'number') {
    const what = schema.type === 'integer' ? 'a whole number' : 'a number';
    if (schema.minimum === undefined) return what;
    return `${what} from ${schema.minimum}${schema.maximum === undefined ? '' : ` to ${schema.maximum}`}`;
  }
  const example = schema.examples?.[0];
  const most = schema.maxLength === undefined ? '' : `, at most ${schema.maxLength} characters`;
  return `text${example === undefined || /\s/.test(String(example)) ? '' : ` such as \`${String(example)}\``}${most}`;
}
