import type { JsonObject } from '../src/model/component';
import { TENANT_NAMESPACE } from '../src/model/tenant-namespace';
import type { ExampleObject, Guardrail } from './guardrail';
import { IS_OF_TAINT, NODE_POOL, SANDBOX_TAINTS } from './shared/node-pools';
import { POD_SPEC, WORKLOADS } from './shared/workloads';

/** What Kubernetes adds to every Pod: how long it stays where its machine is lost. */
const OF_EVERY_POD = "t.key in ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']";

const CONTAINERS = [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }];
const MEMORY = { [TENANT_NAMESPACE.nodePool]: 'memory' };
const TOLERATION = { key: 'keelson.dev/pool', operator: 'Equal', value: 'memory', effect: 'NoSchedule' };

export const guardrail: Guardrail = {
  name: 'node-placement',
  summary: 'Which machine a Pod runs on is the scheduler’s word, and it tolerates the taints of its own pool alone',
  why: 'A Pod that names its node passes by the scheduler and every taint; one that tolerates more than its pool’s taints runs on machines that are another tenant’s, or the control plane’s.',
  source: 'https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/',
  match: WORKLOADS,
  // For everybody: what the platform runs for a tenant runs where the tenant's own does.
  excludes: [],
  variables: [
    ...POD_SPEC,
    ...NODE_POOL,
    SANDBOX_TAINTS,
    {
      name: 'tolerations',
      expression: 'has(variables.podSpec.tolerations) ? variables.podSpec.tolerations : []',
    },
  ],
  validations: [
    {
      // The scheduler itself writes it, on Pods that are there already; what changes them later cannot.
      expression: "!has(variables.podSpec.nodeName) || (variables.isPod && request.operation == 'UPDATE')",
      message: 'the scheduler chooses the machine: leave `nodeName` out',
    },
    {
      expression: [
        'variables.tolerations.all(t',
        `(has(t.key) && ${OF_EVERY_POD} && has(t.effect) && t.effect == 'NoExecute') || ` +
          `variables.poolTaints.exists(taint, ${IS_OF_TAINT}) || variables.sandboxTaints.exists(taint, ${IS_OF_TAINT}))`,
      ].join(', '),
      message:
        'Pods tolerate the taints of their own node pool alone, by key and value: remove the other `tolerations`, or claim the pool as `nodePool`',
    },
  ],
  examples: {
    pass: [
      { what: 'leaves it to the scheduler', pod: { spec: { containers: CONTAINERS } } },
      {
        what: 'tolerates the taint of its own pool',
        labels: MEMORY,
        pod: {
          spec: { nodeSelector: { 'keelson.dev/pool': 'memory' }, tolerations: [TOLERATION], containers: CONTAINERS },
        },
      },
      {
        what: 'says how long it stays on a lost machine',
        pod: {
          spec: {
            tolerations: [
              { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 },
            ],
            containers: CONTAINERS,
          },
        },
      },
      {
        what: 'runs, and gets a label',
        object: running({ labels: { colour: 'blue' } }),
        old: running({}),
      },
    ],
    fail: [
      {
        what: 'names its node',
        pod: { spec: { nodeName: 'node-1', containers: CONTAINERS } },
        message: 'leave `nodeName` out',
      },
      {
        what: 'tolerates the taint of a pool that is not its own',
        pod: { spec: { tolerations: [TOLERATION], containers: CONTAINERS } },
        message: 'remove the other `tolerations`',
      },
      {
        what: 'tolerates every taint',
        labels: MEMORY,
        pod: {
          spec: {
            nodeSelector: { 'keelson.dev/pool': 'memory' },
            tolerations: [TOLERATION, { operator: 'Exists' }],
            containers: CONTAINERS,
          },
        },
        message: 'remove the other `tolerations`',
      },
      {
        what: 'tolerates every value of its own pool’s key',
        labels: MEMORY,
        pod: {
          spec: {
            nodeSelector: { 'keelson.dev/pool': 'memory' },
            tolerations: [TOLERATION, { key: 'keelson.dev/pool', operator: 'Exists' }],
            containers: CONTAINERS,
          },
        },
        message: 'remove the other `tolerations`',
      },
      {
        what: 'tolerates machines that are being emptied',
        pod: {
          spec: {
            tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }],
            containers: CONTAINERS,
          },
        },
        message: 'remove the other `tolerations`',
      },
      {
        what: 'runs, and comes to tolerate the control plane',
        object: running({}, [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }]),
        old: running({}),
        message: 'remove the other `tolerations`',
      },
    ],
  },
};

/** A Pod that the scheduler has placed. */
function running(metadata: JsonObject, tolerations: readonly JsonObject[] = []): ExampleObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'example', ...metadata },
    spec: { nodeName: 'node-1', ...(tolerations.length > 0 ? { tolerations } : {}), containers: CONTAINERS },
  };
}
