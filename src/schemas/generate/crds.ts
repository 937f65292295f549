import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { goModule } from '../../engines';
import type { RawSchema } from '../raw-schema';
import { CRD_SOURCES, type CrdSource } from '../sources';
import { namespacedManaged } from './crossplane-managed';

/** As much of a CustomResourceDefinition as schemas need. */
export interface Crd {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: { readonly kind: string; readonly plural: string; readonly [other: string]: unknown };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly schema: { readonly openAPIV3Schema: RawSchema };
      readonly subresources?: { readonly status?: object };
      readonly [other: string]: unknown;
    }[];
    readonly [other: string]: unknown;
  };
}

/** All CustomResourceDefinitions of pinned sources, by default of all, as their projects wrote them, source by source. */
export async function readCrds(
  onProgress: (message: string) => void = () => {},
  from: readonly CrdSource[] = CRD_SOURCES,
): Promise<readonly { readonly source: CrdSource; readonly crds: readonly Crd[] }[]> {
  const result = [];
  for (const source of from) {
    onProgress(`${source.addOn}: ${source.module} ${source.version}`);
    const directory = await goModule(source.module, source.version, { sum: source.sum });
    const found: Crd[] = [];
    for (const inner of source.paths) {
      for (const file of await yamlFiles(path.join(directory, inner))) {
        const documents = loadAll(await readFile(file, 'utf8')) as unknown[];
        found.push(...documents.filter(isCrd));
      }
    }
    if (found.length === 0) throw new Error(`${source.module} ${source.version}: no CustomResourceDefinition found`);
    const crds = source.namespacedManaged ? found.flatMap(namespacedManaged) : found;
    result.push({ source, crds });
  }
  return result;
}

async function yamlFiles(place: string): Promise<string[]> {
  if (!(await stat(place)).isDirectory()) return [place];
  const names = (await readdir(place)).filter((name) => name.endsWith('.yaml')).sort();
  return names.map((name) => path.join(place, name));
}

function isCrd(document: unknown): document is Crd {
  return (document as Partial<Crd> | null)?.kind === 'CustomResourceDefinition';
}
