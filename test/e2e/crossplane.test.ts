import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadAll } from 'js-yaml';
import { issueAuthority, issueLeaf } from '../../infra/secrets/x509';
import { getEngine } from '../../src/engines';
import type { RawSchema } from '../../src/schemas';
import { databaseCrd } from '../../src/schemas/generate/composite';
import { renderPlatform } from '../../src/render';
import { kinds } from '../../src/schemas';
import {
  addOnFile,
  claimFile,
  declaration,
  folderOf,
  nothingOn,
  objectsIn,
  smallPlatform,
  told,
} from '../support/platforms';
import { Api, installCrds, kindOf, messageOf, type KubeObject } from './support/api';
import { startControlPlane, type ControlPlane } from './support/control-plane';

jest.setTimeout(600_000);

const NAME = 'databases.platform.keelson.dev';
let folder: string;
let plane: ControlPlane;
let api: Api;
let crossplane: ChildProcess;
let said = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keelson-crossplane-'));
  plane = await startControlPlane();
  const own = kinds().filter(({ source }) => source.name === 'crossplane');
  await installCrds(plane, new Set(own.map(kindOf)));
  api = await Api.of(plane);
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'crossplane-system' } });
  crossplane = await start();
});

afterAll(async () => {
  if (crossplane?.exitCode === null) {
    crossplane.kill('SIGKILL');
    await new Promise((resolve) => crossplane.once('exit', resolve));
  }
  await plane?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Crossplane itself, with the rights of an administrator and nothing to install. */
async function start(): Promise<ChildProcess> {
  const { url, ca, token } = plane.clientConfig;
  const file = path.join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      { name: 'test', cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  // What it calls functions with, of which there are none, and what it serves its webhook with.
  const authority = await issueAuthority(
    { name: 'kubernetes', commonName: 'test', days: 1, pathLength: 0 },
    undefined,
    new Date(),
  );
  const own = {
    subject: { commonName: 'crossplane' },
    dnsNames: [],
    addresses: ['127.0.0.1'],
    usages: ['server', 'client'],
  } as const;
  const { certificate, key } = await issueLeaf(own, 60, authority, new Date());
  for (const [name, text] of Object.entries({
    'tls.crt': certificate,
    'tls.key': key,
    'ca.crt': authority.certificate,
  }))
    await writeFile(path.join(folder, name), text, { mode: 0o600 });
  const [metrics, health, webhook] = [await freePort(), await freePort(), await freePort()];
  await addWebhook(webhook, authority.certificate);
  const flags = [
    `--webhook-port=${webhook}`,
    `--tls-server-certs-dir=${folder}`,
    `--tls-client-certs-dir=${folder}`,
    `--metrics-port=${metrics}`,
    `--health-probe-port=${health}`,
  ];
  const child = spawn(await getEngine('crossplane'), ['core', 'start', ...flags], {
    env: { ...process.env, KUBECONFIG: file, POD_NAMESPACE: 'crossplane-system', XFN_CACHE_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return child;
}

/** Who asks Crossplane before it deletes what is in use: as the chart has it, but by address. */
async function addWebhook(port: number, ca: string): Promise<void> {
  const { status, body } = await api.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'crossplane-no-usages' },
    webhooks: [
      {
        name: 'nousages.protection.crossplane.io',
        admissionReviewVersions: ['v1'],
        clientConfig: {
          url: `https://127.0.0.1:${port}/validate-no-usages`,
          caBundle: Buffer.from(ca).toString('base64'),
        },
        objectSelector: { matchLabels: { 'crossplane.io/in-use': 'true' } },
        rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['DELETE'], resources: ['*'] }],
        sideEffects: 'None',
      },
    ],
  });
  if (status >= 300) throw new Error(messageOf(body));
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

interface Definition extends KubeObject {
  readonly spec: {
    readonly scope: string;
    readonly names: Readonly<Record<string, unknown>>;
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly schema: { readonly openAPIV3Schema: RawSchema };
    }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** The custom resource, as soon as the API server serves it. */
async function made(): Promise<Definition> {
  for (const deadline = Date.now() + 60_000; ; await sleep(250)) {
    const found = await api.get<Definition>('apiextensions.k8s.io/v1', 'CustomResourceDefinition', NAME);
    if (found?.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True'))
      return found;
    if (Date.now() > deadline || crossplane.exitCode !== null) throw new Error(`no ${NAME}: ${said.slice(-2000)}`);
  }
}

/** Without prose, which nothing is judged by. */
function withoutProse(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutProse);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(
    ([key, value]) => !(key === 'description' && typeof value === 'string'),
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutProse(value)]));
}

it('makes of the definition in the tree the kind that rendering checks databases against', async () => {
  const { tree } = await renderPlatform({ root: path.resolve(__dirname, '..', '..'), cache: false });
  const text = tree.read('clusters/production/baseline/databases/resources.yaml').toString('utf8');
  for (const object of loadAll(text) as KubeObject[]) {
    if (!object.apiVersion.startsWith('apiextensions.crossplane.io/')) continue;
    const { status, body } = await api.apply(object);
    expect([status < 300, messageOf(body)]).toEqual([true, expect.anything()]);
  }
  const { spec } = await made();
  const ours = databaseCrd().spec;
  expect(spec.scope).toBe(ours.scope);
  expect(spec.names).toMatchObject({ ...ours.names });
  const shape = ({ name, served, storage, schema }: Definition['spec']['versions'][number]) => ({
    name,
    served,
    storage,
    schema: withoutProse(schema.openAPIV3Schema),
  });
  expect(spec.versions.map(shape)).toEqual(ours.versions.map(shape));
});

it('leaves nobody who writes a Database the choice of what it becomes', async () => {
  await made();
  api = await Api.of(plane);
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop-dev' } });
  const choosing = {
    apiVersion: 'platform.keelson.dev/v1',
    kind: 'Database',
    metadata: { name: 'orders', namespace: 'shop-dev' },
    spec: {
      version: '17',
      storage: '20Gi',
      onDelete: 'keep',
      crossplane: { compositionRef: { name: 'my-own' } },
    },
  };
  const { status, body } = await api.apply(choosing);
  expect([status, messageOf(body)]).toEqual([201, expect.anything()]);
  for (const deadline = Date.now() + 60_000; ; await sleep(250)) {
    const found = await api.get<typeof choosing>(choosing.apiVersion, 'Database', 'orders', 'shop-dev');
    if (found?.spec.crossplane.compositionRef.name === 'database') break;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(found?.spec)}: ${said.slice(-2000)}`);
  }
});

it('refuses to delete a database that keeps its data, for as long as the claim says so', async () => {
  await made();
  api = await Api.of(plane);
  const { tree, findings } = await renderPlatform({ root: withDatabase(), cache: false });
  expect(told(findings)).toEqual([]);
  const objects = objectsIn(tree, 'clusters/laptop/tenants/shop/databases.yaml') as unknown as KubeObject[];
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop-live' } });
  const [database, usage] = ['Database', 'Usage'].map((kind) => objects.find((one) => one.kind === kind)!);
  for (const one of [database!, usage!]) expect((await api.apply(one)).status).toBe(201);
  const inUse = { 'crossplane.io/in-use': 'true' };
  const labels = async () =>
    ((await api.get('platform.keelson.dev/v1', 'Database', 'orders', 'shop-live'))?.metadata as { labels?: object })
      .labels;
  for (const deadline = Date.now() + 60_000; !matches(await labels(), inUse); await sleep(250))
    if (Date.now() > deadline) throw new Error(`nobody marks it: ${said.slice(-2000)}`);
  const refused = await plane.request('DELETE', api.path(database!));
  expect(refused.status).toBe(409);
  expect(messageOf(refused.body)).toContain('its claim says onDelete: keep');
  // What Argo CD does once somebody has confirmed it.
  await plane.request('DELETE', api.path(usage!));
  for (const deadline = Date.now() + 60_000; ; await sleep(250)) {
    const { status, body } = await plane.request('DELETE', api.path(database!));
    if (status < 300 || status === 404) break;
    if (Date.now() > deadline) throw new Error(messageOf(body));
  }
});

function matches(labels: object | undefined, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(
    ([key, value]) => (labels as Record<string, string> | undefined)?.[key] === value,
  );
}

/** A platform on which a tenant has a database in production. */
function withDatabase(): string {
  const claim = claimFile(
    'shop',
    '  environments: { live: {} }\n  databases: { orders: { size: small, storage: 20Gi } }\n',
  );
  return folderOf(
    smallPlatform(
      {
        'tenants/claims/shop.yaml': claim,
        'addons/classes.ts': addOnFile('classes', declaration('classes', ''), `role: 'priority',`),
      },
      { addOns: { ...nothingOn, crossplane: true, 'cloudnative-pg': true, databases: true } },
    ),
  );
}
