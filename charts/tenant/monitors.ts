import { createHash } from 'node:crypto';
import { ApiObject } from 'cdk8s';
import { labelFault, toLabel } from '../../src/model/names';
import type { Tier, TenantMetrics } from '../../src/model/slices';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';

/**
 * Series that one Pod may give at each scrape; one that gives more is not scraped at all. Prometheus takes about 3 KiB
 * of memory for each, and machines of a tenant's own hold fewer and larger Pods.
 */
const SERIES: Readonly<Record<Tier, number>> = { 1: 5_000, 2: 5_000, 3: 20_000, 4: 20_000 };

/** What else one Pod may give. Nobody's metrics come near; a counter with a request in a label does. */
const BOUNDS = {
  bodySizeLimit: '10MB',
  labelLimit: 40,
  labelNameLengthLimit: 200,
  labelValueLengthLimit: 1_000,
  keepDroppedTargets: 1,
} as const;

/**
 * How Prometheus scrapes the claim's metrics. Whose a series is says the Pod that it was scraped from: labels of that
 * name which the Pod sends are kept as `exported_…`.
 */
export const facet: TenantFacet = {
  why: 'Prometheus scrapes the metrics of the claim, and marks them as the tenant’s',
  each: 'environment',
  render(scope, tenant, environment, { addOns }) {
    if (!addOns.includes('kube-prometheus-stack')) return;
    for (const [workload, endpoints] of byWorkload(tenant.metrics)) {
      const name = workload === undefined ? 'metrics' : `metrics-${objectName(workload)}`;
      new ApiObject(scope, name, {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PodMonitor',
        metadata: { name, namespace: environment.namespace, labels: tenantLabels(tenant, environment) },
        spec: {
          selector: workload === undefined ? {} : { matchLabels: { 'app.kubernetes.io/name': workload } },
          sampleLimit: SERIES[tenant.tier],
          targetLimit: environment.quota.pods * endpoints.length,
          ...BOUNDS,
          podMetricsEndpoints: endpoints.map(({ port, path }) => ({
            portNumber: port,
            path,
            honorLabels: false,
            // Prometheus would go where a Pod sends it, to others' metrics or its own, and take the answer for the Pod's.
            followRedirects: false,
            // A Pod that may choose its times could write into the past.
            honorTimestamps: false,
            relabelings: Object.entries({ tenant: tenant.name, environment: environment.name }).map(
              ([targetLabel, replacement]) => ({ targetLabel, replacement, action: 'replace' }),
            ),
          })),
        },
      });
    }
  },
};

/** Endpoints of the same Pods together; those of every Pod last. */
function byWorkload(metrics: readonly TenantMetrics[]): readonly (readonly [string | undefined, TenantMetrics[]])[] {
  const groups = new Map<string, TenantMetrics[]>();
  for (const one of metrics) groups.set(one.workload ?? '', [...(groups.get(one.workload ?? '') ?? []), one]);
  return [...groups]
    .sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1))
    .map(([workload, endpoints]) => [workload === '' ? undefined : workload, endpoints]);
}

/** Room for a workload's name: 63 less `metrics-`, a dash and a digest. */
const READABLE = 40;

/** The workload's name, or what is nearest to it and a digest: values of labels may be what names of objects may not. */
function objectName(workload: string): string {
  if (labelFault(workload, READABLE) === undefined) return workload;
  const digest = createHash('sha256').update(workload).digest('hex').slice(0, 8);
  return [toLabel(workload, READABLE), digest].filter((part) => part !== '').join('-');
}
