import { dump } from 'js-yaml';
import { diff, type Danger, type TreeDiff } from '../../src/gitops/diff';
import { configMap, treeOf, type Bodies } from './support/trees';

type Fields = Record<string, unknown>;

const file = 'clusters/prod/tenants/search/facet.yaml';

function object(apiVersion: string, kind: string, fields: Fields = {}, metadata: Fields = {}): string {
  return dump({ apiVersion, kind, metadata: { name: 'thing', namespace: 'search', ...metadata }, ...fields });
}

/** A cluster that is there already, so that nothing is new for it. */
const rest: Bodies = { 'clusters/prod/root.yaml': configMap('argocd', 'root') };

async function compare(before: string, after: string): Promise<TreeDiff> {
  const bodies = (content: string): Bodies => (content === '' ? rest : { ...rest, [file]: content });
  return diff(treeOf(bodies(before)), treeOf(bodies(after)));
}

async function dangers(before: string, after: string): Promise<readonly Danger[]> {
  const { clusters } = await compare(before, after);
  return clusters.flatMap(({ units }) => units.flatMap(({ objects }) => objects.flatMap((each) => each.dangers)));
}

const policy = (spec: Fields): string => object('networking.k8s.io/v1', 'NetworkPolicy', { spec });
const closed = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
const role = (...rules: Fields[]): string => object('rbac.authorization.k8s.io/v1', 'Role', { rules });
const binding = (...subjects: Fields[]): string =>
  object('rbac.authorization.k8s.io/v1', 'RoleBinding', { roleRef: { kind: 'ClusterRole', name: 'edit' }, subjects });
const quota = (hard: Fields): string => object('v1', 'ResourceQuota', { spec: { hard } });
const namespace = (level: string): string =>
  object('v1', 'Namespace', {}, { namespace: undefined, labels: { 'pod-security.kubernetes.io/enforce': level } });
const application = (syncPolicy: Fields, metadata: Fields = {}): string =>
  object('argoproj.io/v1alpha1', 'Application', { spec: { syncPolicy } }, metadata);
const claim = (size: string): string =>
  object('v1', 'PersistentVolumeClaim', { spec: { resources: { requests: { storage: size } } } });
const cidr = (range: string, except: string[] = []): Fields => ({
  ...closed,
  egress: [{ to: [{ ipBlock: { cidr: range, except } }], ports: [{ port: 443 }] }],
});
const admission = (validationActions: string[]): string =>
  object('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', { spec: { validationActions } });

/** What was, what will be, the worst level and a word of the reason. */
const dangerous: [string, string, string, Danger['level'], RegExp][] = [
  ['a namespace removed', namespace('restricted'), '', 'critical', /deletes the namespace/],
  ['a volume claim removed', claim('1Gi'), '', 'critical', /volume claim/],
  [
    'a kind removed',
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition'),
    '',
    'critical',
    /every object of that kind/,
  ],
  ['a database removed', object('postgresql.cnpg.io/v1', 'Cluster'), '', 'critical', /data store/],
  ['an owned thing removed', object('platform.keelson.dev/v1', 'Cache'), '', 'critical', /outside the cluster/],
  ['a quota removed', quota({ pods: '1' }), '', 'high', /removes a quota/],
  [
    'a quota cut across suffixes',
    quota({ memory: '2Gi' }),
    quota({ memory: '2000Mi' }),
    'high',
    /cuts memory from 2Gi to 2000Mi/,
  ],
  ['a limit for the first time', quota({ pods: '9' }), quota({ pods: '9', services: '1' }), 'high', /first time/],
  ['a deny policy removed', policy(closed), '', 'high', /no longer closes/],
  [
    'egress no longer closed',
    policy(closed),
    policy({ podSelector: {}, policyTypes: ['Ingress'] }),
    'high',
    /egress is no longer closed/,
  ],
  ['a rule without peers', policy(closed), policy({ ...closed, ingress: [{}] }), 'high', /everywhere on every port/],
  ['a wider range', policy(cidr('10.0.0.0/24')), policy(cidr('10.0.0.0/16')), 'high', /10\.0\.0\.0\/16 on port 443/],
  [
    'an exception gone',
    policy(cidr('0.0.0.0/0', ['169.254.169.254/32'])),
    policy(cidr('0.0.0.0/0')),
    'high',
    /0\.0\.0\.0\/0/,
  ],
  [
    'fewer Pods selected',
    policy(closed),
    policy({ ...closed, podSelector: { matchLabels: { a: 'b' } } }),
    'high',
    /selects other Pods/,
  ],
  [
    'a Cilium rule more',
    object('cilium.io/v2', 'CiliumNetworkPolicy', { spec: { egress: [{ toEntities: ['kube-apiserver'] }] } }),
    object('cilium.io/v2', 'CiliumNetworkPolicy', {
      spec: { egress: [{ toEntities: ['kube-apiserver'] }, { toEntities: ['world'] }] },
    }),
    'high',
    /opens egress .*world/,
  ],
  [
    'mutual TLS lowered',
    object('security.istio.io/v1', 'PeerAuthentication', { spec: { mtls: { mode: 'STRICT' } } }),
    object('security.istio.io/v1', 'PeerAuthentication', { spec: { mtls: { mode: 'PERMISSIVE' } } }),
    'high',
    /mutual TLS/,
  ],
  [
    'a Service to the outside',
    object('v1', 'Service', { spec: {} }),
    object('v1', 'Service', { spec: { type: 'LoadBalancer' } }),
    'high',
    /LoadBalancer/,
  ],
  [
    'a new verb',
    role({ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }),
    role({ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'delete'] }),
    'high',
    /allows delete on secrets/,
  ],
  [
    'a wildcard',
    role({ apiGroups: [''], resources: ['pods'], verbs: ['get'] }),
    role({ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }),
    'high',
    /every verb on every resource/,
  ],
  [
    'names no longer needed',
    role({ apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['a'] }),
    role({ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }),
    'high',
    /get on secrets/,
  ],
  [
    'a new subject',
    binding({ kind: 'Group', name: 'a' }),
    binding({ kind: 'Group', name: 'a' }, { kind: 'Group', name: 'b' }),
    'high',
    /ClusterRole edit to Group b/,
  ],
  ['a binding more in a namespace that is there', '', binding({ kind: 'Group', name: 'a' }), 'high', /to Group a/],
  ['a level lowered', namespace('restricted'), namespace('baseline'), 'high', /from restricted to baseline/],
  ['a level unknown', namespace('restricted'), namespace('x'), 'high', /from restricted to x/],
  ['a volume shrunk', claim('10Gi'), claim('9Gi'), 'critical', /shrinks/],
  [
    'data deleted with its claim',
    object('storage.k8s.io/v1', 'StorageClass', { reclaimPolicy: 'Retain' }),
    object('storage.k8s.io/v1', 'StorageClass', { reclaimPolicy: 'Delete' }),
    'critical',
    /deletes data/,
  ],
  ['pruning switched on', application({ automated: {} }), application({ automated: { prune: true } }), 'high', /prune/],
  [
    'a cascade',
    application({}),
    application({}, { finalizers: ['resources-finalizer.argocd.argoproj.io'] }),
    'high',
    /finalizer/,
  ],
  [
    'a keep mark lost',
    object('v1', 'ConfigMap', {}, { annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false' } }),
    object('v1', 'ConfigMap'),
    'high',
    /Prune=false/,
  ],
  ['a guardrail that only warns', admission(['Deny', 'Audit']), admission(['Audit']), 'high', /no longer denies/],
  ['an exemption', '', object('kyverno.io/v2', 'PolicyException'), 'high', /exempts/],
  ['any removal', object('v1', 'ConfigMap'), '', 'notice', /deletes the ConfigMap/],
];

test.each(dangerous)('%s is dangerous', async (_, before, after, level, reason) => {
  const found = await dangers(before, after);
  expect(found[0]).toEqual({ level, reason: expect.stringMatching(reason) as string });
});

const harmless: [string, string, string][] = [
  ['a quota raised across suffixes', quota({ memory: '2000Mi' }), quota({ memory: '2Gi' })],
  ['a quota written otherwise', quota({ memory: '1Gi' }), quota({ memory: '1024Mi' })],
  ['a narrower range', policy(cidr('10.0.0.0/16')), policy(cidr('10.0.1.0/24'))],
  ['an exception more', policy(cidr('0.0.0.0/0')), policy(cidr('0.0.0.0/0', ['169.254.169.254/32']))],
  ['a rule less', policy(cidr('10.0.0.0/16')), policy(closed)],
  ['a policy that closes', '', policy(closed)],
  [
    'a verb less',
    role({ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }),
    role({ apiGroups: [''], resources: ['pods'], verbs: ['get'] }),
  ],
  [
    'a verb that a wildcard gave before',
    role({ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }),
    role({ apiGroups: ['apps'], resources: ['deployments'], verbs: ['delete'] }),
  ],
  [
    'a subject less',
    binding({ kind: 'Group', name: 'a' }, { kind: 'Group', name: 'b' }),
    binding({ kind: 'Group', name: 'b' }),
  ],
  ['a level raised', namespace('baseline'), namespace('restricted')],
  [
    'a volume grown',
    object('postgresql.cnpg.io/v1', 'Cluster', { spec: { storage: { size: '1Gi' } } }),
    object('postgresql.cnpg.io/v1', 'Cluster', { spec: { storage: { size: '2Gi' } } }),
  ],
  ['pruning switched off', application({ automated: { prune: true } }), application({ automated: {} })],
  ['a guardrail that denies now', admission(['Audit']), admission(['Deny'])],
  ['an object more', '', object('v1', 'ConfigMap')],
];

test.each(harmless)('%s is not dangerous', async (_, before, after) => {
  const { changed } = await compare(before, after);
  expect(changed).toBe(true);
  expect(await dangers(before, after)).toEqual([]);
});

test('a new tenant, with its namespace, roles and rules, is not dangerous', async () => {
  const added = [
    namespace('restricted').replaceAll('thing', 'search'),
    binding({ kind: 'Group', name: 'a' }),
    policy({ ...closed, ingress: [{}] }),
  ];
  expect(await dangers('', added.join('---\n'))).toEqual([]);
});

test('whoever becomes cluster-admin is told even in a new tenant', async () => {
  const admin = binding({ kind: 'Group', name: 'a' }).replace('name: edit', 'name: cluster-admin');
  const added = [namespace('restricted').replaceAll('thing', 'search'), admin];
  expect(await dangers('', added.join('---\n'))).toHaveLength(1);
});

test('a first publish is not dangerous', async () => {
  const bodies = {
    [file]: [binding({ kind: 'Group', name: 'a' }), policy({ ...closed, ingress: [{}] })].join('---\n'),
  };
  expect((await diff(treeOf({}), treeOf(bodies))).counts.dangerous).toBe(0);
});

test('the dangerous come first: units, and objects within them', async () => {
  const before: Bodies = {
    'clusters/prod/tenants/alpha/a.yaml': configMap('alpha', 'a'),
    'clusters/prod/tenants/beta/a.yaml': [configMap('beta', 'a'), quota({ pods: '9' }), claim('1Gi')].join('---\n'),
  };
  const after: Bodies = {
    'clusters/prod/tenants/alpha/a.yaml': configMap('alpha', 'a', 'two'),
    'clusters/prod/tenants/beta/a.yaml': [configMap('beta', 'a', 'two'), quota({ pods: '1' })].join('---\n'),
  };
  const { clusters } = await diff(treeOf(before), treeOf(after));
  expect(clusters[0]?.units.map(({ name }) => name)).toEqual(['beta', 'alpha']);
  expect(clusters[0]?.units[0]?.objects.map(({ kind }) => kind)).toEqual([
    'PersistentVolumeClaim',
    'ResourceQuota',
    'ConfigMap',
  ]);
});
