import { setTimeout as sleep } from 'node:timers/promises';
import { startApiServer, type ApiServer } from '../../src/engines';
import { addOnPath, guardrailPath, tenantPath } from '../../src/model/layout';
import { renderPlatform } from '../../src/render';
import { guardrails } from '../../src/render/product';
import { claimFile, folderOf, objectsIn } from '../support/platforms';
import { MACHINES, tierPlatform } from '../support/tier-platform';
import { Api, messageOf, type KubeObject } from './support/api';

const CLUSTER = 'production';
/** A tenant of each tier that shares a cluster. */
const TENANTS = { blog: 1, wiki: 2, shop: 3 } as const;

/** How long the API server may take to enforce what it was given, in milliseconds: it looks every second. */
const ENFORCED_TIMEOUT = 60_000;

jest.setTimeout(5 * 60_000);

let server: ApiServer;
let api: Api;

beforeAll(async () => {
  const claims = Object.entries(TENANTS).map(([name, tier]) => [
    `tenants/claims/${name}.yaml`,
    claimFile(name, `  tier: ${tier}\n  environments: { prod: {} }\n`),
  ]);
  const root = folderOf({ 'platform.ts': tierPlatform(MACHINES), ...Object.fromEntries(claims) });
  const { tree, findings } = await renderPlatform({ root, cache: false });
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  // Nobody makes the accounts that ServiceAccount admission waits for.
  server = await startApiServer({ flags: ['--disable-admission-plugins=ServiceAccount'] });
  api = await Api.of(server);
  // Nothing but a guardrail refuses what anybody sends.
  await apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'everything' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' }],
  });
  for (const path of [
    ...['gvisor', 'priority-classes'].map((addOn) => addOnPath(CLUSTER, addOn, 'resources')),
    ...Object.keys(TENANTS).flatMap((name) => ['namespace', 'quota'].map((facet) => tenantPath(CLUSTER, name, facet))),
    ...[...guardrails().keys()].map((name) => guardrailPath(CLUSTER, name)),
  ]) {
    for (const object of objectsIn(tree, path)) await apply(object as unknown as KubeObject);
  }
  // All of them begin at once: the last one applied is the last one enforced.
  for (
    const deadline = Date.now() + ENFORCED_TIMEOUT;
    (await send('blog', { nodeName: 'a' })).accepted;
    await sleep(300)
  ) {
    if (Date.now() > deadline) throw new Error('nothing is enforced');
  }
  await sleep(2_000);
}, 30 * 60_000);

afterAll(() => server?.stop());

async function apply(object: object): Promise<void> {
  const { status, body } = await api.apply(object as KubeObject);
  if (status >= 300) throw new Error(`${(object as KubeObject).metadata.name}: ${status} ${messageOf(body)}`);
}

interface Placed {
  readonly accepted: boolean;
  readonly message: string;
  readonly spec: {
    readonly runtimeClassName?: string;
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations: readonly { readonly key: string; readonly value?: string; readonly effect?: string }[];
    readonly priorityClassName?: string;
    readonly priority?: number;
  };
}

/** What becomes of a Pod as strict as Pod Security asks for, made by a developer of a tenant. Nothing is stored. */
async function send(tenant: keyof typeof TENANTS, spec: object = {}, kind = 'Pod'): Promise<Placed> {
  const namespace = `${tenant}-prod`;
  const pod = {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'main',
        image: `registry.example.com/${tenant}@sha256:${'0'.repeat(64)}`,
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
    ...spec,
  };
  const labels = { 'app.kubernetes.io/name': 'web' };
  const metadata = { name: 'web', namespace, labels };
  const object =
    kind === 'Pod'
      ? { apiVersion: 'v1', kind, metadata, spec: pod }
      : {
          apiVersion: 'apps/v1',
          kind,
          metadata,
          spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
        };
  const path = api.path(object);
  const { status, body } = await server.request(
    'POST',
    `${path.slice(0, path.lastIndexOf('/'))}?dryRun=All&fieldValidation=Strict`,
    object,
    { 'impersonate-user': `dev@${tenant}.example.com` },
  );
  const accepted = status < 300;
  const { spec: stored } = body as { spec?: Placed['spec'] };
  return { accepted, message: accepted ? '' : messageOf(body), spec: stored ?? { tolerations: [] } };
}

/** Tolerations beside those that every Pod has. */
const own = ({ spec }: Placed) => spec.tolerations.filter(({ key }) => !key.startsWith('node.kubernetes.io/'));

const OF_SHOP = { key: 'keelson.dev/tenant', operator: 'Equal', value: 'shop', effect: 'NoSchedule' };

test('A Pod that says nothing of where it runs goes where its tenant’s tier says', async () => {
  const [blog, wiki, shop] = [await send('blog'), await send('wiki'), await send('shop')];
  expect([blog.message, wiki.message, shop.message]).toEqual(['', '', '']);
  expect(blog.spec).not.toHaveProperty('runtimeClassName');
  expect(blog.spec).not.toHaveProperty('nodeSelector');
  expect(own(blog)).toEqual([]);

  expect(wiki.spec).toMatchObject({ runtimeClassName: 'gvisor', nodeSelector: { 'keelson.dev/sandbox': 'gvisor' } });
  expect(own(wiki)).toEqual([{ key: 'sandbox', operator: 'Equal', value: 'gvisor', effect: 'NoSchedule' }]);

  expect(shop.spec.nodeSelector).toEqual({ 'keelson.dev/sandbox': 'gvisor', 'keelson.dev/tenant': 'shop' });
  expect(own(shop)).toEqual([OF_SHOP]);
  expect(shop.spec).not.toHaveProperty('runtimeClassName');

  for (const { spec } of [blog, wiki, shop]) {
    expect(spec).toMatchObject({ priorityClassName: 'tenant-standard', priority: 10_000 });
  }
});

test.each([
  ['another tenant’s machines, by their taint', 'blog', { tolerations: [OF_SHOP] }, 'node-placement'],
  ['every machine', 'blog', { tolerations: [{ operator: 'Exists' }] }, 'node-placement'],
  ['a machine of its choice', 'wiki', { nodeName: 'a' }, 'node-placement'],
  ['machines of others, from tier 3', 'shop', { nodeSelector: { 'keelson.dev/tenant': 'blog' } }, 'dedicated-nodes'],
  [
    'a priority that is for machines of one’s own',
    'blog',
    { priorityClassName: 'tenant-dedicated' },
    'priority-classes',
  ],
  ['the platform’s priority', 'shop', { priorityClassName: 'platform-critical' }, 'priority-classes'],
] as const)('No tenant gets %s, neither by a Pod nor by what makes Pods', async (_what, tenant, spec, guardrail) => {
  for (const kind of ['Pod', 'Deployment']) {
    const { accepted, message } = await send(tenant, spec, kind);
    expect([kind, accepted]).toEqual([kind, false]);
    expect(message).toContain(`keelson-${guardrail}`);
  }
});

test('No tenant of tier 2 gets out of the sandbox', async () => {
  await apply({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'runc' }, handler: 'runc' });
  for (const kind of ['Pod', 'Deployment']) {
    expect((await send('wiki', { runtimeClassName: 'runc' }, kind)).message).toContain(
      'write `runtimeClassName: gvisor`',
    );
  }
  expect((await send('blog', { runtimeClassName: 'runc' })).message).toBe('');
});

test('Whoever asks for the sandbox gets the shared machines that have it, and nobody else’s', async () => {
  const blog = await send('blog', { runtimeClassName: 'gvisor' });
  expect(blog.message).toBe('');
  expect(own(blog).map(({ key }) => key)).toEqual(['sandbox']);
});

test('On machines of its own a tenant orders its workloads as it likes', async () => {
  const shop = await send('shop', { priorityClassName: 'tenant-dedicated' });
  expect(shop).toMatchObject({ message: '', spec: { priority: 200_000 } });
});
