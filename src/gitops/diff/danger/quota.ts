import { compareQuantities, parseQuantity } from '../../../model/quantity';
import { at, list, map, text } from '../values';
import { high, type Danger, type Judge } from './danger';

/** Limits that become tighter: running workloads may no longer fit. */
export const judgeQuota: Judge = ({ before, after }) => {
  if (!before || !after) return [];
  if (before.kind === 'ResourceQuota') return cuts(at(before.body, 'spec', 'hard'), at(after.body, 'spec', 'hard'), '');
  if (before.kind !== 'LimitRange') return [];
  const limits = list(at(after.body, 'spec', 'limits'));
  return limits.flatMap((limit) => {
    const type = text(at(limit, 'type')) ?? '';
    const old = list(at(before.body, 'spec', 'limits')).find((each) => at(each, 'type') === type);
    return cuts(at(old, 'max'), at(limit, 'max'), `the largest ${type}'s `);
  });
};

function cuts(before: unknown, after: unknown, prefix: string): Danger[] {
  const old = map(before);
  return Object.entries(map(after)).flatMap(([resource, limit]) => {
    const previous = old[resource];
    if (previous === undefined) return [high(`limits ${prefix}${resource} for the first time, to ${String(limit)}`)];
    const a = amount(previous);
    const b = amount(limit);
    if (!a || !b)
      return previous === limit
        ? []
        : [high(`changes ${prefix}${resource} to ${String(limit)}, which can't be compared`)];
    return compareQuantities(b, a) < 0 ? [high(`cuts ${prefix}${resource} from ${a.text} to ${b.text}`)] : [];
  });
}

function amount(value: unknown): ReturnType<typeof parseQuantity> {
  return typeof value === 'string' || typeof value === 'number' ? parseQuantity(value) : undefined;
}
