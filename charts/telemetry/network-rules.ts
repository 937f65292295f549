import type { TenantRuleGroup } from './rule';

/** Packets a second that were dropped on their way from or to a namespace, by `direction` and `reason`. */
export const DROPPED = 'tenant:network:dropped_rate5m';
/** HTTP requests a second to a namespace's workloads, by `workload` and `status`, where Cilium reads HTTP. */
export const REQUESTED = 'tenant:network:http_requests_rate5m';

/** Cilium's agents tell of both ends; each end is to see its own. */
const seenBy = (end: 'source' | 'destination', by: string, expr: string) =>
  `label_replace(sum by (${end}_namespace, ${by}) (${expr}), "namespace", "$1", "${end}_namespace", "(.+)")`;

const dropped = (end: 'source' | 'destination', direction: string) =>
  `label_replace(sum by (namespace, reason) (${seenBy(
    end,
    'reason',
    `rate(hubble_drop_total{job="cilium/cilium-agent",${end}_namespace!=""}[5m])`,
  )}), "direction", "${direction}", "", "")`;

/** For tenants alone, with the labels that say so. */
const ofTenants = (expr: string) =>
  `(${expr}) * on (namespace) group_left (tenant, environment) tenant:namespaces:info{job=""}`;

export const networkRules: TenantRuleGroup = {
  name: 'tenant-network',
  rules: [
    { record: DROPPED, expr: ofTenants(`${dropped('source', 'out')} or ${dropped('destination', 'in')}`) },
    {
      record: REQUESTED,
      expr: ofTenants(
        'label_replace(sum by (namespace, destination_workload, status) (' +
          seenBy(
            'destination',
            'destination_workload, status',
            'rate(hubble_http_requests_total{job="cilium/cilium-agent",destination_namespace!=""}[5m])',
          ) +
          '), "workload", "$1", "destination_workload", "(.*)")',
      ),
    },
  ],
};
