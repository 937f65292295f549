import type { Tree } from '../../src/gitops/tree';
import { renderPlatform, type Rendering } from '../../src/render';
import {
  addOnFile,
  declaration,
  folderOf,
  type KubernetesObject,
  localProps,
  nothingOn,
  objectIn,
  objectsIn,
  smallPlatform,
  told,
} from '../support/platforms';

/** A platform of the small stack and these add-ons: declarations by name, as TypeScript. */
async function rendered(
  addOns: Readonly<Record<string, string>>,
  props: object = {},
  more: Readonly<Record<string, string>> = {},
): Promise<Rendering> {
  const files = Object.fromEntries(
    Object.entries(addOns).map(([name, text]) => [
      `addons/${name}.ts`,
      addOnFile(name, declaration(name, text), more[name]),
    ]),
  );
  return renderPlatform({ root: folderOf(smallPlatform(files, props)), cache: false, threads: 0 });
}

const SHOP = `workloads: { web: {
  labels: { app: 'shop' },
  reaches: [{ to: 'component', component: 'store', workload: 'db', port: 'sql' }],
} },`;
const STORE = `workloads: { db: { labels: { app: 'store' }, serves: { sql: { port: 5432, to: ['shop'] } } } },`;

/** Rules of a policy that its workload's traffic goes by. */
interface Rule {
  readonly from?: readonly object[];
  readonly to?: readonly object[];
  readonly ports?: readonly object[];
}

const network = (name: string) => `clusters/laptop/baseline/${name}/network.yaml`;
const policy = (tree: Tree, name: string, workload: string) =>
  objectIn(tree, network(name), 'NetworkPolicy', `${name}-${workload}`).spec as { ingress?: Rule[]; egress?: Rule[] };
const cilium = (tree: Tree, name: string, workload: string) =>
  objectIn(tree, network(name), 'CiliumNetworkPolicy', `${name}-${workload}`).spec;
const pods = (namespace: string, labels: object) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  podSelector: { matchLabels: labels },
});
const wave = (tree: Tree, name: string, application = name): number =>
  Number(
    objectIn(tree, `clusters/laptop/apps/${name}.yaml`, 'Application', application).metadata.annotations?.[
      'argocd.argoproj.io/sync-wave'
    ],
  );

describe('An edge between two add-ons', () => {
  let tree: Tree;

  beforeAll(async () => {
    const { tree: made, findings } = await rendered({ shop: SHOP, store: STORE });
    expect(told(findings)).toEqual([]);
    tree = made;
  });

  test('is opened on both sides', () => {
    expect(policy(tree, 'shop', 'web').egress).toContainEqual({
      to: [pods('store', { app: 'store' })],
      ports: [{ port: 5432, protocol: 'TCP' }],
    });
    expect(policy(tree, 'store', 'db').ingress).toEqual([
      { from: [pods('shop', { app: 'shop' })], ports: [{ port: 5432, protocol: 'TCP' }] },
    ]);
  });

  test('comes with DNS for whoever looks the other up, and for nobody else', () => {
    expect(policy(tree, 'shop', 'web').egress).toContainEqual({
      to: [pods('names', { app: 'names' })],
      ports: [
        { port: 53, protocol: 'UDP' },
        { port: 53, protocol: 'TCP' },
      ],
    });
    expect(policy(tree, 'store', 'db').egress).toBeUndefined();
    expect(policy(tree, 'names', 'server').ingress).toContainEqual({
      from: [{ namespaceSelector: {} }],
      ports: [
        { port: 53, protocol: 'UDP' },
        { port: 53, protocol: 'TCP' },
      ],
    });
  });

  test('stands beside a policy that denies everything else', () => {
    for (const name of ['shop', 'store']) {
      const deny = objectIn(tree, network(name), 'NetworkPolicy', 'default-deny');
      expect(deny.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    }
  });

  test('orders the two: the network first, then names, then who is reached, then who reaches', () => {
    const waves = ['net', 'names', 'store', 'shop'].map((name) => wave(tree, name));
    expect(waves).toEqual([...waves].sort((a, b) => a - b));
    expect(wave(tree, 'shop')).toBeGreaterThan(wave(tree, 'store'));
    expect(wave(tree, 'store')).toBeGreaterThan(wave(tree, 'net'));
    expect(wave(tree, 'names')).toBeGreaterThan(wave(tree, 'net'));
  });

  test('puts custom resources into the first wave, before every add-on, and tenants after the last', () => {
    expect(wave(tree, 'net', 'net-crds')).toBe(0);
    expect(wave(tree, 'cd', 'cd-crds')).toBe(0);
    const [tenants] = objectsIn(tree, 'clusters/laptop/apps/tenants.yaml');
    expect(Number(tenants?.metadata.annotations?.['argocd.argoproj.io/sync-wave'])).toBe(wave(tree, 'shop') + 1);
  });
});

test('An edge that says ordered: false opens the way and waits for nobody', async () => {
  const { tree, findings } = await rendered({
    shop: SHOP.replace("port: 'sql' }", "port: 'sql', ordered: false }"),
    store: STORE,
  });
  expect(told(findings)).toEqual([]);
  expect(policy(tree, 'store', 'db').ingress).toHaveLength(1);
  expect(wave(tree, 'shop')).toBeLessThanOrEqual(wave(tree, 'names') + 1);
});

test('An edge to one workload of an add-on leaves its others closed', async () => {
  const store = `workloads: {
    db: { labels: { app: 'store' }, serves: { sql: { port: 5432, to: ['shop/web'] } } },
    backup: { labels: { app: 'backup' }, serves: { http: { port: 80, to: [] } } },
  },`;
  const shop = SHOP.replace('workloads: {', `workloads: { idle: { labels: { app: 'idle' } },`);
  const { tree, findings } = await rendered({ shop, store });
  expect(told(findings)).toEqual([]);
  expect(policy(tree, 'store', 'db').ingress?.[0]?.from).toEqual([pods('shop', { app: 'shop' })]);
  const names = (name: string) => objectsIn(tree, network(name)).map(({ metadata }) => metadata.name);
  expect(names('store')).toEqual(['default-deny', 'store-db']);
  expect(names('shop')).toEqual(['default-deny', 'shop-web']);
});

test('Pods of one add-on reach each other on a port for self, and look each other up', async () => {
  const { tree, findings } = await rendered({
    ring: `workloads: {
      a: { labels: { app: 'a' }, serves: { gossip: { port: 7946, to: ['self'] } } },
      b: { labels: { app: 'b' } },
    },`,
  });
  expect(told(findings)).toEqual([]);
  const out = { to: [pods('ring', { app: 'a' })], ports: [{ port: 7946, protocol: 'TCP' }] };
  for (const workload of ['a', 'b']) {
    expect(policy(tree, 'ring', workload).egress).toContainEqual(out);
    expect(policy(tree, 'ring', workload).egress).toContainEqual(
      expect.objectContaining({ to: [pods('names', { app: 'names' })] }),
    );
  }
  expect(policy(tree, 'ring', 'a').ingress).toEqual([
    {
      from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ring' } } }],
      ports: [{ port: 7946, protocol: 'TCP' }],
    },
  ]);
});

test('A port for self/<workload> opens the way for that one and leaves the others closed', async () => {
  const { tree, findings } = await rendered({
    ring: `workloads: {
      a: { labels: { app: 'a' }, serves: { grpc: { port: 9095, to: ['self/b'] } } },
      b: { labels: { app: 'b' } },
      c: { labels: { app: 'c' } },
    },`,
  });
  expect(told(findings)).toEqual([]);
  const ports = [{ port: 9095, protocol: 'TCP' }];
  expect(policy(tree, 'ring', 'a')).toMatchObject({ ingress: [{ from: [pods('ring', { app: 'b' })], ports }] });
  expect(policy(tree, 'ring', 'b').egress).toEqual([
    expect.objectContaining({ to: [pods('ring', { app: 'a' })], ports }),
    expect.objectContaining({ to: [pods('names', { app: 'names' })] }),
  ]);
  expect(policy(tree, 'ring', 'a').egress).toBeUndefined();
  expect(tree.files.get(network('ring'))?.toString()).not.toContain('ring-c');
});

test('self/<workload> of a workload that is not there is an error', async () => {
  const { findings } = await rendered({
    ring: `workloads: { server: { labels: { app: 'a' }, serves: { grpc: { port: 9095, to: ['self/sever'] } } } },`,
  });
  expect(told(findings)).toEqual([
    expect.stringMatching(/ring\/server\.grpc serves 'self\/sever', but ring has no workload 'sever'.*server/),
  ]);
});

describe('What no label selects', () => {
  let tree: Tree;

  beforeAll(async () => {
    const { tree: made, findings } = await rendered({
      edge: `workloads: { web: {
        labels: { app: 'edge' },
        serves: {
          hook: { port: 9443, to: ['api-server'] },
          page: { port: 8080, to: ['gateway'] },
          probe: { port: 8081, to: ['nodes'] },
          open: { port: 8082, to: ['tenants'] },
        },
        reaches: [
          { to: 'api-server' },
          { to: 'host', host: 'api.example.com', port: 443, why: 'asks' },
          { to: 'host', host: '*.example.org', port: 8443, why: 'asks' },
          { to: 'world', port: 123, protocol: 'UDP', why: 'clocks' },
          { to: 'cidr', cidr: '169.254.169.254/32', port: 80, why: 'metadata' },
          { to: 'nodes', port: 10250, why: 'kubelets' },
          { to: 'tenants', why: 'scrapes' },
        ],
      } },`,
    });
    expect(told(findings)).toEqual([]);
    tree = made;
  });

  test('comes in by identities of Cilium', () => {
    const { ingress, endpointSelector } = cilium(tree, 'edge', 'web');
    expect(endpointSelector).toEqual({ matchLabels: { app: 'edge' } });
    const ports = (port: string) => [{ ports: [{ port, protocol: 'TCP' }] }];
    expect(ingress).toEqual([
      { fromEntities: ['kube-apiserver', 'host', 'remote-node'], toPorts: ports('9443') },
      { fromEntities: ['ingress'], toPorts: ports('8080') },
      { fromEntities: ['host', 'remote-node'], toPorts: ports('8081') },
    ]);
  });

  test('goes out by identities and names, with DNS through Cilium, which must see the answers', () => {
    const { egress } = cilium(tree, 'edge', 'web');
    expect(egress).toContainEqual({
      toEntities: ['kube-apiserver'],
      toPorts: [{ ports: [{ port: '6443', protocol: 'TCP' }] }],
    });
    expect(egress).toContainEqual(expect.objectContaining({ toFQDNs: [{ matchName: 'api.example.com' }] }));
    expect(egress).toContainEqual(expect.objectContaining({ toFQDNs: [{ matchPattern: '*.example.org' }] }));
    expect(egress).toContainEqual({
      toEntities: ['world'],
      toPorts: [{ ports: [{ port: '123', protocol: 'UDP' }] }],
    });
    expect(egress[0]).toMatchObject({
      toEndpoints: [{ matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'names', 'k8s:app': 'names' } }],
      toPorts: [{ rules: { dns: [{ matchPattern: '*' }] } }],
    });
  });

  test('is in no NetworkPolicy, which holds what labels and ranges name', () => {
    const { ingress, egress } = policy(tree, 'edge', 'web');
    expect(ingress).toEqual([
      {
        from: [{ namespaceSelector: { matchExpressions: [{ key: 'tenant', operator: 'Exists' }] } }],
        ports: [{ port: 8082, protocol: 'TCP' }],
      },
    ]);
    expect(egress).toContainEqual({
      to: [{ ipBlock: { cidr: '169.254.169.254/32' } }],
      ports: [{ port: 80, protocol: 'TCP' }],
    });
    // Whatever port a tenant is scraped on.
    expect(egress).toContainEqual({
      to: [{ namespaceSelector: { matchExpressions: [{ key: 'tenant', operator: 'Exists' }] } }],
    });
    expect(egress).toHaveLength(3);
  });
});

test('Pods on their node’s network have no policy, and their peers see nodes', async () => {
  const { tree, findings } = await rendered({
    agent: `workloads: { node: {
      labels: { app: 'agent' }, hostNetwork: true,
      serves: { push: { port: 9000, to: ['shop'] } },
      reaches: [{ to: 'component', component: 'store', workload: 'db', port: 'sql' }],
    } },`,
    shop: `workloads: { web: {
      labels: { app: 'shop' },
      reaches: [{ to: 'component', component: 'agent', workload: 'node', port: 'push' }],
    } },`,
    store: STORE.replace("['shop']", "['agent']"),
  });
  expect(told(findings)).toEqual([]);
  expect(objectsIn(tree, network('agent')).map(({ metadata }) => metadata.name)).toEqual(['default-deny']);
  expect(cilium(tree, 'shop', 'web').egress).toContainEqual({
    toEntities: ['host', 'remote-node'],
    toPorts: [{ ports: [{ port: '9000', protocol: 'TCP' }] }],
  });
  expect(cilium(tree, 'store', 'db').ingress).toEqual([
    { fromEntities: ['host', 'remote-node'], toPorts: [{ ports: [{ port: '5432', protocol: 'TCP' }] }] },
  ]);
});

const toStore = (port = 'sql', workload = 'db', component = 'store', more = '') =>
  `workloads: { web: { labels: { app: 'shop' }, reaches: [
    { to: 'component', component: '${component}', workload: '${workload}', port: '${port}'${more} },
  ] } },`;

test.each<[string, Record<string, string>, object, RegExp[]]>([
  [
    'an add-on that nobody knows',
    { shop: toStore('sql', 'db', 'stor'), store: STORE.replace("'shop'", '') },
    {},
    [/shop\/web reaches stor\/db\.sql, but there is no add-on 'stor' \| write 'store'/],
  ],
  [
    'an add-on that is off on the cluster',
    { shop: toStore(), store: STORE },
    { addOns: { ...nothingOn, store: false } },
    [/shop\/web reaches store\/db\.sql, but store is off on cluster 'laptop' \| switch store on there, or shop off/],
  ],
  [
    'a workload that nobody knows',
    { shop: toStore('sql', 'dbb'), store: STORE },
    {},
    [
      /shop\/web reaches store\/dbb\.sql, but store \(addons\/store\.ts\) has no workload 'dbb' \| write 'db'/,
      /store\/db\.sql serves shop, but shop \(addons\/shop\.ts\) never reaches it on cluster 'laptop'/,
    ],
  ],
  [
    'a port that nobody serves',
    { shop: toStore('sq'), store: STORE },
    {},
    [
      /shop\/web reaches store\/db\.sq, but store\/db \(addons\/store\.ts\) serves no port 'sq' \| write /,
      /store\/db\.sql serves shop, but shop .* never reaches it/,
    ],
  ],
  [
    'a port that is served to others',
    { shop: toStore(), store: STORE.replace("['shop']", "['nodes']") },
    {},
    [
      /shop\/web reaches store\/db\.sql, but addons\/store\.ts serves that port only to nodes \| add 'shop' to its 'to'/,
    ],
  ],
  [
    'a port that is served to another workload',
    {
      shop: `${toStore().slice(0, -3)}, spare: { labels: { app: 'x' } } },`,
      store: STORE.replace("'shop'", "'shop/spare'"),
    },
    {},
    [
      /shop\/web reaches store\/db\.sql, but addons\/store\.ts serves that port only to shop\/spare/,
      /store\/db\.sql serves shop\/spare, but shop\/spare .* never reaches it/,
    ],
  ],
  [
    'nobody, while a port is served to somebody',
    { shop: `workloads: { web: { labels: { app: 'shop' } } },`, store: STORE },
    {},
    [/store\/db\.sql serves shop, but shop \(addons\/shop\.ts\) never reaches it on cluster 'laptop'/],
  ],
  [
    'nobody, while a port is served to a name that nothing has',
    { store: STORE.replace("'shop'", "'api-servr'") },
    {},
    [/store\/db\.sql serves 'api-servr', which is no add-on \| write 'api-server'/],
  ],
])('An edge to %s is an error that names both ends', async (_, addOns, props, expected) => {
  const { findings } = await rendered(addOns, props);
  const lines = told(findings);
  expect(lines).toHaveLength(expected.length);
  for (const one of expected) expect(lines).toContainEqual(expect.stringMatching(one));
});

test('An optional edge to an add-on that is off is dropped, and a served port waits for nobody who is off', async () => {
  const { findings, tree } = await rendered(
    { shop: toStore('sql', 'db', 'store', ', optional: true'), store: STORE, other: STORE.replace('sql', 'x') },
    { addOns: { ...nothingOn, store: false, other: true } },
  );
  expect(told(findings)).toEqual([expect.stringContaining('other/db.x serves shop, but shop')]);
  const { findings: none } = await rendered(
    { shop: toStore('sql', 'db', 'store', ', optional: true'), store: STORE },
    { addOns: { ...nothingOn, store: false } },
  );
  expect(told(none)).toEqual([]);
  expect(JSON.stringify(policy(tree, 'shop', 'web').egress)).not.toContain('5432');
});

test.each<[string, Record<string, string>, RegExp]>([
  [
    'needs a kind that nobody brings',
    { shop: `needs: ['example.com/Thing'],` },
    /^addons\/shop\.ts \| needs \| shop needs example\.com\/Thing, which no add-on brings on cluster 'laptop'/,
  ],
  [
    'needs a kind that an add-on would bring which is off',
    { shop: `needs: ['cert-manager.io/Certificate'],` },
    /shop needs cert-manager\.io\/Certificate, which no add-on brings .*switch cert-manager on there/,
  ],
  [
    'needs a kind that is spelled wrong',
    { shop: `needs: ['argoproj.io/Aplication'],` },
    /write 'argoproj\.io\/Application'/,
  ],
  [
    'brings a kind that another brings',
    {
      shop: `crds: { source: { repository: 'https://git.example.com/x.git', revision: 'v1', path: '.' }, kinds: ['argoproj.io/Application'] },`,
    },
    /shop and cd \(addons\/cd\.ts\) both bring argoproj\.io\/Application/,
  ],
  [
    'owns a namespace that another owns',
    { shop: `namespace: { name: 'names', level: 'restricted' },` },
    /shop and names \(addons\/names\.ts\) both own namespace 'names' on cluster 'laptop'.*sharedWith: 'names'/,
  ],
  [
    'shares a namespace that nobody owns',
    { shop: `namespace: { sharedWith: 'nams' },` },
    /shop shares the namespace of 'nams', which owns none on cluster 'laptop' \| write 'names'/,
  ],
  [
    'has a webhook on a port that is not served to the API server',
    {
      shop: `workloads: { web: { labels: { app: 'shop' }, serves: { hook: { port: 443, to: ['nodes'] } } } },
        webhooks: [{ name: 'shop-hook', type: 'validating', workload: 'web', port: 'hook', failurePolicy: 'Fail', kinds: ['*'] }],`,
    },
    /the API server calls shop-hook on shop\/web\.hook, which is not served to it/,
  ],
  [
    'has a webhook on a port that nothing serves',
    { shop: `webhooks: [{ name: 'shop-hook', type: 'mutating', workload: 'web', port: 'hook', kinds: ['*'] }],` },
    /the API server calls shop-hook on shop\/web\.hook, which nothing serves/,
  ],
  [
    'comes after an add-on that is not there',
    { shop: `after: [{ component: 'nobody', why: 'feeds it' }],` },
    /shop comes after nobody, which is not on cluster 'laptop'/,
  ],
  [
    'waits for itself through two others',
    {
      a: `after: [{ component: 'b', why: 'feeds it' }],`,
      b: `after: [{ component: 'c', why: 'feeds it' }],`,
      c: `after: [{ component: 'a', why: 'feeds it' }],`,
    },
    /add-ons wait for each other: a -> b -> c -> a \(a waits for b, which feeds it; /,
  ],
])('An add-on that %s is one error', async (_, addOns, expected) => {
  const { findings } = await rendered(addOns);
  expect(told(findings)).toEqual([expect.stringMatching(expected)]);
});

test('An add-on’s own object of a kind that it does not declare to need is an error', async () => {
  const { findings } = await rendered(
    { shop: '' },
    {},
    {
      shop: `resources(scope, { namespace }) {
      new ApiObject(scope, 'app', {
        apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'shop', namespace }, spec: {},
      });
    },`,
    },
  );
  expect(told(findings)).toEqual([
    expect.stringMatching(/shop writes a argoproj\.io\/AppProject without needing it \| add .* in addons\/shop\.ts/),
  ]);
});

test('An add-on’s own object that is invalid is an error with its place', async () => {
  const { findings } = await rendered(
    { shop: '' },
    {},
    {
      shop: `resources(scope, { namespace }) {
      new ApiObject(scope, 'page', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'page', namespace }, dta: {} });
    },`,
    },
  );
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({
    file: 'clusters/laptop/baseline/shop/resources.yaml',
    field: 'dta',
    object: 'ConfigMap shop/page',
    construct: 'laptop/add-on/shop/resources/page',
    unit: 'shop',
  });
});

test('Whoever makes objects that a webhook guards waits for it where it fails closed', async () => {
  const guard = (policy: string) => `
    workloads: { web: { labels: { app: 'guard' }, serves: { hook: { port: 443, to: ['api-server'] } } } },
    crds: { source: { repository: 'https://git.example.com/x.git', revision: 'v1', path: '.' }, kinds: ['cert-manager.io/Issuer'] },
    webhooks: [{ name: 'guard', type: 'validating', workload: 'web', port: 'hook', failurePolicy: '${policy}', kinds: ['cert-manager.io/Issuer'] }],`;
  const user = `needs: ['cert-manager.io/Issuer'],`;
  const closed = await rendered({ guard: guard('Fail'), user });
  const open = await rendered({ guard: guard('Ignore'), user });
  expect(told([...closed.findings, ...open.findings])).toEqual([]);
  expect(wave(closed.tree, 'user')).toBe(wave(closed.tree, 'guard') + 1);
  expect(wave(open.tree, 'user')).toBe(1);
});

test('A shared namespace is written by its owner alone, which comes first', async () => {
  const { tree, findings } = await rendered({
    guest: `namespace: { sharedWith: 'host' }, workloads: { web: { labels: { app: 'guest' }, reaches: [{ to: 'api-server' }] } },`,
    host: `namespace: { name: 'shared', level: 'privileged', reason: 'mounts disks' },`,
  });
  expect(told(findings)).toEqual([]);
  const namespace = objectIn(tree, 'clusters/laptop/baseline/host/namespace.yaml', 'Namespace', 'shared');
  expect(namespace.metadata.labels?.['pod-security.kubernetes.io/enforce']).toBe('privileged');
  expect(namespace.metadata.annotations?.['keelson.dev/pod-security-reason']).toBe('mounts disks');
  expect(tree.files.has('clusters/laptop/baseline/guest/namespace.yaml')).toBe(false);
  expect(objectsIn(tree, network('guest')).map(({ metadata }) => metadata.namespace)).toEqual(['shared', 'shared']);
  expect(wave(tree, 'guest')).toBeGreaterThan(wave(tree, 'host'));
});

describe('A chart', () => {
  const chart = `chart: {
    repository: 'oci://registry.example.com/charts', name: 'shop', version: '1.2.3',
    values: { replicas: 2, image: { tag: 'a', pull: 'Always' }, list: [1, 2], gone: true },
  },`;
  const source = ({ tree }: Rendering) =>
    objectIn(tree, 'clusters/laptop/apps/shop.yaml', 'Application', 'shop').spec.sources[0] as {
      targetRevision: string;
      helm: { valuesObject: object };
    };

  test('becomes an Application that is tried again, applied by the server, and kept as it is', async () => {
    const { tree, findings } = await rendered({ shop: chart });
    expect(told(findings)).toEqual([]);
    const application = objectIn(tree, 'clusters/laptop/apps/shop.yaml', 'Application', 'shop');
    expect(application.metadata.namespace).toBe('cd');
    expect(application.spec.sources[0]).toMatchObject({
      repoURL: 'registry.example.com/charts',
      chart: 'shop',
      targetRevision: '1.2.3',
      helm: { releaseName: 'shop', skipCrds: true },
    });
    expect(application.spec.syncPolicy.syncOptions).toEqual(
      expect.arrayContaining(['ServerSideApply=true', 'SkipDryRunOnMissingResource=true']),
    );
    expect(application.spec.syncPolicy.retry.limit).toBeGreaterThan(0);
    // The files beside it are there to be read.
    const { path } = application.spec.sources[1] as { path: string };
    expect([...tree.files.keys()].some((file) => file.startsWith(`${path}/`))).toBe(true);
  });

  test('is re-tuned by the platform, and by a cluster after that: values merge, lists are replaced, null removes', async () => {
    const platform = { shop: { version: '1.3.0', values: { image: { tag: 'b' }, list: [3], gone: null } } };
    const { clusters } = localProps;
    const here = { shop: { values: { image: { tag: 'c' }, extra: { on: true } } } };
    const tuned = await rendered(
      { shop: chart },
      {
        addOns: { ...nothingOn, ...platform },
        clusters: { laptop: { ...clusters.laptop, addOns: here } },
      },
    );
    expect(told(tuned.findings)).toEqual([]);
    expect(source(tuned).targetRevision).toBe('1.3.0');
    expect(source(tuned).helm.valuesObject).toEqual({
      replicas: 2,
      image: { tag: 'c', pull: 'Always' },
      list: [3],
      extra: { on: true },
    });
  });

  test.each<[string, unknown, unknown, boolean]>([
    ['the platform switches it off', false, undefined, false],
    ['a cluster switches it off', true, false, false],
    ['a cluster switches it on again', false, true, true],
    ['a cluster re-tunes what the platform switched off', false, { values: {} }, true],
    ['nobody says a word', undefined, undefined, true],
  ])('is there or not: %s', async (_, platform, cluster, expected) => {
    const { tree, findings } = await rendered(
      { shop: chart },
      {
        addOns: { ...nothingOn, ...(platform === undefined ? {} : { shop: platform }) },
        clusters: {
          laptop: { ...localProps.clusters.laptop, ...(cluster === undefined ? {} : { addOns: { shop: cluster } }) },
        },
      },
    );
    expect(told(findings)).toEqual([]);
    expect(tree.files.has('clusters/laptop/apps/shop.yaml')).toBe(expected);
    expect([...tree.files.keys()].some((path) => path.includes('/baseline/shop/'))).toBe(expected);
  });
});

test('A disruption budget and a monitor stand beside the chart, the monitor where somebody scrapes', async () => {
  const shop = `workloads: { web: {
    labels: { app: 'shop' }, scrape: [{ port: 9090, scheme: 'https', path: '/m' }], disruptionBudget: { minAvailable: '50%' },
  } },`;
  const scraper = `workloads: { server: { labels: { app: 'scraper' }, reaches: [{ to: 'scraped' }] } },
    crds: { source: { repository: 'https://git.example.com/x.git', revision: 'v1', path: '.' }, kinds: ['monitoring.coreos.com/PodMonitor'] },`;
  const without = await rendered({ shop });
  const withOne = await rendered({ shop, scraper }, {}, { scraper: `role: 'metrics',` });
  expect(told([...without.findings, ...withOne.findings])).toEqual([]);
  const folder = 'clusters/laptop/baseline/shop';
  const budget: KubernetesObject = objectIn(withOne.tree, `${folder}/budgets.yaml`, 'PodDisruptionBudget', 'shop-web');
  expect(budget.spec).toEqual({ minAvailable: '50%', selector: { matchLabels: { app: 'shop' } } });
  expect(without.tree.files.has(`${folder}/monitors.yaml`)).toBe(false);
  const monitor = objectIn(withOne.tree, `${folder}/monitors.yaml`, 'PodMonitor', 'shop-web');
  expect(monitor.spec.podMetricsEndpoints).toEqual([
    { portNumber: 9090, path: '/m', scheme: 'https', tlsConfig: { insecureSkipVerify: true } },
  ]);
  // Both sides of being scraped.
  expect(policy(withOne.tree, 'shop', 'web').ingress).toEqual([
    { from: [pods('scraper', { app: 'scraper' })], ports: [{ port: 9090, protocol: 'TCP' }] },
  ]);
  expect(policy(withOne.tree, 'scraper', 'server').egress).toContainEqual({
    to: [pods('shop', { app: 'shop' })],
    ports: [{ port: 9090, protocol: 'TCP' }],
  });
});

test('Hosts that charts and manifests come from, and redirect to, are open to whoever fetches them', async () => {
  const { tree, findings } = await rendered({
    fetcher: `workloads: { repo: { labels: { app: 'fetcher' }, reaches: [{ to: 'sources' }] } },
      chart: { repository: 'oci://registry.example.com:5000/charts', name: 'x', version: '1.0.0', values: {} },
      manifests: { repository: 'git@git.example.org:team/x.git', revision: 'v1', path: '.' },`,
    pages: `chart: { repository: 'https://example.github.io/charts', name: 'x', version: '1.0.0', values: {} },`,
    images: `chart: { repository: 'oci://quay.io/example', name: 'x', version: '1.0.0', values: {} },`,
  });
  expect(told(findings)).toEqual([]);
  const { egress } = cilium(tree, 'fetcher', 'repo') as { egress: { toFQDNs?: object[]; toPorts: object[] }[] };
  const open = egress.flatMap(({ toFQDNs = [], toPorts }) => toFQDNs.map((host) => [host, toPorts]));
  const at = (host: string, ...ports: string[]) => [
    { matchName: host },
    [{ ports: ports.map((port) => ({ port, protocol: 'TCP' })) }],
  ];
  expect(open).toEqual(
    expect.arrayContaining([
      at('registry.example.com', '5000'),
      at('git.example.org', '22'),
      // The host of the GitOps repository serves tenants' repositories too, by either way.
      at('git.example.com', '443', '22'),
      // A chart repository on GitHub's pages is an index of files that are somewhere else.
      at('example.github.io', '443'),
      at('github.com', '443'),
      at('release-assets.githubusercontent.com', '443'),
      at('quay.io', '443'),
      [{ matchPattern: '*.quay.io' }, [{ ports: [{ port: '443', protocol: 'TCP' }] }]],
    ]),
  );
});
