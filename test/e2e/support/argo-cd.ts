import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getEngine, type ApiServer, type EngineOptions } from '../../../src/engines';
import { messageOf, type Api } from './api';

/** How often Argo CD looks at its repositories by itself. In production that is minutes. */
const POLL = '5s';
/** How long a process may take to end by itself before it is killed, in milliseconds. */
const STOP_TIMEOUT = 10_000;

/** Argo CD as processes on this machine: repo-server, application controller and ApplicationSet controller. */
export interface ArgoCd {
  /** The last lines that each process wrote, for a failure's message. */
  words(lines?: number): Promise<string>;
  /** Throws where one of the processes has ended. */
  check(): void;
  stop(): Promise<void>;
}

/** How Argo CD is set up. */
export interface ArgoCdOptions extends EngineOptions {
  /** Namespace that its Applications stand in; it must be there. */
  readonly namespace: string;
  /** `argocd-cm`, as the chart's `configs.cm` says it. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The chart's `configs.params`. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Writes Argo CD's settings to the cluster and starts its processes and their Redis on free loopback ports. */
export async function startArgoCd(server: ApiServer, api: Api, options: ArgoCdOptions): Promise<ArgoCd> {
  const argocd = await getEngine('argocd', options);
  const helm = await getEngine('helm', options);
  const redis = await getEngine('redis-server', options);
  const kubectl = await getEngine('kubectl', options);
  await writeSettings(api, options);
  const directory = await mkdtemp(path.join(tmpdir(), 'keelson-argo-cd-'));
  const file = (name: string): string => path.join(directory, name);
  const processes = new Map<string, ChildProcess>();
  const start = (name: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const output = createWriteStream(file(`${name}.log`));
    child.stdout.pipe(output, { end: false });
    child.stderr.pipe(output, { end: false });
    child.on('error', (error) => output.write(`${error.message}\n`));
    processes.set(name, child);
  };
  const killAll = (): void => processes.forEach((child) => child.kill('SIGKILL'));
  process.once('exit', killAll);

  for (const folder of ['bin', 'home', 'tmp', 'tls', 'ssh']) await mkdir(file(folder));
  // The program that Argo CD's image has beside it; kubectl holds the same code.
  await writeFile(file('bin/kustomize'), `#!/bin/sh\n[ "$1" = build ] && shift && exec '${kubectl}' kustomize "$@"\n`, {
    mode: 0o755,
  });
  await writeFile(file('kubeconfig'), kubeconfig(server, options.namespace), { mode: 0o600 });
  const [redisPort, repoPort, ...others] = await freePorts(8);
  const port = (i: number): string => `127.0.0.1:${others[i]}`;
  const redisAddress = `127.0.0.1:${redisPort}`;
  const repoServer = `127.0.0.1:${repoPort}`;
  const env = {
    PATH: [file('bin'), path.dirname(helm), process.env.PATH].join(path.delimiter),
    HOME: file('home'),
    TMPDIR: file('tmp'),
    KUBECONFIG: file('kubeconfig'),
    ARGOCD_FAKE_IN_CLUSTER: 'true',
    ARGOCD_GPG_ENABLED: 'false',
    ARGOCD_TLS_DATA_PATH: file('tls'),
    ARGOCD_SSH_DATA_PATH: file('ssh'),
    ARGOCD_GIT_MODULES_ENABLED: String(options.parameters['reposerver.enable.git.submodule'] ?? true),
    ARGOCD_RECONCILIATION_TIMEOUT: POLL,
    ARGOCD_RECONCILIATION_JITTER: '0s',
    ARGOCD_APPLICATIONSET_CONTROLLER_REQUEUE_AFTER: POLL,
    ARGOCD_APPLICATION_CONTROLLER_SERVER_SIDE_DIFF: String(options.parameters['controller.diff.server.side'] ?? false),
  };
  const role = (name: string, ...args: string[]): void =>
    start(name, argocd, [...args, '--loglevel', 'warn'], { ...env, ARGOCD_BINARY_NAME: `argocd-${name}` });

  start('redis', redis, [
    '--bind',
    '127.0.0.1',
    '--port',
    String(redisPort),
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    directory,
  ]);
  role(
    'repo-server',
    ...['--address', '127.0.0.1', '--port', String(repoPort), '--disable-tls', '--redis', redisAddress],
    ...['--metrics-address', '127.0.0.1', '--metrics-port', String(others[0])],
  );
  role(
    'application-controller',
    ...['--namespace', options.namespace, '--redis', redisAddress, '--metrics-port', String(others[1])],
    ...['--repo-server', repoServer, '--repo-server-plaintext'],
  );
  role(
    'applicationset-controller',
    ...['--namespace', options.namespace, '--argocd-repo-server', repoServer, '--repo-server-plaintext'],
    ...['--metrics-addr', port(2), '--probe-addr', port(3), '--webhook-addr', port(4)],
  );

  return {
    check() {
      for (const [name, { exitCode, signalCode }] of processes) {
        if (exitCode !== null || signalCode !== null) throw new Error(`${name} ended: ${exitCode ?? signalCode}`);
      }
    },
    async words(lines = 8) {
      const logs = [...processes.keys()].map(async (name) => {
        const text = await readFile(file(`${name}.log`), 'utf8').catch(() => '');
        const last = text.trim().split('\n').slice(-lines);
        return [`--- ${name}`, ...last.map((line) => line.slice(0, 400))].join('\n');
      });
      return (await Promise.all(logs)).join('\n');
    },
    async stop() {
      await Promise.all([...processes.values()].map(end));
      process.off('exit', killAll);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What the chart would write; a value that is no text is written as YAML has it. */
async function writeSettings(api: Api, { namespace, settings }: ArgoCdOptions): Promise<void> {
  const labels = { 'app.kubernetes.io/part-of': 'argocd' };
  const text = (data: Readonly<Record<string, unknown>>): Record<string, string> =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, String(value)]));
  const maps = {
    'argocd-cm': text(settings),
    'argocd-rbac-cm': {},
    'argocd-tls-certs-cm': {},
    'argocd-ssh-known-hosts-cm': {},
    'argocd-gpg-keys-cm': {},
  };
  const objects = [
    ...Object.entries(maps).map(([name, data]) => ({ kind: 'ConfigMap', metadata: { name, namespace, labels }, data })),
    {
      kind: 'Secret',
      metadata: { name: 'argocd-secret', namespace, labels },
      stringData: { 'server.secretkey': 'only for this test' },
    },
  ];
  for (const object of objects) {
    const { status, body } = await api.apply({ apiVersion: 'v1', ...object }, 'argo-cd-chart');
    if (status >= 300) throw new Error(`${object.metadata.name}: ${messageOf(body)}`);
  }
}

function kubeconfig({ url, ca, token }: ApiServer, namespace: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace } }],
    clusters: [
      { name: 'test', cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name: 'test', user: { token } }],
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
  await ended;
  clearTimeout(timer);
}

/** So many ports that are free now; all are held open until the last is known, so that they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const one = createServer();
      one.listen(0, '127.0.0.1');
      await once(one, 'listening');
      return one;
    }),
  );
  const ports = servers.map((one) => (one.address() as { port: number }).port);
  await Promise.all(servers.map((one) => new Promise((resolve) => one.close(resolve))));
  return ports;
}

/** Asks until the answer is wanted. Throws what was waited for, the last answer and Argo CD's words otherwise. */
export async function until<T>(
  argoCd: ArgoCd,
  what: string,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  timeout = 120_000,
): Promise<T> {
  for (const deadline = Date.now() + timeout; ; await sleep(300)) {
    argoCd.check();
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline) {
      throw new Error(
        `not in ${timeout / 1000} s: ${what}\nlast: ${JSON.stringify(answer, null, 1)}\n${await argoCd.words()}`,
      );
    }
  }
}
