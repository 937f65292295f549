import { k8s } from 'cdk8s-plus-28';
import { TENANT_PRIORITIES } from '../../src/model/priorities';
import { defineComponent } from '../component';

/**
 * The platform's own, highest first. All stay below Kubernetes' `system-*` classes (2,000,000,000 and above) and apart
 * enough for a team to put classes of its own between them; those of tenants come after.
 */
const CLASSES = [
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
] as const;

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
    for (const { name, value, description, globalDefault, preemptionPolicy } of TENANT_PRIORITIES) {
      new k8s.KubePriorityClass(scope, name, {
        metadata: { name },
        value,
        description,
        ...(globalDefault === undefined ? {} : { globalDefault }),
        ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }),
      });
    }
  },
});
