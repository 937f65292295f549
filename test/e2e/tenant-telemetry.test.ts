import {
  ask,
  DIRECT,
  LABEL_PROXY,
  send,
  startTelemetryAccess,
  type Answer,
  type Headers,
  type TelemetryAccess,
} from './support/telemetry-access';

jest.setTimeout(120_000);

let access: TelemetryAccess;
let developer: Headers;

beforeAll(async () => {
  access = await startTelemetryAccess();
  developer = bearer('shop-developers');
}, 30 * 60_000);

afterAll(() => access?.stop());

const ORGANISATION = 'x-scope-orgid';
const own = { [ORGANISATION]: 'shop-dev' };

function bearer(...groups: string[]): Headers {
  return { authorization: `Bearer ${access.issuer.token('ann@example.com', groups)}` };
}

const metrics = (target: string, headers: Headers = {}): Promise<Answer> =>
  ask('metrics', target, { ...developer, ...own, ...headers });
const query = (expr: string, headers: Headers = {}): Promise<Answer> =>
  metrics(`/api/v1/query?query=${encodeURIComponent(expr)}`, headers);

/** Label sets of an answer to a query. */
function series({ status, body }: Answer): readonly Readonly<Record<string, string>>[] {
  expect({ status, body: status === 200 ? '' : body }).toEqual({ status: 200, body: '' });
  const { data } = JSON.parse(body) as { data: { result: { metric: Record<string, string> }[] } };
  return data.result.map(({ metric }) => metric);
}

test('Everything is there to be seen, by whom nothing keeps apart', async () => {
  const all = await send(DIRECT, '/api/v1/query?query=requests_total', {});
  expect(
    series(all)
      .map(({ namespace }) => namespace)
      .sort(),
  ).toEqual(['shop-dev', 'wiki-dev']);
  // The label alone is put in for whoever asks: it takes somebody who asks whether they may.
  const anybody = await send(LABEL_PROXY, '/api/v1/query?query=requests_total', { [ORGANISATION]: 'wiki-dev' });
  expect(series(anybody).map(({ namespace }) => namespace)).toEqual(['wiki-dev']);
});

test('A developer sees the series of their own environment', async () => {
  expect(series(await query('requests_total'))).toEqual([expect.objectContaining({ namespace: 'shop-dev' })]);
});

test('Grafana’s access token need not be known: the ID token beside it is', async () => {
  const headers = {
    authorization: 'Bearer opaque',
    'x-id-token': access.issuer.token('ann@example.com', ['shop-developers']),
  };
  expect(series(await query('requests_total', headers))).toHaveLength(1);
});

test('Another’s namespace is refused, whoever asks and whatever for', async () => {
  for (const kind of ['metrics', 'logs', 'traces'] as const) {
    const target = { metrics: '/api/v1/labels', logs: '/loki/api/v1/labels', traces: '/api/search' }[kind];
    const { status } = await ask(kind, target, { ...developer, [ORGANISATION]: 'wiki-dev' });
    expect([kind, status]).toEqual([kind, 403]);
    expect((await ask(kind, target, { ...developer, ...own })).status).toBe(200);
    expect((await ask(kind, target, { ...bearer('everybody'), ...own })).status).toBe(403);
    // Nobody may say what the issuer puts before groups.
    expect((await ask(kind, target, { ...bearer('system:masters', 'oidc:shop-developers'), ...own })).status).toBe(403);
  }
});

test.each([
  'requests_total{namespace="wiki-dev"}',
  'requests_total{namespace!="shop-dev"}',
  'requests_total{namespace=~".*"}',
  'requests_total or requests_total{namespace="wiki-dev"}',
  '{__name__=~".+"}',
  '{__name__=~".+", namespace=~"wiki.*|shop.*"}',
  'count by (namespace) ({__name__=~".+"})',
  'sum by (namespace) (rate(requests_total[1m:1s]))',
  'requests_total @ end()',
  'label_replace(requests_total, "namespace", "wiki-dev", "", "") or requests_total',
  'requests_total and on () requests_total{namespace="wiki-dev"}',
  'count({namespace="wiki-dev"}) > 0',
  'wiki_only',
  'count(wiki_only)',
  'last_over_time(wiki_only[1h])',
  'machine_total',
  'ALERTS{namespace="wiki-dev"}',
  'requests_total # {namespace="wiki-dev"}\n or wiki_only',
])('No query sees another’s series: %s', async (expr) => {
  const { status, body } = await query(expr);
  if (status === 200) {
    // A label that the query itself writes is no one's data.
    const found = series({ status, body }).filter(({ path }) => path !== '/shop-dev');
    expect(JSON.stringify(found)).not.toMatch(/wiki|machine/);
    if (expr.startsWith('count({') || expr.startsWith('count(wiki')) expect(found).toEqual([]);
  } else {
    expect(status).toBe(400);
  }
});

test.each([
  '/api/v1/series?match[]=requests_total&match[]={namespace=~".%2B"}',
  '/api/v1/series?match[]={__name__=~".%2B"}',
  '/api/v1/labels',
  '/api/v1/labels?match[]={namespace="wiki-dev"}',
  '/api/v1/label/namespace/values',
  '/api/v1/label/__name__/values',
  '/api/v1/label/path/values?match[]=requests_total',
  '/api/v1/rules',
  '/api/v1/alerts',
  '/api/v1/query_range?query=requests_total&start=0&end=1&step=1',
  '/api/v1/query_exemplars?query=requests_total&start=0&end=1',
])('Nor does %s', async (target) => {
  const { status, body } = await metrics(target);
  expect([200, 400]).toContain(status);
  if (status === 200) expect(JSON.parse(body)).toMatchObject({ status: 'success' });
  expect(body).not.toMatch(/wiki_only|"wiki-dev"|\/wiki-dev/);
});

test('What is one’s own is answered there', async () => {
  expect((await metrics('/api/v1/label/namespace/values')).body).toContain('"shop-dev"');
  expect((await metrics('/api/v1/alerts')).body).toContain('Busy');
  expect((await metrics('/api/v1/series?match[]=requests_total')).body).toContain('/shop-dev');
});

test('Parameters of a request do not name the namespace', async () => {
  for (const parameter of ['namespace', 'tenant', 'X-Scope-OrgID', 'orgId']) {
    const answer = await metrics(`/api/v1/query?query=requests_total&${parameter}=wiki-dev`);
    expect(series(answer).map(({ namespace }) => namespace)).toEqual(['shop-dev']);
  }
});

test.each<[string, Headers]>([
  ['two of them', { [ORGANISATION]: ['shop-dev', 'wiki-dev'] }],
  ['two in one', { [ORGANISATION]: 'shop-dev|wiki-dev' }],
  ['a list', { [ORGANISATION]: 'shop-dev,wiki-dev' }],
  ['none', { [ORGANISATION]: '' }],
  ['a pattern', { [ORGANISATION]: '.*' }],
  ['a template', { [ORGANISATION]: '{{.Value}}' }],
])('A header that names %s is refused', async (_, headers) => {
  for (const kind of ['metrics', 'logs', 'traces'] as const) {
    const target = { metrics: '/api/v1/labels', logs: '/loki/api/v1/labels', traces: '/api/search' }[kind];
    expect((await ask(kind, target, { ...developer, ...headers })).status).toBe(400);
  }
});

test.each<[string, () => Headers]>([
  ['nobody', () => ({})],
  ['a token that is none', () => ({ authorization: 'Bearer nobody' })],
  [
    'a token that has ended',
    () => ({ authorization: `Bearer ${access.issuer.token('ann@example.com', ['shop-developers'], { exp: 1 })}` }),
  ],
  [
    'a token for another program',
    () => ({ authorization: `Bearer ${access.issuer.token('ann@example.com', ['shop-developers'], { aud: 'mail' })}` }),
  ],
  ['a good token and a bad ID token', () => ({ ...developer, 'x-id-token': 'nobody' })],
  ['two tokens', () => ({ ...developer, 'x-id-token': ['a', 'b'], authorization: ['Bearer a', 'Bearer b'] })],
])('%s is refused', async (_, headers) => {
  const { status } = await ask('metrics', '/api/v1/labels', { ...own, ...headers() });
  expect(status).toBe(401);
});

test.each([
  '/',
  '/metrics',
  '/federate?match[]=requests_total',
  '/api/v1/status/config',
  '/api/v1/targets',
  '/api/v1/metadata',
  '/api/v1/read',
  '/api/v1/query/../status/config',
  '/api/v1/query/%2e%2e/status/config',
  '//api/v1/query?query=requests_total',
  '/api/v1/label/../../v1/status/values',
  '/api/v1/admin/tsdb/snapshot',
  '/-/reload',
])('%s leads nowhere', async (target) => {
  expect((await metrics(target)).status).toBe(404);
});

test('Only questions are let through', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']) {
    const answer = await ask(
      'metrics',
      '/api/v1/query',
      { ...developer, ...own, ...form },
      method,
      'query=requests_total',
    );
    expect([method, answer.status]).toEqual([method, 405]);
    const pushed = await ask('logs', '/loki/api/v1/push', { ...developer, ...own }, method, '{}');
    expect([method, pushed.status]).toEqual([method, 405]);
  }
});

test('Loki and Tempo are asked for the own organisation only, and hear no token', async () => {
  access.stored.length = 0;
  const { body } = await ask('logs', '/loki/api/v1/query_range?query={}', {
    ...developer,
    ...own,
    cookie: 'grafana_session=x',
    'x-id-token': developer['authorization'] as string,
  });
  expect(body).not.toContain('grafana_session');
  const good = await ask('logs', '/loki/api/v1/query_range?query={}', { ...developer, ...own });
  expect(good.status).toBe(200);
  for (const target of [
    '/api/traces/0af7651916cd43dd8448eb211c80319c',
    '/api/search?q={}',
    '/api/v2/search/tag/name/values',
  ]) {
    expect((await ask('traces', target, { ...developer, ...own })).status).toBe(200);
  }
  for (const [kind, target] of [
    ['logs', '/loki/api/v1/delete'],
    ['logs', '/config'],
    ['logs', '/loki/api/v1/rules'],
    ['traces', '/status/config'],
    ['traces', '/shutdown'],
    ['traces', '/flush'],
  ] as const) {
    expect([target, (await ask(kind, target, { ...developer, ...own })).status]).toEqual([target, 404]);
  }
  expect(access.stored.map((line) => line.split(' ').at(-1))).toEqual(access.stored.map(() => 'shop-dev'));
  expect(access.stored).toHaveLength(4);
});
