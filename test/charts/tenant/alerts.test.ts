import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localProps, objectsIn, product, type KubernetesObject } from '../../support/platforms';
import { cloudProps, facetOf, renderedClaims } from './telemetry';

interface Receiver {
  readonly name: string;
  readonly [kind: string]: unknown;
}
interface Route {
  readonly receiver: string;
  readonly matchers: readonly { readonly name: string; readonly matchType: string; readonly value: string }[];
  readonly continue?: boolean;
  readonly routes?: readonly Route[];
}

const only = (objects: readonly KubernetesObject[], kind: string) => objects.filter((one) => one.kind === kind);

const RECEIVERS = `  alertReceivers:
    - { type: email, to: shop-oncall@example.com }
    - { type: slack, to: "#shop", secret: alerts/slack, severities: [warning] }
    - { type: pagerduty, secret: alerts/pagerduty, severities: [critical] }
    - { type: webhook, secret: alerts/webhook }
`;

test('Without a word, the owner is told by mail', async () => {
  const tree = await renderedClaims({ shop: '' });
  const [config] = only(facetOf(tree, 'shop', 'alerts'), 'AlertmanagerConfig');
  const receivers = config?.spec.receivers as Receiver[];
  expect(receivers.map(({ name }) => name)).toEqual(['nobody', 'receiver-0']);
  expect(receivers[1]).toMatchObject({ emailConfigs: [{ to: 'shop@example.com' }] });
});

test('Alerts of the tenant go to its receivers by severity, and to nobody else’s', async () => {
  const tree = await renderedClaims({ shop: RECEIVERS, wiki: '' });
  const configs = only(facetOf(tree, 'shop', 'alerts'), 'AlertmanagerConfig');
  expect(configs.map(({ metadata }) => metadata.namespace)).toEqual(['shop-dev']);
  const route = configs[0]?.spec.route as Route;
  expect(route.matchers).toEqual([{ name: 'tenant', matchType: '=', value: 'shop' }]);
  // What no receiver wants ends nowhere, and each receiver leaves the alert to the next.
  expect(route.receiver).toBe('nobody');
  expect(route.routes?.map((one) => [one.receiver, one.matchers[0]?.value, one.continue])).toEqual([
    ['receiver-0', 'critical|warning', true],
    ['receiver-1', 'warning', true],
    ['receiver-2', 'critical', true],
    ['receiver-3', 'critical|warning', true],
  ]);
  const receivers = configs[0]?.spec.receivers as Receiver[];
  expect(receivers).toEqual([
    { name: 'nobody' },
    expect.objectContaining({ emailConfigs: [expect.objectContaining({ to: 'shop-oncall@example.com' })] }),
    expect.objectContaining({
      slackConfigs: [
        expect.objectContaining({ channel: '#shop', apiURL: { name: 'alert-receivers', key: 'receiver-1' } }),
      ],
    }),
    expect.objectContaining({
      pagerdutyConfigs: [expect.objectContaining({ routingKey: { name: 'alert-receivers', key: 'receiver-2' } })],
    }),
    expect.objectContaining({
      webhookConfigs: [expect.objectContaining({ urlSecret: { name: 'alert-receivers', key: 'receiver-3' } })],
    }),
  ]);
});

test('The operator adds the namespace to each route, and the platform sends the mails', async () => {
  const tree = await renderedClaims({ shop: '' });
  const application = objectsIn(tree, 'clusters/cloud/apps/kube-prometheus-stack.yaml').find(
    ({ metadata }) => metadata.name === 'kube-prometheus-stack',
  );
  const { alertmanager, prometheus } = application!.spec.sources[0].helm.valuesObject;
  expect(alertmanager.alertmanagerSpec.alertmanagerConfigMatcherStrategy).toEqual({ type: 'OnNamespace' });
  expect(alertmanager.config.global).toMatchObject({
    smtp_smarthost: 'smtp.example.com:587',
    smtp_from: 'alerts@example.com',
    smtp_auth_username: 'alerts@example.com',
    smtp_require_tls: true,
  });
  expect(JSON.stringify(alertmanager)).not.toMatch(/smtp_auth_password"/);
  expect(prometheus.prometheusSpec.enforcedNamespaceLabel).toBe('namespace');
});

test('Secrets come from the tenant’s own store', async () => {
  const tree = await renderedClaims({ shop: RECEIVERS });
  const [secret, ...others] = only(facetOf(tree, 'shop', 'alerts'), 'ExternalSecret');
  expect(others).toEqual([]);
  expect(secret?.spec.secretStoreRef).toEqual({ kind: 'SecretStore', name: 'tenant' });
  expect(secret?.spec.data).toEqual(
    ['slack', 'pagerduty', 'webhook'].map((name, index) => ({
      secretKey: `receiver-${index + 1}`,
      remoteRef: { key: `alerts/${name}` },
    })),
  );
});

test('A receiver whose address cannot be had is left out, not sent to nowhere', async () => {
  const props = { ...localProps, mail: cloudProps.mail };
  const tree = await renderedClaims({ shop: RECEIVERS }, props);
  const objects = objectsIn(tree, 'clusters/laptop/tenants/shop/alerts.yaml');
  expect(only(objects, 'ExternalSecret')).toEqual([]);
  const receivers = only(objects, 'AlertmanagerConfig')[0]?.spec.receivers as Receiver[];
  expect(receivers.map(({ name }) => name)).toEqual(['nobody', 'receiver-0']);
});

test('Without a mail server and receivers, nothing is routed', async () => {
  const { mail: _, ...props } = cloudProps;
  const tree = await renderedClaims({ shop: '' }, props);
  expect(only(facetOf(tree, 'shop', 'alerts'), 'AlertmanagerConfig')).toEqual([]);
});

test('What may be lost is told to the rule that all share', async () => {
  const tree = await renderedClaims({ shop: '  dataClass: restricted\n', wiki: '' });
  const seconds = ['shop', 'wiki'].map((tenant) => {
    const [rule] = only(facetOf(tree, tenant, 'alerts'), 'PrometheusRule');
    return rule?.spec.groups[0].rules[0];
  });
  expect(seconds.map(({ expr }) => expr)).toEqual(['vector(3600)', 'vector(86400)']);
  expect(seconds[0].labels).toEqual({
    namespace: 'shop-dev',
    tenant: 'shop',
    environment: 'dev',
    schedule: 'shop-dev',
  });
});

test('A tenant more leaves the rules of all as they are', async () => {
  const path = 'clusters/cloud/baseline/telemetry-rules/resources.yaml';
  const [one, two] = await Promise.all([renderedClaims({ shop: '' }), renderedClaims({ shop: '', wiki: RECEIVERS })]);
  expect(two.read(path).equals(one.read(path))).toBe(true);
  expect(two.read('clusters/cloud/tenants/shop/alerts.yaml')).toEqual(
    one.read('clusters/cloud/tenants/shop/alerts.yaml'),
  );
});

test('Every alert says what to do, on a page that exists', async () => {
  const tree = await renderedClaims({ shop: '' });
  const [rules] = objectsIn(tree, 'clusters/cloud/baseline/telemetry-rules/resources.yaml');
  const alerts = (rules?.spec.groups as { rules: { alert?: string; annotations?: Record<string, string> }[] }[])
    .flatMap((group) => group.rules)
    .filter(({ alert }) => alert !== undefined);
  expect(alerts.length).toBeGreaterThan(12);
  for (const { alert, annotations } of alerts) {
    const [page = '', heading] = annotations?.['runbook_url']?.split('#') ?? [];
    const text = readFileSync(join(product, page), 'utf8');
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, one]) => one?.toLowerCase().replaceAll(' ', '-'));
    expect([alert, headings]).toEqual([alert, expect.arrayContaining([heading])]);
    expect(text).toContain(`\`${alert}\``);
  }
});
