import fc from 'fast-check';
import type { Tree } from '../../../src/gitops/tree';
import { renderPlatform } from '../../../src/render';
import { renderExample } from '../../support/example';
import { addOnFile, claimFile, declaration, folderOf, smallPlatform, textsOf, told } from '../../support/platforms';
import { type End, type Network, networkOf } from '../../support/reachability';

const ENVIRONMENTS = '  environments: { sandbox: {}, dev: {}, prod: {} }\n';

const SHOP = `  environments:
    sandbox:
      hosts:
        - { host: shop.apps.local.harbour.example.com, service: web, port: 80, targetPort: 8080, workload: web }
    dev: {}
    prod: {}
  metrics:
    - { port: 9090, workload: web }
  connections:
    to:
      - { tenant: wiki, port: 8080, workload: web }
      - { tenant: wiki, port: 9000 }
    outside:
      - { host: api.partner.example }
      - { host: '*.cdn.example', port: 8443 }
      - { cidr: 203.0.113.0/24, port: 5432 }
  workloadIdentities:
    uploads:
      workloads: [web]
      permissions: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::shop-uploads/*'] }]
`;
const WIKI = `${ENVIRONMENTS}  connections:
    from:
      - { tenant: shop, port: 8080, workload: api, methods: [GET], paths: [/v1, /files/] }
      - { tenant: shop, port: 9000, workload: batch }
`;

const named = (namespace: string, name?: string): End => ({
  namespace,
  ...(name === undefined ? {} : { labels: { 'app.kubernetes.io/name': name } }),
});
const prometheus: End = {
  namespace: 'monitoring',
  labels: {
    'app.kubernetes.io/name': 'prometheus',
    'operator.prometheus.io/name': 'kube-prometheus-stack-prometheus',
  },
};
const coredns: End = {
  namespace: 'kube-system',
  labels: { 'k8s-app': 'kube-dns', 'app.kubernetes.io/instance': 'coredns' },
};
const tcp = (port: number) => ({ port });

const asking = (more: string) => `${ENVIRONMENTS}  connections: { ${more} }\n`;
const CLAIMS = {
  shop: SHOP,
  wiki: WIKI,
  blog: ENVIRONMENTS,
  alone: asking('inside: false'),
  operator: asking('kubernetesApi: true, nodePorts: [9100]'),
  lured: asking('outside: [{ host: evil.example, port: 80 }]'),
  measured: asking('outside: [{ host: evil.example, port: 80 }], cloudMetadata: true'),
};

let tree: Tree;

beforeAll(async () => {
  tree = await renderExample(CLAIMS);
});

describe('On a cluster without a mesh', () => {
  let network: Network;
  const web = named('shop-sandbox', 'web');
  const worker = named('shop-sandbox', 'worker');
  const api = named('wiki-sandbox', 'api');
  const batch = named('wiki-sandbox', 'batch');
  const stranger = named('blog-sandbox', 'web');

  beforeAll(() => {
    network = networkOf(tree, 'local');
  });

  test.each<[string, End, End, number, 'TCP' | 'UDP', boolean]>([
    ['a Pod of its own namespace', web, worker, 1234, 'TCP', true],
    ['names', worker, coredns, 53, 'UDP', true],
    ['names over TCP', worker, coredns, 53, 'TCP', true],
    ['another port of what resolves names', worker, coredns, 9153, 'TCP', false],
    ['another tenant that said nothing', stranger, web, 8080, 'TCP', false],
    ['a tenant that it did not name', web, stranger, 8080, 'TCP', false],
    ['a Pod of a tenant that let it in', web, batch, 9000, 'TCP', true],
    ['that from any of its Pods, since it named none', worker, batch, 9000, 'TCP', true],
    ['a Pod of that tenant which was not named', web, api, 9000, 'TCP', false],
    ['a port of that Pod which was not named', web, batch, 9001, 'TCP', false],
    ['the way back', batch, web, 9000, 'TCP', false],
    ['the Internet', web, { address: '198.51.100.1' }, 443, 'TCP', false],
    ['a range that it named', web, { address: '203.0.113.9' }, 5432, 'TCP', true],
    ['another port there', web, { address: '203.0.113.9' }, 443, 'TCP', false],
    ['beside that range', web, { address: '203.0.114.1' }, 5432, 'TCP', false],
    ['a host that it named', web, { host: 'api.partner.example' }, 443, 'TCP', true],
    ['another port of that host', web, { host: 'api.partner.example' }, 80, 'TCP', false],
    ['a host below that one', web, { host: 'x.api.partner.example' }, 443, 'TCP', false],
    ['a host of a pattern', web, { host: 'eu.cdn.example' }, 8443, 'TCP', true],
    ['a host two levels below a pattern', web, { host: 'a.eu.cdn.example' }, 8443, 'TCP', false],
    ['the cloud’s metadata', web, { address: '169.254.169.254' }, 80, 'TCP', false],
    ['the Kubernetes API', web, { entity: 'kube-apiserver' }, 6443, 'TCP', false],
    ['its own machine', web, { entity: 'host' }, 10250, 'TCP', false],
    ['another machine', web, { entity: 'remote-node' }, 10250, 'TCP', false],
    ['an add-on that serves tenants nothing', web, { namespace: 'argocd' }, 8080, 'TCP', false],
  ])('the way of a Pod to %s is as the claims say', (_, from, to, port, protocol, expected) => {
    expect(network.reaches(from, to, { port, protocol })).toBe(expected);
  });

  test('the gateway reaches the port behind a host and nothing else', () => {
    const gateway: End = { entity: 'ingress' };
    expect(network.reaches(gateway, web, tcp(8080))).toBe(true);
    expect(network.reaches(gateway, web, tcp(9090))).toBe(false);
    expect(network.reaches(gateway, worker, tcp(8080))).toBe(false);
    expect(network.reaches(gateway, api, tcp(8080))).toBe(false);
  });

  test('Prometheus reaches the declared metrics and nothing else, and nobody else does', () => {
    expect(network.reaches(prometheus, web, tcp(9090))).toBe(true);
    expect(network.reaches(prometheus, web, tcp(8080))).toBe(false);
    expect(network.reaches(prometheus, worker, tcp(9090))).toBe(false);
    expect(network.enters({ namespace: 'monitoring' }, web, tcp(9090))).toBe(false);
    expect(network.enters({ ...prometheus, namespace: 'default' }, web, tcp(9090))).toBe(false);
  });

  test.each([
    ['GET', '/v1', true],
    ['GET', '/v1/pages?x=/../', true],
    ['GET', '/files', true],
    ['GET', '/v12', false],
    ['GET', '/', false],
    ['POST', '/v1', false],
  ])('a request %s %s is judged at the called Pod', (method, path, expected) => {
    expect(network.reaches(web, api, { port: 8080, request: { method, path } })).toBe(expected);
    expect(network.reaches(worker, api, { port: 8080, request: { method, path } })).toBe(false);
    expect(network.reaches(web, api, tcp(8080))).toBe(false);
  });

  test('what a team adds of its own opens nothing to another tenant while that one’s side is closed', () => {
    const added = network.with({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'mine', namespace: 'blog-sandbox' },
      spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{}] },
    });
    expect(added.reaches(stranger, web, tcp(8080))).toBe(false);
  });

  test('Without the policy that denies, the same questions are answered otherwise', () => {
    const open = network.without(({ metadata }) => metadata.namespace === 'shop-sandbox');
    expect(open.reaches(web, { address: '198.51.100.1' }, tcp(443))).toBe(true);
    expect(open.reaches({ entity: 'ingress' }, worker, tcp(8080))).toBe(true);
  });
});

test('A name that its owner points at the metadata address leads nowhere, unless the claim asks for that', () => {
  const network = networkOf(tree, 'production');
  const metadata = { host: 'evil.example', address: '169.254.169.254' };
  expect(network.reaches(named('lured-prod'), { ...metadata, address: '198.51.100.1' }, tcp(80))).toBe(true);
  expect(network.reaches(named('lured-prod'), metadata, tcp(80))).toBe(false);
  expect(network.reaches(named('measured-prod'), metadata, tcp(80))).toBe(true);
});

test('API, machines and what else a claim asks for are reached on their ports', () => {
  for (const [cluster, namespace, port] of [
    ['production', 'operator-prod', 6443],
    ['nonproduction', 'operator-dev', 443],
  ] as const) {
    const network = networkOf(tree, cluster);
    expect(network.reaches(named(namespace), { entity: 'kube-apiserver' }, tcp(port))).toBe(true);
    expect(network.reaches(named(namespace), { entity: 'kube-apiserver' }, tcp(2379))).toBe(false);
    expect(network.reaches(named(namespace), { entity: 'remote-node' }, tcp(9100))).toBe(true);
    expect(network.reaches(named(namespace), { entity: 'host' }, tcp(10250))).toBe(false);
    const collector = {
      namespace: 'opentelemetry',
      labels: {
        'app.kubernetes.io/name': 'opentelemetry-collector',
        'app.kubernetes.io/instance': 'opentelemetry-gateway',
        component: 'standalone-collector',
      },
    };
    expect(network.reaches(named(namespace), collector, tcp(4317))).toBe(true);
    expect(network.reaches(named(namespace), collector, tcp(4319))).toBe(false);
  }
});

test('Only workloads with an identity of the cloud reach where it is taken up', () => {
  const eks = networkOf(tree, 'nonproduction');
  const aws = networkOf(tree, 'production');
  expect(eks.reaches(named('shop-dev', 'web'), { entity: 'host' }, tcp(80))).toBe(true);
  expect(eks.reaches(named('shop-dev', 'worker'), { entity: 'host' }, tcp(80))).toBe(false);
  const sts = { host: 'sts.eu-central-1.amazonaws.com' };
  expect(aws.reaches(named('shop-prod', 'web'), sts, tcp(443))).toBe(true);
  expect(aws.reaches(named('shop-prod', 'worker'), sts, tcp(443))).toBe(false);
  expect(aws.reaches(named('shop-prod', 'web'), { entity: 'host' }, tcp(80))).toBe(false);
});

test('A tenant that is suspended or on its way out is closed to all but itself; nobody else changes', async () => {
  const closed = await renderExample({
    ...CLAIMS,
    shop: `${SHOP}  state: suspended\n`,
    operator: `${CLAIMS.operator}  state: removed\n`,
  });
  const network = networkOf(closed, 'local');
  const web = named('shop-sandbox', 'web');
  expect(network.reaches(web, named('shop-sandbox', 'worker'), tcp(80))).toBe(true);
  expect(network.reaches({ entity: 'ingress' }, web, tcp(8080))).toBe(false);
  expect(network.reaches(prometheus, web, tcp(9090))).toBe(false);
  expect(network.reaches(web, named('wiki-sandbox', 'batch'), tcp(9000))).toBe(false);
  expect(network.reaches(web, { host: 'api.partner.example' }, tcp(443))).toBe(false);
  expect(network.reaches(web, { address: '203.0.113.9' }, tcp(5432))).toBe(false);
  const operator = named('operator-sandbox', 'web');
  expect(network.reaches(operator, { entity: 'kube-apiserver' }, tcp(6443))).toBe(false);
  expect(network.reaches(operator, { entity: 'host' }, tcp(9100))).toBe(false);
  expect(network.reaches(operator, coredns, { port: 53, protocol: 'UDP' })).toBe(true);
  const others = (of: Tree) => [...textsOf(of)].filter(([path]) => !/tenants\/(?:shop|operator)\//.test(path));
  expect(others(closed)).toEqual(others(tree));
});

test('With `inside: false` Pods of one namespace wait for the team’s own word', () => {
  const network = networkOf(tree, 'local');
  const [web, api] = [named('alone-sandbox', 'web'), named('alone-sandbox', 'api')];
  expect(network.reaches(web, api, tcp(8080))).toBe(false);
  // Nothing else is about ingress here: somebody whom no policy holds back is kept out by the one that denies.
  expect(network.reaches({ namespace: 'default' }, web, tcp(8080))).toBe(false);
  const both = { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }], egress: [{ to: [{ podSelector: {} }] }] };
  const opened = network.with({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'mine', namespace: 'alone-sandbox' },
    spec: { ...both, policyTypes: ['Ingress', 'Egress'] },
  });
  expect(opened.reaches(web, api, tcp(8080))).toBe(true);
});

test('A claim that cannot be read cuts off nobody who is connected to it', async () => {
  const files = {
    'tenants/claims/shop.yaml': claimFile(
      'shop',
      '  connections: { to: [{ tenant: wiki, port: 8080, workload: web }] }\n',
    ),
    'tenants/claims/wiki.yaml': claimFile('wiki', '  connections: { from: [{ tenant: shop, port: many }] }\n'),
    'tenants/claims/blog.yaml': ': no YAML',
    'tenants/claims/news.yaml': claimFile('news', '  connections: { from: [{ tenant: blog, port: 80 }] }\n'),
  };
  const { tree, findings } = await renderPlatform({ root: folderOf(smallPlatform(files)), cache: false, threads: 0 });
  expect([...new Set(findings.map(({ file }) => file))]).toEqual([
    'tenants/claims/blog.yaml',
    'tenants/claims/wiki.yaml',
  ]);
  const network = networkOf(tree, 'laptop');
  // The other's side is what was last published of it: nothing here, which allows all.
  expect(network.reaches(named('shop-sandbox', 'web'), named('wiki-sandbox'), tcp(8080))).toBe(true);
  expect(network.reaches(named('shop-sandbox', 'other'), named('wiki-sandbox'), tcp(8080))).toBe(false);
  expect(network.reaches(named('blog-sandbox'), named('news-sandbox'), tcp(80))).toBe(true);
});

test('What add-ons serve to tenants is reached without the tenants naming it', async () => {
  const files = {
    'addons/mail.ts': addOnFile(
      'mail',
      declaration(
        'mail',
        `workloads: { relay: { labels: { app: 'mail' }, serves: { smtp: { port: 2525, to: ['tenants'] }, admin: { port: 8080, to: ['gateway'] } } } },`,
      ),
    ),
    'tenants/claims/shop.yaml': claimFile('shop'),
  };
  const { tree, findings } = await renderPlatform({ root: folderOf(smallPlatform(files)), cache: false, threads: 0 });
  expect(told(findings)).toEqual([]);
  const relay = { namespace: 'mail', labels: { app: 'mail' } };
  const network = networkOf(tree, 'laptop');
  expect(network.reaches(named('shop-sandbox'), relay, tcp(2525))).toBe(true);
  expect(network.reaches(named('shop-sandbox'), relay, tcp(8080))).toBe(false);
  expect(
    network.without(({ metadata }) => metadata.name === 'add-ons').reaches(named('shop-sandbox'), relay, tcp(2525)),
  ).toBe(false);
});

describe('For any tenants and connections', () => {
  const TENANTS = ['ash', 'birch', 'ash-birch', 'cedar'] as const;
  const WORKLOADS = ['web', 'api'] as const;
  const PORTS = [8080, 9090] as const;
  const ENVS = ['sandbox', 'live'] as const;

  const entry = fc.record({
    from: fc.constantFrom(...TENANTS),
    to: fc.constantFrom(...TENANTS),
    port: fc.constantFrom(...PORTS),
    caller: fc.option(fc.constantFrom(...WORKLOADS), { nil: undefined }),
    called: fc.option(fc.constantFrom(...WORKLOADS), { nil: undefined }),
    environments: fc.option(fc.subarray([...ENVS], { minLength: 1 }), { nil: undefined }),
    // Mostly both sides speak.
    said: fc.constantFrom('both', 'both', 'both', 'both', 'to', 'from'),
  });
  type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

  const says = (entries: readonly Entry[], side: 'to' | 'from') =>
    entries.filter((one) => one.from !== one.to && ['both', side].includes(one.said));
  const isFor = (one: Entry, environment: string) =>
    one.environments === undefined || one.environments.includes(environment as (typeof ENVS)[number]);

  function claimOf(tenant: string, entries: readonly Entry[]): string {
    const write = (one: Entry, other: string, workload: string | undefined) =>
      JSON.stringify({ tenant: other, port: one.port, workload, environments: one.environments });
    const to = says(entries, 'to').filter((one) => one.from === tenant);
    const from = says(entries, 'from').filter((one) => one.to === tenant);
    return claimFile(
      tenant,
      `  environments: { sandbox: {}, live: {} }
  connections:
    to: [${to.map((one) => write(one, one.to, one.caller)).join(', ')}]
    from: [${from.map((one) => write(one, one.from, one.called)).join(', ')}]
`,
    );
  }

  test('one reaches another where both claims say so, and whoever speaks alone is told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
        const files = Object.fromEntries(
          TENANTS.map((tenant) => [`tenants/claims/${tenant}.yaml`, claimOf(tenant, entries)]),
        );
        const { tree, findings } = await renderPlatform({
          root: folderOf(smallPlatform(files)),
          cache: false,
          threads: 0,
        });
        const network = networkOf(tree, 'laptop');
        const [to, from] = [says(entries, 'to'), says(entries, 'from')];
        const meets = (one: Entry, other: Entry, environment: string) =>
          one.from === other.from && one.to === other.to && one.port === other.port && isFor(other, environment);
        const alone = (some: readonly Entry[], answers: readonly Entry[]) =>
          some.filter((one) =>
            ENVS.some(
              (environment) => isFor(one, environment) && !answers.some((other) => meets(one, other, environment)),
            ),
          );
        const toldOf = new Set([...alone(to, from).map((one) => one.from), ...alone(from, to).map((one) => one.to)]);
        expect(new Set(findings.map(({ unit }) => unit))).toEqual(toldOf);

        const rendered = TENANTS.filter((tenant) => !toldOf.has(tenant));
        for (const a of rendered) {
          for (const b of rendered) {
            if (a === b) continue;
            for (const environment of ENVS) {
              for (const port of PORTS) {
                for (const caller of WORKLOADS) {
                  for (const called of WORKLOADS) {
                    const says = (some: readonly Entry[], key: 'caller' | 'called', workload: string) =>
                      some.some(
                        (one) =>
                          one.from === a &&
                          one.to === b &&
                          one.port === port &&
                          isFor(one, environment) &&
                          [undefined, workload].includes(one[key]),
                      );
                    const expected = says(to, 'caller', caller) && says(from, 'called', called);
                    const ends = [named(`${a}-${environment}`, caller), named(`${b}-${environment}`, called)] as const;
                    const ways = [network.leaves(...ends, tcp(port)), network.enters(...ends, tcp(port))];
                    expect([...ends, port, ...ways]).toEqual([...ends, port, expected, expected]);
                  }
                }
              }
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
