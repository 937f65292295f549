import { renderPlatform } from '../../../src/render';
import type { Tree } from '../../../src/gitops/tree';
import { claimFile, folderOf, localProps, objectIn, objectsIn, smallPlatform, told } from '../../support/platforms';

const DELIVERY = 'clusters/laptop/tenants/shop/delivery.yaml';
const IN_CLUSTER = 'https://kubernetes.default.svc';

const REPOSITORIES = `  repositories:
    - url: https://git.example.com/shop/web.git
      path: k8s/overlays
      revision: release
    - url: git@git.example.com:shop/jobs.git
      environments: [live]
`;

async function treeOf(claim: string, props: object = {}): Promise<Tree> {
  const root = folderOf(smallPlatform({ 'tenants/claims/shop.yaml': claim }, props));
  const { tree, findings } = await renderPlatform({ root, cache: false });
  expect(told(findings)).toEqual([]);
  return tree;
}

const shop = (more = '') => claimFile('shop', `  environments: { live: {}, sandbox: {} }\n${REPOSITORIES}${more}`);

interface Role {
  readonly name: string;
  readonly groups: readonly string[];
  readonly policies: readonly string[];
}

/** What each group may do, as `action object` by role. */
function rightsIn(tree: Tree): Readonly<Record<string, readonly string[]>> {
  const { roles } = objectIn(tree, DELIVERY, 'AppProject').spec as { roles: readonly Role[] };
  return Object.fromEntries(
    roles.map(({ name, policies }) => [
      name,
      policies.map((policy) => {
        const [p, subject, resource, action, object, effect] = policy.split(', ');
        // Argo CD takes no project with a policy of another form.
        expect(policy.split(',')).toHaveLength(6);
        expect([p, subject, effect]).toEqual(['p', `proj:tenant-shop:${name}`, 'allow']);
        expect(object).toMatch(/^tenant-shop\//);
        return `${resource} ${action} ${object?.slice('tenant-shop/'.length)}`;
      }),
    ]),
  );
}

test('A project takes from the repositories of the claim and puts into its namespaces, as the robot of each', async () => {
  const { spec } = objectIn(await treeOf(shop()), DELIVERY, 'AppProject', 'tenant-shop');
  expect(spec.sourceRepos).toEqual(['git@git.example.com:shop/jobs.git', 'https://git.example.com/shop/web.git']);
  expect(spec.destinations).toEqual([
    { server: IN_CLUSTER, namespace: 'shop-live' },
    { server: IN_CLUSTER, namespace: 'shop-sandbox' },
  ]);
  expect(spec.destinationServiceAccounts).toEqual([
    { server: IN_CLUSTER, namespace: 'shop-live', defaultServiceAccount: 'keelson-delivery:shop-live' },
    { server: IN_CLUSTER, namespace: 'shop-sandbox', defaultServiceAccount: 'keelson-delivery:shop-sandbox' },
  ]);
  expect(spec.orphanedResources.warn).toBe(true);
  expect(spec).not.toHaveProperty('signatureKeys');
  expect(spec).not.toHaveProperty('syncWindows');
});

test('Kinds are those that give a team no more than it has', async () => {
  const { spec } = objectIn(await treeOf(shop()), DELIVERY, 'AppProject', 'tenant-shop');
  expect(spec.clusterResourceWhitelist).toEqual([]);
  const allowed = (spec.namespaceResourceWhitelist as { group: string; kind: string }[]).map(
    ({ group, kind }) => `${group}/${kind}`,
  );
  expect(allowed).toEqual(
    expect.arrayContaining([
      'apps/Deployment',
      'networking.k8s.io/NetworkPolicy',
      'policy/PodDisruptionBudget',
      'external-secrets.io/ExternalSecret',
    ]),
  );
  // Rights, tokens, quotas, the network's outside, guardrails, stores and accounts of the platform's.
  for (const kind of [
    '/Secret',
    '/ResourceQuota',
    '/LimitRange',
    '/Namespace',
    'rbac.authorization.k8s.io/Role',
    'rbac.authorization.k8s.io/RoleBinding',
    'cilium.io/CiliumNetworkPolicy',
    'kyverno.io/PolicyException',
    'external-secrets.io/SecretStore',
    'external-secrets.io/ClusterExternalSecret',
    'platform.keelson.dev/Database',
    'postgresql.cnpg.io/Cluster',
    'aws.m.upbound.io/ProviderConfig',
    'monitoring.coreos.com/ServiceMonitor',
    'gateway.networking.k8s.io/ReferenceGrant',
    'argoproj.io/Application',
    'apps/DaemonSet',
  ]) {
    expect(allowed).not.toContain(kind);
  }
  expect(allowed.join()).not.toContain('*');
});

test('A robot is an account of its own outside of the tenant, without a token', async () => {
  const tree = await treeOf(shop());
  const robots = objectsIn(tree, DELIVERY).filter(({ kind }) => kind === 'ServiceAccount');
  expect(robots.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
    'keelson-delivery/shop-live',
    'keelson-delivery/shop-sandbox',
  ]);
  for (const robot of robots) expect(robot).toMatchObject({ automountServiceAccountToken: false });
  expect(objectsIn(tree, DELIVERY).map(({ kind }) => kind)).not.toContain('Secret');
});

test('Robots stand where nothing runs and no token is kept', async () => {
  const tree = await treeOf(claimFile('shop'));
  const ROBOTS = 'clusters/laptop/apps/robots.yaml';
  const namespace = objectIn(tree, ROBOTS, 'Namespace', 'keelson-delivery');
  expect(namespace.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
  // A namespace of a tenant's would come under the rights of the tenant.
  expect(namespace.metadata.labels).not.toHaveProperty('tenant');
  expect(objectIn(tree, ROBOTS, 'ResourceQuota').spec.hard).toMatchObject({ pods: 0, secrets: 0 });
  expect(objectIn(tree, ROBOTS, 'NetworkPolicy').spec).toEqual({
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
  });
  // What Keelson writes for tenants may go there, and into no other namespace of the platform's.
  const { destinations } = objectIn(tree, 'clusters/laptop/apps/projects.yaml', 'AppProject', 'tenants').spec as {
    destinations: { namespace: string }[];
  };
  const refused = destinations.map((one) => one.namespace).filter((one) => one.startsWith('!'));
  expect(refused).toEqual(['!default', '!kube-*', '!names', '!net']);
});

test('No tenant gets the namespace of the robots', async () => {
  const files = { 'tenants/claims/keelson.yaml': claimFile('keelson', '  environments: { delivery: {} }\n') };
  const props = { environments: { ...localProps.environments, delivery: { cluster: 'laptop' } } };
  const { findings } = await renderPlatform({ root: folderOf(smallPlatform(files, props)), cache: false });
  expect(told(findings)).toEqual([expect.stringContaining("namespace 'keelson-delivery' is reserved")]);
});

test('Each project of the platform names the account that Argo CD itself has', async () => {
  const tree = await treeOf(claimFile('shop'));
  for (const name of ['platform', 'tenants']) {
    const { spec } = objectIn(tree, 'clusters/laptop/apps/projects.yaml', 'AppProject', name);
    expect(spec.destinationServiceAccounts).toEqual([
      { server: IN_CLUSTER, namespace: '*', defaultServiceAccount: 'cd:argocd-application-controller' },
    ]);
  }
});

test('A set a repository makes an Application for each environment that the repository is for', async () => {
  const tree = await treeOf(shop());
  const sets = objectsIn(tree, DELIVERY).filter(({ kind }) => kind === 'ApplicationSet');
  expect(sets.map(({ metadata }) => metadata.name)).toEqual(['delivery-shop.jobs', 'delivery-shop.web']);
  const [jobs, web] = sets.map(({ spec }) => spec);
  expect(web.generators).toEqual([
    {
      git: {
        repoURL: 'https://git.example.com/shop/web.git',
        revision: 'release',
        directories: [{ path: 'k8s/overlays/live' }, { path: 'k8s/overlays/sandbox' }],
      },
    },
  ]);
  expect(jobs.generators).toEqual([
    {
      git: {
        repoURL: 'git@git.example.com:shop/jobs.git',
        revision: 'main',
        directories: [{ path: 'deploy/live' }],
      },
    },
  ]);
  for (const { syncPolicy, preservedFields, goTemplate, template } of [jobs, web]) {
    expect(syncPolicy).toEqual({ preserveResourcesOnDeletion: true });
    expect(preservedFields.annotations).toEqual(['argocd.argoproj.io/deletion-approved']);
    expect(goTemplate).toBe(true);
    expect(template.metadata).not.toHaveProperty('finalizers');
    expect(template.metadata.annotations).toEqual({
      'argocd.argoproj.io/compare-options': 'ServerSideDiff=false',
    });
    expect(template.spec).toMatchObject({
      // Neither comes from the repository.
      project: 'tenant-shop',
      destination: { server: IN_CLUSTER, namespace: 'shop-{{ .path.basename }}' },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    });
    expect(template.spec.syncPolicy.syncOptions).toEqual(
      expect.arrayContaining(['FailOnSharedResource=true', 'CreateNamespace=false']),
    );
  }
  expect(web.template.metadata.name).toBe('delivery-shop-{{ .path.basename }}.web');
});

test('Names of Applications never run into those of another tenant', async () => {
  const files = {
    'tenants/claims/a.yaml': claimFile(
      'a',
      '  environments: { sandbox: {} }\n  repositories: [{ url: https://git.example.com/x/b-sandbox.git }]\n',
    ),
    'tenants/claims/a-sandbox.yaml': claimFile(
      'a-sandbox',
      '  environments: { b: {} }\n  repositories: [{ url: https://git.example.com/y/sandbox.git }]\n',
    ),
  };
  const props = { environments: { ...localProps.environments, b: { cluster: 'laptop' } } };
  const { tree, findings } = await renderPlatform({ root: folderOf(smallPlatform(files, props)), cache: false });
  expect(told(findings)).toEqual([]);
  const names = ['a', 'a-sandbox'].flatMap((tenant) => {
    const { metadata, spec } = objectIn(tree, `clusters/laptop/tenants/${tenant}/delivery.yaml`, 'ApplicationSet');
    const environment = tenant === 'a' ? 'sandbox' : 'b';
    return [metadata.name, String(spec.template.metadata.name).replace('{{ .path.basename }}', environment)];
  });
  expect(names).toEqual([
    'delivery-a.b-sandbox',
    'delivery-a-sandbox.b-sandbox',
    'delivery-a-sandbox.sandbox',
    'delivery-a-sandbox-b.sandbox',
  ]);
});

test('People see everything, and start syncs of what is in git: developers outside of production alone', async () => {
  const claim = shop().replace(
    '    developers: shop-developers\n',
    '    developers: shop-developers\n    admins: shop-leads\n    viewers: shop-readers\n',
  );
  const tree = await treeOf(claim);
  const see = ['applications get *', 'applicationsets get *'];
  expect(rightsIn(tree)).toEqual({
    admin: [...see, 'logs get *', 'applications sync *'],
    developer: [...see, 'logs get *', 'applications sync delivery-shop-sandbox.*'],
    viewer: see,
  });
  const { roles } = objectIn(tree, DELIVERY, 'AppProject').spec as { roles: readonly Role[] };
  // As the issuer names them, since Argo CD knows nothing of the API server's prefix.
  expect(roles.map(({ groups }) => groups)).toEqual([['shop-leads'], ['shop-developers'], ['shop-readers']]);
});

test('A group with a comma is one group, and gets nobody another role', async () => {
  const claim = shop().replace('developers: shop-developers', "developers: 'cn=shop,role:admin'");
  const { roles } = objectIn(await treeOf(claim), DELIVERY, 'AppProject').spec as { roles: readonly Role[] };
  expect(roles.map(({ name, groups }) => [name, ...groups])).toEqual([['developer', '"cn=shop,role:admin"']]);
});

test('Windows of an environment hold for the Applications of its namespace', async () => {
  const live = {
    ...localProps.environments.live,
    syncWindows: [
      { kind: 'deny', schedule: '0 18 * * 5', duration: '62h', timeZone: 'Europe/Berlin' },
      { kind: 'allow', schedule: '0 8 * * *', duration: '8h30m', manualSync: false },
    ],
  };
  const tree = await treeOf(shop(), { environments: { ...localProps.environments, live } });
  const at = { namespaces: ['shop-live'] };
  expect(objectIn(tree, DELIVERY, 'AppProject').spec.syncWindows).toEqual([
    { kind: 'deny', schedule: '0 18 * * 5', duration: '62h', timeZone: 'Europe/Berlin', ...at, manualSync: true },
    { kind: 'allow', schedule: '0 8 * * *', duration: '8h30m', timeZone: 'UTC', ...at, manualSync: false },
  ]);
});

test('A suspended tenant keeps what it has, and nothing is deployed, by nobody', async () => {
  const tree = await treeOf(shop('  state: suspended\n'));
  expect(objectIn(tree, DELIVERY, 'AppProject').spec.syncWindows).toEqual([
    { kind: 'deny', schedule: '0 0 * * *', duration: '24h', applications: ['*'], manualSync: false },
  ]);
  const { spec } = objectIn(tree, DELIVERY, 'ApplicationSet', 'delivery-shop.web');
  expect(spec.template.spec.syncPolicy).not.toHaveProperty('automated');
  expect(spec.syncPolicy.preserveResourcesOnDeletion).toBe(true);
});

test('A removed tenant has no delivery any more', async () => {
  const tree = await treeOf(shop('  state: removed\n'));
  expect(objectsIn(tree, DELIVERY)).toEqual([]);
});

test('A tenant without a repository may deploy nothing', async () => {
  const tree = await treeOf(claimFile('shop'));
  expect(objectIn(tree, DELIVERY, 'AppProject').spec.sourceRepos).toEqual([]);
  expect(objectsIn(tree, DELIVERY).map(({ kind }) => kind)).not.toContain('ApplicationSet');
});

describe('Repositories', () => {
  async function placed(claims: Readonly<Record<string, string>>, props: object = {}): Promise<readonly string[]> {
    const files = Object.fromEntries(
      Object.entries(claims).map(([name, url]) => [
        `tenants/claims/${name}.yaml`,
        claimFile(name, `  repositories: [{ url: '${url}' }]\n`),
      ]),
    );
    const { tenants } = await renderPlatform({ root: folderOf(smallPlatform(files, props)), cache: false });
    return tenants;
  }

  test.each([
    'https://git.example.com/shop/web.git',
    'https://git.example.com/shop/web',
    'https://git.example.com/Shop/Web.GIT/',
    'ssh://git@git.example.com/shop/web.git',
    'git@git.example.com:shop/web.git',
    'git@git.example.com:/shop//web',
    'https://GIT.example.com:443/shop/./web.git',
    'https://git.example.com/sh%6fp/web.git',
  ])('of another are recognized in every spelling: %s', async (url) => {
    expect(await placed({ attic: url, shop: 'https://git.example.com/shop/web.git' })).toEqual(['shop']);
  });

  test('that nobody is named after are those of the first by name', async () => {
    const url = 'https://git.example.com/main/web.git';
    expect(await placed({ attic: url, shop: url })).toEqual(['attic']);
  });

  test('belong to whoever is named after them most closely', async () => {
    const url = 'https://git.example.com/main/shop-web.git';
    expect(await placed({ shop: url, 'shop-web': url, sho: url })).toEqual(['shop-web']);
  });

  test('may stand on the hosts that the platform names, by the ports that it names', async () => {
    const gitHosts = ['forge.example.net', 'git.example.org:8443'];
    const urls = {
      a: 'https://forge.example.net/a.git',
      b: 'git@forge.example.net:b.git',
      c: 'https://git.example.org:8443/c.git',
      d: 'https://git.example.org/d.git',
      e: 'https://forge.example.net:8443/e.git',
      f: 'https://git.example.com/f.git',
      g: 'git@git.example.com:g.git',
      h: 'http://127.0.0.1:8081/h.git',
    };
    // The last host is that of the GitOps repository, which is reached by HTTPS.
    expect(await placed(urls, { gitHosts })).toEqual(['a', 'b', 'c', 'f']);
  });
});

test('Argo CD reaches the hosts that teams may have repositories on, and no other for their sake', async () => {
  const reached = async (props: object): Promise<readonly string[]> => {
    const root = folderOf({
      ...smallPlatform({}, props),
      'addons/cd.ts': `import { defineComponent } from '${process.cwd()}/charts/component';
export const component = defineComponent({
  name: 'cd', summary: 'For a test', providers: ['local'], role: 'gitops',
  declare: () => ({
    namespace: { name: 'cd', level: 'restricted' },
    priorityClass: 'platform-standard',
    workloads: { repo: { labels: { app: 'repo' }, reaches: [{ to: 'sources' }] } },
    crds: {
      source: { repository: 'https://git.example.com/cd.git', revision: 'v1.0.0', path: 'crds' },
      kinds: ['argoproj.io/Application', 'argoproj.io/ApplicationSet', 'argoproj.io/AppProject'],
    },
  }),
});
`,
    });
    const { tree, findings } = await renderPlatform({ root, cache: false });
    expect(told(findings)).toEqual([]);
    const policy = objectIn(tree, 'clusters/laptop/baseline/cd/network.yaml', 'CiliumNetworkPolicy');
    const egress = policy.spec.egress as {
      toFQDNs?: { matchName: string }[];
      toPorts: { ports: { port: string }[] }[];
    }[];
    return egress.flatMap(({ toFQDNs = [], toPorts }) =>
      toFQDNs.flatMap(({ matchName }) =>
        toPorts.flatMap(({ ports }) => ports.map(({ port }) => `${matchName}:${port}`)),
      ),
    );
  };
  expect(await reached({})).toEqual(['git.example.com:443', 'git.example.com:22']);
  expect(await reached({ gitHosts: ['git.example.org:8443', 'github.com'] })).toEqual([
    'git.example.com:443',
    'git.example.org:8443',
    'github.com:443',
    'github.com:22',
    'release-assets.githubusercontent.com:443',
  ]);
});
