import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chart, Testing } from 'cdk8s';
import { component } from '../../charts/baseline/control-plane-metrics';
import { type ApiServer, getEngine, startApiServer } from '../../src/engines';
import { controlPlaneRules, isAlert } from '../../src/model/alerts';
import { METRICS_PORTS } from '../../src/model/control-plane-metrics';
import { resolve } from '../../src/model/resolve';
import { load } from '../../src/render/load';
import { product } from '../support/platforms';

jest.setTimeout(900_000);

/** Where this test's components and proxies listen: nobody else uses these addresses. */
const COMPONENTS = '127.61.0.1';
const HOST = '127.61.0.2';
const STRICT_HOST = '127.61.0.3';

/** What only shows in metrics once it happened; its name is in k8s.io/apiserver, `pkg/audit/metrics.go`. */
const UNSEEN = ['apiserver_audit_error_total'];

const processes: ChildProcess[] = [];
let folder: string;
let server: ApiServer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keelson-metrics-'));
  server = await startApiServer({ flags: ['--disable-admission-plugins=ServiceAccount'] });
  const kubeconfig = path.join(folder, 'kubeconfig.json');
  await writeFile(kubeconfig, JSON.stringify(configuration(server)), { mode: 0o600 });
  for (const name of ['kube-controller-manager', 'kube-scheduler'] as const) {
    const flags = ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'];
    start(await getEngine(name), [
      ...flags.map((flag) => `--${flag}=${kubeconfig}`),
      `--bind-address=${COMPONENTS}`,
      `--secure-port=${METRICS_PORTS[name].loopback}`,
      `--cert-dir=${path.join(folder, name)}`,
    ]);
  }
  await startProxy(HOST, '127.0.0.0/8');
  await startProxy(STRICT_HOST, '10.0.0.0/16');
  for (const name of ['kube-controller-manager', 'kube-scheduler'] as const) {
    await until(async () => (await metrics(name)).includes('leader_election_master_status'));
  }
});

afterAll(async () => {
  for (const child of processes) child.kill('SIGKILL');
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('Alerts name no series but those that the pinned components serve', async () => {
  const served = (
    await Promise.all([
      metrics('kube-controller-manager'),
      metrics('kube-scheduler'),
      fetchText(`${server.etcdUrl}/metrics`),
      fetchText(`${server.url}/metrics`, server.token),
    ])
  ).join('\n');
  const names = new Set([...served.matchAll(/^([a-z_:]+)[{ ]/gm)].map(([, name]) => name));
  const used = controlPlaneRules('aws')
    .flatMap(({ rules }) => rules)
    .flatMap((rule) => [...rule.expr.matchAll(/\b([a-z]+_[a-z_]+)[{[]/g)].map(([, name]) => name ?? ''))
    .filter((name) => !name.startsWith('keelson'));
  expect(used).toEqual(expect.arrayContaining(['etcd_server_has_leader', 'scheduler_pending_pods']));
  expect([...new Set(used)].filter((name) => !names.has(name))).toEqual(UNSEEN);
  expect(controlPlaneRules('aws').flatMap(({ rules }) => rules.filter(isAlert)).length).toBeGreaterThan(20);
});

test('Metrics pass through the proxy, and the components still ask who it is', async () => {
  for (const name of ['kube-controller-manager', 'kube-scheduler'] as const) {
    const url = `https://${HOST}:${METRICS_PORTS[name].passed}/metrics`;
    expect(await fetchText(url, server.token)).toContain('process_start_time_seconds');
    await expect(fetchText(url)).rejects.toThrow('403');
  }
  expect(await fetchText(`http://${HOST}:${METRICS_PORTS.etcd.passed}/metrics`)).toContain('etcd_server_has_leader');
  await fetchText(`http://${HOST}:11256/healthz`);
});

test('Who is neither node nor Pod is not let through', async () => {
  await expect(fetchText(`http://${STRICT_HOST}:${METRICS_PORTS.etcd.passed}/metrics`)).rejects.toThrow(
    /ECONNRESET|socket hang up/,
  );
  await fetchText(`http://${STRICT_HOST}:11256/healthz`);
});

function metrics(name: 'kube-controller-manager' | 'kube-scheduler'): Promise<string> {
  return fetchText(`https://${COMPONENTS}:${METRICS_PORTS[name].loopback}/metrics`, server.token);
}

/** The DaemonSet's own configuration, but that what it passes on stands on other addresses here. */
async function startProxy(address: string, nodeCidr: string): Promise<void> {
  const { declarations } = load(product);
  const cluster = [...resolve(declarations!).clusters.values()].find(({ provider }) => provider === 'aws')!;
  const chart = new Chart(Testing.app(), 'test');
  component.resources?.(chart, {
    cluster: { ...cluster, network: { ...cluster.network, nodeCidr } },
    name: component.name,
    namespace: component.name,
    declaration: component.declare(cluster),
  });
  const objects = chart.toJson() as { kind: string; data: Record<string, string> }[];
  const text = objects.find(({ kind }) => kind === 'ConfigMap')?.data['haproxy.cfg'] ?? '';
  const config = text
    .replace(`127.0.0.1:${METRICS_PORTS.etcd.loopback}`, new URL(server.etcdUrl).host)
    .replaceAll('server self 127.0.0.1:1', `server self ${COMPONENTS}:1`);
  const file = path.join(folder, `${address}.cfg`);
  await writeFile(file, config);
  start(await getEngine('haproxy'), ['-db', '-f', file], { HOST_IP: address });
  await until(() => fetchText(`http://${address}:11256/healthz`).then(() => true));
}

function configuration({ url, ca, token }: ApiServer): object {
  const named = (key: string, value: object) => [{ name: 'test', [key]: value }];
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: named('cluster', { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    users: named('user', { token }),
    contexts: named('context', { cluster: 'test', user: 'test' }),
    'current-context': 'test',
  };
}

function start(program: string, args: readonly string[], env: Record<string, string> = {}): void {
  processes.push(spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } }));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 120; waited += 1) {
    if (await holds().catch(() => false)) return;
    await sleep(500);
  }
  throw new Error(`it does not come true within a minute: ${holds}`);
}

/** The body of a good answer. Certificates are the components' own, made a moment ago. */
function fetchText(url: string, token?: string): Promise<string> {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  return new Promise((done, failed) => {
    const answer = (response: IncomingMessage) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', failed);
      response.on('end', () => {
        if (response.statusCode === 200) done(Buffer.concat(parts).toString('utf8'));
        else failed(new Error(`${url}: ${response.statusCode}`));
      });
    };
    const request = url.startsWith('https')
      ? getHttps(url, { headers, rejectUnauthorized: false, timeout: 10_000 }, answer)
      : getHttp(url, { headers, timeout: 10_000 }, answer);
    request.on('error', failed);
    request.on('timeout', () => request.destroy(new Error(`${url}: no answer`)));
  });
}
