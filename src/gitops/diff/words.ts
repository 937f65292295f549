import type { DiffCounts, ObjectChange, UnitDiff } from './diff';
import type { FieldChange } from './fields';
import { brief } from './values';

/** Such as `Deployment payments-prod/api`. */
export function objectName({ kind, namespace, name }: ObjectChange): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** Such as `tenant payments`. */
export function unitName({ kind, name }: UnitDiff): string {
  if (kind === 'cluster') return 'the cluster itself';
  return name === undefined ? 'other files' : `${kind} ${name}`;
}

/** Such as `spec.replicas: 2 → 3`. */
export function fieldLine({ path, action, before, after }: FieldChange): string {
  const where = path === '' ? 'all of it' : path;
  if (action === 'added') return `${where}: ${shown(after)} (new)`;
  if (action === 'removed') return `${where}: ${shown(before)} (gone)`;
  return `${where}: ${shown(before)} → ${shown(after)}`;
}

/** Such as `3 added, 1 changed, 2 dangerous`; `no change` where there is none. */
export function countsLine({ added, changed, removed, files, dangerous }: DiffCounts): string {
  const parts = [
    [added, 'added'],
    [changed, 'changed'],
    [removed, 'removed'],
    [files, 'compared as text'],
    [dangerous, 'dangerous'],
  ] as const;
  const present = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return present.length > 0 ? present.join(', ') : 'no change';
}

/** Text that can't make a terminal or a page do anything: a name may come from anyone who opens a pull request. */
export function harmless(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(brief(value)) : brief(value);
}
