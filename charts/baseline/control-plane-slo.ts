import { ApiObject } from 'cdk8s';
import { controlPlaneRules, isAlert, type Alert, type Recording } from '../../src/model/alerts';
import { defineComponent } from '../component';

const NAME = 'control-plane-slo';

/** Where pages for whoever is woken lie in the platform's repository. */
const RUNBOOKS = 'docs/runbooks';

export const component = defineComponent({
  name: NAME,
  summary: 'Wakes people when the control plane breaks what it promises, or soon will',
  providers: ['aws', 'eks'],

  declare: () => ({
    namespace: { sharedWith: 'kube-prometheus-stack' },
    workloads: {},
    needs: ['monitoring.coreos.com/PrometheusRule'],
    priorityClass: 'system-cluster-critical',
  }),

  resources(scope, { cluster, namespace }) {
    const groups = controlPlaneRules(cluster.provider).map(({ name, rules }) => ({ name, rules: rules.map(rule) }));
    new ApiObject(scope, 'rules', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: NAME, namespace },
      spec: { groups },
    });
  },
});

function rule(one: Alert | Recording): object {
  if (!isAlert(one)) return one;
  const { alert, expr, severity, summary, runbook } = one;
  return {
    alert,
    expr,
    ...(one.for ? { for: one.for } : {}),
    labels: { severity },
    annotations: { summary, runbook_url: `${RUNBOOKS}/${runbook}.md` },
  };
}
