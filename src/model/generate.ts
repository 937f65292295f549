import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';

/** The schemas that types are made from, by the file each goes to. */
const TYPES = {
  'platform.generated.ts': 'platform.schema.json',
  'claim.generated.ts': 'claim.schema.json',
  'outputs.generated.ts': 'outputs.schema.json',
} as const;

/** Types of the declarations, made from their JSON Schemas: one source for editors, validation and reference. */
export async function generateTypes(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const [target, source] of Object.entries(TYPES)) {
    const schema = JSON.parse(readFileSync(join(__dirname, 'schema', source), 'utf8')) as JSONSchema;
    const text = await compile(schema, schema.title ?? source, {
      bannerComment: `// Generated from schema/${source} by \`npm run generate\`: change the schema, not this file.`,
      additionalProperties: false,
      ignoreMinAndMaxItems: true,
      style: { singleQuote: true, printWidth: 120, trailingComma: 'all' },
    });
    files.set(join(__dirname, target), text);
  }
  return files;
}

async function main(): Promise<void> {
  for (const [file, text] of await generateTypes()) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

if (require.main === module) void main();
