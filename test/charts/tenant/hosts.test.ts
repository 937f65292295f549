import type { Tree } from '../../../src/gitops/tree';
import { resolve } from '../../../src/model/resolve';
import { renderPlatform } from '../../../src/render';
import { load } from '../../../src/render/load';
import { exampleFile, renderExample } from '../../support/example';
import { claimFile, folderOf, type KubernetesObject, objectsIn } from '../../support/platforms';
import { type Routes, routesOf } from '../../support/routes';

const DEV = 'apps.nonproduction.harbour.example.com';
const PROD = 'apps.production.harbour.example.com';

const SHOP = `  environments:
    prod:
      hosts:
        - { host: shop.${PROD}, service: web, port: 80, targetPort: 8080 }
    dev:
      hosts:
        - { host: shop.${DEV}, service: web, port: 80 }
        - { host: shop.${DEV}, service: api, port: 8080, paths: [/api, /v2/] }
        - { host: shop.${DEV}, service: writes, port: 81, paths: [/api], methods: [POST, PUT] }
        - { host: pay.shop.${DEV}, service: pay, port: 443 }
`;
const WIKI = `  environments: { dev: { hosts: [{ host: wiki.${DEV}, service: wiki, port: 80 }] } }\n`;

const file = (tree: Tree, name: string, kind: string, cluster = 'nonproduction') =>
  [...tree.files.keys()]
    .filter((path) => path.startsWith(`clusters/${cluster}/tenants/${name}/`) && path.endsWith('/hosts.yaml'))
    .flatMap((path) => objectsIn(tree, path))
    .filter((object) => object.kind === kind);

/** A route that somebody brings, to whatever parent and host. */
function route(namespace: string, parent: object, hostnames?: string[]): KubernetesObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'mine', namespace },
    spec: {
      parentRefs: [parent],
      ...(hostnames ? { hostnames } : {}),
      rules: [{ backendRefs: [{ name: 'evil', port: 80 }] }],
    },
  };
}

describe('The hosts of a claim', () => {
  let tree: Tree;
  let routes: Routes;

  beforeAll(async () => {
    tree = await renderExample({ shop: SHOP, wiki: WIKI });
    routes = routesOf(tree, 'nonproduction');
  });

  test.each([
    [`shop.${DEV}`, '/', 'GET', 'shop-dev/web:80'],
    [`shop.${DEV}`, '/apis', 'GET', 'shop-dev/web:80'],
    [`shop.${DEV}`, '/api/orders', 'GET', 'shop-dev/api:8080'],
    [`shop.${DEV}`, '/v2', 'GET', 'shop-dev/api:8080'],
    [`shop.${DEV}`, '/api', 'POST', 'shop-dev/writes:81'],
    [`pay.shop.${DEV}`, '/', 'GET', 'shop-dev/pay:443'],
    [`wiki.${DEV}`, '/', 'GET', 'wiki-dev/wiki:80'],
    [`other.${DEV}`, '/', 'GET', undefined],
    [DEV, '/', 'GET', undefined],
  ])('%s%s %s goes where the claim says', (host, path, method, expected) => {
    expect(routes.answers(host, path, method)).toBe(expected);
  });

  test('are each environment’s own', () => {
    expect(routesOf(tree, 'production').answers(`shop.${PROD}`, '/')).toBe('shop-prod/web:80');
    expect(routes.answers(`shop.${PROD}`, '/')).toBeUndefined();
  });

  test('leave the platform’s own pages alone', () => {
    const page = 'grafana.nonproduction.harbour.example.com';
    expect(routes.namespacesFor(page)).toEqual(['grafana']);
    const gateway = { name: 'platform', namespace: 'gateway', sectionName: 'https' };
    expect(routes.with(route('shop-dev', gateway, [page])).namespacesFor(page)).toEqual(['grafana']);
    // The same of somebody whom the listener lets in, so that the question can be answered otherwise.
    expect(routes.with(route('argocd', gateway, [page])).namespacesFor(page)).toEqual(['argocd', 'grafana']);
  });

  test.each([
    ['names another’s listener', { kind: 'ListenerSet', name: `wiki.${DEV}`, namespace: 'gateway' }, [`wiki.${DEV}`]],
    [
      'names another’s listener and no host',
      { kind: 'ListenerSet', name: `wiki.${DEV}`, namespace: 'gateway' },
      undefined,
    ],
    [
      'names another’s host at its own listener',
      { kind: 'ListenerSet', name: `shop.${DEV}`, namespace: 'gateway' },
      [`wiki.${DEV}`],
    ],
    ['names the Gateway itself', { name: 'platform', namespace: 'gateway' }, [`wiki.${DEV}`]],
    ['names the Gateway and no host', { name: 'platform', namespace: 'gateway' }, undefined],
  ])('are nobody else’s: a route that %s is not taken', (_, parent, hostnames) => {
    const more = routes.with(route('shop-dev', parent, hostnames));
    expect(more.namespacesFor(`wiki.${DEV}`)).toEqual(['wiki-dev']);
  });

  test('a listener that a tenant made is not taken', () => {
    const mine: KubernetesObject = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'ListenerSet',
      metadata: { name: 'mine', namespace: 'shop-dev' },
      spec: {
        parentRef: { name: 'platform', namespace: 'gateway' },
        listeners: [{ name: 'https', hostname: `new.${DEV}`, protocol: 'HTTPS', port: 443 }],
      },
    };
    const own = route('shop-dev', { kind: 'ListenerSet', name: 'mine' }, [`new.${DEV}`]);
    expect(routes.with(mine, own).namespacesFor(`new.${DEV}`)).toEqual([]);
    // As one of the platform's it would be.
    const platforms = { ...mine, metadata: { ...mine.metadata, namespace: 'gateway' } };
    const same = route('gateway', { kind: 'ListenerSet', name: 'mine' }, [`new.${DEV}`]);
    expect(routes.with(platforms, same).namespacesFor(`new.${DEV}`)).toEqual(['gateway']);
  });

  test('have a certificate each, from an issuer that proves these names and no others', () => {
    const hosts = [`pay.shop.${DEV}`, `shop.${DEV}`];
    expect(file(tree, 'shop', 'Certificate').map(({ spec }) => spec.dnsNames as string[])).toEqual(
      hosts.map((host) => [host]),
    );
    const [issuer, ...more] = file(tree, 'shop', 'Issuer');
    expect(more).toEqual([]);
    const solvers = issuer?.spec.acme.solvers as { selector: { dnsNames?: string[]; dnsZones?: string[] } }[];
    expect(solvers.flatMap(({ selector }) => selector.dnsNames)).toEqual(hosts);
    expect(solvers.filter(({ selector }) => selector.dnsZones)).toEqual([]);
    expect(issuer?.spec.acme.disableAccountKeyGeneration).toBe(true);
    const secrets = file(tree, 'shop', 'ListenerSet').map(
      ({ spec }) => spec.listeners[0].tls.certificateRefs[0].name as string,
    );
    expect(file(tree, 'shop', 'Certificate').map(({ spec }) => spec.secretName as string)).toEqual(secrets);
    for (const { spec, metadata } of file(tree, 'shop', 'Certificate')) {
      expect(spec.issuerRef).toMatchObject({ kind: 'Issuer', name: issuer?.metadata.name });
      expect(metadata.namespace).toBe(issuer?.metadata.namespace);
      // Where no tenant reads Secrets.
      expect(metadata.namespace).toBe('gateway');
    }
  });

  test('are ordered by the one account that the gateway makes', () => {
    const account = objectsIn(tree, 'clusters/nonproduction/baseline/gateway/resources.yaml').find(
      ({ kind }) => kind === 'Issuer',
    );
    expect(account?.metadata.namespace).toBe('gateway');
    expect(account?.spec.acme.solvers).toBeUndefined();
    const [issuer] = file(tree, 'shop', 'Issuer');
    expect(issuer?.spec.acme.privateKeySecretRef).toEqual(account?.spec.acme.privateKeySecretRef);
  });

  test('may be written where they stand by the project that writes them', () => {
    const project = objectsIn(tree, 'clusters/nonproduction/apps/projects.yaml').find(
      ({ metadata }) => metadata.name === 'tenants',
    );
    const refused = (project?.spec.destinations as { namespace: string }[]).map(({ namespace }) => namespace);
    expect(refused).toContain('!monitoring');
    expect(refused).not.toContain('!gateway');
  });

  test('stand on the namespace, for guardrails to read', () => {
    const namespace = [...tree.files.keys()]
      .filter((path) => path.startsWith('clusters/nonproduction/tenants/shop/'))
      .flatMap((path) => objectsIn(tree, path))
      .find(({ kind }) => kind === 'Namespace');
    expect(namespace?.metadata.annotations?.['keelson.dev/hosts']).toBe(`pay.shop.${DEV},shop.${DEV}`);
  });

  test('are published in DNS by their listeners, and by nothing that a tenant says elsewhere', () => {
    const app = objectsIn(tree, 'clusters/nonproduction/apps/external-dns.yaml').find(
      ({ kind }) => kind === 'Application',
    );
    const text = JSON.stringify(app?.spec);
    expect(text).toContain('--gateway-listener-sets');
    expect(text).toContain('listenersets');
    expect(text).toMatch(/gatewayNamespace\W+gateway/);
    expect(text).toMatch(/sources[^\]]*gateway-httproute/);
    expect(text).not.toMatch(/sources[^\]]*(ingress|service|crd)/);
  });
});

test('Every path and method of a host at once is a request that is routed', async () => {
  const paths = Array.from({ length: 32 }, (_, i) => `/p${i}`);
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
  const entry = (prefix: string, service: string) =>
    `{ host: shop.${DEV}, service: ${service}, port: 80, paths: [${paths.map((path) => prefix + path).join(', ')}], methods: [${methods.join(', ')}] }`;
  const tree = await renderExample({
    shop: `  environments: { dev: { hosts: [${entry('/a', 'a')}, ${entry('/b', 'b')}] } }\n`,
  });
  const routes = routesOf(tree, 'nonproduction');
  for (const path of paths) {
    for (const method of methods) {
      expect(routes.answers(`shop.${DEV}`, `/a${path}/x`, method)).toBe('shop-dev/a:80');
      expect(routes.answers(`shop.${DEV}`, `/b${path}`, method)).toBe('shop-dev/b:80');
    }
  }
  expect(routes.answers(`shop.${DEV}`, '/a')).toBeUndefined();
  for (const { spec } of file(tree, 'shop', 'HTTPRoute')) {
    const rules = (spec.rules as { matches: object[] }[]).map(({ matches }) => matches.length);
    expect(rules.reduce((sum, count) => sum + count, 0)).toBeLessThan(128);
    expect(Math.max(...rules)).toBeLessThanOrEqual(64);
  }
});

test('A suspended tenant serves nothing and keeps its certificates; one on its way out keeps neither', async () => {
  const suspended = await renderExample({ shop: `${SHOP}  state: suspended\n` });
  expect(routesOf(suspended, 'nonproduction').namespacesFor(`shop.${DEV}`)).toEqual([]);
  expect(file(suspended, 'shop', 'ListenerSet')).toEqual([]);
  expect(file(suspended, 'shop', 'Certificate')).toHaveLength(2);
  const removed = await renderExample({ shop: `${SHOP}  state: removed\n` });
  expect(file(removed, 'shop', 'Certificate')).toEqual([]);
});

test('On this machine certificates are signed here', async () => {
  const tree = await renderExample({
    shop: '  environments: { sandbox: { hosts: [{ host: shop.apps.local.harbour.example.com, service: web, port: 80 }] } }\n',
  });
  expect(file(tree, 'shop', 'Issuer', 'local').map(({ spec }) => spec as object)).toEqual([{ selfSigned: {} }]);
});

test('Of two who claim one host, it is that of whom the host is named after, and the other is told', async () => {
  const { tree, findings } = await renderPlatform({
    root: folderOf({
      'platform.ts': exampleFile(),
      'tenants/claims/aardvark.yaml': claimFile('aardvark', WIKI),
      'tenants/claims/wiki.yaml': claimFile('wiki', WIKI),
      'tenants/claims/zebra.yaml': claimFile(
        'zebra',
        `  environments: { dev: { hosts: [{ host: a.b.wiki.${DEV}, service: x, port: 80 }] } }\n`,
      ),
    }),
    cache: false,
    threads: 0,
  });
  const said = findings.filter(({ unit }) => ['aardvark', 'wiki', 'zebra'].includes(unit ?? ''));
  expect(said.map(({ unit, message }) => [unit, message])).toEqual([
    ['aardvark', `'wiki.${DEV}' is that of tenant 'wiki' (tenants/claims/wiki.yaml)`],
    ['zebra', `'a.b.wiki.${DEV}' is below 'wiki.${DEV}', that of tenant 'wiki' (tenants/claims/wiki.yaml)`],
  ]);
  expect(routesOf(tree, 'nonproduction').namespacesFor(`wiki.${DEV}`)).toEqual(['wiki-dev']);
});

test.each([
  [6, 0],
  [8, 1],
])(
  '%i tenants with a hundred hosts each are told to the platform where one gateway cannot hold them',
  (tenants, expected) => {
    const claims = Array.from({ length: tenants }, (_, i) => {
      const hosts = Array.from({ length: 100 }, (_, n) => `{ host: h${n}.team-${i}.${DEV}, service: web, port: 80 }`);
      const claim = claimFile(`team-${i}`, `  environments: { dev: { hosts: [${hosts.join(', ')}] } }\n`);
      return [`tenants/claims/team-${i}.yaml`, claim];
    });
    const { declarations } = load(folderOf({ 'platform.ts': exampleFile(), ...Object.fromEntries(claims) }));
    if (!declarations) throw new Error('the platform cannot be loaded');
    const said = resolve(declarations).findings.filter(({ rule }) => rule === 'config/hosts-of-cluster');
    expect(said.map(({ severity, file, field, value }) => [severity, file, field, value])).toEqual(
      expected === 0 ? [] : [['warning', 'platform.ts', 'clusters.nonproduction', tenants * 100]],
    );
  },
);
