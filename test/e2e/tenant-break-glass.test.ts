import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { apiClient, getEngine, type ApiAnswer, type ApiServer } from '../../src/engines';
import { folderOf, product } from '../support/platforms';
import { messageOf } from './support/api';
import { accepted, pod, startTenantControlPlane, until, type TenantControlPlane } from './support/tenant-control-plane';
import { as, PEOPLE, type Person } from './support/tenant-people';

jest.setTimeout(10 * 60_000);

let running: TenantControlPlane;
let server: ApiServer;
let audit: string;

beforeAll(async () => {
  const folder = folderOf({});
  audit = path.join(folder, 'audit.log');
  const policy = path.join(folder, 'audit.yaml');
  writeFileSync(
    policy,
    JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] }),
  );
  running = await startTenantControlPlane([`--audit-policy-file=${policy}`, `--audit-log-path=${audit}`]);
  ({ server } = running);
}, 30 * 60_000);

afterAll(() => running?.stop());

const WHY = { 'keelson.dev/reason': 'orders hang, INC-4711', 'keelson.dev/for': 'bob@example.com' };
const GROUP: Person = { name: 'kim', group: 'oidc:break-glass' };

/** Asks for a token of an account that breaks the glass. */
function ask(
  who: Person,
  { minutes = 15, annotations = WHY as object, account = 'shop-live', namespace = 'keelson-break-glass' } = {},
): Promise<ApiAnswer> {
  return as(server, who)('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { annotations },
    spec: { expirationSeconds: minutes * 60 },
  });
}

interface TokenRequest {
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}

/** Does something with a token and nothing else. */
async function withToken(token: string, method: string, target: string, body?: unknown): Promise<ApiAnswer> {
  const client = apiClient({ url: server.url, ca: server.ca, token });
  try {
    return await client.request(method, target, body);
  } finally {
    client.close();
  }
}

async function mayWith(token: string, namespace: string, verb: string, resource: string, subresource?: string) {
  const { body } = await accepted(
    withToken(token, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { namespace, verb, resource, ...(subresource ? { subresource } : {}) } },
    }),
  );
  return (body as { status: { allowed: boolean } }).status.allowed;
}

test.each<[string, Person]>([
  ['on call for the platform', PEOPLE.oncall],
  ['in the group of emergency access', GROUP],
])('Who is %s gets a token that ends, and looks into that one environment with it', async (_, who) => {
  const { body } = await accepted(ask(who));
  const { token, expirationTimestamp } = (body as TokenRequest).status;
  const minutes = (Date.parse(expirationTimestamp) - Date.now()) / 60_000;
  expect(minutes).toBeGreaterThan(13);
  expect(minutes).toBeLessThanOrEqual(15.1);
  expect(await mayWith(token, 'shop-live', 'create', 'pods', 'exec')).toBe(true);
  expect(await mayWith(token, 'shop-live', 'create', 'pods', 'portforward')).toBe(true);
  expect(await mayWith(token, 'shop-live', 'patch', 'pods', 'ephemeralcontainers')).toBe(true);
  expect(await mayWith(token, 'shop-live', 'get', 'secrets')).toBe(false);
  expect(await mayWith(token, 'shop-live', 'create', 'pods')).toBe(false);
  expect(await mayWith(token, 'shop-live', 'create', 'serviceaccounts', 'token')).toBe(false);
  for (const namespace of ['shop-sandbox', 'billing-live', 'keelson-break-glass', 'keelson-delivery', 'kube-system']) {
    expect([namespace, await mayWith(token, namespace, 'create', 'pods', 'exec')]).toEqual([namespace, false]);
    expect([namespace, await mayWith(token, namespace, 'get', 'pods')]).toEqual([namespace, false]);
  }
});

test('With it a container is put beside one that runs, which nobody of the team may do', async () => {
  await accepted(server.request('POST', '/api/v1/namespaces/shop-live/pods', pod('web', 'shop-live')));
  const target = '/api/v1/namespaces/shop-live/pods/web';
  const { body: running_ } = await accepted(server.request('GET', target));
  const stored = running_ as { spec: { containers: { image: string }[] } };
  const { image } = stored.spec.containers[0]!;
  const debug = {
    name: 'debug',
    image,
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const wanted = { ...stored, spec: { ...stored.spec, ephemeralContainers: [debug] } };
  expect((await as(server, PEOPLE.admin)('PUT', `${target}/ephemeralcontainers?dryRun=All`, wanted)).status).toBe(403);
  const { token } = ((await accepted(ask(PEOPLE.oncall))).body as TokenRequest).status;
  await accepted(withToken(token, 'PUT', `${target}/ephemeralcontainers?dryRun=All`, wanted));
});

test.each<[string, Parameters<typeof ask>[1], string]>([
  ['works for two hours', { minutes: 120 }, 'works for 60 minutes at the most'],
  ['nobody gave a reason for', { annotations: { 'keelson.dev/for': 'bob' } }, 'keelson.dev/reason'],
  ['has a blank reason', { annotations: { ...WHY, 'keelson.dev/reason': '  ' } }, 'keelson.dev/reason'],
  ['is for nobody', { annotations: { 'keelson.dev/reason': 'x' } }, 'keelson.dev/for'],
])('A token that %s is refused, to an administrator too', async (_, request, message) => {
  for (const who of [PEOPLE.oncall, { name: 'root', group: 'system:masters' }]) {
    const { status, body } = await ask(who, request);
    expect([status, messageOf(body)]).toEqual([422, expect.stringContaining(message)]);
  }
});

test.each<[string, Person, Parameters<typeof ask>[1]]>([
  ['a developer of the team', PEOPLE.developer, {}],
  ['an admin of the team', PEOPLE.admin, {}],
  ['its robot', PEOPLE.robot, {}],
  ['whoever is on call, as the robot', PEOPLE.oncall, { namespace: 'keelson-delivery' }],
  ['whoever is on call, as an account of the team', PEOPLE.oncall, { namespace: 'shop-live', account: 'default' }],
])('No token is given to %s', async (_, who, request) => {
  expect((await ask(who, request)).status).toBe(403);
});

test('Nobody makes a token there that does not end: no Secret and no Pod is let in', async () => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 't', annotations: { 'kubernetes.io/service-account.name': 'shop-live' } },
    type: 'kubernetes.io/service-account-token',
  };
  expect(
    (await as(server, PEOPLE.oncall)('POST', '/api/v1/namespaces/keelson-break-glass/secrets', secret)).status,
  ).toBe(403);
  // Not even an administrator by mistake.
  const { status, body } = await server.request('POST', '/api/v1/namespaces/keelson-break-glass/secrets', secret);
  expect([status, messageOf(body)]).toEqual([403, expect.stringContaining('exceeded quota: nothing')]);
});

test('Who asked, for whom and why stands in the audit log, and by which token something was done', async () => {
  const { token } = ((await accepted(ask(PEOPLE.oncall, { minutes: 11 }))).body as TokenRequest).status;
  await withToken(token, 'GET', '/api/v1/namespaces/shop-live/pods');
  const events = () =>
    readFileSync(audit, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as AuditEvent);
  const asked = (event: AuditEvent) =>
    event.objectRef?.subresource === 'token' &&
    event.impersonatedUser?.username === 'pam' &&
    event.responseStatus?.code === 201;
  const used = (event: AuditEvent) =>
    event.user.username === 'system:serviceaccount:keelson-break-glass:shop-live' && event.verb === 'list';
  await until('nothing stands in the audit log', () => Promise.resolve(events().some(asked) && events().some(used)));
  const request = events().filter(asked).at(-1)!;
  expect(request.annotations).toMatchObject({
    'keelson-break-glass/reason': WHY['keelson.dev/reason'],
    'keelson-break-glass/for': WHY['keelson.dev/for'],
  });
  const issued = request.annotations?.['authentication.kubernetes.io/issued-credential-id'];
  expect(issued).toMatch(/^JTI=/);
  expect(events().filter(used).at(-1)?.user.extra?.['authentication.kubernetes.io/credential-id']).toEqual([issued]);
});

test('The command makes a kubeconfig that kubectl looks into production with, and tells what the cluster refuses', async () => {
  const root = folderOf({});
  const base64 = Buffer.from(server.ca).toString('base64');
  const signedIn = path.join(root, 'signed-in.kubeconfig');
  writeFileSync(
    signedIn,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'laptop', cluster: { server: server.url, 'certificate-authority-data': base64 } }],
      users: ['oncall', 'developer'].map((name) => {
        const { name: as_, group } = PEOPLE[name as 'oncall' | 'developer'];
        return { name, user: { token: server.token, as: as_, 'as-groups': [group] } };
      }),
      contexts: ['oncall', 'developer'].map((name) => ({ name, context: { cluster: 'laptop', user: name } })),
      'current-context': 'oncall',
    }),
  );
  const kubectl = await getEngine('kubectl');
  const keelson = (...args: string[]) =>
    command(
      process.execPath,
      [path.join(product, 'bin', 'keelson.cjs'), 'tenant', 'break-glass', ...args, '-C', root],
      {
        KUBECONFIG: signedIn,
        PATH: `${path.dirname(kubectl)}:${process.env['PATH']}`,
      },
    );
  const why = ['--reason', 'orders hang', '--for', 'bob'];
  const made = await keelson('shop', 'live', ...why, '--json');
  expect(made.code).toBe(0);
  const { kubeconfig, until: end } = JSON.parse(made.out) as { kubeconfig: string; until: string };
  expect(Date.parse(end)).toBeGreaterThan(Date.now());
  expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
  const seen = (...args: string[]) => command(kubectl, ['--kubeconfig', kubeconfig, ...args], {});
  expect((await seen('auth', 'can-i', 'create', 'pods', '--subresource=exec')).out.trim()).toBe('yes');
  expect((await seen('auth', 'can-i', 'get', 'secrets')).out.trim()).toBe('no');

  const refused = await keelson('shop', 'live', ...why, '--context', 'developer');
  expect(refused.code).not.toBe(0);
  expect(refused.err).toContain('cannot create resource "serviceaccounts/token"');
  const long = await keelson('shop', 'live', ...why, '--minutes', '600');
  expect(long.code).not.toBe(0);
  expect(long.err).toContain('write a whole number from 10 to 60');
});

test('A token is taken back by deleting its account', async () => {
  const { token } = ((await accepted(ask(PEOPLE.oncall))).body as TokenRequest).status;
  const target = '/api/v1/namespaces/shop-live/pods';
  expect((await withToken(token, 'GET', target)).status).toBe(200);
  await accepted(
    as(server, PEOPLE.oncall)('DELETE', '/api/v1/namespaces/keelson-break-glass/serviceaccounts/shop-live'),
  );
  await until('the token works on', async () => (await withToken(token, 'GET', target)).status === 401);
});

/** Runs a program to its end. */
function command(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { env: { ...process.env, ...environment }, timeout: 120_000 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    );
  });
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
  readonly impersonatedUser?: { readonly username: string };
  readonly objectRef?: { readonly subresource?: string };
  readonly responseStatus?: { readonly code: number };
  readonly annotations?: Readonly<Record<string, string>>;
}
