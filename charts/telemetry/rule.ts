import { isAlert, type Alert, type Recording, type RuleGroup } from '../../src/model/alerts';
import type { JsonObject } from '../component';

/** A group that is evaluated more rarely than all others. */
export interface TenantRuleGroup extends RuleGroup {
  /** As Prometheus writes durations. @default - Prometheus' own, 30s */
  readonly interval?: string;
}

/** Page that every alert of tenants has a section of: `runbook` of an alert is its heading there. */
const RUNBOOK = 'docs/runbooks/tenant-alerts.md';

/** Groups as a PrometheusRule holds them. */
export function ruleGroups(groups: readonly TenantRuleGroup[]): JsonObject[] {
  return groups.map(({ name, interval, rules }) => ({
    name,
    ...(interval === undefined ? {} : { interval }),
    rules: rules.map((one) => (isAlert(one) ? alert(one) : recording(one))),
  }));
}

function alert({ alert: name, expr, for: lasting, severity, summary, runbook }: Alert): JsonObject {
  return {
    alert: name,
    expr,
    ...(lasting === undefined ? {} : { for: lasting }),
    labels: { severity },
    annotations: { summary, runbook_url: `${RUNBOOK}#${runbook}` },
  };
}

function recording({ record, expr }: Recording): JsonObject {
  return { record, expr };
}
