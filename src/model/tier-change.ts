import { compareText } from './finding';
import { compareQuantities, parseQuantity } from './quantity';
import { prioritiesOf } from './priorities';
import type { TenantEnvironment, TenantSlice, Tier } from './tenant-slice';

/** A tenant on one cluster. */
export interface TenantPlacement {
  readonly cluster: string;
  readonly slice: TenantSlice;
}

/** Who does a step: the platform team in platform.ts, the tenant in its repository, Keelson by what is published. */
export type StepOwner = 'platform' | 'tenant' | 'published';

/** One step of a change of tier. Steps are done in order: each is safe while those after it are still to come. */
export interface TierStep {
  readonly by: StepOwner;
  /** @default - it is about all environments */
  readonly environment?: string;
  /** What is done, one sentence without a full stop. */
  readonly what: string;
  /** True where Pods are replaced. */
  readonly restarts: boolean;
}

export interface TierChange {
  readonly from: Tier;
  readonly to: Tier;
  readonly steps: readonly TierStep[];
}

/** An environment before and after; not there where it is new or gone. */
interface Move {
  readonly name: string;
  readonly before?: { readonly cluster: string; readonly environment: TenantEnvironment };
  readonly after?: { readonly cluster: string; readonly environment: TenantEnvironment };
}

/**
 * What raising or lowering a tenant's tier takes, in which order: what must change before it is published, what changes
 * by that, and which Pods restart. Guardrails judge Pods as they are made, so that whatever runs goes on running until
 * it is replaced. Undefined where the tier stays.
 *
 * @param before the tenant on each of its clusters, as it is published
 * @param after the same, as its claim now says
 */
export function planTierChange(
  before: readonly TenantPlacement[],
  after: readonly TenantPlacement[],
): TierChange | undefined {
  const from = before[0]?.slice.tier;
  const to = after[0]?.slice.tier;
  if (from === undefined || to === undefined || from === to) return undefined;
  const moves = movesOf(before, after);
  return {
    from,
    to,
    steps: [
      ...moves.flatMap((move) => beforehand(move, from, to)),
      published(to),
      ...moves.flatMap((move) => afterwards(move, to)),
      ...atLast(moves, from),
    ],
  };
}

/** Environments, those that are not production ones first: what goes wrong is seen there. */
function movesOf(before: readonly TenantPlacement[], after: readonly TenantPlacement[]): readonly Move[] {
  const index = (placements: readonly TenantPlacement[]) =>
    new Map(
      placements.flatMap(({ cluster, slice }) =>
        slice.environments.map((environment) => [environment.name, { cluster, environment }] as const),
      ),
    );
  const [old, now] = [index(before), index(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((name): Move => {
      const [was, is] = [old.get(name), now.get(name)];
      return { name, ...(was ? { before: was } : {}), ...(is ? { after: is } : {}) };
    })
    .sort((a, b) => Number(isProduction(a)) - Number(isProduction(b)) || compareText(a.name, b.name));
}

function isProduction({ before, after }: Move): boolean {
  return (after ?? before)?.environment.production === true;
}

/** What would be refused once the new tier is published: it is changed while the old one still holds. */
function beforehand({ name, before, after }: Move, from: Tier, to: Tier): readonly TierStep[] {
  if (!before || !after || before.cluster !== after.cluster) return [];
  const step = (what: string): TierStep => ({ by: 'tenant', environment: name, what, restarts: true });
  const [old, now] = [before.environment, after.environment];
  const lost = prioritiesOf(from, old.production).filter((one) => !prioritiesOf(to, now.production).includes(one));
  const largest = (['cpu', 'memory'] as const).filter((resource) =>
    isLess(now.limits.maximum[resource], old.limits.maximum[resource]),
  );
  return [
    ...largest.map((resource) =>
      step(
        `let no container ask for more than ${now.limits.maximum[resource]} of ${resource}: the machines of the new tier are smaller (now ${old.limits.maximum[resource]})`,
      ),
    ),
    ...lost.map((priority) => step(`let no workload name the priority class ${priority}`)),
    ...(to === 2 ? [step('let no workload name a runtimeClassName but gvisor')] : []),
    ...(poolOf(now) === undefined || poolOf(now) === poolOf(old)
      ? []
      : [step(`let no workload have a nodeSelector that rules out node pool ${poolOf(now)}`)]),
    ...(poolOf(old) === undefined || poolOf(now) === poolOf(old)
      ? []
      : [step(`take nodeSelector and tolerations of node pool ${poolOf(old)} out of every workload that names them`)]),
  ];
}

const PUBLISHED: Readonly<Record<Tier, string>> = {
  1: 'namespaces say tier 1: new Pods run beside those of other tenants',
  2: 'namespaces say tier 2: every new Pod is given the sandbox, and any other runtime is refused',
  3: 'namespaces say tier 3 and their node pool: every new Pod is given its selector and tolerations, and any other place is refused',
  4: 'namespaces say tier 4: clusters of the tenant’s own',
};

function published(to: Tier): TierStep {
  return { by: 'published', what: PUBLISHED[to], restarts: false };
}

/** What is left to do in an environment when the new tier is published. */
function afterwards({ name, before, after }: Move, to: Tier): readonly TierStep[] {
  const step = (by: StepOwner, what: string, restarts: boolean): TierStep => ({
    by,
    environment: name,
    what,
    restarts,
  });
  if (!before || !after) return [];
  if (before.cluster !== after.cluster) {
    return [
      step(
        'tenant',
        `restore the last backup of cluster ${before.cluster} on cluster ${after.cluster}, where the environment starts empty`,
        false,
      ),
      step('tenant', `let names lead to cluster ${after.cluster} when what it serves is right`, false),
    ];
  }
  if (after.environment.virtualCluster) {
    return [
      step('published', 'a virtual cluster starts in the namespace, and takes its part of the quota', false),
      step('tenant', 'deploy into the virtual cluster, and restore there what is kept on volumes', true),
      step('tenant', 'take out of the namespace what runs beside the virtual cluster', true),
    ];
  }
  if (before.environment.virtualCluster) {
    return [step('tenant', 'deploy into the namespace, and restore there what the virtual cluster keeps', true)];
  }
  const volumes = to === 3 ? '; volumes follow where the pool has machines in their zone' : '';
  return [step('tenant', `restart every workload, so that its Pods are made anew under tier ${to}${volumes}`, true)];
}

/** What may go when nothing leans on it any more. */
function atLast(moves: readonly Move[], from: Tier): readonly TierStep[] {
  const clusters = [
    ...new Set(
      moves.flatMap(({ before, after }) => (before && before.cluster !== after?.cluster ? [before.cluster] : [])),
    ),
  ];
  const pools = new Set(
    moves.flatMap(({ before, after }) => {
      const pool = before?.environment.nodePool;
      return from === 3 && pool?.dedicated && poolOf(after?.environment) !== pool.name
        ? [`${pool.name} of cluster ${before?.cluster}`]
        : [];
    }),
  );
  return [
    ...[...pools].map((pool): TierStep => ({
      by: 'platform',
      what: `give node pool ${pool} back when no Pod of the tenant’s runs on it`,
      restarts: false,
    })),
    ...clusters.map((cluster): TierStep => ({
      by: 'platform',
      what: `what the tenant holds on cluster ${cluster} stays there until somebody agrees that Argo CD deletes it`,
      restarts: false,
    })),
  ];
}

function poolOf(environment: TenantEnvironment | undefined): string | undefined {
  return environment?.nodePool?.name;
}

function isLess(a: string, b: string): boolean {
  const [left, right] = [parseQuantity(a), parseQuantity(b)];
  return left !== undefined && right !== undefined && compareQuantities(left, right) < 0;
}
