import { ApiObject } from 'cdk8s';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { BUDGET } from '../telemetry/cost-rules';

/**
 * What the tenant may spend, which the rules that all share compare with what all of its environments on this cluster
 * cost. Whoever hears of its first production environment, or else of its first, is told.
 */
export const facet: TenantFacet = {
  why: 'The budget of the claim, which alerts compare with what the tenant costs',
  each: 'tenant',
  render(scope, tenant, { addOns }) {
    if (!addOns.includes('kube-prometheus-stack') || !addOns.includes('opencost')) return;
    const { monthlyBudget, environments } = tenant;
    const told = environments.find(({ production }) => production) ?? environments[0];
    if (monthlyBudget === undefined || !told) return;
    const { namespace, name: environment } = told;
    new ApiObject(scope, 'budget', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'budget', namespace, labels: tenantLabels(tenant, told) },
      spec: {
        groups: [
          {
            name: `budget-${tenant.name}`,
            interval: '5m',
            rules: [
              {
                record: BUDGET,
                expr: `vector(${monthlyBudget})`,
                labels: { namespace, tenant: tenant.name, environment },
              },
            ],
          },
        ],
      },
    });
  },
};
