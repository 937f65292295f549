import { at } from '../values';
import { high, type Judge } from './danger';

// From the loosest: https://kubernetes.io/docs/concepts/security/pod-security-standards/
const levels: readonly unknown[] = ['privileged', 'baseline', 'restricted'];

/** A namespace whose Pod Security level sinks; without a label the cluster's default holds, which is privileged. */
export const judgePodSecurity: Judge = ({ before, after }) => {
  if (!before || !after || after.kind !== 'Namespace') return [];
  return ['enforce', 'audit', 'warn'].flatMap((mode) => {
    const label = `pod-security.kubernetes.io/${mode}`;
    const level = (body: unknown): unknown => at(body, 'metadata', 'labels', label) ?? 'privileged';
    const [old, now] = [level(before.body), level(after.body)];
    if (levels.indexOf(now) >= levels.indexOf(old)) return [];
    return [high(`lowers Pod Security (${mode}) from ${String(old)} to ${String(now)}`)];
  });
};
