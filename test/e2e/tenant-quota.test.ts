import fc from 'fast-check';
import { renderPlatform } from '../../src/render';
import { claimFile, folderOf, localProps, objectsIn, smallPlatform, told } from '../support/platforms';
import { anyCapacity, anyQuota } from '../support/quotas';
import { messageOf, type KubeObject } from './support/api';
import {
  accepted,
  pod,
  startTenantControlPlane,
  until,
  type Quota,
  type TenantControlPlane,
} from './support/tenant-control-plane';
import { as, PEOPLE } from './support/tenant-people';
import type { Api } from './support/api';
import type { ApiAnswer, ApiServer } from '../../src/engines';

jest.setTimeout(10 * 60_000);

let running: TenantControlPlane;
let server: ApiServer;
let api: Api;

beforeAll(async () => {
  running = await startTenantControlPlane();
  ({ server, api } = running);
}, 30 * 60_000);

afterAll(() => running?.stop());

const pods = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;

/** Sends objects one after the other until one is refused; gives how many were let in and what was said to the last. */
async function fill(
  send: (i: number) => Promise<ApiAnswer>,
  most: number,
): Promise<{ readonly letIn: number; readonly said: string }> {
  for (let i = 0; i < most; i++) {
    const { status, body } = await send(i);
    if (status !== 201) return { letIn: i, said: messageOf(body) };
  }
  throw new Error(`${most} were let in, and nothing said no`);
}

test('All that the fullest claim writes into its namespaces fits its own quotas', async () => {
  for (const namespace of ['shop-live', 'shop-sandbox', 'billing-live', 'wiki-sandbox']) {
    await until(`quotas of ${namespace} are not counted`, async () =>
      (await api.list<Quota>('v1', 'ResourceQuota', namespace)).every(({ status }) => status?.used !== undefined),
    );
    const quotas = await api.list<Quota>('v1', 'ResourceQuota', namespace);
    expect(quotas.map(({ metadata }) => metadata.name).sort()).toEqual([
      'compute',
      'objects',
      'priority',
      'storage-classes',
    ]);
    const used = quotas.flatMap(({ status }) =>
      Object.entries(status?.used ?? {}).map(([what, many]) => [what, many, status?.hard?.[what]]),
    );
    // Counts are plain numbers; at most a third, so that the team has the rest.
    const tight = used.filter(
      ([what, many, hard]) => what?.startsWith('count/') && Number(hard) > 0 && Number(many) > Number(hard) / 3,
    );
    expect(tight).toEqual([]);
  }
});

test('The API server takes limits and quotas of whatever is claimed, on whatever machines', async () => {
  const [machine] = fc.sample(anyCapacity, { numRuns: 1 });
  const quotas = fc.sample(anyQuota, { numRuns: 60 });
  const laptop = { ...localProps.clusters.laptop, nodePools: { machine: { minimum: 1, capacity: machine! } } };
  const claims = quotas.map((one, i) => [
    `tenants/claims/t${i}.yaml`,
    claimFile(`t${i}`, `  environments: { sandbox: { quota: ${JSON.stringify(one)} } }\n`),
  ]);
  const root = folderOf(smallPlatform(Object.fromEntries(claims), { clusters: { laptop } }));
  const { tree, findings } = await renderPlatform({ root, cache: false });
  expect(told(findings)).toEqual([]);
  for (const [i, quota] of quotas.entries()) {
    const made = objectsIn(tree, `clusters/laptop/tenants/t${i}/quota.yaml`) as unknown as KubeObject[];
    expect(made).toHaveLength(5);
    for (const object of made) {
      const here = { ...object, metadata: { ...object.metadata, namespace: 'default' } };
      const { status, body } = await server.request('PATCH', dryApply(api.path(here)), here, {
        'content-type': 'application/apply-patch+yaml',
      });
      expect([quota, machine, status < 300 ? 'taken' : messageOf(body)]).toEqual([quota, machine, 'taken']);
    }
  }
  // It says no to a default above the largest.
  const limits = [{ type: 'Container', default: { cpu: '2' }, max: { cpu: '1' } }];
  const wrong = {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'wrong', namespace: 'default' },
    spec: { limits },
  };
  const answer = await server.request('PATCH', dryApply(api.path(wrong)), wrong, {
    'content-type': 'application/apply-patch+yaml',
  });
  expect(answer.status).toBe(422);
});

const dryApply = (target: string): string => `${target}?fieldManager=test&force=true&fieldValidation=Strict&dryRun=All`;

test('A Pod that asks for nothing is given the defaults, and one beyond the largest is refused', async () => {
  const send = as(server, PEOPLE.stranger);
  const { body } = await accepted(send('POST', `${pods('wiki-sandbox')}?dryRun=All`, pod('plain', 'wiki-sandbox')));
  const [container] = (body as { spec: { containers: { resources: unknown }[] } }).spec.containers;
  expect(container?.resources).toEqual({
    limits: { cpu: '500m', memory: '256Mi', 'ephemeral-storage': '1Gi' },
    requests: { cpu: '50m', memory: '128Mi', 'ephemeral-storage': '0' },
  });
  const resources = (limits: object) => pod('large', 'wiki-sandbox', { resources: { limits } });
  // Three quarters of a machine of 4 cores and 12Gi, or the quota of 8Gi.
  const largest = { cpu: '3', memory: '8Gi' };
  await accepted(send('POST', `${pods('wiki-sandbox')}?dryRun=All`, resources(largest)));
  for (const more of [{ cpu: '3001m' }, { memory: '8193Mi' }, { 'ephemeral-storage': '11Gi' }]) {
    const answer = await send('POST', `${pods('wiki-sandbox')}?dryRun=All`, resources({ ...largest, ...more }));
    expect([answer.status, messageOf(answer.body)]).toEqual([403, expect.stringContaining(`maximum`)]);
  }
});

test.each(['platform-critical', 'system-node-critical', 'tenant-production'])(
  'A Pod outside of production cannot have the priority %s',
  async (priorityClassName) => {
    const send = as(server, PEOPLE.stranger);
    const made = pod('first', 'wiki-sandbox');
    const first = { ...made, spec: { ...(made['spec'] as object), priorityClassName } };
    const { status, body } = await send('POST', `${pods('wiki-sandbox')}?dryRun=All`, first);
    expect(status).toBe(403);
    expect(messageOf(body)).toMatch(/exceeded quota: priority|not permitted/);
  },
);

test('A tenant gets no load balancer that it was not granted', async () => {
  const service = (namespace: string) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { app: 'web' } },
  });
  const services = (namespace: string) => `/api/v1/namespaces/${namespace}/services?dryRun=All`;
  const { status, body } = await as(server, PEOPLE.stranger)('POST', services('wiki-sandbox'), service('wiki-sandbox'));
  expect([status, messageOf(body)]).toEqual([403, expect.stringContaining('exceeded quota: objects')]);
  // This one is granted in production, where its robot makes it.
  await accepted(as(server, PEOPLE.robot)('POST', services('shop-live'), service('shop-live')));
});

test('A tenant that fills its quota starts no more, and its neighbour starts Pods all the same', async () => {
  const { letIn, said } = await fill(
    (i) => as(server, PEOPLE.stranger)('POST', pods('wiki-sandbox'), pod(`p${i}`, 'wiki-sandbox')),
    60,
  );
  // 8Gi of memory in parts of 256Mi.
  expect(letIn).toBe(32);
  expect(said).toContain('exceeded quota: compute');
  await accepted(as(server, PEOPLE.developer)('POST', pods('shop-sandbox'), pod('web', 'shop-sandbox')));
  await accepted(server.request('POST', pods('billing-live'), pod('web', 'billing-live')));
});

test('A tenant that fills etcd with objects is stopped, and its neighbour is not', async () => {
  const configMap = (name: string, namespace: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
  });
  const at = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;
  const { letIn, said } = await fill(
    (i) => as(server, PEOPLE.stranger)('POST', at('wiki-sandbox'), configMap(`c${i}`, 'wiki-sandbox')),
    250,
  );
  expect(letIn).toBeLessThanOrEqual(200);
  expect(said).toContain('exceeded quota: objects');
  await accepted(as(server, PEOPLE.developer)('POST', at('shop-sandbox'), configMap('c', 'shop-sandbox')));
});

test('Without its quota a tenant would not be stopped', async () => {
  const quota = running.objects.find(
    ({ kind, metadata }) =>
      kind === 'ResourceQuota' && metadata.name === 'compute' && metadata.namespace === 'wiki-sandbox',
  )!;
  const send = () =>
    as(server, PEOPLE.stranger)('POST', `${pods('wiki-sandbox')}?dryRun=All`, pod('more', 'wiki-sandbox'));
  expect((await send()).status).toBe(403);
  await accepted(server.request('DELETE', api.path(quota)));
  await until('Pods are refused still', async () => (await send()).status === 201);
});
