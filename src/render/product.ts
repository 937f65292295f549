import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AddOnFacet, ClusterFacet, TenantFacet } from '../../charts/facet';
import { compareText } from '../model/finding';
import type { Guardrail } from '../../policies/guardrail';
import type { Component } from '../model/component';

/** Folder that the product itself stands in: charts/, policies/ and src/ are below it. */
export const PRODUCT_ROOT = resolve(__dirname, '..', '..');

/** Names of the TypeScript files of a folder, without their ending, in code-unit order; none where it is not there. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
      .map((file) => file.slice(0, -'.ts'.length))
      .sort(compareText);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Loads every file of a folder and takes one export of each: so an add-on, a facet or a guardrail is added by adding a
 * file.
 *
 * @param but a file of the folder that is none
 */
function discover<T>(folder: string, exported: string, but?: string): ReadonlyMap<string, T> {
  const directory = join(PRODUCT_ROOT, folder);
  const found = new Map<string, T>();
  for (const name of namesIn(directory).filter((one) => one !== but)) {
    const module = require(join(directory, `${name}.ts`)) as Record<string, T | undefined>;
    const value = module[exported];
    if (value === undefined) throw new Error(`${folder}/${name}.ts exports no '${exported}'`);
    found.set(name, value);
  }
  return found;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The baseline's add-ons by file name. */
export const baseline = once(() => discover<Component>('charts/baseline', 'component'));
/** What is derived from each add-on's declaration, by facet. */
export const addOnFacets = once(() => discover<AddOnFacet>('charts/derived', 'facet'));
/** What stands once in each cluster, by facet. */
export const clusterFacets = once(() => discover<ClusterFacet>('charts/cluster', 'facet'));
/** What each tenant gets, by facet. */
export const tenantFacets = once(() => discover<TenantFacet>('charts/tenant', 'facet'));
/** Guardrails by file name. */
export const guardrails = once(() => discover<Guardrail>('policies', 'guardrail', 'guardrail'));
