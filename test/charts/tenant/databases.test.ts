import type { Tree } from '../../../src/gitops/tree';
import { databaseIdentifier } from '../../../src/model/database';
import { renderPlatform } from '../../../src/render';
import {
  addOnFile,
  claimFile,
  declaration,
  folderOf,
  localProps,
  nothingOn,
  objectIn,
  objectsIn,
  smallPlatform,
  told,
} from '../../support/platforms';

/** What a database needs, and what those need in turn. */
const ON = { ...nothingOn, crossplane: true, 'cloudnative-pg': true, databases: true };

/** The same platform with `live` in a cloud, where databases are RDS's. */
const CLOUD = {
  clusters: {
    ...localProps.clusters,
    cloud: {
      provider: 'eks',
      region: 'eu-central-1',
      accountId: '111122223333',
      kubernetesVersion: '1.36.3',
      network: { podCidr: '10.64.0.0/14', serviceCidr: '10.96.0.0/16', nodeCidr: '10.0.0.0/16' },
      nodePools: { general: { minimum: 3, instanceType: 'm7i.2xlarge', capacity: { cpu: '7910m', memory: '29Gi' } } },
      storage: { backups: 'example-backups', logs: 'example-logs', traces: 'example-traces' },
    },
  },
  environments: { sandbox: { cluster: 'laptop' }, live: { cluster: 'cloud', production: true } },
};

/** Brings kinds that the add-ons above need in a cloud, and nothing that runs. */
const kindsOnly = {
  'addons/kinds.ts': addOnFile(
    'kinds',
    declaration(
      'kinds',
      `crds: {
      source: { repository: 'https://git.example.com/kinds.git', revision: 'v1.0.0', path: 'crds' },
      kinds: ['policies.kyverno.io/DeletingPolicy', 'snapshot.storage.k8s.io/VolumeSnapshotClass'],
    },`,
    ),
  ),
  'addons/classes.ts': addOnFile('classes', declaration('classes', ''), `role: 'priority',`),
};

/** Every add-on of a small stack, in the cloud too. */
function everywhere(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      text.replaceAll("providers: ['local']", "providers: ['eks', 'local']"),
    ]),
  );
}

async function rendered(more: string, props: object = {}) {
  const files = everywhere(
    smallPlatform({ 'tenants/claims/shop.yaml': claimFile('shop', more), ...kindsOnly }, { addOns: ON, ...props }),
  );
  return renderPlatform({ root: folderOf(files), cache: false });
}

async function treeOf(more: string, props: object = {}): Promise<Tree> {
  const { tree, findings } = await rendered(more, props);
  expect(told(findings)).toEqual([]);
  return tree;
}

async function faultsOf(more: string, props: object = {}): Promise<readonly string[]> {
  return told((await rendered(more, props)).findings);
}

const BOTH = '  environments: { live: {}, sandbox: {} }\n';
const fileOf = (cluster = 'laptop') => `clusters/${cluster}/tenants/shop/databases.yaml`;

describe('a database of a claim', () => {
  it('is an object of the platform’s kind, of the tenant, which nobody deletes unasked', async () => {
    const tree = await treeOf('  databases: { orders: {} }\n');
    const database = objectIn(tree, fileOf(), 'Database', 'orders');
    expect(database.apiVersion).toBe('platform.keelson.dev/v1');
    expect(database.metadata.namespace).toBe('shop-sandbox');
    expect(database.metadata.labels).toMatchObject({ tenant: 'shop', environment: 'sandbox' });
    expect(database.metadata.annotations?.['argocd.argoproj.io/sync-options']).toContain(
      'Delete=confirm,Prune=confirm',
    );
    expect(database.spec).toEqual({
      engine: 'postgres',
      version: '17',
      size: 'small',
      storage: '20Gi',
      highAvailability: false,
      backupRetentionDays: 7,
      onDelete: 'snapshot',
    });
  });

  it('says nothing of what runs it', async () => {
    const tree = await treeOf('  databases: { orders: {} }\n');
    expect(JSON.stringify(objectIn(tree, fileOf(), 'Database'))).not.toMatch(/rds|cnpg|composition/i);
  });

  it('cannot be deleted while its claim keeps its data', async () => {
    const tree = await treeOf(`${BOTH}  databases: { orders: { size: small, storage: 20Gi } }\n`);
    const usage = objectIn(tree, 'clusters/laptop/tenants/shop/live/databases.yaml', 'Usage', 'orders');
    expect(usage.metadata.namespace).toBe('shop-live');
    expect(usage.spec.of).toEqual({
      apiVersion: 'platform.keelson.dev/v1',
      kind: 'Database',
      resourceRef: { name: 'orders' },
    });
    const others = objectsIn(tree, 'clusters/laptop/tenants/shop/sandbox/databases.yaml');
    expect(others.filter(({ kind }) => kind === 'Usage')).toEqual([]);
  });

  it('takes what its environment changes', async () => {
    const tree = await treeOf(
      '  environments: { sandbox: { databases: { orders: { storage: 30Gi, onDelete: delete } } } }\n  databases: { orders: { version: "16" } }\n',
    );
    expect(objectIn(tree, fileOf(), 'Database').spec).toMatchObject({
      version: '16',
      storage: '30Gi',
      onDelete: 'delete',
    });
  });

  it('is not there where there is none', async () => {
    expect(objectsIn(await treeOf(''), fileOf())).toEqual([]);
  });
});

describe('the ways to databases in the cluster', () => {
  let tree: Tree;
  beforeAll(async () => {
    tree = await treeOf('  databases: { orders: {}, stock: {} }\n');
  });

  const peersOf = (rules: { from?: unknown[]; to?: unknown[]; ports?: { port: number }[] }[]) =>
    rules.map(({ from, to, ports }) => [from ?? to, (ports ?? []).map(({ port }) => port)]);

  it('lead in from the namespace and from the operator, and between copies', () => {
    const { spec } = objectIn(tree, fileOf(), 'NetworkPolicy', 'database-orders');
    expect(spec.podSelector).toEqual({ matchLabels: { 'platform.keelson.dev/database': 'orders' } });
    const copies = [{ podSelector: { matchLabels: { 'platform.keelson.dev/database': 'orders' } } }];
    const operator = [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'cnpg-system' } },
        podSelector: {
          matchLabels: { 'app.kubernetes.io/instance': 'cloudnative-pg', 'app.kubernetes.io/name': 'cloudnative-pg' },
        },
      },
    ];
    expect(peersOf(spec.ingress)).toEqual([
      [[{ podSelector: {} }], [5432]],
      [copies, [5432, 8000]],
      [operator, [5432, 8000]],
    ]);
    expect(peersOf(spec.egress)).toEqual([[copies, [5432, 8000]]]);
  });

  it('lead to the API server, and from every Pod to databases alone', () => {
    const cilium = objectIn(tree, fileOf(), 'CiliumNetworkPolicy', 'database-orders');
    expect(cilium.spec).toEqual({
      endpointSelector: { matchLabels: { 'platform.keelson.dev/database': 'orders' } },
      egress: [{ toEntities: ['kube-apiserver'], toPorts: [{ ports: [{ port: '6443', protocol: 'TCP' }] }] }],
    });
    const { spec } = objectIn(tree, fileOf(), 'NetworkPolicy', 'to-databases');
    expect(peersOf(spec.egress)).toEqual([
      [[{ podSelector: { matchExpressions: [{ key: 'platform.keelson.dev/database', operator: 'Exists' }] } }], [5432]],
    ]);
  });

  it('meet what the operator says that it reaches', () => {
    const all = objectsIn(tree, 'clusters/laptop/baseline/cloudnative-pg/network.yaml');
    const ports = all
      .flatMap(({ spec }) => (spec.egress ?? []) as { ports?: { port: number }[] }[])
      .flatMap(({ ports: some = [] }) => some.map(({ port }) => port));
    expect(ports).toEqual(expect.arrayContaining([5432, 8000]));
  });
});

describe('the way to databases in RDS', () => {
  it('leads to the environment’s own instances by name, and nowhere else in their subnets', async () => {
    const tree = await treeOf('  environments: { live: {} }\n  databases: { orders: {} }\n', CLOUD);
    const policy = objectIn(tree, fileOf('cloud'), 'CiliumNetworkPolicy', 'databases');
    const identifier = databaseIdentifier('cloud', 'shop-live', 'orders');
    expect(identifier).toMatch(/^cloud-shop-live-orders-[0-9a-f]{8}$/);
    expect(policy.spec.egress[1]).toEqual({
      toFQDNs: [{ matchPattern: `${identifier}.*.eu-central-1.rds.amazonaws.com` }],
      toPorts: [{ ports: [{ port: '5432', protocol: 'TCP' }] }],
    });
    expect(objectsIn(tree, fileOf('cloud')).map(({ kind }) => kind)).not.toContain('NetworkPolicy');
  });

  it('has a name that RDS takes, however long, and two are never one', () => {
    const long = databaseIdentifier('a'.repeat(30), `${'b'.repeat(40)}--c`, 'd'.repeat(30));
    expect(long).toMatch(/^[a-z](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$/);
    expect(databaseIdentifier('c', 'a-b', 'c')).not.toBe(databaseIdentifier('c', 'a', 'b-c'));
  });
});

describe('what Prometheus knows of databases in the cluster', () => {
  const IN_CLOUD = {
    ...CLOUD,
    environments: { ...CLOUD.environments, live: { cluster: 'cloud', production: true, databases: 'cluster' } },
    addOns: { ...ON, 'kube-prometheus-stack': true, keda: true, 'prometheus-adapter': true },
  };

  it('is scraped from their Pods, whose it is says the platform, and a night without a backup is told', async () => {
    const { tree } = await rendered(
      '  environments: { live: {} }\n  databases: { orders: { size: small, storage: 20Gi } }\n',
      IN_CLOUD,
    );
    const [endpoint] = objectIn(tree, fileOf('cloud'), 'PodMonitor', 'databases').spec.podMetricsEndpoints;
    expect(endpoint).toMatchObject({ portNumber: 9187, honorLabels: false, followRedirects: false });
    expect(endpoint.relabelings).toContainEqual({ targetLabel: 'tenant', replacement: 'shop', action: 'replace' });
    const [group] = objectIn(tree, fileOf('cloud'), 'PrometheusRule', 'databases').spec.groups;
    expect(group.rules).toHaveLength(1);
    expect(group.rules[0]).toMatchObject({ alert: 'TenantDatabaseBackupMissed', labels: { severity: 'critical' } });
  });
});

describe('a claim whose databases cannot be', () => {
  it.each([
    [
      'a database that the claim has not',
      '  environments: { sandbox: { databases: { ordrs: { size: small } } } }\n  databases: { orders: {} }\n',
      `environments.sandbox.databases.ordrs | the claim has no database 'ordrs' | write 'orders'`,
    ],
    [
      'one that is not for that environment',
      '  environments: { live: {}, sandbox: { databases: { orders: { size: small } } } }\n  databases: { orders: { environments: [live], size: small, storage: 20Gi } }\n',
      `environments.sandbox.databases.orders | database 'orders' is not for environment 'sandbox' | add 'sandbox' to databases.orders.environments, or leave this out`,
    ],
    [
      'an environment that the tenant has not',
      '  databases: { orders: { environments: [sandbx] } }\n',
      `spec.databases.orders.environments[0] | tenant 'shop' has no environment 'sandbx' | write 'sandbox'`,
    ],
    [
      'storage that nobody counts in',
      '  databases: { orders: { storage: 500Mi } }\n',
      'spec.databases.orders.storage | storage of databases is counted in whole gibibytes or tebibytes | write it in Gi or Ti, such as 20Gi',
    ],
    [
      'storage that is too little',
      '  databases: { orders: { storage: 5Gi } }\n',
      `spec.databases.orders.storage | is less than a database of environment 'sandbox' can have | write 10Gi or more`,
    ],
    [
      'storage that is too much',
      '  environments: { sandbox: { quota: { storage: 10Ti } } }\n  databases: { orders: { storage: 5Ti } }\n',
      'spec.databases.orders.storage | is more than a database can have | write 4Ti or less',
    ],
    [
      'databases that are more than the quota',
      '  databases: { orders: { highAvailability: true }, stock: {} }\n',
      `spec.environments.sandbox.quota.storage | a quota of 50Gi cannot hold the databases of environment 'sandbox': orders 2 × 20Gi + stock 1 × 20Gi = 60Gi | write more than 60Gi: the rest is for the tenant's own Pods`,
    ],
    [
      'a size that no container may have',
      '  environments: { sandbox: { quota: { memory: 64Gi, cpu: "32" } } }\n  databases: { orders: { size: large } }\n',
      `spec.databases.orders.size | size 'large' is one container of 4 cpu, and the largest of environment 'sandbox' is 3000m | claim a smaller size, a larger quota or a node pool with larger machines`,
    ],
    [
      'an identity of the name of its account',
      '  databases: { orders: {} }\n  workloadIdentities: { database-orders: { workloads: [web], permissions: [{ actions: ["s3:GetObject"], resources: ["arn:aws:s3:::example-shop/*"] }] } }\n',
      `spec.workloadIdentities.database-orders | the ServiceAccount of database 'orders' has that name already | give the identity another name`,
    ],
  ])('is told of %s', async (_, more, line) => {
    const faults = await faultsOf(more);
    expect(faults.filter((fault) => fault.includes(line))).toHaveLength(1);
  });

  it('is told the least of RDS where that runs it', async () => {
    const faults = await faultsOf('  environments: { live: {} }\n  databases: { orders: { storage: 15Gi } }\n', CLOUD);
    expect(faults.join()).toContain(
      `databases.orders.storage | is less than a database of environment 'live' can have | write 20Gi or more`,
    );
    // In the cluster the same is enough.
    expect(await faultsOf('  databases: { orders: { storage: 15Gi } }\n')).toEqual([]);
  });

  it.each(['crossplane', 'cloudnative-pg', 'databases'])('is told that %s is off', async (addOn) => {
    const faults = await faultsOf('  databases: { orders: {} }\n', {
      addOns: { ...ON, databases: false, [addOn]: false },
    });
    expect(faults.join('\n')).toContain(
      `tenants/claims/shop.yaml:10 | spec.databases.orders | databases of environment 'sandbox' need the add-on '${addOn}', which is off on cluster 'laptop' | let the platform team switch ${addOn} on there`,
    );
  });

  it('needs no room in the namespace for what RDS runs', async () => {
    const more = '  environments: { live: { quota: { storage: 10Gi } } }\n  databases: { orders: { storage: 1Ti } }\n';
    expect(await faultsOf(more, CLOUD)).toEqual([]);
  });
});

test('RDS on a local cluster is told to whoever describes the platform', async () => {
  const environments = { ...localProps.environments, sandbox: { cluster: 'laptop', databases: 'rds' } };
  const faults = await faultsOf('', { environments });
  expect(faults).toEqual([
    `platform.ts | environments.sandbox.databases | cluster 'laptop' is local, and RDS runs in AWS | write 'cluster'`,
  ]);
});
