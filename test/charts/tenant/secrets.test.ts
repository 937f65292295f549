import type { Tree } from '../../../src/gitops/tree';
import { repositorySecretName } from '../../../src/model/tenant-cloud';
import { objectIn, objectsIn, textsOf } from '../../support/platforms';
import { fileOf, withSearch } from './cloud';

let tree: Tree;

beforeAll(async () => {
  tree = await withSearch(`  secretStores: [payments-api]
  registries: [registry.example.com/search, ghcr.io/example]
  repositories:
    - { url: 'https://git.example.com/search/Deploy.git', private: true }
    - { url: 'git@git.example.com:search/jobs.git', private: true, environments: [prod] }
    - { url: 'https://git.example.com/search/open.git' }
`);
});

test('Each store has a path that no other store is below, and a role of its own', () => {
  const stores = objectsIn(tree, fileOf('prod', 'secrets')).filter(({ kind }) => kind === 'SecretStore');
  const facts = stores.map(({ metadata, spec }) => [metadata.name, metadata.namespace, spec.provider.aws]);
  const aws = (store: string) => ({
    service: 'SecretsManager',
    region: 'eu-central-1',
    prefix: `production/tenants/search/prod/${store}/`,
    // Of this namespace: a SecretStore can name no other.
    auth: { jwt: { serviceAccountRef: { name: `secret-store.${store}` } } },
  });
  expect(facts).toEqual(['tenant', 'payments-api'].map((store) => [store, 'search-prod', aws(store)]));
  for (const store of ['tenant', 'payments-api']) {
    const account = objectIn(tree, fileOf('prod', 'secrets'), 'ServiceAccount', `secret-store.${store}`);
    expect(account).toMatchObject({
      metadata: {
        annotations: {
          'eks.amazonaws.com/role-arn': `arn:aws:iam::111122223333:role/production.search-prod.secret-store.${store}`,
        },
      },
      automountServiceAccountToken: false,
    });
  }
});

test('The namespace tells guardrails which stores there are, and that no Pod runs as one that reads them', () => {
  const { metadata } = objectIn(tree, fileOf('prod', 'namespace'), 'Namespace');
  expect(metadata.annotations).toMatchObject({
    'keelson.dev/secret-stores': 'tenant,payments-api',
    'identity.keelson.dev/secret-store.tenant': '',
    'identity.keelson.dev/secret-store.payments-api': '',
  });
});

test('The platform’s store is for namespaces that Keelson writes and no tenant has', () => {
  const store = objectIn(
    tree,
    'clusters/production/baseline/external-secrets/resources.yaml',
    'ClusterSecretStore',
    'platform',
  );
  const [condition, ...others] = store.spec.conditions as { namespaceSelector: Selector }[];
  expect(others).toEqual([]);
  const selects = (labels: Record<string, string>) => matches(condition!.namespaceSelector, labels);
  const namespaces = [...textsOf(tree).keys()]
    .filter((path) => /^clusters\/production\/tenants\/.*namespace\.yaml$/.test(path))
    .flatMap((path) => objectsIn(tree, path).filter(({ kind }) => kind === 'Namespace'));
  expect(namespaces.length).toBeGreaterThan(0);
  expect(namespaces.filter(({ metadata }) => selects({ ...metadata.labels }))).toEqual([]);
  const argo = objectIn(tree, 'clusters/production/baseline/argo-cd/namespace.yaml', 'Namespace');
  expect(selects({ ...argo.metadata.labels })).toBe(true);
});

interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly { readonly key: string; readonly operator: string }[];
}

function matches({ matchLabels, matchExpressions }: Selector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator }) => operator === 'DoesNotExist' && !(key in labels))
  );
}

test('Credentials for registries come from the tenant’s store, and every Pod’s account uses them', () => {
  const { spec } = objectIn(tree, fileOf('prod', 'secrets'), 'ExternalSecret', 'registries');
  expect(spec.secretStoreRef).toEqual({ kind: 'SecretStore', name: 'tenant' });
  expect(spec.target.template.type).toBe('kubernetes.io/dockerconfigjson');
  expect(spec.data).toEqual(
    ['ghcr.io/example', 'registry.example.com/search'].flatMap((registry, index) =>
      ['username', 'password'].map((property) => ({
        secretKey: `${property}${index}`,
        remoteRef: { key: `registries/${registry}`, property },
      })),
    ),
  );
  expect(objectIn(tree, fileOf('prod', 'namespace'), 'ServiceAccount', 'default')).toMatchObject({
    imagePullSecrets: [{ name: 'registries' }],
  });
});

test('Credentials of private repositories are for the tenant’s project alone, and no tenant reads them', () => {
  const secrets = objectsIn(tree, fileOf('prod', 'repository-credentials'));
  const facts = secrets.map(({ metadata, spec }) => [
    metadata.namespace,
    spec.secretStoreRef,
    spec.target.template.metadata.labels['argocd.argoproj.io/secret-type'],
    spec.target.template.data,
    spec.data[0].remoteRef.key,
  ]);
  const row = (url: string, key: string, fields: readonly string[]) => [
    'argocd',
    { kind: 'ClusterSecretStore', name: 'platform' },
    'repository',
    { type: 'git', url, project: 'tenant-search', ...Object.fromEntries(fields.map((one) => [one, `{{ .${one} }}`])) },
    `production/tenants/search/repositories/git.example.com/search/${key}`,
  ];
  expect(facts).toEqual([
    row('https://git.example.com/search/Deploy.git', 'deploy', ['username', 'password']),
    row('git@git.example.com:search/jobs.git', 'jobs', ['sshPrivateKey']),
  ]);
  // The same place by another URL is the same secret.
  const cluster = { name: 'production' };
  expect(repositorySecretName(cluster, 'search', 'ssh://git@git.example.com/search/jobs')).toBe(
    repositorySecretName(cluster, 'search', 'git@git.example.com:search/jobs.git'),
  );
});

test('Where there is no secret manager there are no stores, and nothing names one', () => {
  expect(objectsIn(tree, fileOf('sandbox', 'secrets'))).toEqual([]);
  expect(objectsIn(tree, fileOf('sandbox', 'repository-credentials'))).toEqual([]);
  const { metadata } = objectIn(tree, fileOf('sandbox', 'namespace'), 'Namespace');
  expect(Object.keys(metadata.annotations ?? {}).filter((key) => /secret/.test(key))).toEqual([]);
});

test('Nothing secret stands in the tree', () => {
  const secrets = [...textsOf(tree).keys()]
    .filter((path) => path.includes('/tenants/search/'))
    .flatMap((path) => objectsIn(tree, path).filter(({ kind }) => kind === 'Secret'));
  expect(secrets).toEqual([]);
});
