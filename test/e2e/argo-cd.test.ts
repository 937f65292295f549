import { rm } from 'node:fs/promises';
import path from 'node:path';
import { asLines } from '../../src/engines';
import type { KubeObject } from './support/api';
import { until } from './support/argo-cd';
import { startChartRepository, type ChartRepository } from './support/chart-repository';
import { startSyncedArgoCd, type SyncedArgoCd } from './support/synced-argo-cd';
import { makeSyncedPlatform, VALUES, WRONG_VERSION, type SyncedPlatform } from './support/synced-platform';

/** The tests are steps of one story: each goes on where the one before it ended. */
describe('a real Argo CD on the published tree', () => {
  const say = (message: string): void => void process.stderr.write(`${message}\n`);
  let broken = false;
  /** A test that fails at once where an earlier one failed, as waiting again would tell nothing new. */
  const step = (name: string, action: () => Promise<void>): void =>
    it(
      name,
      async () => {
        expect({ brokenBefore: broken }).toEqual({ brokenBefore: false });
        broken = true;
        await action();
        broken = false;
      },
      300_000,
    );
  let charts: ChartRepository;
  let platform: SyncedPlatform;
  let synced: SyncedArgoCd;
  let api: SyncedArgoCd['api'];
  let argoCd: SyncedArgoCd['argoCd'];
  const statusOf: SyncedArgoCd['statusOf'] = (name) => synced.statusOf(name);
  const names: SyncedArgoCd['names'] = () => synced.names();
  const settled: SyncedArgoCd['settled'] = (...expected) => synced.settled(...expected);
  const settledAtCommit: SyncedArgoCd['settledAtCommit'] = (...expected) => synced.settledAtCommit(...expected);

  beforeAll(async () => {
    charts = await startChartRepository({ onProgress: asLines(say) });
    platform = await makeSyncedPlatform({ charts: charts.url });
    expect(await platform.keelson('publish')).toMatchObject({ code: 0 });
    synced = await startSyncedArgoCd(platform, { say });
    ({ api, argoCd } = synced);
  }, 40 * 60_000);

  afterAll(async () => {
    await synced?.stop();
    await platform?.remove();
    await charts?.stop();
  }, 60_000);

  /** What stands in a namespace of a tenant, with its version: whoever writes it again makes another. */
  const contents = async (namespace: string): Promise<readonly KubeObject[]> =>
    (await Promise.all(EACH_NAMESPACE.map(([apiVersion, kind]) => api.list(apiVersion, kind, namespace)))).flat();

  step('waits for an add-on to be healthy before it goes on to those that need it', async () => {
    await until(
      argoCd,
      'the root Application waits for the add-on that is not ready',
      async () => (await statusOf('root')).operationState?.message ?? '',
      (message) => message === 'waiting for healthy state of argoproj.io/Application/slow',
    );
    expect(await names()).toEqual(['delivery', 'delivery-crds', 'policies', 'root', 'slow', 'slow-crds']);
    await settled('delivery', 'delivery-crds', 'slow-crds');
    expect((await statusOf('slow')).health?.status).toBe('Progressing');
  });

  step('goes on when the add-on is well, and past a mistake as soon as its correction is published', async () => {
    await runDeployment('slow', 'slow');
    await settled('slow');
    await until(
      argoCd,
      'the root Application tries again, since there is no such version of a chart',
      async () => (await statusOf('root')).operationState?.message ?? '',
      (message) => message.includes('Retrying'),
    );
    expect(await names()).not.toContain('tenant-payments');

    await platform.edit('addons/quick.ts', (text) => text.replace(WRONG_VERSION, '1.2.3'));
    expect(await platform.keelson('publish')).toMatchObject({ code: 0 });
    await settledAtCommit('root');
    await settled('quick');
  });

  step('gives a chart the values that its add-on declares', async () => {
    const map = await api.get<KubeObject & { data: { values: string } }>('v1', 'ConfigMap', 'quick', 'quick');
    expect(JSON.parse(map!.data.values)).toEqual({ kept: 'by the chart', ...VALUES });
  });

  step('makes one Application for each tenant and applies what the tenant claims', async () => {
    await until(argoCd, 'the tenants have Applications', names, (all) =>
      ['tenant-handbook', 'tenant-payments'].every((name) => all.includes(name)),
    );
    await settled('tenant-handbook', 'tenant-payments');
    for (const namespace of ['handbook-sandbox', 'payments-sandbox']) {
      for (const [apiVersion, kind, expected] of EACH_NAMESPACE) {
        const found = (await api.list(apiVersion, kind, namespace)).map(({ metadata }) => metadata.name);
        expect({ namespace, kind, found }).toEqual({ namespace, kind, found: expect.arrayContaining([...expected]) });
      }
    }
    const quota = await api.get<Quota>('v1', 'ResourceQuota', 'compute', 'payments-sandbox');
    expect(quota?.spec.hard).toMatchObject({ 'requests.cpu': '8', 'requests.memory': '16Gi', pods: '20' });
  });

  step("delivers what the team's own repository holds into the tenant's namespace", async () => {
    await settled('delivery-payments-sandbox.deploy');
    expect(await api.get('v1', 'ConfigMap', 'greeting', 'payments-sandbox')).toMatchObject({
      data: { text: 'good morning' },
    });
  });

  step('puts back what somebody takes away by hand', async () => {
    const quota = await api.get('v1', 'ResourceQuota', 'compute', 'handbook-sandbox');
    await api.remove([quota!]);
    await until(
      argoCd,
      'the quota is back',
      () => api.get('v1', 'ResourceQuota', 'compute', 'handbook-sandbox'),
      (found) => found !== undefined && found.metadata.uid !== quota!.metadata.uid,
    );
  });

  step('brings in a tenant that is added, and touches no other', async () => {
    const others = ['handbook-sandbox', 'payments-sandbox'];
    const before = await Promise.all(others.map(contents));
    const added = ['--owner', 'search@example.com', '--group', 'search-developers', '--env', 'sandbox'];
    expect(await platform.keelson('tenant', 'new', 'search', ...added)).toMatchObject({ code: 0 });
    expect(await platform.keelson('publish')).toMatchObject({ code: 0 });

    const started = Date.now();
    await until(argoCd, 'the tenant has an Application', names, (all) => all.includes('tenant-search'));
    await settledAtCommit('tenant-search');
    say(`a tenant is there ${((Date.now() - started) / 1000).toFixed(1)} s after it was published`);
    await settledAtCommit('root', 'tenant-handbook', 'tenant-payments');
    expect(await api.get('v1', 'ResourceQuota', 'compute', 'search-sandbox')).toBeDefined();
    expect(await Promise.all(others.map(contents))).toEqual(before);
  });

  step('lets go of a tenant that is removed on purpose, and deletes nothing that it holds', async () => {
    const before = await contents('search-sandbox');
    await rm(path.join(platform.directory, 'tenants', 'search.ts'));
    expect(await platform.keelson('publish')).toMatchObject({ code: 1 });
    expect(await platform.keelson('publish', '--allow-remove', 'tenant/search')).toMatchObject({ code: 0 });

    await until(argoCd, 'the Application is gone', names, (all) => !all.includes('tenant-search'));
    await settledAtCommit('root', 'tenant-handbook', 'tenant-payments');
    const namespace = await api.get('v1', 'Namespace', 'search-sandbox');
    expect(namespace?.metadata).not.toHaveProperty('deletionTimestamp');
    expect(await contents('search-sandbox')).toEqual(before);
  });

  /** Says of a Deployment what its controller would say once its Pod runs. */
  async function runDeployment(name: string, namespace: string): Promise<void> {
    const deployment = await api.get('apps/v1', 'Deployment', name, namespace);
    const copies = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
    const status = { observedGeneration: deployment!.metadata.generation, ...copies };
    const answer = await synced.server.request(
      'PATCH',
      `${api.path(deployment!)}/status`,
      { status },
      {
        'content-type': 'application/merge-patch+json',
      },
    );
    expect(answer.status).toBe(200);
  }
});

interface Quota extends KubeObject {
  readonly spec: { readonly hard: Readonly<Record<string, string>> };
}

/** What stands in every namespace of a tenant. */
const EACH_NAMESPACE = [
  ['v1', 'ResourceQuota', ['compute', 'objects']],
  ['v1', 'LimitRange', ['containers']],
  ['v1', 'ServiceAccount', ['default']],
  ['networking.k8s.io/v1', 'NetworkPolicy', ['default-deny', 'dns', 'same-namespace']],
  ['rbac.authorization.k8s.io/v1', 'Role', ['admin', 'developer', 'viewer']],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding', ['developer']],
] as const;
