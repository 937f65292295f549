import { facetOf, renderedClaims } from './telemetry';

interface Rule {
  readonly record: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

async function rulesOf(slos: string): Promise<readonly Rule[]> {
  const tree = await renderedClaims({ shop: `  slos:\n${slos}` });
  const objects = facetOf(tree, 'shop', 'slos');
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
    'PrometheusRule shop-dev/slos',
  ]);
  return (objects[0]?.spec.groups as { rules: Rule[] }[]).flatMap(({ rules }) => rules);
}

const AVAILABILITY =
  '    availability: { objective: 99.95, metric: http_requests_total, labels: { route: /pay }, bad: { code: "5.." } }\n';

test('An objective records its errors over every window, its budget and its days', async () => {
  const rules = await rulesOf(AVAILABILITY);
  expect(rules.map(({ record }) => record).sort()).toEqual(
    [
      ...['5m', '30m', '1h', '2h', '6h', '1d', '3d'].map((window) => `slo:errors:ratio_rate${window}`),
      'slo:error_budget:ratio',
      'slo:error_budget:remaining_ratio',
      'slo:period:days',
    ].sort(),
  );
  const exprOf = (record: string) => rules.find((rule) => rule.record === record)?.expr;
  // 0.05 %, not 0.04999999999999716 %.
  expect(exprOf('slo:error_budget:ratio')).toBe('vector(0.0005)');
  expect(exprOf('slo:period:days')).toBe('vector(30)');
  expect(exprOf('slo:errors:ratio_rate1h')).toBe(
    '(sum(rate(http_requests_total{namespace="shop-dev",route="/pay",code=~"5.."}[1h]))' +
      ' or 0 * sum(rate(http_requests_total{namespace="shop-dev",route="/pay"}[1h])))' +
      ' / sum(rate(http_requests_total{namespace="shop-dev",route="/pay"}[1h]))',
  );
  for (const { labels } of rules) {
    expect(labels).toEqual({ namespace: 'shop-dev', tenant: 'shop', environment: 'dev', slo: 'availability' });
  }
});

test('Every selector is about the own namespace, whatever the claim writes', async () => {
  const hostile = String.raw`    hostile: { objective: 99, metric: up, labels: { a: '"} or up{namespace="wiki-dev' }, bad: { b: '.+"\} or vector(1) or up\{x="' } }
`;
  for (const { expr } of (await rulesOf(AVAILABILITY + hostile)).filter(({ expr }) => !expr.startsWith('vector('))) {
    const outside = expr.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
    const selectors = outside.match(/\{[^}]*\}/g) ?? [];
    expect(selectors.length).toBeGreaterThanOrEqual(3);
    for (const selector of selectors) expect(selector).toMatch(/^\{namespace="",/);
    const first = [...expr.matchAll(/up\{namespace="([^"]*)"|total\{namespace="([^"]*)"/g)].map(([, a, b]) => a ?? b);
    expect(first[0]).toBe('shop-dev');
    expect(outside).not.toContain('vector(1)');
  }
});

test('Who has no objective has no rule', async () => {
  expect(facetOf(await renderedClaims({ shop: '' }), 'shop', 'slos')).toEqual([]);
});
