/** An alert as Prometheus evaluates it, with what a person is told who is woken by it. */
export interface Alert {
  readonly alert: string;
  /** PromQL: fires for each series that it gives. */
  readonly expr: string;
  /** How long that must last, as Prometheus writes durations. @default - at once */
  readonly for?: string;
  /** `critical` wakes somebody; `warning` waits for the morning. */
  readonly severity: 'critical' | 'warning';
  /** One sentence: what is wrong, with Prometheus' templates for labels and values. */
  readonly summary: string;
  /** Page below `docs/runbooks/`, without its ending: what to do. */
  readonly runbook: string;
}

/** A series that Prometheus computes once for several alerts. */
export interface Recording {
  readonly record: string;
  readonly expr: string;
}

/** Rules that are evaluated together, in this order. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (Alert | Recording)[];
}

export function isAlert(rule: Alert | Recording): rule is Alert {
  return 'alert' in rule;
}

/** A template for a ratio or a time in a summary. */
export const VALUE = {
  percentage: '{{ $value | humanizePercentage }}',
  duration: '{{ $value | humanizeDuration }}',
  number: '{{ $value | humanize }}',
} as const;
