import type { ClusterContext, Danger, DangerLevel, Judge, Pair } from './danger';
import { judgeDelivery } from './delivery';
import { judgeGuardrail } from './guardrail';
import { judgeNetwork } from './network';
import { judgePodSecurity } from './pod-security';
import { judgeQuota } from './quota';
import { judgeRbac } from './rbac';
import { judgeRemoval } from './removal';
import { judgeStorage } from './storage';

export type { ClusterContext, Danger, DangerLevel } from './danger';

const judges: readonly Judge[] = [
  judgeRemoval,
  judgeStorage,
  judgePodSecurity,
  judgeGuardrail,
  judgeNetwork,
  judgeRbac,
  judgeDelivery,
  judgeQuota,
];

const ranks: Record<DangerLevel, number> = { critical: 3, high: 2, notice: 1 };

/** Everything dangerous about one change, the worst first. */
export function dangersOf(pair: Pair, context: ClusterContext): Danger[] {
  return judges.flatMap((judge) => judge(pair, context)).sort((a, b) => ranks[b.level] - ranks[a.level]);
}

/** How bad the worst of these is: 3 critical, 2 high, 1 notice, 0 none. */
export function worst(dangers: readonly Danger[]): number {
  return Math.max(0, ...dangers.map(({ level }) => ranks[level]));
}
