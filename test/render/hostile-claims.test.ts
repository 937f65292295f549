import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import type { TenantProps } from '../../src/model/claim.generated';
import { renderPlatform, type Rendering } from '../../src/render';
import type { Tree } from '../../src/gitops/tree';
import { billing, everyField } from '../support/claims';
import { addFiles, claimFile, type Files, folderOf, localProps, platformFile, told } from '../support/platforms';

const platform = platformFile({ ...localProps, mail: { host: 'mail.example.com', from: 'alerts@example.com' } });

const good: Files = {
  'platform.ts': platform,
  'tenants/claims/billing.yaml': claim('billing', billing()),
  'tenants/claims/shop.yaml': claim('shop', everyField()),
};

const EVIL = 'tenants/claims/evil.yaml';

function claim(name: string, spec: object): string {
  return dump({ apiVersion: 'platform.keelson.dev/v2', kind: 'Tenant', metadata: { name }, spec });
}

const least: TenantProps = { owner: { email: 'evil@example.com' }, groups: { developers: 'evil-developers' } };

const with_ = (more: object): string => claim('evil', { ...least, ...more });
const host = (name: string, more: object = {}) =>
  with_({ environments: { live: { hosts: [{ host: name, service: 'web', port: 80, ...more }] } } });
const outside = (more: object) => with_({ connections: { outside: [more] } });
const identity = (actions: string[], resources: string[]) =>
  with_({ workloadIdentities: { thief: { workloads: ['web'], permissions: [{ actions, resources }] } } });

/** Paths that differ between two trees. */
function changed(one: Tree, other: Tree): string[] {
  return [...new Set([...one.files.keys(), ...other.files.keys()])].filter(
    (path) => one.files.get(path) !== other.files.get(path),
  );
}

/** Everything that somebody might write to get what is not his, and what he reads. */
const HOSTILE: readonly (readonly [string, string, RegExp])[] = [
  ['a name that leaves its directory', claimFile('evil').replace('name: evil', 'name: ../shop'), /metadata\.name/],
  ["another tenant's name", claimFile('evil').replace('name: evil', 'name: shop'), /metadata\.name.*shop/],
  ["Kubernetes' own administrators", with_({ groups: { developers: 'system:masters' } }), /groups\.developers.*own/],
  ["Kubernetes' own administrators in capitals", with_({ groups: { developers: 'System:Masters' } }), /groups\.dev/],
  ['every group', with_({ groups: { developers: 'd', viewers: '*' } }), /groups\.viewers.*wildcard/],
  ['every host', host('*'), /hosts\[0\]\.host/],
  ['every host below a domain', host('*.apps.laptop.example.com'), /hosts\[0\]\.host.*wildcard/],
  ["another tenant's host", host('shop.apps.laptop.example.com'), /hosts\[0\]\.host.*shop/],
  ["another tenant's host in capitals", host('SHOP.Apps.Laptop.example.com'), /hosts\[0\]\.host/],
  ["a host below another tenant's", host('login.shop.apps.laptop.example.com'), /hosts\[0\]\.host.*shop/],
  ["a host above another tenant's", host('apps.laptop.example.com'), /hosts\[0\]\.host/],
  ["a page of the platform's", host('grafana.laptop.example.com'), /hosts\[0\]\.host/],
  ["a host of somebody else's", host('www.example.org'), /hosts\[0\]\.host/],
  ['the whole internet', outside({ cidr: '0.0.0.0/0' }), /outside\[0\]\.cidr/],
  ['the whole internet of IPv6', outside({ cidr: '::/0' }), /outside\[0\]\.cidr/],
  ['half the internet', outside({ cidr: '0.0.0.0/1' }), /outside\[0\]\.cidr/],
  ["other tenants' Pods by their addresses", outside({ cidr: '10.244.0.0/24' }), /outside\[0\]\.cidr/],
  ["the cluster's services by their addresses", outside({ cidr: '10.98.0.1/32' }), /outside\[0\]\.cidr/],
  ["the cluster's machines by their addresses", outside({ cidr: '10.200.0.0/16' }), /outside\[0\]\.cidr/],
  ['the metadata address', outside({ cidr: '169.254.169.254/32' }), /outside\[0\]\.cidr/],
  ['loopback', outside({ cidr: '127.0.0.1/32' }), /outside\[0\]\.cidr/],
  ['a service of the cluster by its name', outside({ host: 'db.shop-live.svc.cluster.local' }), /outside\[0\]\.host/],
  ['every name', outside({ host: '*' }), /outside\[0\]\.host/],
  ['every name below a top-level domain', outside({ host: '*.com' }), /outside\[0\]\.host/],
  ['neither a host nor a range', outside({ port: 443 }), /outside\[0\]/],
  ['a host and a range', outside({ host: 'a.example.org', cidr: '192.0.2.0/24' }), /outside\[0\]/],
  ['a tenant that does not say so', with_({ connections: { to: [{ tenant: 'shop', port: 8080 }] } }), /shop\.yaml/],
  ['to be called by one that does not', with_({ connections: { from: [{ tenant: 'shop', port: 1 }] } }), /shop\.yaml/],
  ['a tenant that is not there', with_({ connections: { to: [{ tenant: 'shoop', port: 8080 }] } }), /shoop.*shop/],
  ['itself', with_({ connections: { to: [{ tenant: 'evil', port: 80 }] } }), /connections\.to\[0\]/],
  ["the platform's repository", with_({ repositories: [{ url: localProps.gitops.url }] }), /repositories\[0\]\.url/],
  [
    "another tenant's repository",
    with_({ repositories: [{ url: 'https://git.example.com/shop/deploy' }] }),
    /repositories\[0\]\.url.*shop/,
  ],
  [
    'a repository with a password',
    with_({ repositories: [{ url: 'https://me:hunter2@git.example.com/evil.git' }] }),
    /repositories\[0\]\.url.*not shown/,
  ],
  [
    'a directory outside of its repository',
    with_({ repositories: [{ url: 'https://git.example.com/evil.git', path: '../../shop' }] }),
    /repositories\[0\]\.path/,
  ],
  ["the platform's label for tenants", with_({ labels: { tenant: 'shop' } }), /labels.*tenant/],
  ['a weaker Pod Security', with_({ labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } }), /labels/],
  ["the namespace's name", with_({ labels: { 'kubernetes.io/metadata.name': 'kube-system' } }), /labels/],
  ["a label of the platform's own", with_({ labels: { 'keelson.dev/tier': '4' } }), /labels/],
  ['a way out of the mesh', with_({ labels: { 'istio.io/dataplane-mode': 'none' } }), /labels/],
  ['the mark of what the platform writes', with_({ labels: { 'app.kubernetes.io/managed-by': 'x' } }), /labels/],
  ['a name of two lines', with_({ owner: { email: 'e@example.com', team: 'a"\n"kind: Secret' } }), /owner\.team/],
  ['a number of two lines', with_({ owner: { email: 'e@example.com', onCall: "'\r\n- x" } }), /owner\.onCall/],
  ['all of the cloud', identity(['s3:*'], ['arn:aws:s3:::evil/*']), /actions\[0\]/],
  ['every action', identity(['*'], ['arn:aws:s3:::evil/*']), /actions\[0\]/],
  ['on everything', identity(['s3:GetObject'], ['*']), /resources\[0\]/],
  ['on every bucket', identity(['s3:GetObject'], ['arn:aws:s3:::*']), /resources\[0\]/],
  ["another's role", identity(['sts:AssumeRole'], ['arn:aws:iam::111122223333:role/admin']), /actions\[0\]/],
  ['rights to give rights', identity(['iam:PutRolePolicy'], ['arn:aws:iam::111122223333:role/x']), /actions\[0\]/],
  ["another tenant's machines", with_({ environments: { live: { nodePool: 'theirs' } } }), /nodePool/],
  [
    'ten thousand hosts',
    with_({
      environments: {
        live: {
          hosts: Array.from({ length: 10_000 }, (_, i) => ({ host: `h${i}.example.com`, service: 's', port: 80 })),
        },
      },
    }),
    /(entries, at most 100|characters)/,
  ],
  [
    'ten thousand ways out',
    with_({ connections: { outside: Array.from({ length: 10_000 }, () => ({ host: 'a.b' })) } }),
    /(entries, at most|characters)/,
  ],
  [
    'ten thousand labels',
    with_({ labels: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`a.example.com/l${i}`, 'x'])) }),
    /(entries, at most|characters)/,
  ],
  ['a quota of everything', with_({ environments: { live: { quota: { cpu: '-1' } } } }), /quota\.cpu/],
  ['a version that nobody has', claimFile('evil').replace('/v2', '/v99'), /apiVersion/],
];

describe('Beside a hostile claim', () => {
  let root: string;
  let before: Rendering;

  beforeAll(async () => {
    root = folderOf(good);
    before = await renderPlatform({ root });
    expect(told(before.findings)).toEqual([]);
  });

  afterEach(() => rmSync(join(root, EVIL), { force: true }));

  test.each(HOSTILE)('for %s all others are the same to the byte, and it is refused', async (_, text, expected) => {
    addFiles(root, { [EVIL]: text });
    const after = await renderPlatform({ root });
    const errors = after.findings.filter(({ severity }) => severity === 'error');
    expect(errors.filter(({ file }) => file !== EVIL)).toEqual([]);
    expect(told(errors).join('\n')).toMatch(expected);
    expect(told(errors).join('\n')).not.toContain('hunter2');
    for (const { fix, message } of errors) expect([message, fix]).toEqual([message, expect.any(String)]);
    expect(changed(before.tree, after.tree)).toEqual([]);
  });
});

test('All faults of a claim are told at once', async () => {
  const text = with_({
    groups: { developers: 'system:masters' },
    connections: { outside: [{ cidr: '0.0.0.0/0' }, { host: '*.com' }] },
    labels: { tenant: 'shop' },
    repositories: [{ url: 'ftp://x' }],
  });
  const { findings } = await renderPlatform({
    root: folderOf({ ...good, [EVIL]: text }),
    cache: false,
  });
  const fields = findings.map(({ field }) => field);
  expect(fields).toEqual(expect.arrayContaining(['spec.groups.developers', 'spec.repositories[0].url']));
});

test('What people write in words is text in the tree, whatever it looks like', async () => {
  const text = with_({
    owner: { email: 'e@example.com', team: `'"\`: {{ .x }} # & * ! | > % @`, onCall: '- a: b # {{ $x }} "' },
    environments: { live: {}, sandbox: {} },
  });
  const { findings, tree } = await renderPlatform({
    root: folderOf({ ...good, [EVIL]: text }),
    cache: false,
  });
  expect(told(findings)).toEqual([]);
  expect([...tree.files.keys()].filter((path) => path.includes('/tenants/evil/')).length).toBeGreaterThan(4);
});
