import { ApiObject } from 'cdk8s';
import { defineComponent } from '../component';
import { ruleGroups } from '../telemetry/rule';
import { tenantRules } from '../telemetry/rules';

const NAME = 'telemetry-rules';

export const component = defineComponent({
  name: NAME,
  summary: 'Evaluates what all tenants are told of: quota, crashes, delivery, certificates, backups, cost, objectives',
  providers: ['aws', 'eks', 'local'],

  declare: () => ({
    namespace: { sharedWith: 'kube-prometheus-stack' },
    workloads: {},
    needs: ['monitoring.coreos.com/PrometheusRule'],
    priorityClass: 'platform-critical',
  }),

  resources(scope, { cluster, namespace }) {
    new ApiObject(scope, 'rules', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: NAME, namespace },
      spec: { groups: ruleGroups(tenantRules(cluster.addOns)) },
    });
  },
});
