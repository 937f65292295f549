import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { etcdctl, type Operated } from '../../../infra/local/operator';
import { placeAt } from '../../../infra/local/place';
import { isRunning, type ProcessId } from '../../../infra/local/process-table';
import { supervisorOf } from '../../../infra/local/supervision';
import { UnitFolder } from '../../../infra/local/unit-files';
import type { ClusterStatus } from '../../../infra/local/status';
import type { Figures } from './load';
import type { PlatformCopy } from './platform-copy';

const run = promisify(execFile);

/** How long what was killed may take until it is well again, in milliseconds; a busy machine takes a tenth of it. */
const PATIENCE = 180_000;

/** Waits until something holds, and gives how long that took, in seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<number> {
  const started = Date.now();
  while (!(await holds())) {
    if (Date.now() - started > PATIENCE) throw new Error(`after ${PATIENCE / 1000} s: not ${what}`);
    await sleep(100);
  }
  return (Date.now() - started) / 1000;
}

/** What `keelson cluster status` says, whether all is well or not. */
export async function statusOf(copy: PlatformCopy): Promise<ClusterStatus> {
  const { stdout, stderr } = await copy.keelson('cluster', 'status', copy.cluster, '--json');
  if (stdout.trim() === '') throw new Error(stderr);
  return JSON.parse(stdout) as ClusterStatus;
}

/** Waits until `keelson cluster status` finds no fault. Gives the seconds. */
export async function untilWell(copy: PlatformCopy): Promise<number> {
  const started = Date.now();
  for (;;) {
    const { faults } = await statusOf(copy);
    if (faults.length === 0) return (Date.now() - started) / 1000;
    if (Date.now() - started > PATIENCE) throw new Error(faults.join('\n'));
  }
}

/** The process of a unit of a host. */
export function processOf(copy: PlatformCopy, host: string, unit: string): ProcessId | undefined {
  const { process } = new UnitFolder(placeAt(copy.place).supervisor(host)).state(unit);
  return isRunning(process) ? process : undefined;
}

/** The process of a host's supervisor. */
export function hostSupervisor(copy: PlatformCopy, host: string): ProcessId | undefined {
  return supervisorOf(placeAt(copy.place).supervisor(host));
}

/** Everything of a host that runs, its supervisor first, so that nothing is started again behind one's back. */
export function processesOfHost(copy: PlatformCopy, host: string): ProcessId[] {
  const units = new UnitFolder(placeAt(copy.place).supervisor(host)).known();
  const all = [hostSupervisor(copy, host), ...units.map((unit) => processOf(copy, host, unit))];
  return all.filter((one) => one !== undefined);
}

/** Kills a process as a crash would, and waits until another one has taken its place. Gives the seconds. */
export async function killed(what: string, find: () => ProcessId | undefined): Promise<number> {
  const before = find();
  if (!before) throw new Error(`${what} does not run`);
  process.kill(before.pid, 'SIGKILL');
  return until(`${what} runs again`, () => {
    const now = find();
    return now !== undefined && now.pid !== before.pid;
  });
}

/** Every certificate that lies on the cluster's hosts. */
export function certificatesOf(copy: PlatformCopy): string[] {
  const hosts = path.join(copy.place, 'hosts');
  const files = readdirSync(hosts, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.crt'))
    .sort()
    .map((file) => path.join(hosts, file));
}

/** Runs etcdctl as the operator, against all members or the named ones. */
export function askEtcd(operated: Operated, ...args: readonly string[]): Promise<string> {
  const addresses = operated.members.map(({ address }) => address);
  return etcdctl(placeAt(operated.directory), addresses, ...args);
}

/** The host whose member leads; nothing while none does, or it cannot be asked. */
export async function etcdLeader(operated: Operated): Promise<string | undefined> {
  for (const { name, address } of operated.members) {
    const fields = await etcdctl(
      placeAt(operated.directory),
      [address],
      'endpoint',
      'status',
      '--write-out=fields',
    ).catch(() => '');
    const value = (field: string): string | undefined => new RegExp(`^"${field}" : (\\d+)$`, 'm').exec(fields)?.[1];
    if (value('Leader') !== undefined && value('Leader') === value('MemberID')) return name;
  }
  return undefined;
}

/** Has the member of a host lead. */
export async function lead(operated: Operated, host: string): Promise<void> {
  const members = (await askEtcd(operated, 'member', 'list', '--write-out=simple')).split('\n');
  const [id = ''] = members.find((line) => line.split(', ')[2] === host)?.split(', ') ?? [];
  if ((await etcdLeader(operated)) !== host) await askEtcd(operated, 'move-leader', id);
}

/** Who holds a component's lease; nothing where the API does not say. */
export async function leaseHolder(copy: PlatformCopy, component: string): Promise<string | undefined> {
  const client = copy.client();
  try {
    const { body } = await client.request(
      'GET',
      `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${component}`,
    );
    return (body as { spec?: { holderIdentity?: string } }).spec?.holderIdentity;
  } catch {
    return undefined;
  } finally {
    client.close();
  }
}

/** Cuts a host off from all others by the kernel's packet filter: what has this group is the host. */
export class Partition {
  readonly #rules: readonly (readonly string[])[];

  constructor(group: number, own: string, others: readonly string[]) {
    const owner = (...not: string[]) => ['-m', 'owner', ...not, '--gid-owner', String(group), '-j', 'DROP'];
    this.#rules = [...others.map((other) => ['-d', other, ...owner()]), ['-d', own, ...owner('!')]];
  }

  /** Whether this process may, and the kernel can, filter packets by who sends them. */
  static async possible(): Promise<boolean> {
    if (process.getuid?.() !== 0) return false;
    const partition = new Partition(65_000, '127.255.255.1', []);
    return partition.begin().then(
      () => partition.end().then(() => true),
      () => false,
    );
  }

  async begin(): Promise<void> {
    for (const rule of this.#rules) await run('iptables', ['-w', '-A', 'OUTPUT', ...rule]);
  }

  async end(): Promise<void> {
    for (const rule of this.#rules) await run('iptables', ['-w', '-D', 'OUTPUT', ...rule]).catch(() => undefined);
  }
}

/** Whether a process of a group reaches a port within two seconds. */
export function reaches(address: string, port: number, group?: number): Promise<boolean> {
  const program = `const s = require('net').connect({ host: '${address}', port: ${port}, timeout: 2000 });
    s.on('connect', () => process.exit(0)).on('timeout', () => process.exit(1)).on('error', () => process.exit(1));`;
  const as = group === undefined ? [] : ['setpriv', `--regid=${group}`, '--clear-groups'];
  const [command, ...args] = [...as, process.execPath, '-e', program];
  return run(command!, args).then(
    () => true,
    () => false,
  );
}

/** One line of figures for whoever reads the test's output. */
export function figuresLine(drill: string, figures: Figures, more: Readonly<Record<string, string>> = {}): string {
  const { acknowledged, retried, errors, longestGap, p99, slowest } = figures;
  const again = Object.entries(retried).map(([why, count]) => `${count} ${why}`);
  return [
    `${drill}: ${acknowledged} writes acknowledged, ${errors.length} errors`,
    `tried again: ${again.join(', ') || 'none'}`,
    `longest gap ${longestGap} ms, p99 ${p99} ms, slowest ${slowest} ms`,
    ...Object.entries(more).map(([name, value]) => `${name} ${value}`),
  ].join('; ');
}
