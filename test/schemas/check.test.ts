import { checkObject, isNamespaced, kinds, schemaOf, type SchemaProblem } from '../../src/schemas';
import * as samples from './samples';

/** Sets one field by its path and returns the object; `undefined` removes the field. */
function change<T extends object>(object: T, path: string, value: unknown): T {
  const steps = path.split('.');
  let place = object as Record<string, unknown>;
  for (const step of steps.slice(0, -1)) place = place[step] as Record<string, unknown>;
  const last = steps.at(-1)!;
  if (value === undefined) delete place[last];
  else place[last] = value;
  return object;
}

function only(problems: SchemaProblem[]): SchemaProblem {
  expect(problems).toHaveLength(1);
  return problems[0]!;
}

const container = 'spec.template.spec.containers.0';
const containerPath = 'spec.template.spec.containers[0]';

test.each(Object.entries(samples))('a right %s has no problem', (_, make) => {
  expect(checkObject(make())).toEqual([]);
});

describe('fields and types', () => {
  test('an unknown field is told with the nearest valid one', () => {
    expect(only(checkObject(change(samples.deployment(), `${container}.imagePullPolcy`, 'Always')))).toEqual({
      path: `${containerPath}.imagePullPolcy`,
      rule: 'unknown-field',
      message: 'there is no field "imagePullPolcy" here',
      fix: 'remove it',
      value: 'Always',
    });
    const renamed = change(samples.deployment(), `${container}.imagePullPolicy`, undefined);
    const problem = only(checkObject(change(renamed, `${container}.imagePullPolcy`, 'Always')));
    expect(problem.fix).toBe('write imagePullPolicy');
  });

  test('an unknown field of a custom resource too', () => {
    const problem = only(checkObject(change(samples.certificate(), 'spec.dnsName', ['x'])));
    expect(problem).toMatchObject({ path: 'spec.dnsName', rule: 'unknown-field' });
  });

  test.each([
    ['spec.replicas', '2', 'write 2 without quotes'],
    ['spec.replicas', 2.5, undefined],
    [`${container}.env.0.value`, 5, 'write "5"'],
    [`${container}.env`, 'MODE=fast', 'write a list'],
    ['spec.template.spec.automountServiceAccountToken', 'false', 'write false without quotes'],
    ['metadata.labels', ['a'], undefined],
    ['metadata.annotations', { built: new Date(0) }, 'put it in quotes'],
  ])('%s of a wrong type (%j) is told', (path, value, fix) => {
    const problem = only(checkObject(change(samples.deployment(), path, value)));
    expect(problem.rule).toBe('type');
    expect(problem.fix).toBe(fix);
  });

  test('missing fields are told, all of them', () => {
    const bare = change(change(samples.deployment(), `${container}.name`, undefined), `${container}.image`, undefined);
    expect(checkObject(bare).map(({ path, rule }) => [path, rule])).toEqual([
      [`${containerPath}.name`, 'required'],
      [`${containerPath}.image`, 'required'],
    ]);
  });

  test('a null field is a field left out, a null item is not', () => {
    expect(checkObject(change(samples.deployment(), 'spec.strategy', null))).toEqual([]);
    expect(only(checkObject(change(samples.deployment(), 'spec.selector', null))).rule).toBe('required');
    expect(only(checkObject(change(samples.certificate(), 'spec.dnsNames', [null]))).path).toBe('spec.dnsNames[0]');
  });

  test('a number or text is right where both are allowed, and nothing else', () => {
    for (const port of [8080, 'http']) {
      expect(checkObject(change(samples.serviceMonitor(), 'spec.endpoints.0.targetPort', port))).toEqual([]);
    }
    expect(only(checkObject(change(samples.serviceMonitor(), 'spec.endpoints.0.targetPort', true))).rule).toBe('type');
  });
});

describe('values', () => {
  test.each([
    [samples.deployment(), `${container}.imagePullPolicy`, 'Allways', 'enum', 'write Always'],
    [samples.deployment(), `${container}.ports.0.containerPort`, 70_000, 'range', undefined],
    [samples.deployment(), 'spec.replicas', -1, 'range', undefined],
    [samples.deployment(), 'spec.replicas', 2 ** 31, 'range', undefined],
    [samples.deployment(), `${container}.resources.limits.memory`, '10GB', 'format', 'write 10Gi'],
    [samples.deployment(), `${container}.resources.limits.memory`, '', 'format', undefined],
    [samples.deployment(), 'spec.strategy.rollingUpdate.maxSurge', '25', 'format', undefined],
    [samples.deployment(), `${container}.ports.0.name`, 'Http_Port', 'format', undefined],
    [samples.networkPolicy(), 'spec.egress.1.to.0.ipBlock.cidr', '10.0.0.0/33', 'format', undefined],
    [samples.networkPolicy(), 'spec.egress.0.to.0', {}, 'length', undefined],
    [samples.serviceMonitor(), 'spec.endpoints.0.interval', '30 sec', 'pattern', undefined],
    [samples.certificate(), 'spec.privateKey.algorithm', 'ecdsa', 'enum', 'write ECDSA'],
    [samples.httpRoute(), 'spec.hostnames', ['a..b'], 'pattern', undefined],
    [samples.httpRoute(), 'spec.hostnames', ['a'.repeat(300)], 'length', undefined],
    [samples.httpRoute(), 'spec.rules.0.matches', Array(65).fill({}), 'length', undefined],
  ] as const)('%#: %s %j breaks the rule %s', (object, path, value, rule, fix) => {
    const problem = checkObject(change(structuredClone(object), path, value)).find((found) => found.rule === rule);
    expect(problem?.fix).toBe(fix);
    expect(problem?.rule).toBe(rule);
  });

  test('lists by key may not have a key twice, defaults of keys counted', () => {
    const ports = [
      { port: 80, name: 'a' },
      { port: 80, name: 'b', protocol: 'TCP' },
    ];
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'api', namespace: 'payments' },
      spec: { selector: { app: 'api' }, ports },
    };
    expect(only(checkObject(service))).toMatchObject({ path: 'spec.ports[1]', rule: 'duplicate-key' });
    ports[1]!.protocol = 'UDP';
    expect(checkObject(service)).toEqual([]);
  });

  test('exactly one of several forms, with defaults filled in first', () => {
    const gateway = (address: object): object => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'public', namespace: 'gateway' },
      spec: {
        gatewayClassName: 'cilium',
        listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }],
        addresses: [address],
      },
    });
    expect(checkObject(gateway({ value: '192.0.2.1' }))).toEqual([]);
    expect(checkObject(gateway({ value: 'not an address' })).map(({ rule }) => rule)).toContain('combination');
  });
});

describe('metadata', () => {
  test.each([
    ['metadata.name', 'Payments_API', 'write payments-api'],
    ['metadata.name', 'a'.repeat(254), undefined],
    ['metadata.name', undefined, 'set metadata.name'],
    ['metadata.namespace', undefined, 'set metadata.namespace'],
    ['metadata.labels', { 'a b': 'x' }, undefined],
    ['metadata.labels', { a: 'x'.repeat(64) }, undefined],
    ['metadata.labels', { a: 'ends-with-' }, undefined],
    ['metadata.annotations', { '/x': 'y' }, undefined],
    ['metadata.annotations', { x: 'y'.repeat(300_000) }, undefined],
    ['spec.template.metadata.labels', { app: 'api', tier: 'a/b' }, undefined],
  ])('%s: %j is refused', (path, value, fix) => {
    const problem = only(checkObject(change(samples.deployment(), path, value)));
    expect(problem.rule).toBe('metadata');
    expect(problem.fix).toBe(fix);
  });

  test('an object of the whole cluster has no namespace', () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'payments', namespace: 'x' } };
    expect(only(checkObject(namespace))).toMatchObject({
      path: 'metadata.namespace',
      rule: 'metadata',
      fix: 'remove it',
    });
  });

  test('names follow their kind', () => {
    const named = (apiVersion: string, kind: string, name: string): SchemaProblem[] =>
      checkObject({ apiVersion, kind, metadata: { name }, ...(kind === 'ClusterRole' ? { rules: [] } : {}) });
    expect(named('v1', 'Namespace', 'a.b')).toHaveLength(1);
    expect(named('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:Reader')).toEqual([]);
    expect(named('rbac.authorization.k8s.io/v1', 'ClusterRole', 'a/b')).toHaveLength(1);
  });
});

describe('built-in kinds whose fields do not fit together', () => {
  test.each([
    ['spec.template.metadata.labels', { app: 'other' }, 'spec.template.metadata.labels'],
    ['spec.template.spec.volumes', [], `${containerPath}.volumeMounts[0].name`],
    [`${container}.resources.limits.memory`, '128Mi', `${containerPath}.resources.requests.memory`],
    ['spec.template.spec.restartPolicy', 'Never', 'spec.template.spec.restartPolicy'],
  ])('%s: %j', (path, value, told) => {
    expect(only(checkObject(change(samples.deployment(), path, value)))).toMatchObject({
      path: told,
      rule: 'consistency',
    });
  });
});

describe('kinds', () => {
  test('a version that is no longer served names the one that is', () => {
    const problem = only(checkObject({ apiVersion: 'policy/v1beta1', kind: 'PodDisruptionBudget', metadata: {} }));
    expect(problem).toMatchObject({ path: 'apiVersion', rule: 'unknown-kind', fix: 'write policy/v1' });
    const moved = only(checkObject({ apiVersion: 'extensions/v1beta1', kind: 'Ingress' }));
    expect(moved.fix).toBe('write networking.k8s.io/v1');
  });

  test('a misspelt kind names the nearest', () => {
    expect(only(checkObject({ apiVersion: 'apps/v1', kind: 'Deploymnt' })).fix).toBe('write Deployment');
    expect(only(checkObject({ apiVersion: 'example.com/v1', kind: 'Frobnicator' })).rule).toBe('unknown-kind');
  });

  test('all know their scope, their source and their schema', () => {
    expect(isNamespaced('apps/v1', 'Deployment')).toBe(true);
    expect(isNamespaced('cert-manager.io/v1', 'ClusterIssuer')).toBe(false);
    expect(isNamespaced('apps/v1', 'Nothing')).toBeUndefined();
    expect(kinds().length).toBeGreaterThan(300);
    for (const { apiVersion, kind, source } of kinds()) {
      expect(schemaOf(apiVersion, kind)?.properties?.metadata).toBeDefined();
      expect(source.version).not.toBe('');
    }
  });

  test.each([
    'v1 Pod',
    'apiextensions.k8s.io/v1 CustomResourceDefinition',
    'apiregistration.k8s.io/v1 APIService',
    'argoproj.io/v1alpha1 ApplicationSet',
    'kyverno.io/v1 ClusterPolicy',
    'velero.io/v1 Schedule',
    'apiextensions.crossplane.io/v1 Composition',
    'external-secrets.io/v1 ExternalSecret',
    'cert-manager.io/v1 ClusterIssuer',
    'monitoring.coreos.com/v1 PrometheusRule',
    'keda.sh/v1alpha1 ScaledObject',
    'grafana.integreatly.org/v1beta1 GrafanaDashboard',
    'postgresql.cnpg.io/v1 Cluster',
    'snapshot.storage.k8s.io/v1 VolumeSnapshotClass',
    'gateway.networking.k8s.io/v1 Gateway',
    'karpenter.k8s.aws/v1 EC2NodeClass',
    'karpenter.sh/v1 NodePool',
    'cilium.io/v2 CiliumNetworkPolicy',
    'security.istio.io/v1 PeerAuthentication',
    'rds.aws.m.upbound.io/v1beta1 Instance',
    'aws.m.upbound.io/v1beta1 ClusterProviderConfig',
  ])('%s is known', (kind) => {
    expect(kinds().map((known) => `${known.apiVersion} ${known.kind}`)).toContain(kind);
  });
});
