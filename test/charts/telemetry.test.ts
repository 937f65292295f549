import { dump } from 'js-yaml';
import type { Tree } from '../../src/gitops/tree';
import { objectIn, objectsIn } from '../support/platforms';
import { renderedClaims } from './tenant/telemetry';

let tree: Tree;

beforeAll(async () => {
  tree = await renderedClaims({ shop: '', wiki: '' });
});

/** Values of an add-on's chart. */
// What a test looks for is a matter of the chart.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function valuesOf(addOn: string): any {
  const path = `clusters/cloud/apps/${addOn}.yaml`;
  return objectIn(tree, path, 'Application', addOn).spec.sources[0].helm.valuesObject;
}

interface Pipeline {
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

describe('What tenants send', () => {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  let config: any;
  let pipelines: Readonly<Record<string, Pipeline>>;

  beforeAll(() => {
    config = valuesOf('opentelemetry-gateway').alternateConfig;
    pipelines = config.service.pipelines;
  });

  test.each(['logs', 'metrics', 'traces'])(
    'is marked by the address that it comes from, before anything else: %s',
    (signal) => {
      const { receivers, processors } = pipelines[`${signal}/from-tenants`]!;
      expect(receivers).toEqual(['otlp']);
      expect(processors.slice(0, 4)).toEqual([
        'memory_limiter',
        'resource/anonymous',
        'k8sattributes',
        'filter/others',
      ]);
      expect(config.processors.k8sattributes.pod_association).toEqual([{ sources: [{ from: 'connection' }] }]);
      const removed = config.processors['resource/anonymous'].attributes as { key: string; action: string }[];
      expect(removed.every(({ action }) => action === 'delete')).toBe(true);
      expect(removed.map(({ key }) => key)).toEqual(
        expect.arrayContaining(['tenant', 'environment', 'k8s.namespace.name', 'k8s.pod.name', 'k8s.pod.uid']),
      );
    },
  );

  test('is dropped where it names another organisation, and where that cannot be told', () => {
    const filter = config.processors['filter/others'];
    expect(filter.error_mode).toBe('propagate');
    const headers = 'otelcol.client.metadata["x-scope-orgid"]';
    const namespace = 'resource.attributes["k8s.namespace.name"]';
    const another = `${headers} != nil and (Len(${headers}) != 1 or ${headers}[0] != ${namespace})`;
    for (const signal of ['log', 'metric', 'trace']) expect(filter[`${signal}_conditions`]).toContain(another);
    const { http, grpc } = config.receivers.otlp.protocols;
    expect([http.include_metadata, grpc.include_metadata]).toEqual([true, true]);
  });

  test('keeps its header on the way: nothing in between mixes clients, and only tenants may send one', () => {
    for (const signal of ['logs', 'traces']) {
      const { processors, exporters } = pipelines[`${signal}/from-tenants`]!;
      expect(processors).not.toContain('batch');
      for (const exporter of exporters)
        expect(config.exporters[exporter].auth).toEqual({ authenticator: 'headers_setter' });
    }
    expect(config.extensions.headers_setter.headers).toEqual([
      { key: 'X-Scope-OrgID', action: 'upsert', from_context: 'x-scope-orgid', default_value: 'platform' },
    ]);
    expect(config.service.extensions).toContain('headers_setter');
    expect(config.receivers['otlp/agent'].protocols.grpc).not.toHaveProperty('include_metadata');
  });

  test('has in every point of a metric the labels that are known, and none of the client’s in their place', () => {
    for (const from of ['tenants', 'agent'])
      expect(pipelines[`metrics/from-${from}`]?.processors).toContain('transform/origin');
    const transform = config.processors['transform/origin'];
    expect(transform.error_mode).toBe('propagate');
    const [resource, datapoint] = transform.metric_statements as { context: string; statements: string[] }[];
    expect(resource?.statements).toContain(
      'set(resource.attributes["service.namespace"], resource.attributes["k8s.namespace.name"])',
    );
    for (const label of ['namespace', 'tenant', 'environment', 'job', 'instance', 'cluster']) {
      const removed = datapoint!.statements.indexOf(`delete_key(datapoint.attributes, "${label}")`);
      const set = datapoint!.statements.findIndex((one) => one.startsWith(`set(datapoint.attributes["${label}"]`));
      expect(removed).toBeGreaterThanOrEqual(0);
      if (['namespace', 'tenant', 'environment'].includes(label)) expect(set).toBeGreaterThan(removed);
    }
  });

  test('names no tenant: one more changes nothing there', () => {
    const text =
      dump(config) + dump(valuesOf('loki')) + dump(valuesOf('tempo')) + dump(valuesOf('kube-prometheus-stack'));
    expect(text).not.toMatch(/shop|wiki/);
  });
});

test('A line of a container’s log is its namespace’s, by the directory that the kubelet chose', () => {
  const { data } = objectIn(tree, 'clusters/cloud/baseline/log-agent/resources.yaml', 'ConfigMap') as unknown as {
    data: Record<string, string>;
  };
  const { sources, transforms, sinks } = JSON.parse(data['vector.json'] ?? '');
  expect(sources.pods.type).toBe('kubernetes_logs');
  expect(transforms.owner.source).toBe(
    '.organisation = if exists(.kubernetes.namespace_labels.tenant) { .kubernetes.pod_namespace } else { "platform" }',
  );
  expect(sinks.loki).toMatchObject({ inputs: ['fair'], tenant_id: '{{ organisation }}' });
  // Nobody's flood takes the others' room.
  expect(transforms.fair).toMatchObject({
    type: 'throttle',
    inputs: ['owner'],
    key_field: '{{ kubernetes.pod_namespace }}',
  });
});

interface Ingress {
  readonly from: readonly { readonly namespaceSelector: { readonly matchLabels: Record<string, string> } }[];
}

test.each([
  ['loki', 'loki-gateway', ['grafana', 'log-agent', 'loki', 'monitoring', 'opentelemetry', 'telemetry-access']],
  ['tempo', 'tempo-tempo', ['grafana', 'monitoring', 'opentelemetry', 'telemetry-access']],
])('Nobody reaches %s who could name another’s organisation', (addOn, policy, namespaces) => {
  const policies = objectsIn(tree, `clusters/cloud/baseline/${addOn}/network.yaml`);
  const ingress = policies
    .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === policy)
    .flatMap(({ spec }) => (spec.ingress ?? []) as Ingress[]);
  const from = ingress.flatMap((one) => one.from.map(({ namespaceSelector }) => namespaceSelector));
  for (const { matchLabels } of from) expect(Object.keys(matchLabels)).toEqual(['kubernetes.io/metadata.name']);
  const names = new Set(from.map(({ matchLabels }) => matchLabels['kubernetes.io/metadata.name']));
  expect([...names].sort()).toEqual(namespaces);
  const denied = policies.find(({ metadata }) => metadata.name === 'default-deny');
  expect(denied?.spec).toMatchObject({ podSelector: {}, policyTypes: expect.arrayContaining(['Ingress']) });
});

test('The tenants’ Grafana reaches no data but through who asks whether it may', () => {
  const policies = objectsIn(tree, 'clusters/cloud/baseline/grafana-operator/network.yaml');
  const [own] = policies.filter(
    ({ kind, metadata }) => kind === 'NetworkPolicy' && /tenant-grafana$/.test(metadata.name),
  );
  const egress = (own?.spec.egress ?? []) as { to: Ingress['from'] }[];
  const to = egress.flatMap((one) =>
    one.to.map(({ namespaceSelector }) => namespaceSelector.matchLabels['kubernetes.io/metadata.name']),
  );
  expect([...new Set(to)].sort()).toEqual(['kube-system', 'telemetry-access']);
});

test('Nothing that outlasts a question is on in the tenants’ Grafana, and nobody is more than a viewer', () => {
  const grafana = objectIn(
    tree,
    'clusters/cloud/baseline/grafana-operator/resources.yaml',
    'Grafana',
    'tenant-grafana',
  );
  expect(grafana.spec.config).toMatchObject({
    'auth.anonymous': { enabled: 'false' },
    'auth.generic_oauth': { role_attribute_path: "'Viewer'", use_refresh_token: 'true' },
    public_dashboards: { enabled: 'false' },
    snapshots: { enabled: 'false', external_enabled: 'false' },
    unified_alerting: { enabled: 'false' },
  });
  const sources = objectsIn(tree, 'clusters/cloud/baseline/grafana-operator/resources.yaml').filter(
    ({ kind }) => kind === 'GrafanaDatasource',
  );
  // Those of the platform's own, which no tenant signs in to.
  for (const { spec } of sources) expect(spec.instanceSelector.matchLabels).toEqual({ dashboards: 'platform' });
});
