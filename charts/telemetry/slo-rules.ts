import type { Alert } from '../../src/model/alerts';
import { VALUE } from '../../src/model/alerts/rule';
import { recorded } from './promql';
import type { TenantRuleGroup } from './rule';

/** What each objective records of itself, for the alerts that all of them share. Labels: `namespace`, `slo`. */
export const SLO = {
  /** Share of bad events over a window. */
  errors: (window: string) => `slo:errors:ratio_rate${window}`,
  /** Share of events that may be bad. */
  budget: 'slo:error_budget:ratio',
  /** Days that the objective is judged over. */
  period: 'slo:period:days',
} as const;

interface Burn {
  /** Part of the whole period's budget that is gone when the long window is. */
  readonly spent: number;
  readonly long: string;
  /** The long window in days. */
  readonly days: number;
  /** Ends the alert soon after the errors end. */
  readonly short: string;
}

/**
 * Source: Site Reliability Workbook, "Alerting on SLOs", table 5-8: 2 % of the budget in an hour, 5 % in six, 10 % in
 * three days; and 10 % in one day. Over 30 days these are burn rates of 14.4, 6, 1 and 3.
 */
const FAST: readonly Burn[] = [
  { spent: 0.02, long: '1h', days: 1 / 24, short: '5m' },
  { spent: 0.05, long: '6h', days: 6 / 24, short: '30m' },
];
const SLOW: readonly Burn[] = [
  { spent: 0.1, long: '1d', days: 1, short: '2h' },
  { spent: 0.1, long: '3d', days: 3, short: '6h' },
];

/** Every window that an objective records. */
export const WINDOWS: readonly string[] = [...FAST, ...SLOW]
  .flatMap(({ long, short }) => [short, long])
  .filter(isFirst);

function isFirst(window: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(window) === index;
}

/** Fires where both windows burn faster than the budget would last. */
function burns({ spent, long, days, short }: Burn): string {
  const rate = Number((spent / days).toPrecision(12));
  const above = (window: string) =>
    `${recorded(SLO.errors(window))} > on (namespace, slo) group_left () ${rate} * ${recorded(SLO.period)} * ${recorded(SLO.budget)}`;
  return `(${above(long)} and on (namespace, slo) ${above(short)})`;
}

const alerts: readonly Alert[] = [
  {
    alert: 'TenantSloBurnsFast',
    expr: FAST.map(burns).join(' or '),
    for: '2m',
    severity: 'critical',
    summary: `${VALUE.percentage} of events of {{ $labels.namespace }}/{{ $labels.slo }} are bad: the budget is gone in days`,
    runbook: 'slo',
  },
  {
    alert: 'TenantSloBurnsSlowly',
    expr: SLOW.map(burns).join(' or '),
    for: '15m',
    severity: 'warning',
    summary: `${VALUE.percentage} of events of {{ $labels.namespace }}/{{ $labels.slo }} are bad: more than its objective bears`,
    runbook: 'slo',
  },
];

export const sloRules: TenantRuleGroup = { name: 'tenant-slos', rules: alerts };
