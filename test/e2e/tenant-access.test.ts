import type { ApiServer } from '../../src/engines';
import { onEach, type Api, type KubeObject } from './support/api';
import { accepted, pod, startTenantControlPlane, until, type TenantControlPlane } from './support/tenant-control-plane';
import { as, may, PEOPLE, type Right, type Who } from './support/tenant-people';
import { ASKED, rightsOf } from './support/tenant-rights';

jest.setTimeout(10 * 60_000);

let running: TenantControlPlane;
let server: ApiServer;
let api: Api;
let objects: readonly KubeObject[];

beforeAll(async () => {
  running = await startTenantControlPlane();
  ({ server, api, objects } = running);
}, 30 * 60_000);

afterAll(() => running?.stop());

const POLICIES = '/apis/networking.k8s.io/v1/namespaces/shop-sandbox/networkpolicies';

/** Rights in which what the API server says differs from what is meant. */
async function differences(who: Who, namespace: string, asked: readonly Right[] = ASKED): Promise<readonly string[]> {
  const meant = rightsOf(who, namespace);
  const answers = await onEach(asked, (right) => may(server, PEOPLE[who], namespace, right));
  return asked
    .filter((right, i) => answers[i] !== meant.has(right))
    .map((right) => `${who} ${meant.has(right) ? 'may not' : 'may'} ${right} in ${namespace}`);
}

/** Rights that say whether somebody is anybody in a namespace at all. */
const TELLING: readonly Right[] = [
  'get /secrets',
  'get /configmaps',
  'list /pods',
  'create /pods',
  'create /pods/exec',
  'create apps/deployments',
  'create /serviceaccounts/token',
  'delete networking.k8s.io/networkpolicies',
  'create rbac.authorization.k8s.io/rolebindings',
  'patch /resourcequotas',
  'patch /namespaces',
  'impersonate /serviceaccounts',
];

/** Everybody who has something to do with `shop`, and its two environments: every right is asked about. */
const OWN = ['viewer', 'developer', 'admin', 'robot', 'sandboxRobot', 'stranger'] as const;

describe.each(OWN)('%s', (who) => {
  test.each(['shop-live', 'shop-sandbox'])('has in %s the rights that are meant, and no others', async (namespace) => {
    expect(ASKED.length).toBeGreaterThan(300);
    expect(await differences(who, namespace)).toEqual([]);
  });
});

describe.each(Object.keys(PEOPLE).filter((who) => who !== 'oncall') as Who[])('%s', (who) => {
  test.each([
    'shop-live',
    'shop-sandbox',
    'wiki-sandbox',
    'billing-live',
    'keelson-delivery',
    'keelson-break-glass',
    'kube-system',
  ])('is in %s who they are meant to be', async (namespace) => {
    expect(await differences(who, namespace, TELLING)).toEqual([]);
  });
});

test.each<[who: Who, namespace: string, role: string, group: string, resource: string, verb: string]>([
  ['viewer', 'shop-live', 'viewer', '', 'secrets', 'get'],
  ['viewer', 'shop-sandbox', 'viewer', '', '*', 'get'],
  ['developer', 'shop-live', 'developer', 'apps', 'deployments', 'patch'],
  ['developer', 'shop-sandbox', 'developer', '', 'resourcequotas', 'patch'],
  ['developer', 'shop-live', 'developer', '', 'pods/exec', 'create'],
  ['admin', 'shop-sandbox', 'admin', 'rbac.authorization.k8s.io', 'rolebindings', 'create'],
  ['admin', 'shop-sandbox', 'admin', '', 'serviceaccounts/token', 'create'],
  ['robot', 'shop-live', 'delivery', '', 'secrets', 'get'],
  ['robot', 'shop-live', 'delivery', 'cilium.io', 'ciliumnetworkpolicies', 'create'],
  ['robot', 'shop-live', 'delivery', '*', '*', '*'],
])(
  'It would be noticed if the Role of %s in %s let it do more: %s %s/%s %s',
  async (who, namespace, name, group, resource, verb) => {
    const role = objects.find(
      ({ kind, metadata }) => kind === 'Role' && metadata.name === name && metadata.namespace === namespace,
    )!;
    const asked = [...TELLING, `${verb} ${group}/${resource}`].filter((right) => ASKED.includes(right));
    const rules = [...(role['rules'] as object[]), { apiGroups: [group], resources: [resource], verbs: [verb] }];
    await accepted(api.apply({ ...role, rules }));
    try {
      await until('the wider Role changes nothing', async () => (await differences(who, namespace, asked)).length > 0);
    } finally {
      await accepted(api.apply(role));
    }
    await until('the Role is not as it was', async () => (await differences(who, namespace, asked)).length === 0);
  },
);

const named = (name: string, namespace: string, labels?: object) => ({
  metadata: { name, namespace, ...(labels ? { labels } : {}) },
});
const PLATFORM = { 'app.kubernetes.io/managed-by': 'keelson' };
const MERGE = { 'content-type': 'application/merge-patch+json' };

const policy = (name: string, labels?: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  ...named(name, 'shop-sandbox', labels),
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
});
const configMap = (namespace: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', ...named('settings', namespace) });
const token = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 't', namespace: 'shop-sandbox', annotations: { 'kubernetes.io/service-account.name': 'default' } },
  type: 'kubernetes.io/service-account-token',
};
const secret = (namespace: string) => ({ apiVersion: 'v1', kind: 'Secret', ...named('s', namespace), type: 'Opaque' });
const binding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  ...named('mine', 'shop-sandbox'),
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'User', name: 'eve', apiGroup: 'rbac.authorization.k8s.io' }],
};
const core = (namespace: string, resource: string) => `/api/v1/namespaces/${namespace}/${resource}`;
type Attempt = [
  title: string,
  who: Who,
  request: { readonly method: string; readonly target: string; readonly body?: object },
];

/** As many entries in each row: what a row lacks, jest would take for a callback. */
function rows(
  all: readonly (readonly [title: string, who: Who, method: string, target: string, body?: object])[],
): Attempt[] {
  return all.map(([title, who, method, target, body]) => [title, who, { method, target, ...(body ? { body } : {}) }]);
}

const REFUSED: readonly Attempt[] = rows([
  [
    'binds itself a Role',
    'admin',
    'POST',
    '/apis/rbac.authorization.k8s.io/v1/namespaces/shop-sandbox/rolebindings',
    binding,
  ],
  [
    'widens its quota',
    'admin',
    'PATCH',
    core('shop-sandbox', 'resourcequotas/compute'),
    { spec: { hard: { pods: '5000' } } },
  ],
  ['removes its limits', 'admin', 'DELETE', core('shop-sandbox', 'limitranges/containers')],
  [
    'labels its namespace',
    'admin',
    'PATCH',
    '/api/v1/namespaces/shop-sandbox',
    { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
  ],
  ['deletes its namespace', 'admin', 'DELETE', '/api/v1/namespaces/shop-sandbox'],
  ['opens its network', 'developer', 'DELETE', `${POLICIES}/default-deny`],
  ['empties the policy that denies', 'developer', 'PATCH', `${POLICIES}/default-deny`, { spec: { ingress: [{}] } }],
  [
    'takes the mark off that policy',
    'developer',
    'PATCH',
    `${POLICIES}/default-deny`,
    { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } },
  ],
  [
    'makes its own the owner of the policy that denies',
    'developer',
    'PATCH',
    `${POLICIES}/default-deny`,
    {
      metadata: {
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'mine', uid: '7d7f4b1c-3c0e-4b8e-9d5a-0f6f3a2b1c4d' },
        ],
      },
    },
  ],
  ['marks its own as the platform’s', 'developer', 'POST', POLICIES, policy('mine', PLATFORM)],
  [
    'gives the default account a token',
    'robot',
    'PATCH',
    core('shop-live', 'serviceaccounts/default'),
    { automountServiceAccountToken: true },
  ],
  ['deletes the default account', 'robot', 'DELETE', core('shop-live', 'serviceaccounts/default')],
  ['writes a Secret from git', 'robot', 'POST', core('shop-live', 'secrets'), secret('shop-live')],
  ['deploys to another environment', 'robot', 'POST', core('shop-sandbox', 'configmaps'), configMap('shop-sandbox')],
  ['deploys to another tenant', 'robot', 'POST', core('wiki-sandbox', 'configmaps'), configMap('wiki-sandbox')],
  ['changes production by hand', 'developer', 'POST', core('shop-live', 'configmaps'), configMap('shop-live')],
  ['changes production by hand', 'admin', 'POST', core('shop-live', 'pods'), pod('mine', 'shop-live')],
  ['reads secrets', 'viewer', 'GET', core('shop-sandbox', 'secrets')],
  ['reads secrets of others', 'stranger', 'GET', core('shop-sandbox', 'secrets')],
  ['reads Pods of others', 'stranger', 'GET', core('shop-sandbox', 'pods')],
  ['reads secrets of everybody', 'admin', 'GET', '/api/v1/secrets'],
]);

/** The same for those to which an administrator would be told no as well, or something else. */
const REFUSED_TO_ALL: readonly Attempt[] = rows([
  ['has a Secret filled with a token', 'admin', 'POST', core('shop-sandbox', 'secrets'), token],
  [
    'runs as root',
    'developer',
    'POST',
    core('shop-sandbox', 'pods'),
    pod('mine', 'shop-sandbox', { securityContext: { privileged: true } }),
  ],
  ['runs a Pod as the robot', 'admin', 'POST', core('keelson-delivery', 'pods'), pod('mine', 'keelson-delivery')],
  [
    'asks for a token of an account',
    'admin',
    'POST',
    core('shop-sandbox', 'serviceaccounts/default/token'),
    { spec: {} },
  ],
  ['acts as the robot', 'admin', 'POST', core('keelson-delivery', 'serviceaccounts/shop-live/token'), { spec: {} }],
  [
    'breaks the glass itself',
    'admin',
    'POST',
    core('keelson-break-glass', 'serviceaccounts/shop-live/token'),
    { spec: {} },
  ],
  [
    'is asked for as a robot',
    'oncall',
    'POST',
    core('keelson-delivery', 'serviceaccounts/shop-live/token'),
    { spec: {} },
  ],
  ['looks into production', 'developer', 'POST', `${core('shop-live', 'pods/web')}/exec?command=sh`],
]);

const dry = (target: string) => `${target}${target.includes('?') ? '&' : '?'}dryRun=All`;

/** What a guardrail refuses is 422, what no Role lets in 403. */
const NO = [403, 422];

test.each(REFUSED)('%s: refused to %s, and an administrator could', async (_, who, { method, target, body }) => {
  const headers = method === 'PATCH' ? MERGE : {};
  const { status } = await as(server, PEOPLE[who])(method, dry(target), body, headers);
  expect(NO).toContain(status);
  // Nothing else is wrong with the request.
  await accepted(server.request(method, dry(target), body, headers));
});

test.each(REFUSED_TO_ALL)('%s: refused to %s', async (_, who, { method, target, body }) => {
  const { status } = await as(server, PEOPLE[who])(method, dry(target), body);
  expect(NO).toContain(status);
});

test('Without its guardrail the policy that denies everything would go', async () => {
  const wall = objects.find(
    ({ kind, metadata }) => kind === 'ValidatingAdmissionPolicyBinding' && metadata.name === 'keelson-platform-objects',
  )!;
  const remove = () => as(server, PEOPLE.developer)('DELETE', dry(`${POLICIES}/default-deny`));
  await accepted(server.request('DELETE', api.path(wall)));
  try {
    await until('the guardrail goes on', async () => (await remove()).status === 200);
  } finally {
    await accepted(api.apply(wall));
  }
  await until('the guardrail does not come back', async () => (await remove()).status !== 200);
});

test.each<Attempt>(
  rows([
    ['writes a policy of its own', 'developer', 'POST', POLICIES, policy('mine')],
    ['runs a Pod', 'developer', 'POST', core('shop-sandbox', 'pods'), pod('mine', 'shop-sandbox')],
    ['keeps a Secret', 'admin', 'POST', core('shop-sandbox', 'secrets'), secret('shop-sandbox')],
    ['deploys to production', 'robot', 'POST', core('shop-live', 'configmaps'), configMap('shop-live')],
    ['reads its namespace', 'viewer', 'GET', '/api/v1/namespaces/shop-live'],
    ['reads its quota', 'viewer', 'GET', core('shop-live', 'resourcequotas/compute')],
  ]),
)('%s: let in to %s', async (_, who, { method, target, body }) => {
  const { status } = await as(server, PEOPLE[who])(method, dry(target), body);
  expect(status).toBeLessThan(300);
});
