import { objectsIn } from '../../support/platforms';
import { facetOf, renderedClaims } from './telemetry';

const BOTH = '  environments: { dev: {}, live: {} }\n';

test('A budget is recorded once for all environments, where production is told', async () => {
  const tree = await renderedClaims({ shop: `  monthlyBudget: 2500\n${BOTH}` });
  const [rule, ...others] = facetOf(tree, 'shop', 'cost');
  expect(others).toEqual([]);
  expect(rule?.metadata.namespace).toBe('shop-live');
  expect(rule?.spec.groups[0].rules).toEqual([
    {
      record: 'tenant:budget:dollars',
      expr: 'vector(2500)',
      labels: { namespace: 'shop-live', tenant: 'shop', environment: 'live' },
    },
  ]);
});

test('Without a budget there is nothing to tell', async () => {
  expect(facetOf(await renderedClaims({ shop: '' }), 'shop', 'cost')).toEqual([]);
});

test('What OpenCost allocates by stands on each namespace, and kube-state-metrics tells it', async () => {
  const tree = await renderedClaims({ shop: '  costCentre: cc-42\n' });
  const [namespace] = facetOf(tree, 'shop', 'namespace');
  expect(namespace?.metadata.labels).toMatchObject({ tenant: 'shop', environment: 'dev', 'cost-centre': 'cc-42' });
  const [application] = objectsIn(tree, 'clusters/cloud/apps/kube-prometheus-stack.yaml').filter(
    ({ metadata }) => metadata.name === 'kube-prometheus-stack',
  );
  const allowed = application?.spec.sources[0].helm.valuesObject['kube-state-metrics']
    .metricLabelsAllowlist as string[];
  for (const label of ['tenant', 'environment', 'cost-centre']) expect(allowed.join()).toContain(label);
});
