import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dump } from 'js-yaml';
import { getEngine } from '../../src/engines';
import { run } from '../../src/engines/run';
import { controlPlaneRules, isAlert } from '../../src/model/alerts';
import { renderPlatform } from '../../src/render';
import { objectIn, product } from '../support/platforms';
import { healthy, scenarios, type Scenario } from './support/alerts';

jest.setTimeout(900_000);

/** Prometheus' own tool: evaluates rules over made-up series, as Prometheus would. */
let promtool: string;
let folder: string;

beforeAll(async () => {
  promtool = await getEngine('promtool');
  folder = await mkdtemp(path.join(tmpdir(), 'keelson-alerts-'));
  const { tree } = await renderPlatform({ root: product, cache: false, threads: 0 });
  for (const cluster of ['production', 'nonproduction']) {
    const file = `clusters/${cluster}/baseline/control-plane-slo/resources.yaml`;
    await writeFile(path.join(folder, `${cluster}.yaml`), dump(objectIn(tree, file, 'PrometheusRule').spec));
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(['production', 'nonproduction'])('Prometheus takes the rules of %s', async (cluster) => {
  const said = await run(promtool, [
    'check',
    'rules',
    '--lint=all',
    '--lint-fatal',
    path.join(folder, `${cluster}.yaml`),
  ]);
  expect(said).toMatch(/SUCCESS: \d+ rules found/);
});

test('Rules that cannot be parsed are refused', async () => {
  const file = path.join(folder, 'broken.yaml');
  await writeFile(file, dump({ groups: [{ name: 'a', rules: [{ alert: 'A', expr: 'sum(up' }] }] }));
  await expect(run(promtool, ['check', 'rules', file])).rejects.toThrow(/parse error/);
});

test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('When %s', (_, scenario) =>
  evaluate(scenario),
);

test('Every alert has something that fires it', () => {
  const alerts = controlPlaneRules('aws').flatMap(({ rules }) => rules.filter(isAlert).map(({ alert }) => alert));
  expect([...new Set(scenarios.flatMap(({ fires }) => fires))].sort()).toEqual(alerts.sort());
});

test('An alert that should not fire is noticed, and one that should and does not', async () => {
  await expect(evaluate({ name: 'nothing', series: {}, fires: ['EtcdNoLeader'] })).rejects.toThrow(
    /exp: {alertname="EtcdNoLeader"}/,
  );
  const down = scenarios.find(({ name }) => name === 'a member is down');
  await expect(evaluate({ ...down!, fires: [] })).rejects.toThrow(/got: {alertname="EtcdMemberDown"}/);
});

test('A person reads what is wrong, in words and units', async () => {
  const slow = scenarios.find(({ name }) => name === 'the disk of a member is slow')!;
  const alert = {
    exp_labels: { severity: 'warning', node: 'b' },
    exp_annotations: {
      summary: 'Writes of etcd on b wait 58.4ms for the disk; the objective is 10 ms',
      runbook_url: 'docs/runbooks/etcd-slow.md',
    },
  };
  const expected = { alertname: 'EtcdDiskSlow', eval_time: '3h', exp_alerts: [alert] };
  await runTests(slow, { alert_rule_test: [expected] });
});

/** Rejects unless exactly these alerts fire. */
function evaluate(scenario: Scenario): Promise<string> {
  const samples = scenario.fires.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 }));
  const expr = 'group by (alertname) (ALERTS{alertstate="firing"})';
  return runTests(scenario, {
    promql_expr_test: [{ expr, eval_time: scenario.at ?? '3h', exp_samples: samples }],
  });
}

async function runTests({ series, at = '3h' }: Scenario, expectations: object): Promise<string> {
  const file = path.join(folder, 'test.yaml');
  const input = Object.entries({ ...healthy, ...series })
    .filter(([, values]) => values !== '')
    .map(([one, values]) => ({ series: one, values: at === '3h' ? values : values.replaceAll('x400', 'x1800') }));
  const tests = [{ interval: '1m', input_series: input, ...expectations }];
  await writeFile(file, dump({ rule_files: ['production.yaml'], evaluation_interval: '1m', tests }));
  return run(promtool, ['test', 'rules', file]);
}
