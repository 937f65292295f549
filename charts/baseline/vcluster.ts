import { VIRTUAL_CLUSTERS } from '../../src/model/virtual-cluster';
import { defineComponent } from '../component';
import { VIRTUAL_CLUSTER_CHART } from '../virtual-cluster';

/** Nothing of its own: each virtual cluster stands in its tenant's namespace, with no rights beyond it. */
export const component = defineComponent({
  name: VIRTUAL_CLUSTERS,
  summary: 'Lets tenants of tier 4 have a virtual cluster where they have no real one',
  providers: ['aws', 'eks', 'local'],

  declare: () => ({
    namespace: { sharedWith: 'coredns' },
    workloads: {},
    sources: [VIRTUAL_CLUSTER_CHART.repository],
    priorityClass: 'platform-standard',
  }),
});
