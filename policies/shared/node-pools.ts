import type { Taint } from '../../src/model/cluster';
import { hasSandbox, SANDBOX } from '../../src/model/sandbox';
import type { ResolvedCluster } from '../../src/model/slices';
import { TENANT_NAMESPACE } from '../../src/model/tenant-namespace';
import type { Variable } from '../guardrail';
import { celValue } from './cel';

/** Taints that keep Pods away. `PreferNoSchedule` does not: nobody needs to tolerate it. */
const KEEPS_AWAY: readonly string[] = ['NoSchedule', 'NoExecute'];

/**
 * `variables.pool`, the node pool of the namespace (empty where there is none), and its `poolLabels` and `poolTaints`.
 * A value that a taint has not is left out.
 */
export const NODE_POOL: readonly Variable[] = [
  {
    name: 'pool',
    expression: `'${TENANT_NAMESPACE.nodePool}' in namespaceObject.metadata.labels ? namespaceObject.metadata.labels['${TENANT_NAMESPACE.nodePool}'] : ''`,
  },
  { name: 'labelsByPool', expression: ({ nodePools }) => byPool(nodePools, ({ labels }) => ({ ...labels })) },
  { name: 'taintsByPool', expression: ({ nodePools }) => byPool(nodePools, ({ taints }) => plain(taints)) },
  {
    name: 'poolLabels',
    expression: 'variables.pool in variables.labelsByPool ? variables.labelsByPool[variables.pool] : {}',
  },
  {
    name: 'poolTaints',
    expression: 'variables.pool in variables.taintsByPool ? variables.taintsByPool[variables.pool] : []',
  },
];

/** `variables.sandboxTaints`: those that Kubernetes itself lets a Pod tolerate whose runtime is the sandbox. */
export const SANDBOX_TAINTS: Variable = {
  name: 'sandboxTaints',
  expression: ({ nodePools }) =>
    `has(variables.podSpec.runtimeClassName) && variables.podSpec.runtimeClassName == '${SANDBOX.runtimeClass}' ? ` +
    `${celValue(plain(nodePools.filter((pool) => hasSandbox(pool) && pool.tenant === undefined).flatMap(({ taints }) => taints)))} : []`,
};

/** CEL: a toleration `t` is of exactly this `taint`, and of no other that shares its key. */
export const IS_OF_TAINT = [
  'has(t.key) && t.key == taint.key',
  "(!has(t.operator) || t.operator in ['', 'Equal', 'Exists'])",
  // Not as a list: where no pool has a taint, `taint` has no type, and lists take values of one type alone.
  "(!has(t.effect) || t.effect == '' || t.effect == taint.effect)",
  // Who tolerates a key whatever its value tolerates the machines of others.
  "('value' in taint ? has(t.value) && t.value == taint.value && (!has(t.operator) || t.operator != 'Exists') : !has(t.value) || t.value == '')",
].join(' && ');

function byPool<T extends Parameters<typeof celValue>[0]>(
  pools: ResolvedCluster['nodePools'],
  value: (pool: ResolvedCluster['nodePools'][number]) => T,
): string {
  // An empty value is left out: it says as much as no entry, and has no type.
  const entries = pools.map((pool) => [pool.name, value(pool)] as const);
  return celValue(Object.fromEntries(entries.filter(([, one]) => Object.keys(one as object).length > 0)));
}

function plain(taints: readonly Taint[]): { readonly [field: string]: string }[] {
  return taints
    .filter(({ effect }) => KEEPS_AWAY.includes(effect))
    .map(({ key, value, effect }) => ({ key, ...(value === undefined ? {} : { value }), effect }));
}
