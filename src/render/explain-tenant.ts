import type { ResolvedCluster, Unit } from '../model/slices';
import { compareText } from '../model/finding';
import { tenantFacets } from './product';
import { objectsOf } from './state-plan';

/** What one facet gives a tenant, and why. */
export interface ExplainedFacet {
  /** Such as `network`: its file in the tree is named for it. */
  readonly facet: string;
  readonly why: string;
  readonly objects: readonly { readonly cluster: string; readonly kind: string; readonly name: string }[];
}

/** Every object of a tenant by what it comes from, in code-unit order. */
export function explainTenant(
  units: readonly Unit[],
  clusters: ReadonlyMap<string, ResolvedCluster>,
): readonly ExplainedFacet[] {
  const byFacet = new Map<string, ExplainedFacet['objects'][number][]>();
  for (const { object } of objectsOf(units, clusters).values()) {
    const { facet, ...rest } = object;
    byFacet.set(facet, [...(byFacet.get(facet) ?? []), rest]);
  }
  return [...byFacet]
    .sort(([a], [b]) => compareText(a, b))
    .map(([facet, objects]) => ({ facet, why: tenantFacets().get(facet)?.why ?? '', objects }));
}
