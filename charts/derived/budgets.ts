import { k8s } from 'cdk8s-plus-28';
import type { AddOnFacet } from '../facet';
import { addOnLabels } from '../labels';

type Bound = number | string | undefined;

/** Disruption budgets of workloads whose chart writes none. */
export const facet: AddOnFacet = {
  render(scope, { name, namespace, declaration }) {
    for (const [workload, { labels, disruptionBudget }] of Object.entries(declaration.workloads)) {
      if (!disruptionBudget) continue;
      new k8s.KubePodDisruptionBudget(scope, workload, {
        metadata: { name: `${name}-${workload}`, namespace, labels: addOnLabels(name) },
        spec: {
          minAvailable: bound(disruptionBudget.minAvailable),
          maxUnavailable: bound(disruptionBudget.maxUnavailable),
          selector: { matchLabels: { ...labels } },
        },
      });
    }
  },
};

function bound(value: Bound): k8s.IntOrString | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'number' ? k8s.IntOrString.fromNumber(value) : k8s.IntOrString.fromString(value);
}
