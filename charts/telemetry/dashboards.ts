import { BUDGET, FORECAST, HOURLY, SPENT } from './cost-rules';
import type { TenantDashboard } from './dashboard';
import { DROPPED, REQUESTED } from './network-rules';
import { SLO } from './slo-rules';

const CADVISOR = 'job="kubelet",metrics_path="/metrics/cadvisor",container!=""';
const STATE = 'job="kube-state-metrics"';

/**
 * What every tenant finds without asking. No query says whose data it wants: the data source of the environment does,
 * and lets nothing else through. One of each a cluster, however many tenants there are.
 */
export const DASHBOARDS: readonly TenantDashboard[] = [
  {
    name: 'workloads',
    title: 'Workloads',
    panels: [
      {
        title: 'CPU by Pod, in cores',
        unit: 'cores',
        queries: { '{{pod}}': `sum by (pod) (rate(container_cpu_usage_seconds_total{${CADVISOR}}[5m]))` },
      },
      {
        title: 'Memory by Pod',
        unit: 'bytes',
        queries: { '{{pod}}': `sum by (pod) (container_memory_working_set_bytes{${CADVISOR}})` },
      },
      {
        title: 'CPU used of what is requested',
        unit: 'percentunit',
        queries: {
          '{{pod}}':
            `sum by (pod) (rate(container_cpu_usage_seconds_total{${CADVISOR}}[5m]))` +
            ` / sum by (pod) (kube_pod_container_resource_requests{${STATE},resource="cpu"})`,
        },
      },
      {
        title: 'Memory used of what is allowed',
        unit: 'percentunit',
        queries: {
          '{{pod}}':
            `sum by (pod) (container_memory_working_set_bytes{${CADVISOR}})` +
            ` / sum by (pod) (kube_pod_container_resource_limits{${STATE},resource="memory"})`,
        },
      },
      {
        title: 'Restarts within an hour',
        queries: {
          '{{pod}} {{container}}': `sum by (pod, container) (increase(kube_pod_container_status_restarts_total{${STATE}}[1h]))`,
        },
      },
      {
        title: 'Pods by phase',
        queries: { '{{phase}}': `sum by (phase) (kube_pod_status_phase{${STATE}})` },
      },
    ],
  },
  {
    name: 'quota',
    title: 'Quota',
    panels: [
      {
        title: 'Used of what is granted',
        type: 'bargauge',
        unit: 'percentunit',
        width: 24,
        queries: {
          '{{resource}}':
            `sum by (resourcequota, resource) (kube_resourcequota{${STATE},type="used"})` +
            ` / (sum by (resourcequota, resource) (kube_resourcequota{${STATE},type="hard"}) > 0)`,
        },
      },
      {
        title: 'CPU, in cores',
        unit: 'cores',
        queries: {
          requested: `sum(kube_resourcequota{${STATE},resource="requests.cpu",type="used"})`,
          granted: `sum(kube_resourcequota{${STATE},resource="requests.cpu",type="hard"})`,
          used: `sum(rate(container_cpu_usage_seconds_total{${CADVISOR}}[5m]))`,
        },
      },
      {
        title: 'Memory',
        unit: 'bytes',
        queries: {
          requested: `sum(kube_resourcequota{${STATE},resource="requests.memory",type="used"})`,
          granted: `sum(kube_resourcequota{${STATE},resource="requests.memory",type="hard"})`,
          used: `sum(container_memory_working_set_bytes{${CADVISOR}})`,
        },
      },
      {
        title: 'Volumes: used of their size',
        unit: 'percentunit',
        width: 24,
        queries: {
          '{{persistentvolumeclaim}}':
            'max by (persistentvolumeclaim) (kubelet_volume_stats_used_bytes{job="kubelet"}' +
            ' / kubelet_volume_stats_capacity_bytes{job="kubelet"})',
        },
      },
    ],
  },
  {
    name: 'network',
    title: 'Network',
    needs: 'cilium',
    panels: [
      {
        title: 'Packets that a policy or a fault dropped, on their way in and out',
        unit: 'pps',
        width: 24,
        queries: { '{{direction}}: {{reason}}': `sum by (direction, reason) (${DROPPED})` },
      },
      {
        title: 'Bytes received by Pod',
        unit: 'Bps',
        queries: { '{{pod}}': 'sum by (pod) (rate(container_network_receive_bytes_total{job="kubelet"}[5m]))' },
      },
      {
        title: 'Bytes sent by Pod',
        unit: 'Bps',
        queries: { '{{pod}}': 'sum by (pod) (rate(container_network_transmit_bytes_total{job="kubelet"}[5m]))' },
      },
      {
        title: 'HTTP requests that Cilium saw, by answer',
        unit: 'reqps',
        width: 24,
        queries: { '{{workload}} {{status}}': `sum by (workload, status) (${REQUESTED})` },
      },
    ],
  },
  {
    name: 'logs',
    title: 'Logs',
    needs: 'loki',
    panels: [
      {
        title: 'Lines by container',
        source: 'logs',
        width: 24,
        queries: { '{{pod}} {{container}}': 'sum by (pod, container) (count_over_time({namespace=~".+"}[1m]))' },
      },
      { title: 'Newest lines', type: 'logs', source: 'logs', width: 24, queries: { '': '{namespace=~".+"}' } },
    ],
  },
  {
    name: 'traces',
    title: 'Traces',
    needs: 'tempo',
    panels: [
      { title: 'Newest traces', type: 'table', source: 'traces', width: 24, queries: { '': '{}' } },
      { title: 'Traces with an error', type: 'table', source: 'traces', queries: { '': '{ status = error }' } },
      {
        title: 'Traces of a second and more',
        type: 'table',
        source: 'traces',
        queries: { '': '{ trace:duration > 1s }' },
      },
    ],
  },
  {
    name: 'slos',
    title: 'Objectives',
    panels: [
      {
        title: 'Budget of errors that is left',
        type: 'stat',
        unit: 'percentunit',
        width: 24,
        queries: { '{{slo}}': 'max by (slo) (slo:error_budget:remaining_ratio)' },
      },
      {
        title: 'Share of bad events within an hour',
        unit: 'percentunit',
        queries: {
          '{{slo}}': `max by (slo) (${SLO.errors('1h')})`,
          'budget of {{slo}}': `max by (slo) (${SLO.budget})`,
        },
      },
      {
        title: 'How many times faster than its budget bears',
        queries: { '{{slo}}': `max by (slo) (${SLO.errors('1h')} / on (namespace, slo) ${SLO.budget})` },
      },
    ],
  },
  {
    name: 'cost',
    title: 'Cost',
    needs: 'opencost',
    panels: [
      { title: 'Last 30 days', type: 'stat', unit: 'currencyUSD', width: 8, queries: { spent: `sum(${SPENT})` } },
      {
        title: 'A month like the last week',
        type: 'stat',
        unit: 'currencyUSD',
        width: 8,
        queries: { forecast: `sum(${FORECAST})` },
      },
      {
        title: 'Monthly budget of the tenant, where this environment is told of it',
        type: 'stat',
        unit: 'currencyUSD',
        width: 8,
        queries: { budget: `sum(${BUDGET})` },
      },
      {
        title: 'Dollars an hour, by what they are spent on',
        unit: 'currencyUSD',
        width: 24,
        queries: { '{{item}}': `sum by (item) (${HOURLY})` },
      },
    ],
  },
  {
    name: 'databases',
    title: 'Databases in the cluster',
    needs: 'cloudnative-pg',
    panels: [
      { title: 'Instances that answer', queries: { '{{pod}}': 'max by (pod) (cnpg_collector_up)' } },
      { title: 'Connections', queries: { '{{pod}} {{datname}}': 'sum by (pod, datname) (cnpg_backends_total)' } },
      {
        title: 'Size',
        unit: 'bytes',
        queries: { '{{datname}}': 'max by (datname) (cnpg_pg_database_size_bytes)' },
      },
      { title: 'Copies are behind', unit: 's', queries: { '{{pod}}': 'max by (pod) (cnpg_pg_replication_lag)' } },
    ],
  },
];

/** Those that show something on a cluster with these add-ons. */
export function dashboardsFor(addOns: readonly string[]): readonly TenantDashboard[] {
  return DASHBOARDS.filter(({ needs }) => needs === undefined || addOns.includes(needs));
}
