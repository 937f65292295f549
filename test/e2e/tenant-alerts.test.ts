import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dump } from 'js-yaml';
import { getEngine } from '../../src/engines';
import { run } from '../../src/engines/run';
import { facetOf, renderedClaims } from '../charts/tenant/telemetry';
import { objectIn, objectsIn, type KubernetesObject } from '../support/platforms';
import { healthy, scenarios, type Scenario } from './support/tenant-alerts';

jest.setTimeout(900_000);

interface Rule {
  readonly alert?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Dashboard {
  readonly panels: readonly {
    readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly type: string } }[];
  }[];
}

/** Prometheus' own tool: evaluates rules over made-up series, as Prometheus would. */
let promtool: string;
let folder: string;
const files: string[] = [];
let alerts: readonly Rule[];
let dashboards: readonly Dashboard[];

beforeAll(async () => {
  promtool = await getEngine('promtool');
  folder = await mkdtemp(path.join(tmpdir(), 'keelson-tenant-alerts-'));
  const tree = await renderedClaims({
    // A budget of 1,000 dollars; an hour of work may be lost; one request in a thousand may fail.
    shop: `  monthlyBudget: 1000
  dataClass: restricted
  slos:
    availability: { objective: 99.9, metric: http_requests_total, bad: { code: "5.." } }
`,
    // Text that would end a selector, were it not quoted.
    other: String.raw`  slos:
    odd: { objective: 99.999, metric: up, labels: { a: '"} or vector(1) #\', b: "é/\ud83d\ude00" }, bad: { c: '.+"\}|x' } }
`,
  });
  const shared = objectIn(tree, 'clusters/cloud/baseline/telemetry-rules/resources.yaml', 'PrometheusRule');
  const own = ['shop', 'other'].flatMap((tenant) =>
    ['alerts', 'slos', 'cost'].flatMap((facet) => facetOf(tree, tenant, facet)),
  );
  for (const { kind, metadata, spec } of [shared, ...own] satisfies KubernetesObject[]) {
    if (kind !== 'PrometheusRule') continue;
    const file = `${metadata.namespace}-${metadata.name}.yaml`;
    await writeFile(path.join(folder, file), dump(spec));
    files.push(file);
  }
  dashboards = objectsIn(tree, 'clusters/cloud/baseline/grafana-operator/resources.yaml')
    .filter(({ kind }) => kind === 'GrafanaDashboard')
    .map(({ spec }) => JSON.parse(spec.json as string) as Dashboard);
  const groups = (shared.spec as { groups: { rules: Rule[] }[] }).groups;
  alerts = groups.flatMap(({ rules }) => rules.filter(({ alert }) => alert !== undefined));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('Prometheus takes all rules, those of every tenant too', async () => {
  expect(files).toEqual(
    expect.arrayContaining(['monitoring-telemetry-rules.yaml', 'shop-dev-slos.yaml', 'shop-dev-budget.yaml']),
  );
  for (const file of files) {
    const said = await run(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', path.join(folder, file)]);
    expect(said).toMatch(/SUCCESS: \d+ rules found/);
  }
});

test('Prometheus could answer every question of a dashboard', async () => {
  const asked = dashboards.flatMap(({ panels }) =>
    panels.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr, datasource }) => (datasource.type === 'prometheus' ? [expr] : [])),
    ),
  );
  expect(asked.length).toBeGreaterThan(15);
  const check = async (expressions: readonly string[]) => {
    const file = path.join(folder, 'dashboards.yaml');
    const rules = expressions.map((expr, index) => ({ record: `asked:${index}`, expr }));
    await writeFile(file, dump({ groups: [{ name: 'dashboards', rules }] }));
    return run(promtool, ['check', 'rules', file]);
  };
  expect(await check(asked)).toContain(`SUCCESS: ${asked.length} rules found`);
  await expect(check(['sum by (pod) (up'])).rejects.toThrow(/parse error/);
});

test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('When %s', (_, scenario) =>
  evaluate(scenario),
);

test('Every alert has something that fires it', () => {
  const fired = new Set(scenarios.flatMap(({ fires }) => fires));
  expect([...fired].sort()).toEqual(alerts.map(({ alert }) => alert).sort());
});

test('An alert that should not fire is noticed, and one that should and does not', async () => {
  await expect(evaluate({ name: 'nothing', series: {}, fires: ['TenantPodPending'] })).rejects.toThrow(
    /exp: {alertname="TenantPodPending"/,
  );
  const full = scenarios.find(({ fires }) => fires.includes('TenantVolumeNearlyFull'))!;
  await expect(evaluate({ ...full, fires: [] })).rejects.toThrow(/got: {alertname="TenantVolumeNearlyFull"/);
});

test('What hours and volumes cost adds up', async () => {
  const costs = scenarios.find(({ name }) => name === 'the budget is spent')!;
  const labels = '{namespace="shop-dev",tenant="shop",environment="dev"}';
  await runTests(costs.series, {
    promql_expr_test: [
      // Half of it CPU, a quarter memory, a quarter disks: 300 dollars an hour, 730 of them a month.
      {
        expr: 'sum by (namespace, tenant, environment) (tenant:cost:dollars_per_hour{tenant="shop",job=""})',
        eval_time: '10h',
        exp_samples: [{ labels, value: 300 }],
      },
      {
        expr: 'tenant:cost:dollars_month_forecast{tenant="shop"}',
        eval_time: '10h',
        exp_samples: [{ labels: `tenant:cost:dollars_month_forecast${labels}`, value: 300 * 730 }],
      },
      // What it was at each full hour, the first of which may have come before anybody knew whose it is.
      ...['>= bool 3000', '<= bool 3300'].map((bound) => ({
        expr: `tenant:cost:dollars_30d{tenant="shop"} ${bound}`,
        eval_time: '10h',
        exp_samples: [{ labels, value: 1 }],
      })),
    ],
  });
});

/** Rejects unless exactly these alerts fire, with the labels that they are delivered by. */
function evaluate({ series, fires, at = '3h', interval }: Scenario): Promise<string> {
  const samples = fires.map((alertname) => ({
    labels: `{alertname="${alertname}", tenant="shop", namespace="shop-dev", environment="dev"}`,
    value: 1,
  }));
  const expr = 'group by (alertname, tenant, namespace, environment) (ALERTS{alertstate="firing"})';
  return runTests(series, { promql_expr_test: [{ expr, eval_time: at, exp_samples: samples }] }, interval);
}

async function runTests(series: Scenario['series'], expectations: object, interval = '1m'): Promise<string> {
  const file = path.join(folder, 'test.yaml');
  const input = Object.entries({ ...healthy, ...series })
    .filter(([, values]) => values !== '')
    .map(([one, values]) => ({ series: one, values: interval === '1m' ? values : values.replace(/x1750$/, 'x4000') }));
  const tests = [{ interval, input_series: input, ...expectations }];
  await writeFile(file, dump({ rule_files: files, evaluation_interval: interval, tests }));
  return run(promtool, ['test', 'rules', file]);
}
