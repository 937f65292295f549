import { HOST_METRICS } from '../control-plane-metrics';
import { OBJECTIVES } from '../control-plane-slo';
import { type Alert, type Recording, type RuleGroup, VALUE } from './rule';

const { api } = OBJECTIVES;

const JOB = 'job="apiserver"';
/** Connections that stay open, whose length says nothing. */
const SHORT = `${JOB},subresource!~"proxy|attach|log|exec|portforward"`;
const DURATIONS = 'apiserver_request_duration_seconds_bucket';

/** Share of calls that failed, over a window. No series before the first failure. */
const errors = (window: string): Recording => ({
  record: `keelson:apiserver_errors:ratio_rate${window}`,
  expr:
    `sum(rate(apiserver_request_total{${JOB},code=~"5.."}[${window}]))` +
    ` / sum(rate(apiserver_request_total{${JOB}}[${window}]))`,
});

/**
 * True while the budget is spent so many times too fast, both lately and right now: the short window ends the alert
 * soon after the cause (Google, "The Site Reliability Workbook", multiwindow, multi-burn-rate alerts).
 */
const burns = (times: number, long: string, short: string): string => {
  const limit = `${times} * ${(1 - api.availability).toFixed(6)}`;
  return [long, short].map((window) => `(keelson:apiserver_errors:ratio_rate${window} > ${limit})`).join(' and ');
};

const burn = (alert: string, severity: Alert['severity'], windows: readonly string[]): Alert => ({
  alert,
  expr: windows.join(' or '),
  severity,
  summary: `${VALUE.percentage} of calls to the API fail: the month's budget of ${((1 - api.availability) * 100).toFixed(1)} % will not last`,
  runbook: 'apiserver-errors',
});

/** What every API server tells of itself, EKS' too. */
const seenByClients: readonly (Alert | Recording)[] = [
  ...['5m', '30m', '1h', '2h', '6h', '1d', '3d'].map(errors),
  burn('ApiServerErrorBudgetFast', 'critical', [burns(14.4, '1h', '5m'), burns(6, '6h', '30m')]),
  burn('ApiServerErrorBudgetSlow', 'warning', [burns(3, '1d', '2h'), burns(1, '3d', '6h')]),
  {
    alert: 'ApiServerSlow',
    expr:
      'histogram_quantile(0.99, sum by (verb, le) (' +
      `rate(${DURATIONS}{${SHORT},verb!~"WATCH|WATCHLIST|CONNECT|LIST"}[5m])` +
      ` or rate(${DURATIONS}{${SHORT},verb="LIST",scope!="cluster"}[5m])` +
      `)) > ${api.p99}`,
    for: '10m',
    severity: 'warning',
    summary: `One of 100 {{ $labels.verb }} calls takes ${VALUE.duration} or longer; the objective is ${api.p99} s`,
    runbook: 'apiserver-slow',
  },
  {
    alert: 'ApiServerListSlow',
    expr:
      'histogram_quantile(0.99, sum by (resource, le) (' +
      `rate(${DURATIONS}{${SHORT},verb="LIST",scope="cluster"}[5m])` +
      `)) > ${api.listP99}`,
    for: '10m',
    severity: 'warning',
    summary: `Lists of all {{ $labels.resource }} take ${VALUE.duration} or longer; the objective is ${api.listP99} s`,
    runbook: 'apiserver-slow',
  },
];

/** What only they need to know who run the API servers themselves. */
const ownServers: readonly Alert[] = [
  {
    alert: 'ApiServerInstanceDown',
    // A server that is gone leaves the list of endpoints, and with it Prometheus: etcd's stays as long as its node does.
    expr: `count(up{${JOB}} == 1) < count(up{job="etcd"})`,
    for: '5m',
    severity: 'warning',
    summary: `Only ${VALUE.number} API servers answer`,
    runbook: 'apiserver-errors',
  },
  {
    alert: 'ApiServerRestarting',
    expr: `changes(process_start_time_seconds{${JOB}}[1h]) > 2`,
    severity: 'warning',
    summary: `The API server {{ $labels.instance }} started ${VALUE.number} times within an hour`,
    runbook: 'apiserver-oom',
  },
  {
    alert: 'ApiServerAuditFailing',
    expr: `sum by (instance, plugin) (rate(apiserver_audit_error_total{${JOB}}[5m])) > 0`,
    for: '5m',
    severity: 'critical',
    summary: 'The API server {{ $labels.instance }} loses audit events',
    runbook: 'audit-log',
  },
  {
    alert: 'AuditLogNotShipped',
    expr: `time() - ${HOST_METRICS.auditShipped} > ${OBJECTIVES.audit.shippedWithin}`,
    severity: 'warning',
    summary: `The audit log of {{ $labels.instance }} was last shipped ${VALUE.duration} ago: who takes the host takes it along`,
    runbook: 'audit-log',
  },
];

export const apiServerRules: { readonly everywhere: RuleGroup; readonly ownServers: RuleGroup } = {
  everywhere: { name: 'control-plane-api', rules: seenByClients },
  ownServers: { name: 'control-plane-api-servers', rules: ownServers },
};
