import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { asLines, engineVersion, startApiServer } from '../../engines';
import type { CoreData, CrdIndex, KindTable, RawSchema } from '../raw-schema';
import { CORE_SOURCE } from '../sources';
import { databaseCrd } from './composite';
import { readCore } from './core';
import { readCrds } from './crds';
import { IGNORED, strip } from './strip';

const DATA = path.join(__dirname, '..', 'data');
const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

const say = (message: string): void => console.error(message);

/**
 * Writes src/schemas/data anew: `--only core` or `--only crds` leaves the other half as it is.
 * The same pins give the same bytes.
 */
async function main(args: readonly string[]): Promise<void> {
  const only = args[0] === '--only' ? args[1] : undefined;
  if (args.length > 0 && only !== 'core' && only !== 'crds') throw new Error('usage: [--only core|crds]');
  if (only !== 'crds') await writeCore();
  if (only !== 'core') await writeCrds();
}

async function writeCore(): Promise<void> {
  const server = await startApiServer({ onProgress: asLines(say) });
  try {
    const { kinds, definitions } = await readCore(server);
    const data: CoreData = {
      source: { name: 'kubernetes', version: engineVersion('kube-apiserver'), from: CORE_SOURCE },
      kinds: table(
        kinds.map(({ apiVersion, kind, definition, namespaced }) => [apiVersion, kind, [definition, namespaced]]),
      ),
      definitions: sorted(definitions),
    };
    await write('core.json', data);
    say(`kubernetes: ${kinds.length} kinds`);
  } finally {
    await server.stop();
  }
}

async function writeCrds(): Promise<void> {
  await rm(path.join(DATA, 'crds'), { recursive: true, force: true });
  const rows: [string, string, readonly [number, boolean]][] = [];
  const sources: CrdIndex['sources'][number][] = [];
  const groups = (await readCrds(say)).map(({ source: { addOn: name, module, version, note }, crds }) => ({
    source: { name, version, from: `Go module ${module}`, ...(note ? { note } : {}) },
    crds,
  }));
  groups.push({ source: { name: 'databases', version: 'v1', from: 'src/model/database' }, crds: [databaseCrd()] });
  for (const { source, crds } of groups) {
    sources.push(source);
    for (const { spec } of crds) {
      for (const { name: version, schema, subresources } of spec.versions.filter(({ served }) => served)) {
        const apiVersion = `${spec.group}/${version}`;
        rows.push([apiVersion, spec.names.kind, [sources.length - 1, spec.scope === 'Namespaced']]);
        await write(
          path.join('crds', spec.group, version, `${spec.names.kind}.json`),
          root(schema.openAPIV3Schema, subresources?.status !== undefined),
        );
      }
    }
  }
  const index: CrdIndex = { sources, kinds: table(rows) };
  await write('crds.json', index);
  say(`custom resources: ${rows.length} kinds and versions`);
}

/** The whole object: what every custom resource has besides what its definition says. */
function root(schema: RawSchema, dropsStatus: boolean): RawSchema {
  const { properties = {}, ...rest } = strip(schema);
  const own = properties.metadata?.properties;
  return {
    ...rest,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      ...properties,
      ...(dropsStatus ? { status: IGNORED } : {}),
      metadata: { $ref: OBJECT_META, ...(own ? { allOf: [{ properties: own }] } : {}) },
    },
  };
}

function table<T>(rows: readonly (readonly [apiVersion: string, kind: string, value: T])[]): KindTable<T> {
  const result: Record<string, Record<string, T>> = {};
  for (const [apiVersion, kind, value] of rows) (result[apiVersion] ??= {})[kind] = value;
  return sorted(Object.fromEntries(Object.entries(result).map(([key, kinds]) => [key, sorted(kinds)])));
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  const names = Object.keys(record).sort();
  return Object.fromEntries(names.map((name) => [name, record[name]!]));
}

async function write(name: string, content: unknown): Promise<void> {
  const file = path.join(DATA, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content)}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 2;
});
