import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { apiClient, type ApiClient } from '../../../src/engines';

const PRODUCT = path.resolve(__dirname, '..', '..', '..');
/** What of the product a platform's repository holds beside what its team writes. */
const COPIED = ['bin', 'charts', 'infra', 'policies', 'src', 'package.json', 'tsconfig.json', 'Pulumi.yaml'];
/** What of this process' environment would change what a person sees. */
const NOT_PASSED = /^(PULUMI_|JEST_|NODE_ENV$|NODE_OPTIONS$|KUBECONFIG$|FORCE_COLOR$|NO_COLOR$)/;

/** How a command ended. */
export interface Ended {
  /** 128 and the signal's number where it was killed, as a shell says it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** What a copy may have otherwise. */
export interface CopyOptions {
  /** Loopback range of its cluster, `controlPlane.addresses`; no two that run at once may share one. */
  readonly addresses: string;
  /** @default 'local' */
  readonly cluster?: string;
  /** @default - a pool `machine` of one node */
  readonly nodePools?: Readonly<Record<string, unknown>>;
  /** Environment that its commands get beyond this process' own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Runs its commands as this user and group, who then owns it; for a process of root's alone. @default - as this process */
  readonly user?: number;
  /** Folder that it is made in. @default - the folder for temporary files */
  readonly parent?: string;
}

/** A platform's repository of its own, with one local cluster, which its commands bring up for real. */
export interface PlatformCopy {
  readonly directory: string;
  /** Folder of its cluster, which is there while the cluster is. */
  readonly place: string;
  readonly cluster: string;
  /** Starts the command line as a person would, and does not wait for it. */
  start(...args: readonly string[]): RunningCommand;
  /** Runs the command line as a person would. */
  keelson(...args: readonly string[]): Promise<Ended>;
  /** Runs a line of shell in the platform's folder. */
  shell(line: string): Promise<Ended>;
  /** Changes a file, by its path from the platform's folder. */
  edit(file: string, change: (text: string) => string): Promise<void>;
  /** A client of its cluster's API with the credentials of its kubeconfig; to another server if one is given. */
  client(server?: string): ApiClient;
  /** Process numbers of whatever runs for its cluster now, told by their arguments. */
  processes(): readonly RunningProcess[];
  /** Takes its cluster down and removes it. Ends what `down` left, and then rejects with it. */
  remove(): Promise<void>;
}

/** A command that was started; it leads a group of processes of its own. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has printed until now, both outputs. */
  said(): string;
  /** Kills it with everything that it started and that did not leave its group. */
  kill(): void;
}

/** A process as /proc shows it. */
export interface RunningProcess {
  readonly pid: number;
  readonly arguments: readonly string[];
}

/** Copies the product to a new folder, with a platform of its own. */
export async function copyPlatform(options: CopyOptions): Promise<PlatformCopy> {
  const { cluster = 'local', environment = {}, user } = options;
  const root = await realpath(await mkdtemp(path.join(options.parent ?? tmpdir(), 'keelson-copy-')));
  const directory = path.join(root, 'platform');
  for (const name of COPIED.filter((one) => existsSync(path.join(PRODUCT, one)))) {
    await cp(path.join(PRODUCT, name), path.join(directory, name), { recursive: true });
  }
  await symlink(path.join(PRODUCT, 'node_modules'), path.join(directory, 'node_modules'));
  await writeFile(path.join(directory, 'platform.ts'), platformFile(cluster, options));
  if (user !== undefined) await run(['chown', '-hR', `${user}:${user}`, root], {}).ended;

  const place = path.join(directory, '.keelson', 'local', cluster);
  const as = user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
  const passed = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_PASSED.test(name)));
  const start = (...command: readonly string[]): RunningCommand =>
    run([...as, ...command], { cwd: directory, env: { ...passed, ...environment } });
  const keelson = (...args: readonly string[]): RunningCommand =>
    start(process.execPath, path.join(directory, 'bin', 'keelson.cjs'), ...args);
  const copy: PlatformCopy = {
    directory,
    place,
    cluster,
    start: keelson,
    keelson: (...args) => keelson(...args).ended,
    shell: (line) => start('/bin/sh', '-c', line).ended,
    async edit(file, change) {
      const at = path.join(directory, file);
      await writeFile(at, change(await readFile(at, 'utf8')));
    },
    client: (server) => clientOf(path.join(place, 'kubeconfig'), server),
    processes: () => processesOf(directory),
    async remove() {
      const down = await copy.keelson('down', cluster, '--yes');
      const left = copy.processes();
      for (const { pid } of left) process.kill(pid, 'SIGKILL');
      await rm(root, { recursive: true, force: true });
      if (left.length === 0 && down.code === 0) return;
      const commands = left.map(({ pid, arguments: all }) => `${pid} ${all.slice(0, 3).join(' ')}`).join(', ');
      throw new Error(`down ended with ${down.code} and left ${commands || 'nothing'}: ${down.stdout}${down.stderr}`);
    },
  };
  return copy;
}

function run(command: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv }): RunningCommand {
  const started = Date.now();
  const [program, ...args] = command;
  const child = spawn(program!, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '', both: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      said.both += text;
    });
  }
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]): Ended => ({
    code: Number(code ?? 128 + (SIGNALS[String(signal)] ?? 0)),
    stdout: said.stdout,
    stderr: said.stderr,
    seconds: (Date.now() - started) / 1000,
  }));
  return {
    child,
    ended,
    said: () => said.both,
    kill: () => void process.kill(-child.pid!, 'SIGKILL'),
  };
}

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

/** A client with the credentials that a kubeconfig names by their files. */
function clientOf(file: string, server?: string): ApiClient {
  const { clusters, users } = load(readFileSync(file, 'utf8')) as Kubeconfig;
  const [{ cluster }, { user }] = [clusters[0]!, users[0]!];
  return apiClient({
    url: server ?? cluster['server']!,
    ca: readFileSync(cluster['certificate-authority']!, 'utf8'),
    certificate: readFileSync(user['client-certificate']!, 'utf8'),
    key: readFileSync(user['client-key']!, 'utf8'),
  });
}

/** Processes whose arguments name a folder. */
export function processesOf(directory: string): RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), arguments: argumentsOf(name) }))
    .filter(({ arguments: all }) => all.some((one) => one.includes(`${directory}/`)));
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

function platformFile(cluster: string, { addresses, nodePools }: CopyOptions): string {
  const pools = nodePools ?? { machine: { minimum: 1, capacity: { cpu: '4', memory: '12Gi' } } };
  return `import { Platform } from './src/model';

export const platform = new Platform({
  name: 'copied',
  domain: 'example.com',
  contact: 'platform@example.com',
  gitops: { url: 'https://git.example.com/platform/gitops.git' },
  registries: ['registry.example.com'],
  oidc: {
    issuer: 'https://login.example.com',
    clientId: 'kubernetes',
    groups: { admins: 'platform-admins', oncall: 'platform-oncall', auditors: 'auditors' },
  },
  breakGlass: { group: 'platform-break-glass' },
  clusters: {
    ${cluster}: {
      provider: 'local',
      kubernetesVersion: '1.36.3',
      network: { podCidr: '10.244.0.0/16', serviceCidr: '10.98.0.0/16', nodeCidr: '10.200.0.0/24' },
      controlPlane: { addresses: '${addresses}' },
      nodePools: ${JSON.stringify(pools)},
    },
  },
  environments: { sandbox: { cluster: '${cluster}' } },
});
`;
}
