import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import {
  ADOPTER,
  applyBootstrap,
  bootstrapDeclarations,
  bootstrapDrift,
  BootstrapError,
  type BootstrapOptions,
  type BootstrapPlan,
  type BootstrapStep,
  FIELD_MANAGER,
  helmCharts,
  type KubeObject,
  planBootstrap,
} from '../../infra/bootstrap';
import { platform } from '../../platform';
import { asLines, startApiServer, type ApiServer } from '../../src/engines';
import { startChartRepository } from './support/chart-repository';

const APPLICATION = '/apis/argoproj.io/v1alpha1/namespaces/argocd';
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';

/** The tests are steps of one story: each goes on where the one before it ended. */
describe('the bootstrap of a real API server', () => {
  const say = (message: string): void => void process.stderr.write(`${message}\n`);
  /** On a port that nothing listens on, so that what is tested is the same with and without the internet. */
  let nowhere: string;
  let server: ApiServer;
  let plan: BootstrapPlan;

  beforeAll(async () => {
    nowhere = await unusedUrl();
    const whole = planBootstrap(bootstrapDeclarations(platform), 'local');
    plan = { ...whole, steps: whole.steps.map(withChartFrom(nowhere)) };
    server = await startApiServer({ onProgress: asLines(say) });
  }, 20 * 60_000);
  afterAll(() => server?.stop(), 60_000);

  const bootstrap = (steps: readonly BootstrapStep[], options: BootstrapOptions = {}) =>
    applyBootstrap({ cluster: 'local', steps }, server, { onProgress: say, ...options });
  const get = async <T = Stored>(path: string): Promise<T> => (await server.request('GET', path)).body as T;
  const merge = (path: string, body: object) =>
    server.request('PATCH', path, body, { 'content-type': 'application/merge-patch+json' });
  const as = (user: string, group: string) => ({ 'impersonate-user': user, 'impersonate-group': group });

  it('shows whoever has not said who he is the version, before', async () => {
    const anonymous = as('system:anonymous', 'system:unauthenticated');
    expect((await server.request('GET', '/version', undefined, anonymous)).status).toBe(200);
  });

  it('does every step that needs no container, says which charts it left out, and calls nothing done that is not', async () => {
    const result = await applyBootstrap(plan, server, { simulatedNodes: true, onProgress: say });
    expect(result.skipped.map(({ step }) => step)).toEqual(['chart/cilium', 'chart/coredns', 'chart/argo-cd']);
    for (const { reason } of result.skipped) expect(reason).toContain(`${nowhere} cannot be reached`);
    expect(result.notRunning).toEqual([
      { step: 'root', reason: expect.stringContaining('no controller of Argo CD runs') as string },
    ]);
    const done = result.steps.map(({ name }) => name);
    expect([...done, ...result.skipped.map(({ step }) => step)].sort()).toEqual(
      plan.steps.map(({ name }) => name).sort(),
    );
    expect(result.steps.every(({ created, changed }) => created + changed > 0)).toBe(true);

    expect(await get(`${APPLICATION}/applications/root`)).toMatchObject({
      spec: { source: { path: 'clusters/local/apps' } },
    });
    for (const kind of [
      'ciliumnetworkpolicies.cilium.io',
      'gateways.gateway.networking.k8s.io',
      'podmonitors.monitoring.coreos.com',
    ])
      expect(
        (await server.request('GET', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${kind}`)).status,
      ).toBe(200);
    expect(await get('/api/v1/namespaces/kube-system')).toMatchObject({
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
  }, 300_000);

  it('changes nothing the second time', async () => {
    const result = await applyBootstrap(plan, server, { simulatedNodes: true, onProgress: say });
    expect(result.steps.map(({ name, created, changed }) => ({ name, created, changed }))).toEqual(
      result.steps.map(({ name }) => ({ name, created: 0, changed: 0 })),
    );
    expect(await bootstrapDrift(plan, server)).toEqual([]);
  }, 300_000);

  it('lets administrators in, whichever way they come, and gives others what is theirs', async () => {
    expect(await review('keelson:platform-admins', 'delete', 'secrets')).toBe(true);
    expect(await review('oidc:platform-admins', 'delete', 'secrets')).toBe(true);
    expect(await review('platform-admins', 'delete', 'secrets')).toBe(false);
    expect(await review('keelson:kubelet-clients', 'create', 'nodes/proxy')).toBe(true);
    expect(await review('keelson:kubelet-clients', 'get', 'secrets')).toBe(false);
    expect(await review('x', 'patch', 'nodes/status', 'keelson:kwok')).toBe(true);
    expect(await review('x', 'get', 'secrets', 'keelson:kwok')).toBe(false);

    const anonymous = as('system:anonymous', 'system:unauthenticated');
    expect((await server.request('GET', '/readyz', undefined, anonymous)).status).toBe(200);
    expect((await server.request('GET', '/readyz/ping', undefined, anonymous)).status).toBe(200);
    expect((await server.request('GET', '/version', undefined, anonymous)).status).toBe(403);
    expect((await server.request('GET', '/version', undefined, as('somebody', 'system:authenticated'))).status).toBe(
      200,
    );
  });

  /** What the API server would let a user of that group do. */
  async function review(group: string, verb: string, resource: string, user = 'somebody'): Promise<boolean> {
    const [name, subresource] = resource.split('/');
    const { body } = await server.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, groups: [group], resourceAttributes: { verb, resource: name, subresource } },
    });
    return (body as { status: { allowed: boolean } }).status.allowed;
  }

  it('finds what was changed or removed by hand among what it keeps, and puts it back', async () => {
    await server.request('DELETE', `${BINDINGS}/keelson:kubelet-clients`);
    await merge(`${BINDINGS}/system:public-info-viewer`, {
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:unauthenticated' }],
    });
    await merge(`${APPLICATION}/applications/root`, { spec: { source: { path: 'clusters/other/apps' } } });
    await server.request('DELETE', '/api/v1/namespaces/argocd/serviceaccounts/default');
    expect(await bootstrapDrift(plan, server)).toEqual([
      'access: ClusterRoleBinding keelson:kubelet-clients is not there',
      'access: ClusterRoleBinding system:public-info-viewer was changed',
      'namespaces/argo-cd: ServiceAccount argocd/default is not there',
      'root: Application argocd/root was changed',
    ]);
    await applyBootstrap(plan, server, { simulatedNodes: true });
    expect(await bootstrapDrift(plan, server)).toEqual([]);
  }, 120_000);

  it('leaves alone what Argo CD has taken over', async () => {
    const project = `${APPLICATION}/appprojects/platform`;
    await merge(project, {
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'root:argoproj.io/AppProject:argocd/platform' } },
      spec: { description: 'as a newer tree says' },
    });
    const { steps } = await applyBootstrap(plan, server, { simulatedNodes: true });
    expect(steps.find(({ name }) => name === 'projects')).toMatchObject({ adopted: 1, unchanged: 2, changed: 0 });
    expect(await get(project)).toMatchObject({ spec: { description: 'as a newer tree says' } });
  }, 120_000);

  it('owns what it hands over in the name of Argo CD, so that a field which the tree drops later goes', async () => {
    const map = (data: Record<string, string>): KubeObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'handed-over', namespace: 'default' },
      data,
    });
    const path = '/api/v1/namespaces/default/configmaps/handed-over';
    const dropped = async (adoptedBy: string | undefined): Promise<unknown> => {
      await bootstrap([
        {
          ...step(),
          ...(adoptedBy ? { adoptedBy } : {}),
          content: { kind: 'objects', objects: [map({ kept: 'a', dropped: 'b' })] },
        },
      ]);
      await server.request('PATCH', `${path}?fieldManager=${ADOPTER}&force=true`, map({ kept: 'a' }), {
        'content-type': 'application/apply-patch+yaml',
      });
      const { data } = await get<{ data: unknown }>(path);
      await server.request('DELETE', path);
      return data;
    };
    expect(await dropped('some-add-on')).toEqual({ kept: 'a' });
    // What it would be otherwise: the reason for the other manager.
    expect(await dropped(undefined)).toEqual({ kept: 'a', dropped: 'b' });
    expect(FIELD_MANAGER).not.toBe(ADOPTER);
  });

  it('tells every object that fails at once, and which steps were not reached', async () => {
    const broken = (name: string, spec: object): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
      ...spec,
    });
    const objects = [broken('good', {}), broken('Bad_Name', {}), broken('strange', { colour: 'blue' })];
    const failed = bootstrap([
      { ...step(), content: { kind: 'objects', objects } },
      { ...step(), name: 'later' },
    ]);
    const error = (await failed.catch((error: unknown) => error)) as BootstrapError;
    expect(error).toBeInstanceOf(BootstrapError);
    expect(error.failures.map(({ object }) => object)).toEqual(['Namespace Bad_Name', 'Namespace strange']);
    expect(error.message).toMatch(
      /^one: Namespace Bad_Name: 4\d\d .*\none: Namespace strange: .*colour.*\nnot reached: later$/,
    );
    expect((await server.request('GET', '/api/v1/namespaces/good')).status).toBe(200);
  });

  it('fails on real nodes where a chart cannot be had, since nothing after it could start', async () => {
    const failed = bootstrap(plan.steps.slice(plan.steps.findIndex(({ name }) => name === 'chart/cilium')));
    await expect(failed).rejects.toThrow(`chart/cilium: ${nowhere} cannot be reached (connect ECONNREFUSED`);
    await expect(failed).rejects.toThrow(/\nnot reached: chart\/coredns, chart\/argo-cd, projects, root$/);
  });

  it('waits on real nodes for hooks before the rest and for workloads, and says what is missing', async () => {
    const charts = () => Promise.resolve([configMap, job, deployment]);
    const [first] = plan.steps.filter(({ content }) => content.kind === 'chart');
    const install = (timeout: number) =>
      bootstrap([{ ...first!, content: { ...first!.content, namespace: 'default' } as BootstrapStep['content'] }], {
        charts,
        timeout,
      });

    await expect(install(1_000)).rejects.toThrow(/Job default\/first: has not succeeded \(0 failed tries\) after 1 s/);
    expect((await server.request('GET', '/api/v1/namespaces/default/configmaps/settings')).status).toBe(404);

    await merge('/apis/batch/v1/namespaces/default/jobs/first/status', {
      status: {
        succeeded: 1,
        startTime: '2026-01-01T00:00:00Z',
        completionTime: '2026-01-01T00:00:01Z',
        conditions: ['SuccessCriteriaMet', 'Complete'].map((type) => ({
          type,
          status: 'True',
          lastTransitionTime: '2026-01-01T00:00:01Z',
        })),
      },
    });
    await expect(install(1_000)).rejects.toThrow(/Deployment default\/server: has 0 of 2 Pods available after 1 s/);
    expect((await server.request('GET', '/api/v1/namespaces/default/configmaps/settings')).status).toBe(200);

    await merge('/apis/apps/v1/namespaces/default/deployments/server/status', {
      status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 },
    });
    expect(await install(1_000)).toMatchObject({ skipped: [], notRunning: [] });
  }, 60_000);

  it('survives an API server that is away for a moment, and tells one that stays away', async () => {
    let failures = 3;
    const flaky: Pick<ApiServer, 'request'> = {
      request: (...request) =>
        failures-- > 0 ? Promise.reject(new Error('connect ECONNREFUSED')) : server.request(...request),
    };
    const [access] = plan.steps;
    await applyBootstrap({ cluster: 'local', steps: [access!] }, flaky);
    const gone = { request: () => Promise.reject(new Error('connect ECONNREFUSED 127.20.0.10:6443')) };
    await expect(applyBootstrap(plan, gone)).rejects.toThrow('connect ECONNREFUSED 127.20.0.10:6443');
  }, 60_000);

  it(
    'installs a chart by Helm as Argo CD would: release, namespace and values',
    async () => {
      const repository = await startChartRepository({ onProgress: asLines(say) });
      try {
        const content: BootstrapStep['content'] = {
          kind: 'chart',
          chart: { repository: repository.url, name: 'parcel', version: '1.2.3', values: { odd: 'even' } },
          releaseName: 'parcel-release',
          namespace: 'default',
          kubernetesVersion: '1.36.3',
        };
        await bootstrap([{ ...step(), adoptedBy: 'parcel', content }], { charts: helmCharts() });
        const { data } = await get<{ data: { values: string } }>(
          '/api/v1/namespaces/default/configmaps/parcel-release',
        );
        expect(JSON.parse(data.values)).toEqual({ kept: 'by the chart', odd: 'even' });

        const broken = { ...content, chart: { ...content.chart, version: '1.2.4' } };
        await expect(bootstrap([{ ...step(), content: broken }], { simulatedNodes: true })).rejects.toThrow(
          BootstrapError,
        );
      } finally {
        await repository.stop();
      }
    },
    20 * 60_000,
  );
});

async function unusedUrl(): Promise<string> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  return `http://127.0.0.1:${port}`;
}

interface Stored {
  readonly [field: string]: unknown;
}

function withChartFrom(repository: string): (step: BootstrapStep) => BootstrapStep {
  return (step) =>
    step.content.kind === 'chart'
      ? { ...step, content: { ...step.content, chart: { ...step.content.chart, repository } } }
      : step;
}

function step(): BootstrapStep {
  return {
    name: 'one',
    why: '',
    content: { kind: 'objects', objects: [] },
    until: 'stored',
    runsOnSimulatedNodes: true,
  };
}

const configMap: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } };
const pod = (restartPolicy: string) => ({
  metadata: { labels: { app: 'server' } },
  spec: { restartPolicy, containers: [{ name: 'server', image: 'registry.example.com/server:1' }] },
});
const job: KubeObject = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'first', annotations: { 'helm.sh/hook': 'pre-install,pre-upgrade' } },
  spec: { template: pod('Never') },
};
const deployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'server' },
  spec: { replicas: 2, selector: { matchLabels: { app: 'server' } }, template: pod('Always') },
};
