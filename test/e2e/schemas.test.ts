import { checkObject, isNamespaced } from '../../src/schemas';
import { readCrds } from '../../src/schemas/generate/crds';
import { startControlPlane, type ControlPlane } from './support/control-plane';
import * as samples from '../schemas/samples';

jest.setTimeout(600_000);

interface Sample {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** The custom resources that the cases below use. */
const GROUPS = new Set([
  'argoproj.io',
  'cert-manager.io',
  'cilium.io',
  'external-secrets.io',
  'gateway.networking.k8s.io',
  'karpenter.sh',
  'keda.sh',
  'kyverno.io',
  'monitoring.coreos.com',
  'postgresql.cnpg.io',
  'rds.aws.m.upbound.io',
  'aws.m.upbound.io',
  'snapshot.storage.k8s.io',
  'velero.io',
]);

const plurals = new Map<string, string>();
let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane();
  const installed = [];
  for (const { crds } of await readCrds()) {
    for (const crd of crds.filter(({ spec }) => GROUPS.has(spec.group))) {
      const answer = await plane.apply(
        crd,
        `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`,
      );
      installed.push([crd.metadata.name, answer.accepted, answer.message]);
    }
  }
  expect(installed.filter(([, accepted]) => !accepted)).toEqual([]);
  for (const name of ['payments', 'gateway', 'argocd']) {
    await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, `/api/v1/namespaces/${name}`);
  }
  await discover();
});

afterAll(() => plane?.stop());

/** Reads where each kind is served, and waits until all that the cases need are. */
async function discover(): Promise<void> {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  interface Discovery {
    items: {
      metadata: { name?: string };
      versions: { version: string; resources: { resource: string; responseKind: { kind: string } }[] }[];
    }[];
  }
  for (let attempt = 0; attempt < 100; attempt++) {
    for (const root of ['/api', '/apis']) {
      const { items } = (await plane.request('GET', root, undefined, { accept })).body as Discovery;
      for (const { metadata, versions } of items) {
        for (const { version, resources } of versions) {
          const apiVersion = metadata.name ? `${metadata.name}/${version}` : version;
          for (const { resource, responseKind } of resources) {
            plurals.set(
              `${apiVersion} ${responseKind.kind}`,
              `${root}/${apiVersion}`.replace('/apis/v1', '/api/v1') + ` ${resource}`,
            );
          }
        }
      }
    }
    if ([...GOOD, ...BAD].every(({ apiVersion, kind }) => plurals.has(`${apiVersion} ${kind}`))) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the custom resources are not served');
}

async function judge(object: Sample): Promise<{ server: string; walker: string }> {
  const [base, plural] = plurals.get(`${object.apiVersion} ${object.kind}`)!.split(' ') as [string, string];
  const { namespace = 'payments', name } = object.metadata;
  const inside = isNamespaced(object.apiVersion, object.kind) ? `/namespaces/${namespace}` : '';
  const target = `${base}${inside}/${plural}/${encodeURIComponent(name)}`;
  const { accepted, message } = await plane.apply(object, target, { dryRun: true });
  const problems = checkObject(object);
  return {
    server: accepted ? 'accepts' : `refuses: ${message}`,
    walker:
      problems.length === 0
        ? 'accepts'
        : `refuses: ${problems.map(({ path, message: text }) => `${path} ${text}`).join('; ')}`,
  };
}

const verdict = (text: string): string => text.split(':')[0]!;

function object(apiVersion: string, kind: string, rest: object, metadata: object = {}): Sample {
  const namespace = isNamespaced(apiVersion, kind) ? { namespace: 'payments' } : {};
  return { apiVersion, kind, metadata: { name: 'sample', ...namespace, ...metadata }, ...rest };
}

const secretStore = (provider: object): Sample =>
  object('external-secrets.io/v1', 'SecretStore', { spec: { provider } });
const aws = { aws: { service: 'SecretsManager', region: 'eu-central-1' } };
const cluster = (spec: object): Sample =>
  object('postgresql.cnpg.io/v1', 'Cluster', { spec: { instances: 3, storage: { size: '10Gi' }, ...spec } });
const nodePool = (spec: object): Sample =>
  object('karpenter.sh/v1', 'NodePool', {
    spec: {
      template: {
        spec: {
          nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' },
          requirements: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] }],
        },
      },
      ...spec,
    },
  });
const cilium = (spec: object): Sample => object('cilium.io/v2', 'CiliumNetworkPolicy', { spec });
const database = (forProvider: object): Sample =>
  object('rds.aws.m.upbound.io/v1beta1', 'Instance', {
    spec: { forProvider: { region: 'eu-central-1', ...forProvider } },
  });
const schedule = (spec: object): Sample => object('velero.io/v1', 'Schedule', { spec });
const service = (spec: object): Sample => object('v1', 'Service', { spec });
const deployment = samples.deployment();
const pod = deployment.spec.template.spec;
const workload = (change: object): Sample => {
  const spec = { ...deployment.spec, template: { ...deployment.spec.template, spec: { ...pod, ...change } } };
  return object('apps/v1', 'Deployment', { spec });
};

const GOOD: readonly Sample[] = [
  ...Object.values(samples).map((make): Sample => make()),
  object('v1', 'Namespace', {}),
  object('v1', 'ConfigMap', { data: { 'a.b': 'x' }, immutable: true }),
  object('v1', 'Secret', { stringData: { password: 'x' }, data: { key: 'eA==' } }),
  object('v1', 'ResourceQuota', { spec: { hard: { 'requests.cpu': 4, 'limits.memory': '8Gi' } } }),
  object(
    'rbac.authorization.k8s.io/v1',
    'ClusterRole',
    { rules: [{ nonResourceURLs: ['/x'], verbs: ['get'] }] },
    { name: 'a:b' },
  ),
  object('policy/v1', 'PodDisruptionBudget', { spec: { maxUnavailable: '30%', selector: {} } }),
  service({ ports: [{ port: 80, targetPort: 'http' }], selector: { app: 'api' } }),
  service({ clusterIP: 'None', selector: { app: 'api' } }),
  secretStore(aws),
  cluster({}),
  nodePool({ disruption: { consolidateAfter: '1m', consolidationPolicy: 'WhenEmpty' } }),
  cilium({ endpointSelector: {}, egress: [{ toEntities: ['kube-apiserver'] }] }),
  database({ instanceClass: 'db.t4g.small', engine: 'postgres', username: 'app', allocatedStorage: 20 }),
  object('aws.m.upbound.io/v1beta1', 'ClusterProviderConfig', { spec: { credentials: { source: 'IRSA' } } }),
  schedule({ schedule: '0 3 * * *', template: { ttl: '720h0m0s', includedNamespaces: ['*'] } }),
  object('snapshot.storage.k8s.io/v1', 'VolumeSnapshotClass', { driver: 'ebs.csi.aws.com', deletionPolicy: 'Retain' }),
  object('cert-manager.io/v1', 'ClusterIssuer', { spec: { selfSigned: {} } }),
  object('kyverno.io/v1', 'ClusterPolicy', {
    spec: {
      rules: [
        {
          name: 'a',
          match: { any: [{ resources: { kinds: ['Pod'] } }] },
          validate: { message: 'x', pattern: { metadata: { labels: { a: '?*' } } } },
        },
      ],
    },
  }),
];

const BAD: readonly Sample[] = [
  object('v1', 'Namespace', {}, { name: 'Not_A_Name' }),
  object('v1', 'Namespace', {}, { labels: { 'a b': 'c' } }),
  object('v1', 'ConfigMap', { data: { 'a/b': 'x' } }),
  object('v1', 'ConfigMap', { data: { a: 5 } }),
  object('v1', 'Secret', { data: { key: 'not base64!' } }),
  object('v1', 'ResourceQuota', { spec: { hard: { 'limits.memory': '8GB' } } }),
  object('rbac.authorization.k8s.io/v1', 'Role', { rules: [{ apiGroups: [''], verbs: ['get'] }] }),
  object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'ServiceAccount', name: 'a' }],
  }),
  service({ selector: { app: 'api' } }),
  service({ ports: [{ port: 80 }, { port: 81 }] }),
  service({
    ports: [
      { port: 80, name: 'a' },
      { port: 80, name: 'b', protocol: 'TCP' },
    ],
  }),
  service({ ports: [{ port: 0 }] }),
  workload({ restartPolicy: 'Never' }),
  workload({ volumes: [] }),
  workload({ containers: [{ ...pod.containers[0], imagePullPolcy: 'Always' }] }),
  workload({ containers: [{ ...pod.containers[0], resources: { requests: { cpu: 2 }, limits: { cpu: 1 } } }] }),
  workload({ containers: [{ ...pod.containers[0], ports: [{ containerPort: 70_000 }] }] }),
  workload({ containers: [] }),
  object('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, ingress: [{ from: [{}] }] } }),
  object('networking.k8s.io/v1', 'NetworkPolicy', {
    spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0' } }] }] },
  }),
  object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
    spec: { group: 'example.com', scope: 'Namespaced', names: { kind: 'A', plural: 'as' }, versions: [] },
  }),
  secretStore({}),
  secretStore({ ...aws, vault: { server: 'https://vault.example.com' } }),
  cluster({ instances: 0 }),
  cluster({
    imageName: 'a',
    imageCatalogRef: { apiGroup: 'postgresql.cnpg.io', kind: 'ImageCatalog', name: 'a', major: 17 },
  }),
  nodePool({ disruption: { consolidateAfter: 'soon' } }),
  nodePool({ limits: { cpu: 'much' } }),
  cilium({ endpointSelector: {}, egress: [{ toEntities: ['kube-api'] }] }),
  cilium({ egress: [] }),
  database({ allocatedStorage: '20' }),
  database({ passwordSecretRef: { name: 'a' } }),
  schedule({ schedule: '0 3 * * *' }),
  schedule({ schedule: '0 3 * * *', template: { includeNamespaces: ['*'] } }),
  object('snapshot.storage.k8s.io/v1', 'VolumeSnapshotClass', { driver: 'a', deletionPolicy: 'Keep' }),
  { ...samples.httpRoute(), spec: { rules: [{ filters: [{ type: 'RequestRedirect' }] }] } } as Sample,
  { ...samples.certificate(), spec: { secretName: 'a' } } as Sample,
  { ...samples.serviceMonitor(), spec: { selector: {}, endpoints: [{ interval: '30 sec' }] } } as Sample,
];

test.each(GOOD.map((sample, index) => [index, sample.kind, sample] as const))(
  'good sample %i, a %s, is accepted by both',
  async (_index, _kind, sample) => {
    expect(await judge(sample)).toEqual({ server: 'accepts', walker: 'accepts' });
  },
);

test.each(BAD.map((sample, index) => [index, sample.kind, sample] as const))(
  'bad sample %i, a %s, is refused by both',
  async (_index, _kind, sample) => {
    const { server, walker } = await judge(sample);
    expect([verdict(server), verdict(walker), server, walker]).toEqual(['refuses', 'refuses', server, walker]);
  },
);

test('custom resources with one place changed are judged alike', async () => {
  const values: unknown[] = ['', 'x', -1, 0, 2 ** 33, 1.5, true, null, [], {}, [{}], { unknown: 1 }];
  const differing: unknown[] = [];
  let refused = 0;
  for (const sample of GOOD.filter(({ apiVersion }) => GROUPS.has(apiVersion.split('/')[0]!))) {
    for (const [position, path] of places(sample).entries()) {
      // Every place gets a few of the values, another few than its neighbours.
      for (const value of [values[position % values.length], values[(position * 5 + 3) % values.length]]) {
        const mutant = changed(sample, path, value);
        const { server, walker } = await judge(mutant);
        if (verdict(server) === 'refuses') refused++;
        if (verdict(server) !== verdict(walker)) differing.push({ kind: sample.kind, path, value, server, walker });
      }
    }
  }
  expect(differing).toEqual([]);
  expect(refused).toBeGreaterThan(100);
});

type Path = readonly (string | number)[];

/** Every place below `spec`. */
function places(sample: Sample): Path[] {
  const below = (value: unknown, path: Path): Path[] => {
    if (typeof value !== 'object' || value === null) return [path];
    const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
    return [path, ...keys.flatMap((key) => below((value as Record<string | number, unknown>)[key], [...path, key]))];
  };
  return below((sample as unknown as { spec?: unknown }).spec, ['spec']).filter(({ length }) => length > 1);
}

function changed(sample: Sample, path: Path, value: unknown): Sample {
  const copy = JSON.parse(JSON.stringify(sample)) as Sample;
  let place = copy as unknown as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) place = place[step] as Record<string | number, unknown>;
  place[path.at(-1)!] = value;
  return copy;
}
