import { TENANT_NAMESPACE } from '../src/model/tenant-namespace';
import type { Guardrail } from './guardrail';
import { fillsIn } from './shared/cel';
import { IS_OF_TAINT, NODE_POOL } from './shared/node-pools';
import { POD_SPEC, WORKLOADS } from './shared/workloads';

const SELECTOR = 'has(variables.podSpec.nodeSelector) && key in variables.podSpec.nodeSelector';
const TOLERATIONS = 'has(variables.podSpec.tolerations) ? variables.podSpec.tolerations : []';

const CONTAINERS = [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }];
const MEMORY = { [TENANT_NAMESPACE.nodePool]: 'memory' };
const TOLERATION = { key: 'keelson.dev/pool', operator: 'Equal', value: 'memory', effect: 'NoSchedule' };

export const guardrail: Guardrail = {
  name: 'dedicated-nodes',
  summary: 'Pods of a namespace with a node pool run on that pool’s machines',
  why: 'A taint keeps others away from machines and does not keep their owner on them: a Pod that forgets the selector runs beside other tenants, which is what tier 3 is paid to prevent.',
  source: 'https://kubernetes.io/docs/concepts/security/multi-tenancy/#node-isolation',
  match: WORKLOADS,
  // For everybody: what the platform runs for a tenant runs where the tenant's own does.
  excludes: [],
  namespaces: [{ key: TENANT_NAMESPACE.nodePool, operator: 'Exists' }],
  variables: [
    ...POD_SPEC,
    ...NODE_POOL,
    // A pool that has left the platform has no labels, which would let Pods run anywhere.
    {
      name: 'known',
      expression: ({ nodePools }) => `variables.pool in ${JSON.stringify(nodePools.map(({ name }) => name))}`,
    },
  ],
  validations: [
    {
      expression: 'variables.known',
      message: 'the node pool of this namespace is not one of the cluster: ask the platform team',
    },
    {
      // Where it is filled in, a template may leave it out: its Pods will have it.
      expression: (cluster) =>
        `variables.poolLabels.all(key, ${SELECTOR} ? variables.podSpec.nodeSelector[key] == variables.poolLabels[key] : ${leftOut(cluster)})`,
      message: 'Pods run on the node pool of their namespace: give `nodeSelector` the labels of that pool',
      messageExpression:
        "'Pods of this namespace run on node pool ' + variables.pool + ': give `nodeSelector` the labels of that pool'",
    },
    {
      expression: (cluster) =>
        `variables.poolTaints.all(taint, (${TOLERATIONS}).exists(t, ${IS_OF_TAINT})) || ${leftOut(cluster)}`,
      message: 'Pods run on the node pool of their namespace: let `tolerations` name its taints by key and value',
      messageExpression:
        "'Pods of this namespace run on node pool ' + variables.pool + ': let `tolerations` name its taints by key and value'",
    },
  ],
  mutation: {
    when: [],
    patches: [
      {
        patchType: 'JSONPatch',
        expression: [
          "(has(object.spec.nodeSelector) ? [] : [JSONPatch{op: 'add', path: '/spec/nodeSelector', value: {}}])",
          // What the Pod says stays: where it says otherwise, it is refused and not bent.
          `variables.poolLabels.filter(key, !(${SELECTOR}))` +
            ".map(key, JSONPatch{op: 'add', path: '/spec/nodeSelector/' + jsonpatch.escapeKey(key), value: variables.poolLabels[key]})",
        ].join(' + '),
      },
      {
        patchType: 'JSONPatch',
        expression: [
          "(has(object.spec.tolerations) ? [] : [JSONPatch{op: 'add', path: '/spec/tolerations', value: []}])",
          `variables.poolTaints.filter(taint, !(${TOLERATIONS}).exists(t, ${IS_OF_TAINT}))` +
            ".map(taint, JSONPatch{op: 'add', path: '/spec/tolerations/-', value: Object.spec.tolerations{" +
            "key: taint.key, operator: 'value' in taint ? 'Equal' : 'Exists', " +
            "value: 'value' in taint ? taint.value : '', effect: taint.effect}})",
        ].join(' + '),
      },
    ],
  },
  examples: {
    pass: [
      {
        what: 'names its pool',
        labels: MEMORY,
        pod: {
          spec: { nodeSelector: { 'keelson.dev/pool': 'memory' }, tolerations: [TOLERATION], containers: CONTAINERS },
        },
      },
      { what: 'has no pool', pod: { spec: { containers: CONTAINERS } } },
      {
        what: 'names nothing, and is given its pool',
        labels: MEMORY,
        pod: { spec: { containers: CONTAINERS } },
        kinds: ['Pod'],
        filled: { spec: { nodeSelector: { 'keelson.dev/pool': 'memory' } } },
      },
      {
        what: 'selects more narrowly, and is given its pool beside',
        labels: MEMORY,
        pod: { spec: { nodeSelector: { 'kubernetes.io/arch': 'amd64' }, containers: CONTAINERS } },
        kinds: ['Pod'],
        filled: { spec: { nodeSelector: { 'kubernetes.io/arch': 'amd64', 'keelson.dev/pool': 'memory' } } },
      },
    ],
    fail: [
      {
        what: 'names another pool',
        labels: MEMORY,
        pod: {
          spec: { nodeSelector: { 'keelson.dev/pool': 'general' }, tolerations: [TOLERATION], containers: CONTAINERS },
        },
        message: 'run on node pool memory',
      },
      {
        what: 'stands in a namespace whose pool is gone',
        labels: { [TENANT_NAMESPACE.nodePool]: 'gone' },
        pod: { spec: { containers: CONTAINERS } },
        message: 'not one of the cluster',
      },
    ],
  },
};

/** CEL: whether a thing may be left out, since it is filled in later. */
function leftOut(cluster: Parameters<typeof fillsIn>[0]): string {
  return fillsIn(cluster) ? '!variables.isPod' : 'false';
}
