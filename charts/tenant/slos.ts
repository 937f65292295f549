import { ApiObject } from 'cdk8s';
import type { TenantSlo } from '../../src/model/slices';
import type { JsonObject } from '../component';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { equal, matching } from '../telemetry/promql';
import { SLO, WINDOWS } from '../telemetry/slo-rules';

/** Windows that a change is seen in late anyway: computed more rarely, since each reads all of its range. */
const LONG = ['6h', '1d', '3d'];

/**
 * What the claim's objectives record: the share of bad events over each window, in the environment's own series only.
 * The alerts on them are the same for everybody.
 */
export const facet: TenantFacet = {
  why: 'Objectives of the claim, as series that the alerts of all tenants judge',
  each: 'environment',
  render(scope, tenant, { namespace, name: environment, ...rest }, { addOns }) {
    if (!addOns.includes('kube-prometheus-stack') || tenant.slos.length === 0) return;
    const labels = { namespace, tenant: tenant.name, environment };
    const windows = (some: readonly string[]) =>
      tenant.slos.flatMap((slo) =>
        some.map((window) => ({
          record: SLO.errors(window),
          expr: ratio(slo, namespace, `rate`, window),
          labels: { ...labels, slo: slo.name },
        })),
      );
    new ApiObject(scope, 'slos', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: {
        name: 'slos',
        namespace,
        labels: tenantLabels(tenant, { namespace, name: environment, ...rest }),
      },
      spec: {
        groups: [
          { name: `slos-${namespace}`, rules: windows(WINDOWS.filter((window) => !LONG.includes(window))) },
          {
            name: `slos-long-${namespace}`,
            interval: '5m',
            rules: [
              ...windows(WINDOWS.filter((window) => LONG.includes(window))),
              ...tenant.slos.flatMap((slo) => facts(slo, namespace, labels)),
            ],
          },
        ],
      },
    });
  },
};

/** What the shared alerts compare with, and how much of the budget is left. */
function facts(slo: TenantSlo, namespace: string, labels: Readonly<Record<string, string>>): JsonObject[] {
  const own = { ...labels, slo: slo.name };
  const budget = budgetOf(slo);
  return [
    { record: SLO.budget, expr: `vector(${budget})`, labels: own },
    { record: SLO.period, expr: `vector(${slo.days})`, labels: own },
    {
      record: 'slo:error_budget:remaining_ratio',
      expr: `1 - (${ratio(slo, namespace, 'increase', `${slo.days}d`)}) / ${budget}`,
      labels: own,
    },
  ];
}

/** Share of events that may be bad, without what binary fractions add to it. */
function budgetOf({ objective }: TenantSlo): number {
  return Number(((100 - objective) / 100).toPrecision(10));
}

/** Bad events of all: none where there are events and none of them is bad, nothing where there are no events. */
function ratio(slo: TenantSlo, namespace: string, over: 'rate' | 'increase', window: string): string {
  const all = [...equal({ namespace }), ...equal(slo.labels)];
  const total = `sum(${over}(${slo.metric}{${all.join(',')}}[${window}]))`;
  const bad = `sum(${over}(${slo.metric}{${[...all, ...matching(slo.bad)].join(',')}}[${window}]))`;
  return `(${bad} or 0 * ${total}) / ${total}`;
}
