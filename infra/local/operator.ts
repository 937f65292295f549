import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { apiClient, type ApiClient, getEngine } from '../../src/engines';
import type { Host, HostFile, Material } from '../control-plane/host';
import { kubeconfig } from '../control-plane/kubeconfig';
import { clusterCertificate, hostCertificate } from '../control-plane/pki';
import { FolderStore } from '../secrets/folder-store';
import { materialise } from '../secrets/materialise';
import { fileDrift, layOut } from './lay-out';
import type { Place } from './place';

/** How long etcd may take to answer the operator, in seconds. */
const ETCD_TIMEOUT = 10;

/** What a person or a command needs to operate a local cluster; never secret. */
export interface Operated {
  readonly cluster: string;
  /** Folder of the cluster (`Place.directory`). */
  readonly directory: string;
  readonly endpoint: { readonly host: string; readonly port: number };
  /** Hosts with a member of etcd, and their addresses. */
  readonly members: readonly { readonly name: string; readonly address: string }[];
}

/** Writes the administrator's kubeconfig and etcd's operator certificate, readable by their owner alone. */
export async function layOutOperator(operated: Operated, place: Place): Promise<void> {
  await layOut(operatorFiles(operated, place), await FolderStore.open(place.secrets));
}

/** What of these files is not as it should be, a sentence each. Changes nothing. */
export async function operatorDrift(operated: Operated, place: Place): Promise<string[]> {
  return fileDrift(operatorFiles(operated, place), await FolderStore.open(place.secrets));
}

function operatorFiles(operated: Operated, place: Place): Pick<Host, 'directories' | 'files'> {
  const directory = path.join(place.directory, 'operator');
  const at = (name: string): string => path.join(directory, name);
  const own = (file: string, content: HostFile['content']): HostFile => ({
    path: file,
    mode: '0600',
    owner: 'root',
    content,
  });
  const admin = clusterCertificate('admin');
  const etcd = hostCertificate(operated.members[0]!.name, 'etcd-operator');
  const config = kubeconfig({
    cluster: operated.cluster,
    server: serverOf(operated),
    user: 'admin',
    trust: at('ca.crt'),
    certificate: at('admin.crt'),
    key: at('admin.key'),
  });
  return {
    directories: [{ path: directory, mode: '0700', owner: 'root' }],
    files: [
      own(at('ca.crt'), { kind: 'trust', authorities: ['kubernetes'] }),
      own(at('admin.crt'), { kind: 'certificate', certificate: admin }),
      own(at('admin.key'), { kind: 'key', certificate: admin }),
      own(at('etcd-ca.crt'), { kind: 'trust', authorities: ['etcd'] }),
      own(at('etcd.crt'), { kind: 'certificate', certificate: etcd }),
      own(at('etcd.key'), { kind: 'key', certificate: etcd }),
      own(place.kubeconfig, config),
    ],
  };
}

/** A client of the API as the administrator. */
export async function adminClient(operated: Operated, place: Place): Promise<ApiClient> {
  const store = await FolderStore.open(place.secrets);
  const text = async (material: Material): Promise<string> => (await materialise(material, store)).toString('utf8');
  const certificate = clusterCertificate('admin');
  return apiClient({
    url: serverOf(operated),
    ca: await text({ kind: 'trust', authorities: ['kubernetes'] }),
    certificate: await text({ kind: 'certificate', certificate }),
    key: await text({ kind: 'key', certificate }),
  });
}

/** URL of the load balancer. */
export function serverOf({ endpoint }: Operated): string {
  return `https://${endpoint.host}:${endpoint.port}`;
}

/** Runs etcdctl against the members at these addresses. Rejects with its last words. */
export async function etcdctl(place: Place, addresses: readonly string[], ...args: readonly string[]): Promise<string> {
  const at = (name: string): string => path.join(place.directory, 'operator', name);
  const program = await getEngine('etcdctl');
  try {
    const { stdout } = await promisify(execFile)(program, [
      `--endpoints=${addresses.map((address) => `https://${address}:2379`).join(',')}`,
      `--cacert=${at('etcd-ca.crt')}`,
      `--cert=${at('etcd.crt')}`,
      `--key=${at('etcd.key')}`,
      `--command-timeout=${ETCD_TIMEOUT}s`,
      `--dial-timeout=${ETCD_TIMEOUT}s`,
      ...args,
    ]);
    return stdout;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
    throw new Error(`etcdctl ${args[0]} ${args[1] ?? ''}: ${said || (error as Error).message}`, { cause: error });
  }
}
