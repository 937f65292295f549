import type { TreeObject } from '../objects';
import { brief } from '../values';

/** Worst first: data or whole workloads lost; a guard lowered or a limit cut; worth a look. */
export type DangerLevel = 'critical' | 'high' | 'notice';

/** Why a change deserves attention before it is merged. */
export interface Danger {
  readonly level: DangerLevel;
  /** What it does, such as `cuts requests.cpu from 20 to 10`. */
  readonly reason: string;
}

/** An object before and after; one of them may be missing. */
export interface Pair {
  readonly before?: TreeObject;
  readonly after?: TreeObject;
}

/** What a judgement may know of the other changes on the same cluster. */
export interface ClusterContext {
  /** Nothing of the cluster is published yet. */
  readonly isNew: boolean;
  /** Namespaces that come with this change: nothing in them was protected before. */
  readonly newNamespaces: ReadonlySet<string>;
  /** Namespaces that go with this change: what else goes in them is not worth a word. */
  readonly goneNamespaces: ReadonlySet<string>;
}

/** Judges one kind of danger. */
export type Judge = (pair: Pair, context: ClusterContext) => Danger[];

export const high = (reason: string): Danger => ({ level: 'high', reason });
export const critical = (reason: string): Danger => ({ level: 'critical', reason });
export const notice = (reason: string): Danger => ({ level: 'notice', reason });

/** A few of the items, on one line. */
export function some(items: readonly unknown[]): string {
  const shown = items.slice(0, 5).map(brief).join(', ');
  return items.length > 5 ? `${shown} and ${items.length - 5} more` : shown;
}

/** The API group of an object; empty for the core one. */
export function groupOf({ apiVersion }: TreeObject): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}
