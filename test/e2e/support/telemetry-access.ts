import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as requestHttp, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getEngine, startApiServer, type ApiServer, type EngineName } from '../../../src/engines';
import { renderedClaims } from '../../charts/tenant/telemetry';
import { objectsIn } from '../../support/platforms';
import { Api, messageOf, type KubeObject } from './api';
import { startIssuer, type Issuer } from './issuer';

/** Where everything listens: nobody else uses this address. */
const ADDRESS = '127.62.0.1';
const PROMETHEUS = `${ADDRESS}:9090`;
const METRICS = `${ADDRESS}:9100`;
/** Stands for Loki and Tempo: says what reached it. */
const STORE = `${ADDRESS}:9300`;

/** Port that the process listens on which puts the namespace into queries. */
export const LABEL_PROXY = `http://${ADDRESS}:8081`;
export const DIRECT = `http://${PROMETHEUS}`;
export const FRONT = { metrics: 9091, logs: 3100, traces: 3200 } as const;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Headers of a request; a list is as many headers of that name. */
export type Headers = Readonly<Record<string, string | string[]>>;

export interface TelemetryAccess {
  readonly issuer: Issuer;
  /** Requests that reached Loki or Tempo: method, path and organisation. */
  readonly stored: string[];
  stop(): Promise<void>;
}

/**
 * The Deployment of the tree as processes, before a real Prometheus, with a real API server that knows an identity
 * provider. Only addresses are others. Two tenants, `shop` and `wiki`, have their namespaces and Roles.
 */
export async function startTelemetryAccess(): Promise<TelemetryAccess> {
  const processes: ChildProcess[] = [];
  const servers: Server[] = [];
  const stored: string[] = [];
  const folder = await mkdtemp(path.join(tmpdir(), 'keelson-access-'));
  const issuer = await startIssuer('kubernetes');
  let api: ApiServer | undefined;
  const stop = async (): Promise<void> => {
    for (const child of processes) child.kill('SIGKILL');
    for (const server of servers) server.close();
    await api?.stop();
    await issuer.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    api = await startWithIssuer(issuer, folder);
    const objects = await telemetryObjects();
    const kubeconfig = await install(api, objects, folder);
    servers.push(
      await listen(METRICS, (_, response) =>
        response.setHeader('content-type', 'text/plain; version=0.0.4').end(SERIES),
      ),
    );
    servers.push(
      await listen(STORE, (request, response) => {
        stored.push(`${request.method} ${request.url} ${request.headers['x-scope-orgid']}`);
        response.end(JSON.stringify(request.headers));
      }),
    );
    const start = async (name: EngineName, args: readonly string[]) =>
      processes.push(spawn(await getEngine(name), args, { stdio: 'ignore' }));
    await start('prometheus', await prometheusArguments(folder));
    for (const [name, args] of await containers(objects, folder)) {
      await start(name, name === 'kube-rbac-proxy' ? [...args, `--kubeconfig=${kubeconfig}`] : args);
    }
    await ready(issuer);
    return { issuer, stored, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const SERIES = ['shop-dev', 'wiki-dev']
  .flatMap((namespace) => [
    `requests_total{namespace="${namespace}",path="/${namespace}"} 7`,
    `${namespace.slice(0, 4)}_only{namespace="${namespace}"} 1`,
  ])
  .concat('machine_total 1', '')
  .join('\n');

async function startWithIssuer(issuer: Issuer, folder: string): Promise<ApiServer> {
  const ca = path.join(folder, 'issuer.pem');
  await writeFile(ca, issuer.ca);
  return startApiServer({
    flags: [
      '--disable-admission-plugins=ServiceAccount',
      `--oidc-issuer-url=${issuer.url}`,
      `--oidc-ca-file=${ca}`,
      '--oidc-client-id=kubernetes',
      '--oidc-username-claim=email',
      '--oidc-username-prefix=oidc:',
      '--oidc-groups-claim=groups',
      '--oidc-groups-prefix=oidc:',
    ],
  });
}

async function telemetryObjects(): Promise<readonly KubeObject[]> {
  const tree = await renderedClaims({ shop: '', wiki: '' });
  const files = [
    'clusters/cloud/baseline/telemetry-access/namespace.yaml',
    'clusters/cloud/baseline/telemetry-access/resources.yaml',
    ...['shop', 'wiki'].flatMap((tenant) =>
      ['namespace', 'access'].map((facet) => `clusters/cloud/tenants/${tenant}/${facet}.yaml`),
    ),
  ];
  return files.flatMap((file) => objectsIn(tree, file)) as unknown as KubeObject[];
}

/** Applies what the API server knows by itself, and gives a kubeconfig with the Deployment's own identity. */
async function install(server: ApiServer, objects: readonly KubeObject[], folder: string): Promise<string> {
  const api = await Api.of(server);
  const own = objects.filter((one) => api.serves(`${one.apiVersion} ${one.kind}`));
  for (const one of own.filter(({ kind }) => kind === 'Namespace')) await accepted(api, one);
  for (const one of own.filter(({ kind }) => kind !== 'Namespace')) await accepted(api, one);
  const target = '/api/v1/namespaces/telemetry-access/serviceaccounts/telemetry-access/token';
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const { status, body } = await server.request('POST', target, request);
  if (status !== 201) throw new Error(`no token: ${messageOf(body)}`);
  const { token } = (body as { status: { token: string } }).status;
  const named = (key: string, value: object) => [{ name: 'it', [key]: value }];
  const file = path.join(folder, 'kubeconfig.json');
  const authority = Buffer.from(server.ca).toString('base64');
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: named('cluster', { server: server.url, 'certificate-authority-data': authority }),
      users: named('user', { token }),
      contexts: named('context', { cluster: 'it', user: 'it' }),
      'current-context': 'it',
    }),
    { mode: 0o600 },
  );
  return file;
}

async function accepted(api: Api, object: KubeObject): Promise<void> {
  const { status, body } = await api.apply(object);
  if (status >= 300) throw new Error(`${object.kind} ${object.metadata.name}: ${messageOf(body)}`);
}

async function prometheusArguments(folder: string): Promise<readonly string[]> {
  const file = path.join(folder, 'prometheus.yaml');
  const rules = path.join(folder, 'rules.yaml');
  const rule = { alert: 'Busy', expr: 'requests_total > 1', annotations: { summary: '{{ $labels.namespace }}' } };
  const own = ['shop-dev', 'wiki-dev'].map((namespace) => ({
    ...rule,
    alert: `Busy-${namespace}`,
    expr: `requests_total{namespace="${namespace}"} > 1`,
    labels: { namespace },
  }));
  await writeFile(rules, JSON.stringify({ groups: [{ name: 'test', rules: [rule, ...own] }] }));
  await writeFile(
    file,
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'test', honor_labels: true, static_configs: [{ targets: [METRICS] }] }],
    }),
  );
  return [
    `--config.file=${file}`,
    `--web.listen-address=${PROMETHEUS}`,
    `--storage.tsdb.path=${path.join(folder, 'data')}`,
  ];
}

const ENGINE_OF: Readonly<Record<string, EngineName>> = { front: 'haproxy', labels: 'prom-label-proxy' };

/** The containers of the Deployment, as an engine and its arguments. */
async function containers(
  objects: readonly KubeObject[],
  folder: string,
): Promise<readonly (readonly [EngineName, readonly string[]])[]> {
  const find = (kind: string) => objects.find((one) => one.kind === kind && one.metadata.name === 'telemetry-access')!;
  const data = find('ConfigMap')['data'] as Record<string, string>;
  const place = path.join(folder, 'configuration');
  await mkdir(place);
  const here = (text: string) =>
    text
      .replaceAll('/etc/telemetry-access', place)
      .replaceAll('127.0.0.1', ADDRESS)
      .replaceAll(/bind ":/g, `bind "${ADDRESS}:`)
      .replaceAll('kube-prometheus-stack-prometheus.monitoring.svc:9090', PROMETHEUS)
      .replaceAll(/(loki-gateway\.loki\.svc|tempo\.tempo\.svc:3200)/g, STORE);
  for (const [name, text] of Object.entries(data)) await writeFile(path.join(place, name), here(text));
  const spec = find('Deployment')['spec'] as {
    template: { spec: { containers: { name: string; args?: string[]; command?: string[] }[] } };
  };
  return spec.template.spec.containers.map(({ name, args, command }) => [
    ENGINE_OF[name] ?? 'kube-rbac-proxy',
    (args ?? command?.slice(1) ?? []).map(here),
  ]);
}

async function listen(address: string, answer: Parameters<typeof createServer>[1] & object): Promise<Server> {
  const [host = '', port] = address.split(':');
  const server = createServer(answer as never);
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(Number(port), host, done);
  });
  return server;
}

/** Waits until everybody's own question is answered with data, rules included. */
async function ready(issuer: Issuer): Promise<void> {
  const headers = {
    'x-scope-orgid': 'shop-dev',
    authorization: `Bearer ${issuer.token('a@example.com', ['shop-developers'])}`,
  };
  let last = '';
  for (let waited = 0; waited < 240; waited += 1) {
    try {
      const { status, body } = await ask('metrics', '/api/v1/alerts', headers);
      last = `${status} ${body}`;
      if (status === 200 && body.includes('shop-dev')) return;
    } catch (error) {
      last = String(error);
    }
    await sleep(250);
  }
  throw new Error(`nothing is answered: ${last}`);
}

/** Asks the front. The path is sent as it is written. */
export function ask(
  kind: keyof typeof FRONT,
  target: string,
  headers: Headers,
  method = 'GET',
  body?: string,
): Promise<Answer> {
  return send(`http://${ADDRESS}:${FRONT[kind]}`, target, headers, method, body);
}

export function send(origin: string, target: string, headers: Headers, method = 'GET', body?: string): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  return new Promise((done, failed) => {
    // A connection of its own each: whoever is refused before all of it was read is hung up on.
    const request = requestHttp(
      { hostname, port, path: target, method, headers, timeout: 20_000, agent: false },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', failed);
        response.on('end', () =>
          done({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }),
        );
      },
    );
    request.on('error', failed);
    request.on('timeout', () => request.destroy(new Error(`${target}: no answer`)));
    request.end(body);
  });
}
