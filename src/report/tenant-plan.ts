import chalk from 'chalk';
import { padded } from './table';

interface Named {
  readonly cluster: string;
  readonly kind: string;
  readonly name: string;
}

/** What becomes of a tenant's objects. */
interface Plan {
  readonly gone: readonly Named[];
  readonly changed: readonly Named[];
  readonly added: readonly Named[];
  readonly kept: readonly Named[];
}

/** What removing it means for what it holds. */
interface Removal {
  readonly stays: readonly string[];
  readonly order: readonly string[];
  readonly hangs: readonly string[];
  readonly commands: readonly string[];
}

/** What another state makes of a tenant: which objects go, change, come and stay. */
export function planText(title: string, plan: Plan, notes: readonly string[] = []): string {
  return [
    `  ${chalk.bold(title)}`,
    ...section('disappears', byKind(plan.gone)),
    ...section('changes', byKind(plan.changed)),
    ...section('comes', byKind(plan.added)),
    ...section('stays', byKind(plan.kept)),
    ...section('note', notes),
  ].join('\n');
}

/** What happens to the data of a tenant that is removed, and what a person does at the end. */
export function removalText({ stays, order, hangs, commands }: Removal): string {
  return [
    ...section(
      'order',
      order.map((one, i) => `${i + 1}. ${one}`),
    ),
    ...section('data that stays until a person deletes it', stays),
    ...section('would hang', hangs),
    ...section('to delete it at last', commands),
  ]
    .join('\n')
    .replace(/^\n/, '');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `  ${chalk.bold(title)}`, ...lines.map((line) => `    ${line}`)];
}

/** A line a kind, so that a hundred objects stay readable. */
function byKind(objects: readonly Named[]): readonly string[] {
  const kinds = new Map<string, string[]>();
  for (const { kind, name } of objects) kinds.set(kind, [...(kinds.get(kind) ?? []), name]);
  if (kinds.size === 0) return [];
  return padded([...kinds].map(([kind, names]) => [kind, names.join(', ')]))
    .split('\n')
    .map((line) => line.slice(2));
}
