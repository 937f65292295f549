import type { Tree } from '../../../src/gitops/tree';
import { tenantDirectory } from '../../../src/model/layout';
import { exampleFile, renderExample } from '../../support/example';
import { type Mesh, meshOf } from '../../support/mesh';
import { objectsIn } from '../../support/platforms';
import { type Network, networkOf } from '../../support/reachability';

const HBONE = 15008;
const ENVIRONMENTS = '  environments: { sandbox: {}, dev: {} }\n';

const CLAIMS = {
  shop: `  environments:
    sandbox: {}
    dev:
      hosts:
        - { host: shop.apps.nonproduction.harbour.example.com, service: web, port: 80, targetPort: 8080, workload: web }
  metrics: [{ port: 9090, workload: web }]
  connections:
    to:
      - { tenant: wiki, port: 8080, workload: web }
      - { tenant: wiki, port: 9000 }
      - { tenant: vault, port: 8200 }
`,
  wiki: `  environments:
    sandbox: {}
    dev:
      hosts:
        - { host: wiki.apps.nonproduction.harbour.example.com, service: api, port: 80, targetPort: 8081 }
  connections:
    from:
      - { tenant: shop, port: 8080, workload: api, methods: [GET], paths: [/v1] }
      - { tenant: news, port: 8080, workload: api }
      - { tenant: shop, port: 9000, workload: batch }
      - { tenant: box, port: 9000, workload: batch, environments: [dev] }
`,
  news: `${ENVIRONMENTS}  connections: { to: [{ tenant: wiki, port: 8080 }] }\n`,
  vault: `${ENVIRONMENTS}  connections: { from: [{ tenant: shop, port: 8200, workload: server, service: front, paths: [/] }] }\n`,
  box: `  environments: { dev: {} }\n  tier: 2\n  connections: { to: [{ tenant: wiki, port: 9000 }] }\n`,
};

/** The example with machines for sandboxed containers. */
const PLATFORM = {
  'platform.ts': exampleFile(`addOns: { gvisor: true }, clusters: {
    ...example.props.clusters,
    nonproduction: {
      ...example.props.clusters.nonproduction,
      nodePools: {
        ...example.props.clusters.nonproduction.nodePools,
        sandboxed: {
          minimum: 1,
          instanceType: 'm7i.xlarge',
          capacity: { cpu: '3920m', memory: '14Gi' },
          labels: { 'keelson.dev/sandbox': 'gvisor' },
        },
      },
    },
  }`),
};

let tree: Tree;
let mesh: Mesh;
let network: Network;

const pod = (namespace: string, name: string) => ({ namespace, labels: { 'app.kubernetes.io/name': name } });
const identity = (namespace: string, account = 'default') => ({ namespace, account });
const waypoint = (namespace: string) => ({
  namespace,
  labels: { 'gateway.networking.k8s.io/gateway-name': 'waypoint' },
});

const web = pod('shop-dev', 'web');
const api = pod('wiki-dev', 'api');
const batch = pod('wiki-dev', 'batch');

beforeAll(async () => {
  tree = await renderExample(CLAIMS, PLATFORM);
  mesh = meshOf(tree, 'nonproduction');
  network = networkOf(tree, 'nonproduction');
});

test('Pods are in the mesh where there is one, and not where their containers are sandboxed', () => {
  const label = (cluster: string, tenant: string, namespace: string) =>
    [...tree.files.keys()]
      .filter((path) => path.startsWith(`${tenantDirectory(cluster, tenant)}/`))
      .flatMap((path) => objectsIn(tree, path))
      .find(({ kind, metadata }) => kind === 'Namespace' && metadata.name === namespace)?.metadata.labels?.[
      'istio.io/dataplane-mode'
    ];
  expect(label('nonproduction', 'shop', 'shop-dev')).toBe('ambient');
  expect(label('local', 'shop', 'shop-sandbox')).toBeUndefined();
  expect(label('nonproduction', 'box', 'box-dev')).toBeUndefined();
  const istio = [...tree.files.keys()].filter((path) => /tenants\/box\/|clusters\/local\//.test(path));
  expect(
    istio.flatMap((path) => objectsIn(tree, path)).filter(({ apiVersion }) => apiVersion.includes('istio')),
  ).toEqual([]);
});

test('Probes of Pods in the mesh are let in from Istio’s address on every such cluster', () => {
  const [probes] = objectsIn(tree, 'clusters/nonproduction/baseline/istio-cni/resources.yaml');
  expect(probes?.spec.ingress).toEqual([{ fromCIDR: ['169.254.7.127/32'] }]);
  expect(probes?.spec.endpointSelector).toEqual({});
});

test('Plain text is taken on the ports that gateway and Prometheus call, and nowhere else', () => {
  expect(mesh.takes(web, 8080)).toBe(true);
  expect(mesh.takes(web, 9090)).toBe(true);
  expect(mesh.takes(web, 8081)).toBe(false);
  expect(mesh.takes(pod('shop-dev', 'worker'), 8080)).toBe(false);
  // Where a host is served by every Pod.
  expect(mesh.takes(api, 8081)).toBe(true);
  expect(mesh.takes(api, 8080)).toBe(false);
  expect(network.reaches({ entity: 'ingress' }, web, { port: 8080 })).toBe(true);
  expect(network.reaches({ entity: 'ingress' }, web, { port: HBONE })).toBe(false);
  const open = mesh.without(({ kind, spec }) => kind === 'PeerAuthentication' || spec.action === 'DENY');
  expect(open.without(({ kind }) => kind === 'AuthorizationPolicy').takes(web, 8081)).toBe(true);
});

test('Every namespace in the mesh asks for identities, but for ports that somebody outside of it calls', () => {
  const inMesh = [...tree.files.keys()].filter((path) => path.endsWith('/mesh.yaml'));
  expect(inMesh.length).toBeGreaterThan(3);
  for (const path of inMesh) {
    const objects = objectsIn(tree, path);
    const modes = objects
      .filter(({ kind }) => kind === 'PeerAuthentication')
      .map(({ spec }) => spec.mtls.mode as string);
    const denied = objects.filter(({ kind, spec }) => kind === 'AuthorizationPolicy' && spec.action === 'DENY');
    // Istio takes no exception for all Pods of a namespace: that one refuses plain text by another policy.
    expect([path, modes.includes('PERMISSIVE'), denied.length]).toEqual([
      path,
      path.includes('/wiki/'),
      path.includes('/wiki/') ? 1 : 0,
    ]);
  }
});

test('A tenant is taken on the ports that both sides named, whoever else is let onto the one port of the mesh', () => {
  expect(network.reaches(web, batch, { port: HBONE })).toBe(true);
  expect(mesh.takes(batch, 9000, identity('shop-dev'))).toBe(true);
  expect(mesh.takes(batch, 9001, identity('shop-dev'))).toBe(false);
  expect(mesh.takes(batch, 9000, identity('news-dev'))).toBe(false);
  expect(mesh.takes(api, 9000, identity('shop-dev'))).toBe(false);
  // What the gateway may call in plain text is not for those with an identity.
  expect(mesh.takes(api, 8081, identity('shop-dev'))).toBe(false);
  expect(mesh.takes(batch, 4711, identity('wiki-dev'))).toBe(true);
  expect(mesh.takes(web, 8080, identity('wiki-dev'))).toBe(false);
  expect(mesh.without(() => true).takes(batch, 9001, identity('shop-dev'))).toBe(true);
});

test('A sandboxed tenant comes in plain text on its port, which the network’s policies keep for it', () => {
  const box = pod('box-dev', 'web');
  expect(network.reaches(box, batch, { port: 9000 })).toBe(true);
  expect(network.reaches(box, batch, { port: HBONE })).toBe(false);
  expect(network.reaches(box, api, { port: 9000 })).toBe(false);
  expect(mesh.takes(batch, 9000)).toBe(true);
});

describe('Requests of another tenant', () => {
  const request = (method: string, path: string, namespace = 'shop-dev') => ({
    source: identity(namespace),
    method,
    path,
  });

  test('come by the waypoint and by no other way', () => {
    expect(network.reaches(web, waypoint('wiki-dev'), { port: HBONE })).toBe(true);
    expect(network.reaches(pod('blog-dev', 'web'), waypoint('wiki-dev'), { port: HBONE })).toBe(false);
    expect(network.reaches(web, api, { port: HBONE })).toBe(false);
    expect(network.reaches(web, api, { port: 8080 })).toBe(false);
    expect(network.reaches(waypoint('wiki-dev'), api, { port: HBONE })).toBe(true);
    expect(mesh.takes(api, 8080, identity('shop-dev'))).toBe(false);
    expect(mesh.takes(api, 8080, identity('wiki-dev', 'waypoint'))).toBe(true);
  });

  test.each([
    ['GET', '/v1', true],
    ['GET', '/v1/pages', true],
    ['GET', '/v12', false],
    ['GET', '/', false],
    ['POST', '/v1', false],
  ])('%s %s is judged there', (method, path, expected) => {
    expect(mesh.passes('wiki-dev', 'api', request(method, path))).toBe(expected);
    expect(mesh.passes('wiki-dev', 'other', request(method, path))).toBe(false);
  });

  test('of somebody who may send any to that port are let through, and calls inside of the namespace are', () => {
    expect(mesh.passes('wiki-dev', 'api', request('DELETE', '/', 'news-dev'))).toBe(true);
    expect(network.reaches(pod('news-dev', 'x'), waypoint('wiki-dev'), { port: HBONE })).toBe(true);
    expect(mesh.takes(api, 8080, identity('news-dev'))).toBe(true);
    expect(mesh.passes('wiki-dev', 'other', request('DELETE', '/', 'wiki-dev'))).toBe(true);
    expect(mesh.passes('wiki-dev', 'api', request('GET', '/v1', 'box-dev'))).toBe(false);
  });

  test('lead to the ports that are judged and to no others', () => {
    expect(mesh.takes(batch, 9000, identity('wiki-dev', 'waypoint'))).toBe(false);
    expect(mesh.takes(api, 8081, identity('wiki-dev', 'waypoint'))).toBe(false);
    expect(
      network.reaches(
        waypoint('wiki-dev'),
        { namespace: 'istio-system', labels: { app: 'istiod', istio: 'pilot' } },
        { port: 15012 },
      ),
    ).toBe(true);
    expect(
      network.reaches(web, { namespace: 'istio-system', labels: { app: 'istiod', istio: 'pilot' } }, { port: 15012 }),
    ).toBe(false);
  });

  test('are judged for the Service that the claim names', () => {
    expect(mesh.passes('vault-dev', 'front', request('PUT', '/anything'))).toBe(true);
    expect(mesh.passes('vault-dev', 'server', request('PUT', '/anything'))).toBe(false);
  });

  test('need no waypoint where nobody asks for one', () => {
    const gateways = [...tree.files.keys()]
      .filter((path) => path.endsWith('/mesh.yaml'))
      .filter((path) => objectsIn(tree, path).some(({ kind }) => kind === 'Gateway'))
      .map((path) => path.split('/')[3]);
    expect(gateways).toEqual(['vault', 'wiki']);
  });
});

test('A tenant that is suspended takes nobody but its own', async () => {
  const closed = await renderExample({ ...CLAIMS, wiki: `${CLAIMS.wiki}  state: suspended\n` }, PLATFORM);
  const suspended = meshOf(closed, 'nonproduction');
  expect(suspended.takes(batch, 9000, identity('shop-dev'))).toBe(false);
  expect(suspended.takes(api, 8081)).toBe(false);
  expect(suspended.takes(batch, 4711, identity('wiki-dev'))).toBe(true);
});
