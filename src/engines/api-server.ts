import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createWriteStream, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiClient, type ApiAnswer } from './api-client';
import { getEngines, type EnginesOptions } from './get-engine';

/** How long the API may take to become ready, in milliseconds; 9 s were measured on a busy machine. */
const READY_TIMEOUT = 120_000;
/** How long a process may take to end by itself before it is killed, in milliseconds. */
const STOP_TIMEOUT = 10_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A running kube-apiserver with an etcd of its own, on loopback. */
export interface ApiServer {
  /** Such as `https://127.0.0.1:40123`. */
  readonly url: string;
  /** PEM of the certificates that the server's own is checked against. */
  readonly ca: string;
  /** Bearer token of a member of `system:masters`. */
  readonly token: string;
  /** Where etcd listens, without TLS, on loopback. */
  readonly etcdUrl: string;
  /** Private folder of this server: keys, certificates, data and logs. Removed by `stop`. */
  readonly directory: string;
  /** Sends one request as administrator. Rejects only when no answer comes. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** Ends both processes and removes the folder. May be called twice. */
  stop(): Promise<void>;
}

/** How an API server is started. */
export interface ApiServerOptions extends EnginesOptions {
  /** More flags for kube-apiserver. @default - none */
  readonly flags?: readonly string[];
}

/**
 * Starts etcd and kube-apiserver (RBAC on) on free loopback ports in a new private folder.
 * Both end with this process; call `stop` to end them earlier. Rejects with the server's last words if it never gets ready.
 */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const { etcd: etcdProgram, 'kube-apiserver': apiProgram } = await getEngines(['etcd', 'kube-apiserver'], options);
  const directory = await mkdtemp(path.join(tmpdir(), 'keelson-api-'));
  const processes: ChildProcess[] = [];
  const forget = endWithProcess(processes, directory);
  const stop = async (): Promise<void> => {
    for (const child of [...processes].reverse()) await end(child);
    forget();
    await rm(directory, { recursive: true, force: true });
  };

  try {
    const [etcdPort, peerPort, apiPort] = await freePorts();
    const etcdUrl = `http://127.0.0.1:${etcdPort}`;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    const token = randomBytes(32).toString('hex');
    const file = (name: string): string => path.join(directory, name);
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const secret = { mode: 0o600 };
    await writeFile(file('service-account.key'), privateKey, secret);
    await writeFile(file('service-account.pub'), publicKey, secret);
    await writeFile(file('tokens.csv'), `${token},admin,admin,system:masters\n`, secret);

    processes.push(
      supervise(etcdProgram, file('etcd.log'), [
        `--data-dir=${file('etcd')}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
        '--unsafe-no-fsync',
      ]),
      supervise(apiProgram, file('kube-apiserver.log'), [
        `--etcd-servers=${etcdUrl}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        '--endpoint-reconciler-type=none',
        `--secure-port=${apiPort}`,
        `--cert-dir=${file('certificates')}`,
        '--service-cluster-ip-range=10.0.0.0/16',
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${file('service-account.pub')}`,
        `--service-account-signing-key-file=${file('service-account.key')}`,
        `--token-auth-file=${file('tokens.csv')}`,
        '--authorization-mode=RBAC',
        '--allow-privileged=true',
        ...(options.flags ?? []),
      ]),
    );

    const server: ApiServer = {
      url: `https://127.0.0.1:${apiPort}`,
      ca: await ready(processes, directory, apiPort, token),
      token,
      etcdUrl,
      directory,
      request: (method, target, body, headers) => client.request(method, target, body, headers),
      stop: () => {
        client.close();
        return stop();
      },
    };
    const client = apiClient(server);
    return server;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until the API server says that it is ready, and gives the certificate that it made for itself. */
async function ready(
  processes: readonly ChildProcess[],
  directory: string,
  port: number,
  token: string,
): Promise<string> {
  const deadline = Date.now() + READY_TIMEOUT;
  while (Date.now() < deadline && processes.every((child) => child.exitCode === null && child.signalCode === null)) {
    const ca = await readFile(path.join(directory, 'certificates', 'apiserver.crt'), 'utf8').catch(() => '');
    if (ca) {
      const client = apiClient({ url: `https://127.0.0.1:${port}`, ca, token });
      const answer = await client.request('GET', '/readyz').catch(() => undefined);
      client.close();
      if (answer?.status === 200) return ca;
    }
    await sleep(200);
  }
  const words = await Promise.all(
    ['etcd.log', 'kube-apiserver.log'].map((name) => readFile(path.join(directory, name), 'utf8').catch(() => '')),
  );
  const last = words.map((text) => text.trim().split('\n').slice(-3).join('; ')).join('; ');
  throw new Error(`kube-apiserver did not become ready in ${READY_TIMEOUT / 1000} s: ${last}`);
}

function supervise(program: string, log: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = createWriteStream(log, { mode: 0o600 });
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  child.on('close', () => output.end());
  child.on('error', (error) => output.write(`${error.message}\n`));
  return child;
}

/** Ends the children and removes their folder when this process ends, also by a signal. Gives what undoes that. */
function endWithProcess(children: readonly ChildProcess[], directory: string): () => void {
  const clean = (): void => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    clean();
    forget();
    process.kill(process.pid, signal);
  };
  const forget = (): void => {
    process.off('exit', clean);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  process.once('exit', clean);
  for (const signal of SIGNALS) process.once(signal, onSignal);
  return forget;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
  await ended;
  clearTimeout(timer);
}

/** Three ports that are free now; all are held open until the last is known, so that they differ. */
async function freePorts(): Promise<[number, number, number]> {
  const servers = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as [number, number, number];
}
