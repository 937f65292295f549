import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { apiClient, type ApiClient, getEngine } from '../../src/engines';
import type { Material } from '../control-plane/host';
import { kubeconfig } from '../control-plane/kubeconfig';
import { clusterCertificate, hostCertificate } from '../control-plane/pki';
import { FolderStore } from '../secrets/folder-store';
import { materialise } from '../secrets/materialise';
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
  const store = await FolderStore.open(place.secrets);
  const at = (name: string): string => path.join(place.directory, 'operator', name);
  await mkdir(path.dirname(at('x')), { recursive: true, mode: 0o700 });
  const member = operated.members[0]!.name;
  const files: Readonly<Record<string, Material>> = {
    'ca.crt': { kind: 'trust', authorities: ['kubernetes'] },
    'admin.crt': { kind: 'certificate', certificate: clusterCertificate('admin') },
    'admin.key': { kind: 'key', certificate: clusterCertificate('admin') },
    'etcd-ca.crt': { kind: 'trust', authorities: ['etcd'] },
    'etcd.crt': { kind: 'certificate', certificate: hostCertificate(member, 'etcd-operator') },
    'etcd.key': { kind: 'key', certificate: hostCertificate(member, 'etcd-operator') },
  };
  for (const [name, material] of Object.entries(files))
    await writePrivate(at(name), await materialise(material, store));
  const config = kubeconfig({
    cluster: operated.cluster,
    server: serverOf(operated),
    user: 'admin',
    trust: at('ca.crt'),
    certificate: at('admin.crt'),
    key: at('admin.key'),
  });
  await writePrivate(place.kubeconfig, config);
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

async function writePrivate(file: string, content: string | Buffer): Promise<void> {
  await writeFile(file, content, { mode: 0o600 });
  await chmod(file, 0o600);
}
