import { join } from 'node:path';
import { App, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { resolve } from '../../src/model/resolve';
import { load } from '../../src/render/load';
import { tenantFacets } from '../../src/render/product';

/**
 * What cdk8s does by itself with the same constructs: one App, one Chart a tenant on a cluster, one file a Chart, no
 * checks. Usage: synth.ts FOLDER.
 */
function synthesize(root: string): void {
  const { declarations } = load(root);
  if (!declarations) throw new Error(`${root} holds no platform`);
  const { clusters, units } = resolve(declarations);
  const app = new App({ outdir: join(root, 'tree', 'synth') });
  for (const { id, cluster: name, slice } of units) {
    const cluster = clusters.get(name);
    if (slice.kind !== 'tenant' || !cluster) continue;
    const chart = new Chart(app, id.replaceAll('/', '-'), { disableResourceNameHashes: true });
    for (const [facetName, facet] of tenantFacets()) {
      const scope = new Construct(chart, facetName);
      if (facet.each === 'tenant') facet.render(scope, slice, cluster);
      else {
        for (const environment of slice.environments) {
          facet.render(new Construct(scope, environment.name), slice, environment, cluster);
        }
      }
    }
  }
  app.synth();
}

synthesize(process.argv[2] ?? process.cwd());
