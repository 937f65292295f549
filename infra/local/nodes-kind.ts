import type { Kind } from '../provider/kind';
import { adminClient, type Operated } from './operator';
import { placeAt } from './place';

/** The Nodes that KWOK plays; the bootstrap lets it. */
export interface NodesInputs {
  readonly operated: Operated;
  readonly nodes: readonly KubeObject[];
}

interface KubeObject {
  readonly metadata: { readonly name: string };
}

const NODES = '/api/v1/nodes';
const MANAGER = 'fieldManager=keelson-local&force=true';
const APPLY = { 'content-type': 'application/apply-patch+yaml' };
/** How long KWOK may take to report its nodes ready, in milliseconds. */
const READY_TIMEOUT = 60_000;

/** The simulated nodes of a local cluster, in the shape of its node pools. */
export const nodes: Kind<NodesInputs> = {
  async drift({ operated, nodes }) {
    const client = await adminClient(operated, placeAt(operated.directory));
    try {
      const lacking: string[] = [];
      for (const object of nodes) {
        const { status, body } = await client.request('GET', pathOf(object));
        if (status === 404) lacking.push(`Node ${object.metadata.name} is missing`);
        else if (!isReady(body)) lacking.push(`Node ${object.metadata.name} is not ready`);
      }
      return lacking;
    } catch (error) {
      return [`the API server of ${operated.cluster}: ${(error as Error).message}`];
    } finally {
      client.close();
    }
  },

  async make({ operated, nodes }) {
    const client = await adminClient(operated, placeAt(operated.directory));
    const ask = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
      const answer = await client.request(method, path, body, headers);
      if (answer.status < 300) return answer.body;
      throw new Error(`${method} ${path}: ${(answer.body as { message?: string }).message ?? answer.status}`);
    };
    try {
      for (const object of nodes) await ask('PATCH', `${pathOf(object)}?${MANAGER}`, object, APPLY);
      for (const object of nodes) await ask('PATCH', `${pathOf(object)}/status?${MANAGER}`, object, APPLY);
      // Nodes of a pool that shrank or went.
      const wanted = new Set(nodes.map(({ metadata }) => metadata.name));
      const list = (await ask('GET', `${NODES}?labelSelector=keelson.dev/simulated%3Dtrue`)) as {
        items: KubeObject[];
      };
      for (const { metadata } of list.items) {
        if (!wanted.has(metadata.name)) await ask('DELETE', `${NODES}/${metadata.name}`);
      }
      const deadline = Date.now() + READY_TIMEOUT;
      for (const object of nodes) {
        while (!isReady(await ask('GET', pathOf(object)))) {
          if (Date.now() > deadline) throw new Error(`Node ${object.metadata.name}: KWOK does not report it ready`);
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      }
      return { nodes: nodes.length };
    } finally {
      client.close();
    }
  },

  // They go with the cluster.
  remove: () => Promise.resolve(),
};

function pathOf({ metadata }: KubeObject): string {
  return `${NODES}/${encodeURIComponent(metadata.name)}`;
}

function isReady(node: unknown): boolean {
  const { conditions = [] } = (node as { status?: { conditions?: { type: string; status: string }[] } }).status ?? {};
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
