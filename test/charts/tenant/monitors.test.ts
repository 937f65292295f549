import { cloudProps, facetOf, renderedClaims } from './telemetry';

interface Endpoint {
  readonly portNumber: number;
  readonly path: string;
  readonly honorLabels: boolean;
  readonly followRedirects: boolean;
  readonly relabelings: readonly { readonly targetLabel: string; readonly replacement: string }[];
}

const METRICS = `  metrics:
    - port: 8080
    - { port: 9000, path: /internal/metrics, workload: api }
    - { port: 9001, workload: api }
    - { port: 9100, workload: "${'Odd.Name_' + 'x'.repeat(50)}" }
`;

test('Each workload of the claim is scraped where it says, in its own namespace', async () => {
  const tree = await renderedClaims({ shop: METRICS });
  const monitors = facetOf(tree, 'shop', 'monitors');
  expect(monitors.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual(
    monitors.map(() => ['PodMonitor', 'shop-dev']),
  );
  const found = monitors.map(({ spec }) => [
    spec.selector.matchLabels?.['app.kubernetes.io/name'],
    (spec.podMetricsEndpoints as Endpoint[]).map(({ portNumber, path }) => `${portNumber}${path}`),
  ]);
  expect(found).toEqual([
    ['Odd.Name_' + 'x'.repeat(50), ['9100/metrics']],
    ['api', ['9000/internal/metrics', '9001/metrics']],
    [undefined, ['8080/metrics']],
  ]);
  for (const { metadata, spec } of monitors) {
    expect(metadata.name).toMatch(/^[a-z0-9][-a-z0-9]{0,61}[a-z0-9]$/);
    // Left out, it is the namespace of the monitor: no other can be reached.
    expect(spec).not.toHaveProperty('namespaceSelector');
  }
  expect(new Set(monitors.map(({ metadata }) => metadata.name)).size).toBe(3);
});

test('Whose a series is says the Pod that it comes from, whatever the Pod says', async () => {
  const tree = await renderedClaims({ shop: METRICS });
  const endpoints = facetOf(tree, 'shop', 'monitors').flatMap(({ spec }) => spec.podMetricsEndpoints as Endpoint[]);
  expect(endpoints).toHaveLength(4);
  for (const { honorLabels, followRedirects, relabelings } of endpoints) {
    expect(honorLabels).toBe(false);
    // Left out, Prometheus follows: to the metrics of another tenant, or to its own of everybody.
    expect(followRedirects).toBe(false);
    const written = Object.fromEntries(relabelings.map(({ targetLabel, replacement }) => [targetLabel, replacement]));
    expect(written).toEqual({ tenant: 'shop', environment: 'dev' });
  }
});

test('One Pod cannot fill Prometheus: what it may give is bounded, by tier', async () => {
  const general = cloudProps.clusters.cloud.nodePools.general;
  const taints = [{ key: 'keelson.dev/pool', value: 'wiki', effect: 'NoSchedule' }];
  const nodePools = { general, wiki: { ...general, tenant: 'wiki', labels: { 'keelson.dev/pool': 'wiki' }, taints } };
  const props = { ...cloudProps, clusters: { cloud: { ...cloudProps.clusters.cloud, nodePools } } };
  const tree = await renderedClaims({ shop: METRICS, wiki: `${METRICS}  tier: 3\n` }, props);
  for (const [tenant, series] of Object.entries({ shop: 5_000, wiki: 20_000 })) {
    const monitors = facetOf(tree, tenant, 'monitors');
    expect(monitors).toHaveLength(3);
    for (const { spec } of monitors) {
      expect(spec.sampleLimit).toBe(series);
      expect(spec.targetLimit).toBe(50 * (spec.podMetricsEndpoints as Endpoint[]).length);
      expect(spec.labelLimit).toBeGreaterThan(0);
      expect(spec.labelValueLengthLimit).toBeGreaterThan(0);
      expect(spec.bodySizeLimit).toBe('10MB');
    }
  }
});

test('Who measures nothing, or is measured by nobody, has no monitor', async () => {
  expect(facetOf(await renderedClaims({ shop: '' }), 'shop', 'monitors')).toEqual([]);
  const addOns = {
    'kube-prometheus-stack': false,
    'telemetry-rules': false,
    'control-plane-slo': false,
    opencost: false,
  };
  const tree = await renderedClaims(
    { shop: METRICS },
    { ...cloudProps, addOns: { ...addOns, 'prometheus-adapter': false } },
  );
  expect(facetOf(tree, 'shop', 'monitors')).toEqual([]);
});
