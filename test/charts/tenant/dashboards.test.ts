import type { Tree } from '../../../src/gitops/tree';
import { objectsIn } from '../../support/platforms';
import { knownMetrics, metricsOf } from '../../support/known-metrics';
import { cloudProps, facetOf, renderedClaims } from './telemetry';

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating?: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: string }[];
  };
  readonly panels: readonly {
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly w: number };
    readonly datasource?: { readonly uid: string };
    readonly targets?: readonly { readonly expr?: string; readonly query?: string }[];
    readonly options?: { readonly content: string };
  }[];
}

const shared = (tree: Tree): readonly Dashboard[] =>
  objectsIn(tree, 'clusters/cloud/baseline/grafana-operator/resources.yaml')
    .filter(({ kind }) => kind === 'GrafanaDashboard')
    .map(({ spec }) => JSON.parse(spec.json as string) as Dashboard);

test('Each environment has a data source of each kind, which asks in the name of whoever looks', async () => {
  const tree = await renderedClaims({ shop: '  environments: { dev: {}, live: {} }\n' });
  const sources = facetOf(tree, 'shop', 'dashboards').filter(({ kind }) => kind === 'GrafanaDatasource');
  expect(sources.map(({ metadata }) => `${metadata.namespace} ${metadata.name}`)).toEqual([
    'shop-dev metrics',
    'shop-dev logs',
    'shop-dev traces',
    'shop-live metrics',
    'shop-live logs',
    'shop-live traces',
  ]);
  for (const { metadata, spec } of sources) {
    const { url, access, jsonData, secureJsonData } = spec.datasource;
    expect(url).toMatch(/^http:\/\/telemetry-access\.telemetry-access\.svc:\d+$/);
    expect(access).toBe('proxy');
    expect(jsonData).toMatchObject({ oauthPassThru: true, httpHeaderName1: 'X-Scope-OrgID' });
    expect(secureJsonData).toEqual({ httpHeaderValue1: metadata.namespace });
    expect(spec.instanceSelector.matchLabels).toEqual({ dashboards: 'tenants' });
    expect(spec.uid.length).toBeLessThanOrEqual(40);
  }
  expect(new Set(sources.map(({ spec }) => spec.uid as string)).size).toBe(6);
  // What may not be asked by GET would need the right to create Pods' logs.
  const metrics = sources.filter(({ metadata }) => metadata.name === 'metrics');
  for (const { spec } of metrics) expect(spec.datasource.jsonData.httpMethod).toBe('GET');
});

test('The longest name fits', async () => {
  const name = `a${'b'.repeat(38)}c`;
  const tree = await renderedClaims({ [name]: '' });
  for (const { kind, spec } of facetOf(tree, name, 'dashboards')) {
    if (kind !== 'GrafanaDashboard') expect((spec.uid as string).length).toBeLessThanOrEqual(40);
    else expect((JSON.parse(spec.json as string) as Dashboard).uid.length).toBeLessThanOrEqual(40);
  }
});

test('A folder has a page that leads to what everybody has, with the own data sources', async () => {
  const tree = await renderedClaims({ shop: '' });
  const objects = facetOf(tree, 'shop', 'dashboards');
  expect(objects.find(({ kind }) => kind === 'GrafanaFolder')?.spec.title).toBe('shop');
  const page = objects.find(({ kind }) => kind === 'GrafanaDashboard');
  const { panels } = JSON.parse(page?.spec.json as string) as Dashboard;
  const content = panels[0]?.options?.content ?? '';
  const uids = objects.filter(({ kind }) => kind === 'GrafanaDatasource').map(({ spec }) => spec.uid as string);
  for (const uid of uids) expect(content).toContain(`=${uid}`);
  const linked = [...content.matchAll(/\/d\/([a-z-]+)\?/g)].map(([, uid]) => uid);
  expect(linked.sort()).toEqual(
    shared(tree)
      .map(({ uid }) => uid)
      .sort(),
  );
});

test('There are dashboards for all that a tenant asks about, the same however many tenants there are', async () => {
  const [one, two] = await Promise.all([renderedClaims({ shop: '' }), renderedClaims({ shop: '', wiki: '' })]);
  const uids = ['cost', 'databases', 'logs', 'network', 'quota', 'slos', 'traces', 'workloads'];
  expect(
    shared(one)
      .map(({ uid }) => uid)
      .sort(),
  ).toEqual(uids.map((name) => `tenant-${name}`));
  const path = 'clusters/cloud/baseline/grafana-operator/resources.yaml';
  expect(two.read(path).equals(one.read(path))).toBe(true);
});

test('Every panel asks one of the data sources that the page is looked at through, and names no namespace', async () => {
  const dashboards = shared(await renderedClaims({ shop: '' }));
  for (const { title, templating, panels } of dashboards) {
    const variables = templating?.list ?? [];
    expect(variables.every(({ type }) => type === 'datasource')).toBe(true);
    for (const panel of panels) {
      const uid = panel.datasource?.uid ?? '';
      expect([title, variables.map(({ name }) => `\${${name}}`)]).toEqual([title, expect.arrayContaining([uid])]);
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
      for (const { expr = '', query = '' } of panel.targets ?? []) {
        expect(expr + query).not.toBe('');
        if (uid === '${metrics}') expect(expr).not.toMatch(/namespace=/);
      }
    }
  }
});

test('Dashboards and alerts name no metric but those that something gives', async () => {
  const tree = await renderedClaims({ shop: '' });
  const [rules] = objectsIn(tree, 'clusters/cloud/baseline/telemetry-rules/resources.yaml');
  const recorded = (rules?.spec.groups as { rules: { record?: string; expr: string }[] }[]).flatMap(
    (group) => group.rules,
  );
  const known = knownMetrics(recorded.flatMap(({ record }) => record ?? []));
  const asked = shared(tree)
    .flatMap(({ panels }) => panels)
    .filter(({ datasource }) => datasource?.uid === '${metrics}')
    .flatMap(({ targets = [] }) => targets.map(({ expr = '' }) => expr));
  expect(asked.length).toBeGreaterThan(15);
  const unknown = [...asked, ...recorded.map(({ expr }) => expr)].flatMap(metricsOf).filter((name) => !known.has(name));
  expect(unknown).toEqual([]);
  expect(metricsOf('sum(rate(kube_pod_made_up{a="b"}[5m]))').filter((name) => !known.has(name))).toEqual([
    'kube_pod_made_up',
  ]);
});

test('What nobody keeps is not offered', async () => {
  const addOns = { tempo: false };
  const tree = await renderedClaims({ shop: '' }, { ...cloudProps, addOns });
  expect(shared(tree).map(({ uid }) => uid)).not.toContain('tenant-traces');
  expect(facetOf(tree, 'shop', 'dashboards').map(({ metadata }) => metadata.name)).not.toContain('traces');
});
