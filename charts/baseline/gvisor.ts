import { k8s } from 'cdk8s-plus-28';
import { SANDBOX, SANDBOX_LABEL, hasSandbox } from '../../src/model/sandbox';
import type { Cluster } from '../component';
import { defineComponent } from '../component';

/** EKS' machine images have no `runsc`: a Pod that asks for it there is refused at once, where it would else wait. */
export const component = defineComponent({
  name: 'gvisor',
  summary: 'Names the runtime that keeps Pods apart from the kernel of their node',
  providers: ['aws', 'local'],

  declare: () => ({
    // Its object belongs to no namespace.
    namespace: { sharedWith: 'coredns' },
    workloads: {},
    priorityClass: 'system-cluster-critical',
  }),

  resources(scope, { cluster }) {
    new k8s.KubeRuntimeClass(scope, 'class', {
      metadata: { name: SANDBOX.runtimeClass },
      handler: SANDBOX.handler,
      scheduling: {
        nodeSelector: { [SANDBOX_LABEL.key]: SANDBOX_LABEL.value },
        tolerations: tolerations(cluster),
      },
    });
  },
});

/**
 * Past the taints of the pools that have it: whoever may ask for the runtime may run where it is. Not where a tenant
 * has the machines for itself: every Pod under the sandbox gets these tolerations.
 */
function tolerations({ nodePools }: Cluster): k8s.Toleration[] | undefined {
  const taints = nodePools
    .filter((pool) => hasSandbox(pool) && pool.tenant === undefined)
    .flatMap((pool) => pool.taints);
  const each = new Map(taints.map((taint) => [JSON.stringify(taint), taint]));
  if (each.size === 0) return undefined;
  return [...each.values()].map(({ key, value, effect }) => ({
    key,
    operator: value === undefined ? 'Exists' : 'Equal',
    value,
    effect,
  }));
}
