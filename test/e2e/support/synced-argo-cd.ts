import path from 'node:path';
import { loadAll } from 'js-yaml';
import { asLines, startApiServer, type ApiServer } from '../../../src/engines';
import { renderPlatform } from '../../../src/render';
import { kinds } from '../../../src/schemas';
import { Api, installCrds, kindOf, messageOf, type KubeObject } from './api';
import { startArgoCd, until, type ArgoCd } from './argo-cd';
import type { SyncedPlatform } from './synced-platform';

export const NAMESPACE = 'argocd';
export const ARGO = 'argoproj.io/v1alpha1';

/** As much of an Application's status as tests look into. */
export interface Status {
  readonly sync?: { readonly status?: string; readonly revision?: string };
  readonly health?: { readonly status?: string };
  readonly conditions?: readonly { readonly type: string; readonly message: string }[];
  readonly operationState?: {
    readonly phase?: string;
    readonly message?: string;
    readonly syncResult?: {
      readonly revision?: string;
      readonly resources?: readonly {
        readonly kind: string;
        readonly name: string;
        readonly status?: string;
        readonly message?: string;
      }[];
    };
  };
}

export interface Application extends KubeObject {
  readonly status?: Status;
}

/** A real Argo CD beside a real API server, on the published tree of a platform. */
export interface SyncedArgoCd {
  readonly server: ApiServer;
  readonly api: Api;
  readonly argoCd: ArgoCd;
  statusOf(name: string): Promise<Status>;
  /** Names of all Applications, sorted. */
  names(): Promise<readonly string[]>;
  /** Waits until Applications are synced and healthy. */
  settled(...names: readonly string[]): Promise<void>;
  /** Waits until Applications of the published tree have been compared with its last commit and agree with it. */
  settledAtCommit(...names: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface SyncedArgoCdOptions {
  readonly say: (message: string) => void;
  /** More flags for kube-apiserver. @default - none */
  readonly flags?: readonly string[];
}

/** Does what bootstrap does: the namespace, the projects, the one Application that points at all others. */
export async function startSyncedArgoCd(
  platform: SyncedPlatform,
  { say, flags = [] }: SyncedArgoCdOptions,
): Promise<SyncedArgoCd> {
  // Nobody makes the accounts that ServiceAccount admission waits for.
  const server = await startApiServer({
    flags: ['--disable-admission-plugins=ServiceAccount', ...flags],
    onProgress: asLines(say),
  });
  try {
    await installCrds(server, await customKinds(platform));
    const api = await Api.of(server);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
    const projects = await platform.published('clusters/local/apps/projects.yaml');
    const root = await platform.published('clusters/local/root.yaml');
    for (const object of [namespace, ...CHART_RIGHTS, ...projects, ...root]) {
      const { status, body } = await api.apply(object, 'bootstrap');
      if (status >= 300) throw new Error(`${object.kind} ${object.metadata.name}: ${messageOf(body)}`);
    }
    const started = await startArgoCd(server, api, {
      namespace: NAMESPACE,
      ...(await chartSettings()),
      onProgress: asLines(say),
    });
    const argoCd: ArgoCd = {
      ...started,
      words: async (lines) => `${await complaints(api)}\n${await started.words(lines)}`,
    };
    const statusOf = async (name: string): Promise<Status> =>
      (await api.get<Application>(ARGO, 'Application', name, NAMESPACE))?.status ?? {};
    return {
      server,
      api,
      argoCd,
      statusOf,
      names: async () => (await api.list(ARGO, 'Application', NAMESPACE)).map(({ metadata }) => metadata.name).sort(),
      async settled(...expected) {
        for (const name of expected) {
          await until(argoCd, `${name} is synced and healthy`, () => statusOf(name), isSettled);
        }
      },
      async settledAtCommit(...expected) {
        const commit = await platform.commit();
        for (const name of expected) {
          const wanted = (status: Status): boolean => isSettled(status) && status.sync?.revision === commit;
          await until(argoCd, `${name} is synced and healthy at ${commit}`, () => statusOf(name), wanted);
        }
      },
      async stop() {
        await argoCd.stop();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** What Applications that are not well say of themselves. */
async function complaints(api: Api): Promise<string> {
  const applications = await api.list<Application>(ARGO, 'Application', NAMESPACE);
  return applications
    .filter(({ status = {} }) => !isSettled(status))
    .flatMap(({ metadata, status: { health, conditions = [], operationState } = {} }) => [
      `${metadata.name}: ${health?.status ?? 'no health'}: ${operationState?.message ?? 'no operation'}`,
      ...conditions.map(({ type, message }) => `  ${type}: ${message}`),
      ...(operationState?.syncResult?.resources ?? [])
        .filter(({ status }) => status !== 'Synced')
        .map(({ kind, name, message }) => `  ${kind} ${name}: ${message ?? ''}`),
    ])
    .join('\n');
}

/**
 * The rights that the chart gives the application controller, whom every project of the platform's names. The
 * controller itself runs as an administrator here.
 */
const CHART_RIGHTS: readonly KubeObject[] = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'argocd-application-controller' },
    rules: [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'argocd-application-controller' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'argocd-application-controller' },
    subjects: [{ kind: 'ServiceAccount', name: 'argocd-application-controller', namespace: NAMESPACE }],
  },
];

/** Kinds of the published tree that Kubernetes itself has not. */
async function customKinds(platform: SyncedPlatform): Promise<ReadonlySet<string>> {
  const custom = new Set(
    kinds()
      .filter(({ builtIn }) => !builtIn)
      .map(kindOf),
  );
  const manifests = (await platform.files()).filter((file) => file.startsWith('clusters/') && file.endsWith('.yaml'));
  const objects = (await Promise.all(manifests.map((file) => platform.published(file)))).flat();
  return new Set(objects.map(kindOf).filter((kind) => custom.has(kind)));
}

/** One that found nothing to do had no operation. */
export function isSettled({ sync, health, operationState }: Status): boolean {
  const done = operationState === undefined || operationState.phase === 'Succeeded';
  return sync?.status === 'Synced' && health?.status === 'Healthy' && done;
}

/** The settings that the example's own Argo CD gets from its chart. */
async function chartSettings(): Promise<{
  readonly settings: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, unknown>>;
}> {
  const { tree } = await renderPlatform({ root: path.resolve(__dirname, '..', '..', '..'), cache: false });
  const documents = loadAll(Buffer.from(tree.read('clusters/local/apps/argo-cd.yaml')).toString('utf8')) as {
    metadata: { name: string };
    spec: { sources: { helm?: { valuesObject: { configs: Record<'cm' | 'params', Record<string, unknown>> } } }[] };
  }[];
  const helm = documents
    .find(({ metadata }) => metadata.name === 'argo-cd')
    ?.spec.sources.find((one) => one.helm)?.helm;
  const { cm, params } = helm!.valuesObject.configs;
  return { settings: cm, parameters: params };
}
