import { renderPlatform } from '../../../src/render';
import {
  claimFile,
  folderOf,
  localProps,
  objectIn,
  smallPlatform,
  tenantFile,
  textsOf,
  told,
  type KubernetesObject,
} from '../../support/platforms';

const SHOP = 'clusters/laptop/tenants/shop/namespace.yaml';

async function namespaceOf(
  more: string,
  props: object = {},
  change = (claim: string) => claim,
): Promise<KubernetesObject> {
  const claim = change(claimFile('shop', more));
  const root = folderOf(smallPlatform({ 'tenants/claims/shop.yaml': claim }, props));
  const { tree, findings } = await renderPlatform({ root, cache: false });
  expect(told(findings)).toEqual([]);
  return objectIn(tree, SHOP, 'Namespace');
}

async function faultsOf(labels: string): Promise<readonly string[]> {
  const files = {
    'tenants/claims/shop.yaml': claimFile('shop', `  labels: ${labels}\n`),
    'tenants/claims/wiki.yaml': claimFile('wiki'),
  };
  const { findings, tenants } = await renderPlatform({ root: folderOf(smallPlatform(files)), cache: false });
  expect(tenants).toEqual(findings.length > 0 ? ['wiki'] : ['shop', 'wiki']);
  return told(findings);
}

test('The smallest claim: its namespace says whose it is, whom to call, and is as strict as Pod Security gets', async () => {
  const { metadata } = await namespaceOf('');
  expect(metadata.name).toBe('shop-sandbox');
  expect(metadata.labels).toMatchObject({
    tenant: 'shop',
    environment: 'sandbox',
    team: 'shop',
    'cost-centre': 'shop',
    'data-class': 'internal',
    tier: '1',
    'keelson.dev/production': 'false',
    'app.kubernetes.io/managed-by': 'keelson',
    ...Object.fromEntries(
      ['enforce', 'audit', 'warn'].flatMap((mode) => [
        [`pod-security.kubernetes.io/${mode}`, 'restricted'],
        [`pod-security.kubernetes.io/${mode}-version`, 'v1.36'],
      ]),
    ),
  });
  expect(metadata.annotations).toMatchObject({
    'keelson.dev/claim': 'shop',
    'keelson.dev/owner': 'shop@example.com',
    'keelson.dev/team': 'shop',
    'keelson.dev/on-call': 'shop@example.com',
    'keelson.dev/support': 'platform@example.com',
    'keelson.dev/autoscaling-minimum': '0',
    'keelson.dev/autoscaling-maximum': '10',
    // What a tenant holds outlives a mistake in the tree.
    'argocd.argoproj.io/sync-options': 'Delete=confirm,Prune=confirm',
  });
});

test('Guardrails read from the namespace what differs from tenant to tenant', async () => {
  const { laptop } = localProps.clusters;
  const { metadata } = await namespaceOf(
    '  tier: 3\n  environments: { live: { autoscaling: { minimum: 3, maximum: 30 } } }\n',
    { clusters: { laptop: { ...laptop, nodePools: { machine: { ...laptop.nodePools.machine, tenant: 'shop' } } } } },
  );
  expect(metadata.labels).toMatchObject({
    tier: '3',
    'keelson.dev/production': 'true',
    'keelson.dev/node-pool': 'machine',
  });
  expect(metadata.annotations).toMatchObject({
    'keelson.dev/autoscaling-minimum': '3',
    'keelson.dev/autoscaling-maximum': '30',
  });
});

test('Pod Security stays at the version of the cluster that the namespace is on', async () => {
  const laptop = { ...localProps.clusters.laptop, kubernetesVersion: '1.35.4' };
  const { metadata } = await namespaceOf('', { clusters: { laptop } });
  expect(metadata.labels?.['pod-security.kubernetes.io/enforce-version']).toBe('v1.35');
});

test.each([
  ['Zahlungen & Käufe', 'Zahlungen-Kaufe'],
  ['"Team" {{ .Values.x }} #1', 'Team-.Values.x-1'],
  ["O'Brien: the <team>", 'O-Brien-the-team'],
  ['決済チーム', 'shop'],
  ['x'.repeat(63), 'x'.repeat(63)],
])('A team called %s is a label value of its own and stays whole where it is text', async (team, label) => {
  const { metadata } = await namespaceOf('', {}, (claim) =>
    claim.replace('email: shop@example.com', `email: shop@example.com\n    team: ${JSON.stringify(team)}`),
  );
  expect(metadata.labels?.team).toBe(label);
  expect(metadata.annotations?.['keelson.dev/team']).toBe(team);
});

test('A claim labels its namespaces beside the platform, in both of its forms alike', async () => {
  const labels = { 'example.com/product': 'checkout', colour: 'blue', 'a.example.com/z': '' };
  const yaml = { 'tenants/claims/shop.yaml': claimFile('shop', `  labels: ${JSON.stringify(labels)}\n`) };
  const code = { 'tenants/shop.ts': tenantFile('shop', `labels: ${JSON.stringify(labels)},`) };
  const [one, other] = await Promise.all(
    [yaml, code].map(async (files) => {
      const { tree, findings } = await renderPlatform({ root: folderOf(smallPlatform(files)), cache: false });
      expect(told(findings)).toEqual([]);
      return tree;
    }),
  );
  expect(objectIn(one!, SHOP, 'Namespace').metadata.labels).toMatchObject({ ...labels, tenant: 'shop' });
  expect(textsOf(other!)).toEqual(textsOf(one!));
});

test.each([
  'tenant',
  'environment',
  'team',
  'tier',
  'cost-centre',
  'data-class',
  'app.kubernetes.io/managed-by',
  'kubernetes.io/metadata.name',
  'pod-security.kubernetes.io/enforce',
  'Pod-Security.Kubernetes.io/enforce',
  'node.k8s.io/x',
  'keelson.dev/tier',
  'istio.io/dataplane-mode',
  'topology.istio.io/network',
  'io.cilium.k8s.policy.cilium.io/x',
  'gateway.networking.k8s.io/x',
  'policies.kyverno.io/ignore',
])('The label %s is not for a claim to set', async (key) => {
  const faults = await faultsOf(JSON.stringify({ [key]: 'x' }));
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(/^tenants\/claims\/shop\.yaml:\d+ \| spec\.labels/);
  expect(faults[0]).toContain(key);
});

test('Every reserved label of a claim is told at once, and keys that only look alike are free', async () => {
  expect(await faultsOf("{ tenant: wiki, istio.io/rev: x, mykubernetes.io/x: 'y' }")).toHaveLength(2);
  expect(await faultsOf("{ mykubernetes.io/x: 'y', tenants: x, example.com/tenant: x, TIER: x }")).toEqual([]);
});

test.each([
  ['keelson', 'elsewhere', 'the platform'],
  ['kube', 'system', 'Kubernetes'],
])('No tenant %s takes a namespace that is for %s', async (name, environment, owner) => {
  const props = { environments: { [environment]: { cluster: 'laptop' } } };
  const root = folderOf(smallPlatform({ [`tenants/claims/${name}.yaml`]: claimFile(name) }, props));
  const { findings } = await renderPlatform({ root, cache: false });
  expect(told(findings)).toEqual([
    expect.stringContaining(`namespace '${name}-${environment}' is reserved for ${owner}`),
  ]);
});

test('A tenant that is suspended, or on its way out, is marked for those who end its Pods; another is not', async () => {
  for (const [more, stopped] of [
    ['', undefined],
    ['  state: suspended\n', 'true'],
    ['  state: removed\n', 'true'],
  ] as const) {
    const { metadata } = await namespaceOf(more);
    expect(metadata.labels?.['keelson.dev/stopped']).toBe(stopped);
  }
});
