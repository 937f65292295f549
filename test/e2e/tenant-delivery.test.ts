import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { asLines, type ApiAnswer } from '../../src/engines';
import { messageOf, type KubeObject } from './support/api';
import { until } from './support/argo-cd';
import { startGarbageCollector } from './support/garbage-collector';
import { ARGO, NAMESPACE, startSyncedArgoCd, type Status, type SyncedArgoCd } from './support/synced-argo-cd';
import { makeSyncedPlatform, type SyncedPlatform } from './support/synced-platform';

const HOME = 'payments-sandbox';
const DELIVERY = `delivery-${HOME}.deploy`;
const ROBOT = `system:serviceaccount:keelson-delivery:${HOME}`;

const SECRET_OF_PLATFORM = 'argocd-secret';

/** What a team may not bring, by the file that brings it, and what is said of each. */
const FORBIDDEN: readonly (readonly [file: string, object: KubeObject, said: RegExp])[] = [
  ['another-namespace', configMap('intruder', 'handbook-sandbox'), /namespace handbook-sandbox is not permitted/],
  [
    'rights',
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'mine' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: HOME }],
    },
    /RoleBinding is not permitted in project tenant-payments/,
  ],
  [
    'platform-secret',
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: SECRET_OF_PLATFORM, namespace: NAMESPACE },
      stringData: { 'server.secretkey': 'known' },
    },
    /Secret is not permitted in project tenant-payments/,
  ],
  [
    'token',
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'token', annotations: { 'kubernetes.io/service-account.name': 'default' } },
      type: 'kubernetes.io/service-account-token',
    },
    /Secret is not permitted in project tenant-payments/,
  ],
  [
    'namespace',
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'payments-more' } },
    /Namespace is not permitted in project tenant-payments/,
  ],
  [
    'application',
    {
      apiVersion: ARGO,
      kind: 'Application',
      metadata: { name: 'mine', namespace: NAMESPACE },
      spec: {
        project: 'platform',
        source: { repoURL: 'file:///nowhere', path: '.' },
        destination: { server: 'https://kubernetes.default.svc', namespace: HOME },
      },
    },
    /Application is not permitted in project tenant-payments/,
  ],
];

/** The tests are steps of one story: each goes on where the one before it ended. */
describe("a real Argo CD deploys what a team's repositories hold", () => {
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
  let platform: SyncedPlatform;
  let synced: SyncedArgoCd;
  let stopCollector: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    platform = await makeSyncedPlatform();
    await platform.write('tenants/claims/hello.yaml', helloClaim(platform.sample));
    // Where a policy of its own may stand: what the API server was asked, and as whom.
    const audit = path.join(platform.directory, 'audit');
    await platform.write('audit/policy.json', JSON.stringify(AUDIT));
    await platform.write('audit/log', '');
    expect(await platform.keelson('publish')).toMatchObject({ code: 0 });
    synced = await startSyncedArgoCd(platform, {
      say,
      flags: [`--audit-policy-file=${audit}/policy.json`, `--audit-log-path=${audit}/log`],
    });
    stopCollector = await startGarbageCollector(synced.server, { onProgress: asLines(say) });
  }, 40 * 60_000);

  afterAll(async () => {
    await stopCollector?.();
    await synced?.stop();
    await platform?.remove();
  }, 60_000);

  const configMapIn = (name: string, namespace = HOME) =>
    synced.api.get<KubeObject & { data: Record<string, string> }>('v1', 'ConfigMap', name, namespace);
  const accepted = async (answer: Promise<ApiAnswer>): Promise<void> => {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(messageOf(body));
  };
  const waitFor = (what: string, name: string, wanted: (status: Status) => boolean): Promise<Status> =>
    until(synced.argoCd, what, () => synced.statusOf(name), wanted);
  const publish = async (...args: string[]): Promise<void> => {
    expect(await platform.keelson('publish', ...args)).toMatchObject({ code: 0 });
  };

  step('as the robot of the environment, by the name that the API server sees', async () => {
    await until(synced.argoCd, 'the repository has an Application', synced.names, (all) => all.includes(DELIVERY));
    await synced.settled(DELIVERY);
    expect(await configMapIn('greeting')).toMatchObject({ data: { text: 'good morning' } });

    const log = await readFile(path.join(platform.directory, 'audit', 'log'), 'utf8');
    const written = log
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as AuditEvent)
      .filter(({ objectRef, requestURI }) => objectRef.name === 'greeting' && !requestURI.includes('dryRun'));
    expect(written.length).toBeGreaterThan(0);
    expect(new Set(written.map(({ impersonatedUser }) => impersonatedUser?.username))).toEqual(new Set([ROBOT]));
  });

  step('and nothing that is beyond its project', async () => {
    const secret = await synced.api.get('v1', 'Secret', SECRET_OF_PLATFORM, NAMESPACE);
    await platform.merge(
      Object.fromEntries(FORBIDDEN.map(([file, object]) => [`deploy/sandbox/${file}.json`, JSON.stringify(object)])),
    );
    const { operationState } = await waitFor(
      'the sync is refused',
      DELIVERY,
      (status) => (status.operationState?.syncResult?.resources ?? []).filter(isRefused).length >= FORBIDDEN.length,
    );
    const told = operationState!.syncResult!.resources!;
    for (const [, { kind, metadata }, said] of FORBIDDEN) {
      const about = told.find((one) => one.kind === kind && one.name === metadata.name);
      expect({ kind, name: metadata.name, message: about?.message }).toEqual({
        kind,
        name: metadata.name,
        message: expect.stringMatching(said),
      });
    }
    for (const [, object] of FORBIDDEN) {
      const { name, namespace = HOME } = object.metadata;
      if (name === SECRET_OF_PLATFORM) continue;
      const place = object.kind === 'Namespace' ? undefined : namespace;
      expect(await synced.api.get(object.apiVersion, object.kind, name, place)).toBeUndefined();
    }
    expect(await synced.api.get('v1', 'Secret', SECRET_OF_PLATFORM, NAMESPACE)).toEqual(secret);

    await platform.merge(Object.fromEntries(FORBIDDEN.map(([file]) => [`deploy/sandbox/${file}.json`, undefined])));
    await synced.settled(DELIVERY);
  });

  step('and says so where a guardrail refuses what a commit changes', async () => {
    const policy = (spec: object) =>
      JSON.stringify({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'own' },
        spec: { podSelector: {}, policyTypes: ['Ingress'], ...spec },
      });
    await platform.merge({ 'deploy/sandbox/own.json': policy({ ingress: [{ from: [{ podSelector: {} }] }] }) });
    const stored = () => synced.api.get('networking.k8s.io/v1', 'NetworkPolicy', 'own', HOME);
    await until(synced.argoCd, 'the policy is there', stored, (found) => found !== undefined);
    await synced.settled(DELIVERY);
    await platform.merge({ 'deploy/sandbox/own.json': policy({ ingress: [{ from: [{ namespaceSelector: {} }] }] }) });
    const { sync } = await waitFor('the sync is refused', DELIVERY, (status) =>
      (status.operationState?.syncResult?.resources ?? []).some(
        ({ name, message }) => name === 'own' && /tenant-network-policies/.test(message ?? ''),
      ),
    );
    expect(sync?.status).toBe('OutOfSync');
    expect(JSON.stringify(await stored())).not.toContain('"namespaceSelector"');
    await platform.merge({ 'deploy/sandbox/own.json': undefined });
    await synced.settled(DELIVERY);
  });

  step('nor over what the platform wrote into its namespace', async () => {
    const policy = () => synced.api.get('networking.k8s.io/v1', 'NetworkPolicy', 'default-deny', HOME);
    const before = await policy();
    expect(before).toBeDefined();
    const open = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'default-deny' },
      spec: { podSelector: {}, ingress: [{}], egress: [{}], policyTypes: ['Ingress', 'Egress'] },
    };
    await platform.merge({ 'deploy/sandbox/open.json': JSON.stringify(open) });
    await waitFor('the sync is refused', DELIVERY, ({ operationState }) =>
      /shared resource/i.test(operationState?.message ?? ''),
    );
    expect((await policy())?.['spec']).toEqual(before?.['spec']);
    await platform.merge({ 'deploy/sandbox/open.json': undefined });
    await synced.settled(DELIVERY);
  });

  step('with no more rights than the robot has, whatever a project allows', async () => {
    const rights = FORBIDDEN.find(([file]) => file === 'rights')![1];
    await platform.merge({ 'elsewhere/rights.json': JSON.stringify(rights) });
    const project = (name: string, more: object): KubeObject => ({
      apiVersion: ARGO,
      kind: 'AppProject',
      metadata: { name, namespace: NAMESPACE },
      spec: {
        sourceRepos: ['*'],
        destinations: [{ server: '*', namespace: '*' }],
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
        ...more,
      },
    });
    const application = (name: string): KubeObject => ({
      apiVersion: ARGO,
      kind: 'Application',
      metadata: { name, namespace: NAMESPACE },
      spec: {
        project: name,
        source: { repoURL: platform.deploy, targetRevision: 'main', path: 'elsewhere' },
        destination: { server: 'https://kubernetes.default.svc', namespace: HOME },
        syncPolicy: { automated: {}, syncOptions: ['ServerSideApply=true'] },
      },
    });
    const robot = { server: '*', namespace: HOME, defaultServiceAccount: `keelson-delivery:${HOME}` };
    const loose = [project('loose', { destinationServiceAccounts: [robot] }), application('loose')];
    const nameless = [project('nameless', {}), application('nameless')];
    for (const object of [...loose, ...nameless]) await accepted(synced.api.apply(object, 'somebody'));

    const { operationState } = await waitFor('the API server refuses the robot', 'loose', (status) =>
      (status.operationState?.syncResult?.resources ?? []).some(isRefused),
    );
    const message = operationState!.syncResult!.resources!.map((one) => one.message).join();
    expect(message).toMatch(new RegExp(`User "${ROBOT}" cannot \\w+ resource "rolebindings"`));
    await waitFor('a project that names no account deploys nothing', 'nameless', (status) =>
      /no matching service account/.test(status.operationState?.message ?? ''),
    );
    expect(
      await synced.api.get('rbac.authorization.k8s.io/v1', 'RoleBinding', rights.metadata.name, HOME),
    ).toBeUndefined();
    await synced.api.remove([application('loose'), application('nameless')]);
  });

  step(
    'the sample repository: plain, with Kustomize and with Helm, and nothing of a directory that is not there',
    async () => {
      const names = ['plain', 'kustomize', 'helm'].map((way) => `delivery-hello-prod.${way}`);
      await until(synced.argoCd, 'each way has an Application', synced.names, (all) =>
        names.every((name) => all.includes(name)),
      );
      expect(await synced.names()).not.toContain('delivery-hello-prod.nowhere');
      for (const name of names) {
        const { operationState, sync } = await waitFor(
          `${name} is synced`,
          name,
          (status) => status.sync?.status === 'Synced' && status.operationState?.phase === 'Succeeded',
        );
        expect({ phase: operationState?.phase, sync: sync?.status }).toEqual({ phase: 'Succeeded', sync: 'Synced' });
      }
      for (const name of ['hello', 'hello-kustomize', 'hello-helm']) {
        const deployment = await synced.api.get<Deployment>('apps/v1', 'Deployment', name, 'hello-prod');
        expect(deployment?.spec.replicas).toBe(3);
        expect(deployment?.spec.template.spec.containers.map(({ image }) => image)).toEqual([
          expect.stringMatching(/^registry\.example\.com\/hello@sha256:[0-9a-f]{64}$/),
        ]);
        expect(await configMapIn(name, 'hello-prod')).toMatchObject({ data: { greeting: 'hello' } });
      }
      // A repository without the directory takes nothing from the tenant.
      await synced.settled('tenant-hello');
    },
  );

  step('a volume that leaves the repository stays until somebody has agreed', async () => {
    const volume = () => synced.api.get('v1', 'PersistentVolumeClaim', 'ledger', HOME);
    await platform.merge({
      'deploy/sandbox/ledger.json': JSON.stringify({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'ledger' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      }),
    });
    await until(synced.argoCd, 'the volume is there', volume, (found) => found !== undefined);
    // What the API server filled in is no difference.
    await waitFor(
      'the volume is synced',
      DELIVERY,
      ({ sync, operationState }) => sync?.status === 'Synced' && operationState?.phase === 'Succeeded',
    );
    await platform.merge({ 'deploy/sandbox/ledger.json': undefined, 'deploy/sandbox/later.json': later('more') });
    const { operationState } = await waitFor('Argo CD asks', DELIVERY, (status) =>
      /confirmation/.test(status.operationState?.message ?? ''),
    );
    expect(operationState?.message).toContain('PersistentVolumeClaim/ledger');
    expect((await volume())?.metadata).not.toHaveProperty('deletionTimestamp');
    // What else was merged is deployed meanwhile.
    expect(await configMapIn('later')).toBeDefined();

    await accepted(
      synced.server.request(
        'PATCH',
        `/apis/${ARGO}/namespaces/${NAMESPACE}/applications/${DELIVERY}`,
        { metadata: { annotations: { 'argocd.argoproj.io/deletion-approved': new Date().toISOString() } } },
        { 'content-type': 'application/merge-patch+json' },
      ),
    );
    await until(synced.argoCd, 'the volume is gone', volume, (found) => found === undefined);
    await synced.settled(DELIVERY);
  });

  step('a directory that vanishes leaves what it deployed, and its Application goes', async () => {
    const before = await configMapIn('greeting');
    await platform.merge({ 'deploy/sandbox': undefined });
    await until(synced.argoCd, 'the Application is gone', synced.names, (all) => !all.includes(DELIVERY));
    expect(await configMapIn('greeting')).toEqual(before);
    await platform.merge({ 'deploy/sandbox/greeting.json': greeting('good morning') });
    await until(synced.argoCd, 'it is back', synced.names, (all) => all.includes(DELIVERY));
    await synced.settled(DELIVERY);
  });

  step('nothing of a suspended tenant, and what it has stays; resumed, it goes on', async () => {
    await platform.edit('tenants/payments.ts', (text) => text.replace('owner:', "state: 'suspended',\n  owner:"));
    await publish();
    await synced.settledAtCommit('tenant-payments');
    const spec = async () =>
      (await synced.api.get<KubeObject & { spec: { syncPolicy: object } }>(ARGO, 'Application', DELIVERY, NAMESPACE))!
        .spec;
    await until(synced.argoCd, 'nothing syncs by itself', spec, ({ syncPolicy }) => !('automated' in syncPolicy));
    await platform.merge({ 'deploy/sandbox/greeting.json': greeting('good night') });
    await waitFor('the commit is seen', DELIVERY, ({ sync }) => sync?.status === 'OutOfSync');
    expect(await configMapIn('greeting')).toMatchObject({ data: { text: 'good morning' } });

    await platform.edit('tenants/payments.ts', (text) => text.replace("state: 'suspended',\n  ", ''));
    await publish();
    await until(
      synced.argoCd,
      'the commit is deployed',
      () => configMapIn('greeting'),
      (found) => found?.data.text === 'good night',
    );
  });

  step(
    'a tenant is removed in two commits, and its namespace, its volume and what it deployed are still there',
    async () => {
      const volume = {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'records', namespace: HOME },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      };
      await accepted(synced.api.apply(volume, 'somebody'));
      const held = async () =>
        Promise.all([
          synced.api.get('v1', 'Namespace', HOME).then((found) => found?.metadata.uid),
          synced.api.get('v1', 'PersistentVolumeClaim', 'records', HOME),
          configMapIn('greeting'),
        ]);
      const before = await held();

      await platform.edit('tenants/payments.ts', (text) => text.replace('owner:', "state: 'removed',\n  owner:"));
      await publish();
      await until(synced.argoCd, 'delivery is taken away', synced.names, (all) => !all.includes(DELIVERY));
      await synced.settledAtCommit('tenant-payments');
      expect(await synced.api.get('v1', 'ServiceAccount', HOME, 'keelson-delivery')).toBeUndefined();
      expect(await held()).toEqual(before);

      await platform.drop('tenants/payments.ts');
      await publish('--allow-remove', 'tenant/payments');
      await until(synced.argoCd, 'the Application is gone', synced.names, (all) => !all.includes('tenant-payments'));
      // Those who delete what an owner leaves behind have their time to do so.
      await synced.settledAtCommit('root', 'tenant-hello');
      expect(await held()).toEqual(before);
    },
  );
});

interface AuditEvent {
  readonly objectRef: { readonly name?: string };
  readonly requestURI: string;
  readonly impersonatedUser?: { readonly username: string };
}

interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

/** Writes to ConfigMaps of the tenant, with who was impersonated. */
const AUDIT = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'Metadata',
      verbs: ['create', 'update', 'patch', 'delete'],
      resources: [{ group: '', resources: ['configmaps'] }],
      namespaces: [HOME],
    },
    { level: 'None' },
  ],
};

function isRefused({ status, message }: { readonly status?: string; readonly message?: string }): boolean {
  return status === 'SyncFailed' && message !== undefined && message !== '';
}

function configMap(name: string, namespace: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: {} };
}

function later(text: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'later' }, data: { text } });
}

function greeting(text: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'greeting' }, data: { text } });
}

/** The sample repository in each of its ways, and a directory that it has not. */
function helloClaim(url: string): string {
  const repository = (name: string, directory: string): string =>
    `    - { name: ${name}, url: '${url}', path: ${directory} }\n`;
  return `apiVersion: platform.keelson.dev/v2
kind: Tenant
metadata:
  name: hello
spec:
  owner:
    email: hello@example.com
  groups:
    developers: hello-developers
  environments:
    prod: {}
  repositories:
${repository('plain', 'deploy')}${repository('kustomize', 'kustomize/deploy')}${repository('helm', 'helm/deploy')}${repository('nowhere', 'nowhere')}`;
}
