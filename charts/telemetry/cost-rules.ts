import { VALUE } from '../../src/model/alerts/rule';
import { recorded } from './promql';
import type { TenantRuleGroup } from './rule';

/** Hours in a month on average: what cloud providers multiply hourly prices by. */
const HOURS = 730;
const GIB = 2 ** 30;
/** Share of a budget from which on it is told, while something can still be done. */
const NEARLY = 0.8;

/** Dollars an hour of a namespace by what they are spent on. */
export const HOURLY = 'tenant:cost:dollars_per_hour';
/** Dollars of the last 30 days. */
export const SPENT = 'tenant:cost:dollars_30d';
/** Dollars of a month that goes on like the last week. */
export const FORECAST = 'tenant:cost:dollars_month_forecast';
/** What a tenant may spend a month: recorded from its claim. */
export const BUDGET = 'tenant:budget:dollars';

/** OpenCost's job: what it says about a namespace is not for that namespace to say. */
const BY = 'job="opencost"';

const shared = (expr: string) =>
  `sum by (namespace) (${expr}) * on (namespace) group_left (tenant, environment) ${recorded('tenant:namespaces:info')}`;

/** What each container is given, or uses where that is more, at its node's prices; volumes; load balancers. */
const HOURLY_COSTS: Readonly<Record<string, string>> = {
  cpu: `container_cpu_allocation{${BY}} * on (node) group_left () max by (node) (node_cpu_hourly_cost{${BY}})`,
  memory:
    `container_memory_allocation_bytes{${BY}} / ${GIB}` +
    ` * on (node) group_left () max by (node) (node_ram_hourly_cost{${BY}})`,
  storage:
    `max by (namespace, persistentvolume) (pod_pvc_allocation{${BY}}) / ${GIB}` +
    ` * on (persistentvolume) group_left () max by (persistentvolume) (pv_hourly_cost{${BY}})`,
  'load balancers': `kubecost_load_balancer_cost{${BY}}`,
};

/** All environments of a tenant on this cluster together, as a share of its budget. */
const shareOf = (cost: string) =>
  `sum by (tenant) (${recorded(cost)}) / on (tenant) group_right () ${recorded(BUDGET)}`;

export const costRules: TenantRuleGroup = {
  name: 'tenant-cost',
  interval: '5m',
  rules: [
    {
      record: HOURLY,
      expr: Object.entries(HOURLY_COSTS)
        .map(([item, expr]) => `label_replace(${shared(expr)}, "item", "${item}", "", "")`)
        .join(' or '),
    },
    { record: SPENT, expr: `sum by (namespace, tenant, environment) (sum_over_time(${recorded(HOURLY)}[30d:1h]))` },
    {
      record: FORECAST,
      expr: `${HOURS} * sum by (namespace, tenant, environment) (avg_over_time(${recorded(HOURLY)}[7d:1h]))`,
    },
    {
      alert: 'TenantBudgetForecast',
      expr: `${shareOf(FORECAST)} > 1`,
      for: '6h',
      severity: 'warning',
      summary: `{{ $labels.tenant }} is on its way to ${VALUE.percentage} of its monthly budget`,
      runbook: 'budget',
    },
    {
      alert: 'TenantBudgetNearlySpent',
      expr: `${shareOf(SPENT)} > ${NEARLY} <= 1`,
      for: '1h',
      severity: 'warning',
      summary: `{{ $labels.tenant }} has spent ${VALUE.percentage} of its monthly budget within 30 days`,
      runbook: 'budget',
    },
    {
      alert: 'TenantBudgetSpent',
      expr: `${shareOf(SPENT)} > 1`,
      for: '1h',
      severity: 'critical',
      summary: `{{ $labels.tenant }} has spent ${VALUE.percentage} of its monthly budget within 30 days`,
      runbook: 'budget',
    },
  ],
};
