import type { Cluster, NodePool } from '../../src/model/cluster';
import type { Host } from '../control-plane/host';
import { kubeconfig } from '../control-plane/kubeconfig';
import { clusterCertificate } from '../control-plane/pki';
import type { Site } from '../control-plane/site';
import { toYaml } from '../control-plane/yaml';
import { kwokStages } from './kwok-stages';
import type { Place } from './place';

/** The host that stands for all simulated nodes. */
export const NODES_HOST = 'nodes';
/** Label of Nodes that KWOK plays. Nothing that runs on one is real. */
export const SIMULATED = { 'keelson.dev/simulated': 'true' } as const;

/** The host on which KWOK plays the kubelets. */
export function kwokHost(cluster: Cluster, site: Site, place: Place): Host {
  const root = place.root(NODES_HOST);
  const at = (name: string): string => `${root}/etc/kwok/${name}`;
  const certificate = clusterCertificate('kwok');
  return {
    name: NODES_HOST,
    role: 'worker',
    address: site.endpoint.host,
    directories: [],
    files: [
      { path: at('ca.crt'), mode: '0644', owner: 'root', content: { kind: 'trust', authorities: ['kubernetes'] } },
      { path: at('kwok.crt'), mode: '0644', owner: 'root', content: { kind: 'certificate', certificate } },
      { path: at('kwok.key'), mode: '0600', owner: 'root', content: { kind: 'key', certificate } },
      {
        path: at('kubeconfig'),
        mode: '0600',
        owner: 'root',
        content: kubeconfig({
          cluster: cluster.name,
          server: `https://${site.endpoint.host}:${site.endpoint.port}`,
          user: 'kwok',
          trust: at('ca.crt'),
          certificate: at('kwok.crt'),
          key: at('kwok.key'),
        }),
      },
      {
        path: at('kwok.yaml'),
        mode: '0644',
        owner: 'root',
        content: kwokStages(cluster.kubernetesVersion).map(toYaml).join('---\n'),
      },
    ],
    units: [
      {
        name: 'kwok',
        description: 'Plays the kubelets of the simulated nodes',
        program: 'kwok',
        flags: [
          { name: '--kubeconfig', value: at('kubeconfig'), why: 'its own identity, bound to what nodes need' },
          { name: '--config', value: at('kwok.yaml'), why: 'how Nodes and Pods come to their status' },
          {
            name: '--manage-nodes-with-label-selector',
            value: 'keelson.dev/simulated=true',
            why: 'only what is made for it',
          },
          { name: '--cidr', value: cluster.network.podCidr, why: 'addresses of simulated Pods' },
          // Nothing asks a simulated kubelet for logs: without a port it listens nowhere.
          { name: '--node-port', value: '0', why: 'it serves nothing' },
        ],
        user: 'root',
        after: [],
        restartOn: ['ca.crt', 'kwok.crt', 'kwok.key', 'kubeconfig', 'kwok.yaml'].map(at),
        writes: [],
      },
    ],
  };
}

/** A Node for each machine that a pool has at the least, in its shape. */
export function simulatedNodes(cluster: Cluster): readonly object[] {
  return cluster.nodePools.flatMap((pool) =>
    Array.from({ length: pool.minimum }, (_, i) => simulatedNode(pool, `${pool.name}-${i + 1}`)),
  );
}

function simulatedNode(pool: NodePool, name: string): object {
  const { cpu, memory, pods } = pool.capacity;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        ...pool.labels,
        ...SIMULATED,
      },
    },
    spec: { taints: [...pool.taints] },
    status: {
      capacity: { cpu, memory, pods: String(pods) },
      allocatable: { cpu, memory, pods: String(pods) },
    },
  };
}
