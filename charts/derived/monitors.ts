import { ApiObject } from 'cdk8s';
import type { Scrape } from '../component';
import type { AddOnFacet } from '../facet';
import { addOnLabels } from '../labels';

/** One PodMonitor for each workload that is scraped. */
export const facet: AddOnFacet = {
  render(scope, { name, namespace, declaration, monitored }) {
    if (!monitored) return;
    for (const [workload, { labels, scrape }] of Object.entries(declaration.workloads)) {
      if (!scrape?.length) continue;
      new ApiObject(scope, workload, {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PodMonitor',
        metadata: { name: `${name}-${workload}`, namespace, labels: addOnLabels(name) },
        spec: { selector: { matchLabels: { ...labels } }, podMetricsEndpoints: scrape.map(endpoint) },
      });
    }
  },
};

function endpoint({ port, path = '/metrics', scheme = 'http' }: Scrape): object {
  return {
    portNumber: port,
    path,
    scheme,
    // Such endpoints sign their own certificates at every start: there is nobody to check them against.
    ...(scheme === 'https' ? { tlsConfig: { insecureSkipVerify: true } } : {}),
  };
}
