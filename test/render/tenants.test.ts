import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree } from '../../src/gitops/tree';
import { renderPlatform } from '../../src/render';
import {
  addFiles,
  claimFile,
  folderOf,
  localProps,
  objectIn,
  objectsIn,
  product,
  smallPlatform,
  tenantFile,
  textsOf,
  told,
} from '../support/platforms';

async function treeOf(root: string): Promise<Tree> {
  const { tree, findings } = await renderPlatform({ root, cache: false });
  expect(told(findings)).toEqual([]);
  return tree;
}

/** Paths that differ between two trees. */
function changed(before: Tree, after: Tree): string[] {
  return [...new Set([...before.files.keys(), ...after.files.keys()])].filter(
    (path) => before.files.get(path) !== after.files.get(path),
  );
}

const everything = `  environments:
    live:
      nodePool: machine
      quota: { cpu: '8', memory: 16Gi, storage: 100Gi, pods: 20 }
    sandbox: {}
  repositories:
    - url: https://git.example.com/shop.git
      path: k8s/overlays
      revision: release
`;
const everythingInCode = `environments: {
    sandbox: { quota: undefined },
    live: { quota: { pods: 20, storage: '100Gi', memory: '16Gi', cpu: '8' }, nodePool: 'machine' },
  },
  repositories: [{ revision: 'release', path: 'k8s/overlays', url: 'https://git.example.com/shop.git' }],`;

test.each([
  ['with the least', '', ''],
  ['with everything', everything, everythingInCode],
  [
    'with words for what is not said',
    '  environments:\n    sandbox:\n      quota: { pods: 7 }\n',
    'environments: { sandbox: { quota: { cpu: undefined, pods: 7 }, nodePool: undefined } }, repositories: undefined,',
  ],
])('A tenant %s is the same to the byte as YAML and as a construct', async (_, more, code) => {
  const yaml = await treeOf(folderOf(smallPlatform({ 'tenants/claims/shop.yaml': claimFile('shop', more) })));
  const construct = await treeOf(folderOf(smallPlatform({ 'tenants/shop.ts': tenantFile('shop', code) })));
  expect(textsOf(construct)).toEqual(textsOf(yaml));
  expect([...yaml.files.keys()].filter((path) => path.includes('/tenants/shop/')).length).toBeGreaterThan(4);
});

test('Adding a tenant to the example platform changes nothing outside its own directories, and so does removing it', async () => {
  const before = await treeOf(product);
  const root = folderOf({ 'platform.ts': `export { platform } from '${product}/platform';` });
  const bare = await treeOf(root);
  addFiles(root, {
    'tenants/claims/search.yaml': claimFile('search', '  environments: { prod: {}, dev: {}, sandbox: {} }\n'),
  });
  const after = await treeOf(root);
  const paths = changed(bare, after);
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !/^clusters\/[^/]+\/tenants\/search\//.test(path))).toEqual([]);
  expect(new Set(paths.map((path) => path.split('/')[1]))).toEqual(new Set(['production', 'nonproduction', 'local']));
  rmSync(join(root, 'tenants', 'claims', 'search.yaml'));
  expect(textsOf(await treeOf(root))).toEqual(textsOf(bare));
  // With and without the example's tenants everything else is the same as well.
  expect(changed(before, bare).filter((path) => !/^clusters\/[^/]+\/tenants\/[^/]+\//.test(path))).toEqual([]);
});

test('A second environment of a tenant changes nobody else', async () => {
  const others = { 'tenants/claims/wiki.yaml': claimFile('wiki'), 'tenants/claims/blog.yaml': claimFile('blog') };
  const one = await treeOf(folderOf(smallPlatform(others)));
  const more = claimFile('wiki', '  environments: { sandbox: {}, live: {} }\n');
  const two = await treeOf(folderOf(smallPlatform({ ...others, 'tenants/claims/wiki.yaml': more })));
  expect(changed(one, two).filter((path) => !path.startsWith('clusters/laptop/tenants/wiki/'))).toEqual([]);
});

describe('What a tenant gets', () => {
  let tree: Tree;
  const folder = 'clusters/laptop/tenants/shop';

  beforeAll(async () => {
    tree = await treeOf(folderOf(smallPlatform({ 'tenants/claims/shop.yaml': claimFile('shop', everything) })));
  });

  test('is a directory an environment where it has several on a cluster', () => {
    const paths = [...tree.files.keys()].filter((path) => path.startsWith(folder));
    expect(paths.map((path) => path.slice(folder.length + 1))).toEqual([
      'delivery.yaml',
      ...['access', 'break-glass', 'namespace', 'network', 'quota'].map((facet) => `live/${facet}.yaml`),
      ...['access', 'namespace', 'network', 'quota'].map((facet) => `sandbox/${facet}.yaml`),
    ]);
  });

  test('is a namespace that is restricted, in all three modes', () => {
    const { metadata } = objectIn(tree, `${folder}/live/namespace.yaml`, 'Namespace', 'shop-live');
    for (const mode of ['enforce', 'audit', 'warn']) {
      expect(metadata.labels?.[`pod-security.kubernetes.io/${mode}`]).toBe('restricted');
      expect(metadata.labels?.[`pod-security.kubernetes.io/${mode}-version`]).toBe('v1.36');
    }
    expect(metadata.labels).toMatchObject({ tenant: 'shop', environment: 'live' });
  });

  test('is the quota that it claims, and a largest container that fits quota and machine', () => {
    const { spec } = objectIn(tree, `${folder}/live/quota.yaml`, 'ResourceQuota', 'compute');
    expect(spec.hard).toMatchObject({
      'requests.cpu': '8',
      'requests.memory': '16Gi',
      'requests.storage': '100Gi',
      pods: '20',
    });
    const [limits] = objectIn(tree, `${folder}/live/quota.yaml`, 'LimitRange').spec.limits;
    // Three quarters of a machine with 4 cores and 12Gi, as the quota allows more.
    expect(limits.max).toMatchObject({ cpu: '3000m', memory: '9216Mi' });
  });

  test('is a network that denies everything but names and its own namespace', () => {
    const policies = objectsIn(tree, `${folder}/sandbox/network.yaml`);
    expect(policies.map(({ metadata }) => metadata.name)).toEqual(['default-deny', 'dns', 'same-namespace']);
    expect(policies[0]?.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const [{ to, ports }] = policies[1]!.spec.egress;
    // The labels of the cluster's own DNS Pods.
    expect(to).toEqual([
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'names' } },
        podSelector: { matchLabels: { app: 'names' } },
      },
    ]);
    expect(ports).toEqual([
      { port: 53, protocol: 'UDP' },
      { port: 53, protocol: 'TCP' },
    ]);
  });

  test('is a role for each group, and in production nobody writes', () => {
    const writes = (environment: string, role: string) =>
      objectIn(tree, `${folder}/${environment}/access.yaml`, 'Role', role) as unknown as {
        rules: { verbs: string[]; resources: string[] }[];
      };
    const verbs = (environment: string) =>
      ['viewer', 'developer', 'admin'].flatMap((role) => writes(environment, role).rules.flatMap((rule) => rule.verbs));
    expect(new Set(verbs('live'))).toEqual(new Set(['get', 'list', 'watch']));
    expect(verbs('sandbox')).toContain('create');
    const secrets = ['viewer', 'developer'].flatMap((role) =>
      writes('sandbox', role).rules.flatMap((rule) => rule.resources),
    );
    expect(secrets).not.toContain('secrets');
    const bindings = objectsIn(tree, `${folder}/live/access.yaml`).filter(
      ({ kind, metadata }) => kind === 'RoleBinding' && metadata.name !== 'delivery',
    );
    expect(bindings).toHaveLength(1);
    expect(bindings[0]).toMatchObject({
      roleRef: { name: 'developer' },
      subjects: [{ kind: 'Group', name: 'oidc:shop-developers' }],
    });
  });
});

test('A tenant that says nothing of environments gets all but the productive ones', async () => {
  const tree = await treeOf(folderOf(smallPlatform({ 'tenants/claims/shop.yaml': claimFile('shop') })));
  expect(objectIn(tree, 'clusters/laptop/tenants/shop/namespace.yaml', 'Namespace').metadata.name).toBe('shop-sandbox');
});

test('Tenants whose names run into each other never share a namespace', async () => {
  const props = { environments: { ...localProps.environments, 'b-sandbox': { cluster: 'laptop' } } };
  const claims = {
    'tenants/claims/a.yaml': claimFile('a', '  environments: { b-sandbox: {} }\n'),
    'tenants/claims/a-b.yaml': claimFile('a-b', '  environments: { sandbox: {} }\n'),
  };
  const { findings, tenants } = await renderPlatform({ root: folderOf(smallPlatform(claims, props)), cache: false });
  expect(told(findings)).toEqual([expect.stringContaining(`namespace 'a-b-sandbox' is already that of tenant 'a'`)]);
  expect(tenants).toEqual(['a']);
});
