import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ApiServer } from '../../../src/engines';
import type { KubeObject } from './api';

const NODE = 'machine';

interface PodObject extends KubeObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly command: readonly string[] }[];
    readonly volumes: readonly { readonly persistentVolumeClaim: { readonly claimName: string } }[];
  };
  readonly status?: { readonly phase?: string };
}

interface RestoreObject extends KubeObject {
  readonly spec: {
    readonly includedNamespaces: readonly string[];
    readonly includedResources: readonly string[];
    readonly namespaceMapping: Readonly<Record<string, string>>;
  };
  readonly status?: object;
}

/** What stands for the parts of a cluster that an API server alone has not. */
export interface StandIns {
  /** Files of the volume of each claim: `<namespace>/<claim>` to a folder. */
  readonly volumes: Map<string, string>;
  /** Objects that get lost on their way back, as `<resource>/<name>`. */
  readonly lost: Set<string>;
  /** Called with the scratch namespace when everything is in it, before the Restore says so. */
  onRestore: (scratch: string) => Promise<void>;
  stop(): Promise<void>;
}

/**
 * Stands for Velero (copies what a Restore asks for), for scheduler and kubelet (run a Pod's command on the folder that
 * stands for its volume, and serve what it said) and for the controller that empties namespaces.
 */
export async function startStandIns(server: ApiServer): Promise<StandIns> {
  const logs = new Map<string, string>();
  const kubelet = await serveLogs(server, logs);
  const { port } = kubelet.address() as AddressInfo;
  await must(server, 'POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } });
  await must(
    server,
    'PATCH',
    `/api/v1/nodes/${NODE}/status`,
    {
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: port } },
      },
    },
    MERGE,
  );
  let going = true;
  const standIns: StandIns = {
    volumes: new Map(),
    lost: new Set(),
    onRestore: () => Promise.resolve(),
    stop: async () => {
      going = false;
      await loop;
      kubelet.close();
    },
  };
  const loop = (async () => {
    while (going) {
      for (const act of [
        () => actAsVelero(server, standIns),
        () => actAsKubelet(server, standIns, logs),
        () => emptyNamespaces(server),
      ]) {
        // What went away between two requests is done.
        await act().catch((error: unknown) => console.error(error));
      }
      await sleep(50);
    }
  })();
  return standIns;
}

const MERGE = { 'content-type': 'application/merge-patch+json' };

async function must(
  server: ApiServer,
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<unknown> {
  const answer = await server.request(method, path, body, headers);
  // Storage of kinds that have just been defined gets ready.
  if (answer.status === 429) {
    await sleep(200);
    return must(server, method, path, body, headers);
  }
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function itemsOf<T extends KubeObject>(server: ApiServer, path: string): Promise<readonly T[]> {
  return ((await must(server, 'GET', path)) as { readonly items: readonly T[] }).items;
}

function collection(resource: string, namespace: string): string {
  const [plural, ...group] = resource.split('.');
  const version = group[0] === 'cilium' ? 'v2' : 'v1';
  return `${group.length > 0 ? `/apis/${group.join('.')}` : '/api'}/${version}/namespaces/${namespace}/${plural}`;
}

async function actAsVelero(server: ApiServer, { lost, onRestore }: StandIns): Promise<void> {
  const path = '/apis/velero.io/v1/namespaces/velero/restores';
  for (const { spec, status, metadata } of await itemsOf<RestoreObject>(server, path)) {
    if (status) continue;
    const [from = ''] = spec.includedNamespaces;
    const to = spec.namespaceMapping[from] ?? from;
    for (const resource of spec.includedResources) {
      const single = (await must(server, 'GET', collection(resource, from))) as {
        readonly kind: string;
        readonly apiVersion: string;
        readonly items: readonly KubeObject[];
      };
      for (const one of single.items) {
        if (lost.has(`${resource}/${one.metadata.name}`)) continue;
        const { status: _, ...rest } = one as KubeObject & { status?: unknown };
        const spec_ = { ...(rest['spec'] as object) };
        for (const own of ['clusterIP', 'clusterIPs', 'volumeName']) delete (spec_ as Record<string, unknown>)[own];
        const copy = {
          ...rest,
          apiVersion: single.apiVersion,
          kind: single.kind.replace(/List$/, ''),
          metadata: { name: one.metadata.name, namespace: to },
          ...('spec' in rest ? { spec: spec_ } : {}),
        };
        await must(server, 'POST', collection(resource, to), copy);
      }
    }
    await onRestore(to);
    await must(server, 'PATCH', `${path}/${metadata.name}`, { status: { phase: 'Completed' } }, MERGE);
  }
}

async function actAsKubelet(server: ApiServer, { volumes }: StandIns, logs: Map<string, string>): Promise<void> {
  for (const { metadata, spec, status } of await itemsOf<PodObject>(server, '/api/v1/pods')) {
    const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
    if (status?.phase !== 'Pending' || !metadata.name.startsWith('restore-check-')) continue;
    if (spec.nodeName === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name: NODE };
      await server.request('POST', `${path}/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: metadata.name },
        target,
      });
    }
    const claim = spec.volumes[0]?.persistentVolumeClaim.claimName ?? '';
    const folder = volumes.get(`${metadata.namespace}/${claim}`);
    const command = spec.containers[0]!.command.map((word) => (word === '/volume' ? String(folder) : word));
    const run = await promisify(execFile)(process.execPath, command.slice(1)).then(
      ({ stdout }) => ({ phase: 'Succeeded', stdout }),
      () => ({ phase: 'Failed', stdout: '' }),
    );
    logs.set(`${metadata.namespace}/${metadata.name}`, run.stdout);
    await server.request('PATCH', `${path}/status`, { status: { phase: run.phase } }, MERGE);
  }
}

/** The certificate is the API server's own: it does not look at a kubelet's. */
function serveLogs({ directory }: ApiServer, logs: ReadonlyMap<string, string>): Promise<Server> {
  const file = (name: string) => readFileSync(join(directory, 'certificates', name));
  const server = createServer({ cert: file('apiserver.crt'), key: file('apiserver.key') }, ({ url = '' }, response) => {
    const [, , namespace, pod] = url.split('/');
    response.end(logs.get(`${namespace}/${pod}`) ?? '');
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function emptyNamespaces(server: ApiServer): Promise<void> {
  for (const { metadata } of await itemsOf<KubeObject & { metadata: { deletionTimestamp?: string } }>(
    server,
    '/api/v1/namespaces',
  )) {
    if (metadata.deletionTimestamp === undefined) continue;
    for (const resource of EMPTIED) {
      const path = collection(resource, metadata.name);
      for (const one of await itemsOf(server, path)) {
        await server.request('PATCH', `${path}/${one.metadata.name}`, { metadata: { finalizers: null } }, MERGE);
        await server.request('DELETE', `${path}/${one.metadata.name}?gracePeriodSeconds=0`);
      }
    }
    const released = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: metadata.name },
      spec: { finalizers: [] },
    };
    await server.request('PUT', `/api/v1/namespaces/${metadata.name}/finalize`, released);
  }
}

const EMPTIED = [
  'ciliumnetworkpolicies.cilium.io',
  'configmaps',
  'deployments.apps',
  'networkpolicies.networking.k8s.io',
  'persistentvolumeclaims',
  'pods',
  'resourcequotas',
  'services',
  'statefulsets.apps',
];
