import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { platform } from '../../platform';
import { apiClient, startApiServer, type ApiClient, type ApiServer } from '../../src/engines';
import { addOnPath } from '../../src/model/layout';
import { renderPlatform } from '../../src/render';
import { claimFile, folderOf, objectIn, objectsIn, platformFile } from '../support/platforms';
import { Api, installCrds, messageOf, type KubeObject } from './support/api';
import { startStandIns, type StandIns } from './support/stand-ins';

jest.setTimeout(10 * 60_000);

const NAMESPACE = 'search-prod';
const SCRATCH = 'search-prod-restore-check';

let server: ApiServer;
let api: Api;
let standIns: StandIns;
let checker: ApiClient;
let folder: string;
let settings: Record<string, unknown>;

const namespace = (name: string, labels = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, ...{ labels } },
});
const config = (name: string, of = NAMESPACE): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: of },
  data: { a: 'b' },
});

async function apply(object: KubeObject): Promise<void> {
  const { status, body } = await api.apply(object);
  if (status >= 300) throw new Error(`${object.kind} ${object.metadata.name}: ${status} ${messageOf(body)}`);
}

beforeAll(async () => {
  // Nobody makes the accounts that ServiceAccount admission waits for, nor says which machine takes Pods.
  server = await startApiServer({ flags: ['--disable-admission-plugins=ServiceAccount,TaintNodesByCondition'] });
  await installCrds(
    server,
    new Set([
      'velero.io/v1 Backup',
      'velero.io/v1 Restore',
      'velero.io/v1 Schedule',
      'cilium.io/v2 CiliumNetworkPolicy',
    ]),
  );
  api = await Api.of(server);
  const root = folderOf({
    'platform.ts': platformFile(platform.props),
    'tenants/claims/search.yaml': claimFile('search', '  environments: { prod: {} }\n'),
  });
  const { tree } = await renderPlatform({ root, cache: false });
  const objects = objectsIn(tree, addOnPath('production', 'restore-check', 'resources')) as unknown as KubeObject[];
  for (const one of [namespace('velero'), namespace('restore-check'), namespace(NAMESPACE, { tenant: 'search' })]) {
    await apply(one);
  }
  for (const one of objects.filter(({ kind }) => kind !== 'Deployment')) await apply(one);
  const schedule = objectIn(tree, 'clusters/production/tenants/search/backups.yaml', 'Schedule');
  await apply(schedule as unknown as KubeObject);

  folder = mkdtempSync(join(tmpdir(), 'keelson-test-restore-'));
  const { data } = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'restore-check') as {
    readonly data?: Readonly<Record<string, string>>;
  } & KubeObject;
  for (const [name, text] of Object.entries(data!)) writeFileSync(join(folder, name), text);
  const { body } = await server.request(
    'POST',
    '/api/v1/namespaces/restore-check/serviceaccounts/restore-check/token',
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  );
  const { token } = (body as { readonly status: { readonly token: string } }).status;
  writeFileSync(join(folder, 'token'), token);
  writeFileSync(join(folder, 'ca.crt'), server.ca);
  checker = apiClient({ url: server.url, ca: server.ca, token });
  settings = {
    ...(JSON.parse(data!['settings.json']!) as object),
    api: { url: server.url, token: join(folder, 'token'), authority: join(folder, 'ca.crt') },
    port: 0,
    once: true,
    everyHours: 0,
    pollSeconds: 0.1,
  };

  standIns = await startStandIns(server);
  await apply(config('web'));
  await apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: NAMESPACE },
    spec: { ports: [{ port: 80 }] },
  });
  await apply({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: NAMESPACE },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await apply({ ...config('password'), kind: 'Secret', data: { a: 'Yg==' } });
  for (const [of, name] of [
    [NAMESPACE, 'was'],
    [SCRATCH, 'is'],
  ] as const) {
    standIns.volumes.set(`${of}/data`, join(folder, name));
  }
  // What is there before a backup begins was touched in an earlier second.
  fill('was');
  await sleep(2100);
  await apply({
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name: 'b1', namespace: 'velero', ...{ labels: { 'velero.io/schedule-name': NAMESPACE } } },
    spec: { includedNamespaces: [NAMESPACE] },
    status: { phase: 'Completed', startTimestamp: new Date().toISOString().replace(/\.\d+/, '') },
  });
}, 20 * 60_000);

afterAll(async () => {
  await standIns?.stop();
  checker?.close();
  await server?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** A volume with files of known content. */
function fill(name: string, changes: Readonly<Record<string, string>> = {}): void {
  const root = join(folder, name);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, 'deep/er'), { recursive: true });
  const files = { 'orders.csv': '1,2,3\n', 'deep/er/blob': 'x'.repeat(100_000), ...changes };
  for (const [path, text] of Object.entries(files)) {
    if (text === '') continue;
    writeFileSync(join(root, path), text);
    utimesSync(join(root, path), 1_000_000_000, 1_000_000_000);
  }
}

interface Result {
  readonly ok: boolean;
  readonly reason?: string;
  readonly missing: readonly string[];
  readonly damaged: readonly string[];
  readonly uncompared: readonly string[];
  readonly counts: Readonly<Record<string, readonly [number, number]>>;
  readonly duration: number;
}

/** One round of the checker, as its ServiceAccount; what it says. */
async function round(): Promise<string> {
  const path = join(folder, 'test.json');
  writeFileSync(path, JSON.stringify(settings));
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'checker.mjs'), path], {
    timeout: 60_000,
  });
  return stdout.trim();
}

/** What one round found. */
async function check(): Promise<Result> {
  return JSON.parse((await round()).split('\n').at(-1)!) as Result;
}

afterEach(() => {
  standIns.lost.clear();
  standIns.onRestore = () => Promise.resolve();
});

test('What comes back as it was is well; nothing that could act or reach anybody comes back', async () => {
  fill('is');
  let closed: readonly unknown[] = [];
  let there: readonly string[] = [];
  standIns.onRestore = async (scratch) => {
    const policy = await api.get('networking.k8s.io/v1', 'NetworkPolicy', 'restore-check', scratch);
    const denies = await api.get('cilium.io/v2', 'CiliumNetworkPolicy', 'restore-check', scratch);
    closed = [scratch, policy?.['spec'], denies?.['spec']];
    there = (await api.list('v1', 'Secret', scratch)).map(({ metadata }) => metadata.name);
  };
  expect(await check()).toMatchObject({
    ok: true,
    missing: [],
    damaged: [],
    uncompared: [],
    counts: { configmaps: [1, 1], services: [1, 1], persistentvolumeclaims: [1, 1] },
  });
  expect(closed).toEqual([
    SCRATCH,
    { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    { endpointSelector: {}, ingressDeny: [{ fromEntities: ['all'] }], egressDeny: [{ toEntities: ['all'] }] },
  ]);
  expect(there).toEqual([]);
  // Nothing is left behind, on either side.
  expect(await api.get('v1', 'Namespace', SCRATCH)).toBeUndefined();
  expect(await api.list('v1', 'Pod', NAMESPACE)).toEqual([]);
});

test('An object that does not come back is named', async () => {
  fill('is');
  standIns.lost.add('configmaps/web');
  expect(await check()).toMatchObject({ ok: false, missing: ['configmaps/web'], damaged: [] });
});

test('An object that is younger than the backup is not missed', async () => {
  fill('is');
  await apply(config('young'));
  standIns.lost.add('configmaps/young');
  expect(await check()).toMatchObject({ ok: true, missing: [] });
  await server.request('DELETE', api.path(config('young')));
});

test.each([
  ['with other content of the same length and time', { 'orders.csv': '1,2,4\n' }],
  ['not at all', { 'deep/er/blob': '' }],
])('A file that comes back %s is told', async (_, changes) => {
  fill('is', changes);
  const { ok, damaged } = await check();
  expect({ ok, damaged: damaged.length }).toEqual({ ok: false, damaged: 1 });
  expect(damaged[0]).toMatch(/^data\/[0-9a-f]{64}$/);
});

test('A file that was changed after the backup began says nothing', async () => {
  fill('is');
  writeFileSync(join(folder, 'was', 'orders.csv'), '1,2,3\n4,5,6\n');
  expect(await check()).toMatchObject({ ok: true, damaged: [] });
});

test('A volume that cannot be read is told as not compared', async () => {
  rmSync(join(folder, 'is'), { recursive: true, force: true });
  const { damaged, uncompared } = await check();
  expect(damaged).toEqual([]);
  expect(uncompared).toEqual(['data: a file cannot be read']);
});

test('After its start it knows what it found before, and serves that as metrics', async () => {
  fill('is');
  await check();
  const path = join(folder, 'serving.json');
  const port = 18_080;
  writeFileSync(path, JSON.stringify({ ...settings, once: false, port, everyHours: 1, pauseSeconds: 60 }));
  const running = execFile(process.execPath, [join(folder, 'checker.mjs'), path]);
  try {
    let text = '';
    for (let i = 0; i < 100 && !text.includes('_ok{'); i++) {
      await sleep(100);
      text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
        (answer) => answer.text(),
        () => '',
      );
    }
    const labels = `{tenant="search",environment="prod",checked_namespace="${NAMESPACE}"}`;
    expect(text).toContain(`keelson_restore_check_ok${labels} 1\n`);
    expect(text).toContain(`keelson_restore_check_objective_seconds${labels} ${8 * 3600}\n`);
    expect(text).toMatch(/keelson_restore_check_duration_seconds\{[^}]+\} \d+\n/);
  } finally {
    running.kill();
  }
});

test('An environment that has no backup yet has failed nothing', async () => {
  const labelled = (value: string | null) =>
    server.request(
      'PATCH',
      '/apis/velero.io/v1/namespaces/velero/backups/b1',
      { metadata: { labels: { 'velero.io/schedule-name': value } } },
      { 'content-type': 'application/merge-patch+json' },
    );
  await labelled(null);
  expect(await round()).toBe('');
  await labelled(NAMESPACE);
});

test('A namespace that is called like a scratch and is none is left alone', async () => {
  await apply(namespace(SCRATCH, { tenant: 'other' }));
  expect(await check()).toMatchObject({ ok: false, reason: expect.stringMatching(/is not a scratch/) as unknown });
  expect(await api.get('v1', 'Namespace', SCRATCH)).toBeDefined();
  await server.request('DELETE', `/api/v1/namespaces/${SCRATCH}`);
  for (let i = 0; i < 100 && (await api.get('v1', 'Namespace', SCRATCH)); i++) await sleep(100);
});

describe('Its rights, taken over by somebody, are no good for', () => {
  const restores = '/apis/velero.io/v1/namespaces/velero/restores';
  const restore = (spec: object) => ({
    apiVersion: 'velero.io/v1',
    kind: 'Restore',
    metadata: { name: 'mine', labels: { 'keelson.dev/restore-check': 'true' } },
    spec: {
      backupName: 'b1',
      includedNamespaces: [NAMESPACE],
      namespaceMapping: { [NAMESPACE]: SCRATCH },
      includedResources: ['configmaps'],
      ...spec,
    },
  });
  const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
  const pod = (spec: object, container: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'mine', labels: { 'keelson.dev/restore-check': 'true' } },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: 'a', image: 'docker.io/library/node:24.11.1-alpine', ...container }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data', readOnly: true } }],
      ...spec,
    },
  });

  test.each<[string, string, string, unknown]>([
    ['taking away a tenant’s namespace', 'DELETE', `/api/v1/namespaces/${NAMESPACE}`, undefined],
    ['making a namespace of its choice', 'POST', '/api/v1/namespaces', namespace('mine')],
    ['restoring over what is there', 'POST', restores, restore({ namespaceMapping: {} })],
    ['restoring into another’s', 'POST', restores, restore({ namespaceMapping: { [NAMESPACE]: 'velero' } })],
    ['restoring secrets', 'POST', restores, restore({ includedResources: ['secrets'] })],
    ['restoring everything', 'POST', restores, restore({ includedResources: undefined })],
    ['restoring what belongs to the cluster', 'POST', restores, restore({ includeClusterResources: true })],
    ['a Pod with a token', 'POST', pods, pod({ automountServiceAccountToken: true })],
    ['a Pod as another account', 'POST', pods, pod({ serviceAccountName: 'uploader' })],
    ['a Pod of another image', 'POST', pods, pod({}, { image: 'docker.io/evil/evil:1' })],
    ['a Pod that reads a Secret', 'POST', pods, pod({ volumes: [{ name: 'v', secret: { secretName: 'password' } }] })],
    [
      'a Pod that writes to a volume',
      'POST',
      pods,
      pod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }),
    ],
  ])('%s', async (_title, method, path, body) => {
    const { status, body: answer } = await checker.request(method, path, body);
    expect({ status, said: messageOf(answer) }).toEqual({
      status: 422,
      said: expect.stringMatching(/the restore checker is held to its work/) as unknown,
    });
  });

  test('reading what is secret', async () => {
    const { status } = await checker.request('GET', `/api/v1/namespaces/${NAMESPACE}/secrets`);
    expect(status).toBe(403);
  });

  test('a tenant’s own Pods', async () => {
    const own = { ...pod({}), metadata: { name: 'own' } };
    await server.request('POST', pods, own);
    const { status } = await checker.request('DELETE', `${pods}/own`);
    expect(status).toBe(422);
    await server.request('DELETE', `${pods}/own?gracePeriodSeconds=0`);
  });
});
