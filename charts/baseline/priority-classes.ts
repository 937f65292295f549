import { k8s } from 'cdk8s-plus-28';
import { defineComponent } from '../component';

/**
 * Who goes first when room is short, highest first. All stay below Kubernetes' own `system-*` classes (2,000,000,000
 * and above) and apart enough for a team to put classes of its own between them.
 */
const CLASSES: readonly {
  readonly name: string;
  readonly value: number;
  readonly description: string;
  readonly globalDefault?: true;
  readonly preemptionPolicy?: 'Never';
}[] = [
  {
    name: 'platform-critical',
    value: 1_000_000,
    description: 'Add-ons that others cannot start or be admitted without',
  },
  {
    name: 'platform-standard',
    value: 900_000,
    description: 'Add-ons whose pause is noticed by people, not by workloads',
  },
  { name: 'tenant-production', value: 100_000, description: 'Workloads of production environments' },
  {
    name: 'tenant-standard',
    value: 10_000,
    description: 'Workloads that name no class',
    // Otherwise a Pod without a class would rank with best effort.
    globalDefault: true,
  },
  {
    name: 'tenant-best-effort',
    value: 0,
    description: 'Work that may wait and be interrupted: it takes room that is free and pushes nobody out',
    preemptionPolicy: 'Never',
  },
];

export const component = defineComponent({
  name: 'priority-classes',
  summary: 'Says whose Pods go first when room is short',
  providers: ['aws', 'eks', 'local'],
  role: 'priority',

  declare: () => ({
    // Its objects belong to no namespace.
    namespace: { sharedWith: 'coredns' },
    workloads: {},
    priorityClass: 'system-cluster-critical',
  }),

  resources(scope) {
    for (const { name, ...rest } of CLASSES) new k8s.KubePriorityClass(scope, name, { metadata: { name }, ...rest });
  },
});
