import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { platform } from '../../platform';
import { keyAlias } from '../../infra/aws/keys';
import { describeHosts, describeWorker, flagsOf, flowControlObjects } from '../../infra/control-plane';
import type { Component } from '../../infra/control-plane/component';
import type { Host } from '../../infra/control-plane/host';
import { joining, joiningAccess } from '../../infra/control-plane/joining';
import { pkiPlan } from '../../infra/control-plane/pki';
import type { Site } from '../../infra/control-plane/site';
import { layOut } from '../../infra/local/lay-out';
import { ensurePki } from '../../infra/secrets/issue';
import { apiClient, getEngine, type ApiClient } from '../../src/engines';
import { describeClusters } from '../../src/model/resolve/clusters';
import { runScript, startHosts, type RunningHosts } from './support/hosts';

const cluster = describeClusters(platform.props).get('local')!;
const HOST = 'control-plane-5';
const URL = 'https://127.22.0.15:6443';

/**
 * The fifth of five hosts, alone: the others are described as joining later. So its ports on 127.0.0.1 are none that a
 * cluster of the person who runs the test has.
 */
const site = (directory: string): Site => ({
  hosts: [1, 2, 3, 4, 5].map((n) => ({
    name: `control-plane-${n}`,
    address: `127.22.0.1${n}`,
    root: path.join(directory, `control-plane-${n}`),
    joining: n < 5,
  })),
  loadBalancer: { name: 'load-balancer', address: '127.22.0.10', root: path.join(directory, 'load-balancer') },
  endpoint: { host: '127.22.0.10', port: 6443 },
  encryption: { kind: 'key' },
  offCluster: { kind: 'folder', path: path.join(directory, 'storage') },
  serviceAccountIssuer: 'https://kubernetes.default.svc.cluster.local',
  sharedMachine: true,
});

/** Waits until something holds, for a minute at most. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('did not come true in a minute');
    await sleep(250);
  }
}

/** A worker and a control-plane host as they are in a cloud. */
function cloudHosts(): [string, Host][] {
  const production = describeClusters(platform.props).get('production')!;
  const place: Site = {
    ...site('/nowhere'),
    hosts: [{ name: 'cp-1', address: '10.0.0.10', root: '' }],
    sharedMachine: false,
  };
  const hosts = [describeWorker(production, place, production.nodePools[0]!), describeHosts(production, place)[0]!];
  return hosts.map((host) => [host.role, host]);
}

describe('a generated control plane, run by real engines', () => {
  let running: RunningHosts;
  let api: ApiClient;
  let anonymous: ApiClient;
  let throughBalancer: ApiClient;
  const at = (...names: string[]): string => path.join(running.directory, ...names);
  const onHost = (file: string): string => at(HOST, file);

  beforeAll(async () => {
    running = await startHosts(cluster, site, ({ name }) => name === HOST || name === 'load-balancer');
    api = await running.administrator(URL);
    const ca = await readFile(onHost('etc/kubernetes/pki/ca.crt'), 'utf8');
    anonymous = apiClient({ url: URL, ca });
    throughBalancer = apiClient({ url: 'https://127.22.0.10:6443', ca, timeout: 3_000 });
  }, 300_000);

  afterAll(async () => {
    for (const client of [api, anonymous, throughBalancer]) client?.close();
    await running?.stop();
  }, 120_000);

  const create = (target: string, object: object) => api.request('POST', target, object);

  test('whoever has no name learns whether it is well, and nothing else', async () => {
    expect((await anonymous.request('GET', '/readyz')).status).toBe(200);
    for (const target of ['/version', '/api', '/api/v1/namespaces', '/metrics']) {
      expect([target, (await anonymous.request('GET', target)).status]).toEqual([target, 401]);
    }
  });

  test('a Secret lies in etcd encrypted, and not in the audit log; a change of something else does', async () => {
    const value = Buffer.from('correct horse battery staple').toString('base64');
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sealed' }, data: { value } };
    expect((await create('/api/v1/namespaces/default/secrets', secret)).status).toBe(201);
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'small' },
      spec: { hard: { pods: '7' } },
    };
    expect((await create('/api/v1/namespaces/default/resourcequotas', quota)).status).toBe(201);

    const pki = (name: string) => onHost(`etc/kubernetes/pki/etcd/${name}`);
    const { out } = await runScript(
      await getEngine('etcdctl'),
      [
        'get',
        '/registry/secrets/default/sealed',
        '--print-value-only',
        '--endpoints=https://127.22.0.15:2379',
        ...[`--cacert=${pki('ca.crt')}`, `--cert=${pki('operator.crt')}`, `--key=${pki('operator.key')}`],
      ],
      '/usr/bin:/bin',
    );
    expect(out).toContain('k8s:enc:secretbox:v1:');
    expect(out).not.toContain('correct horse');

    const log = await readFile(onHost('var/log/kubernetes/audit/audit.log'), 'utf8');
    const events = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; requestURI: string; verb: string; requestObject?: object });
    const made = (resource: string) =>
      events.find(({ verb, requestURI }) => verb === 'create' && requestURI.endsWith(resource));
    expect(made('/default/secrets')).toMatchObject({ level: 'Metadata' });
    expect(log).not.toContain(value);
    expect(made('/default/resourcequotas')).toMatchObject({ level: 'Request', requestObject: { spec: quota.spec } });
    expect(events.filter(({ requestURI }) => /^\/(readyz|livez)/.test(requestURI))).toEqual([]);
  });

  test('what Pods check the API against is enough for programs that follow a chain to its end', async () => {
    const trust = '/api/v1/namespaces/default/configmaps/kube-root-ca.crt';
    await until(async () => (await api.request('GET', trust)).status === 200);
    const { data } = (await api.request('GET', trust)).body as { data: { 'ca.crt': string } };
    const alone = await readFile(onHost('etc/kubernetes/pki/ca.crt'), 'utf8');
    const status = (ca: string): Promise<number | string> =>
      new Promise((resolve) => {
        get(`${URL}/readyz`, { ca, agent: false }, (answer) => resolve(answer.resume().statusCode ?? 0)).on(
          'error',
          ({ message }) => resolve(message),
        );
      });
    expect(await status(data['ca.crt'])).toBe(200);
    expect(await status(alone)).toBe('unable to get issuer certificate');
  });

  test('the platform’s people do not wait behind everybody’s programs', async () => {
    const schemas = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas';
    for (const object of flowControlObjects(cluster)) expect((await create(schemas, object)).status).toBe(201);
    const level = async (name: string) =>
      (await api.request('GET', `${schemas}/${name}`)).body as {
        spec: { matchingPrecedence: number };
        status: { conditions?: { type: string; status: string }[] };
      };
    await until(async () => (await level('keelson-people')).status.conditions !== undefined);
    const people = await level('keelson-people');
    expect(people.status.conditions).toMatchObject([{ type: 'Dangling', status: 'False' }]);
    expect(people.spec.matchingPrecedence).toBeLessThan((await level('service-accounts')).spec.matchingPrecedence);
  });

  test('a namespace that nobody labelled takes no privileged Pod', async () => {
    await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'unlabelled' } });
    const account = '/api/v1/namespaces/unlabelled/serviceaccounts/default';
    await until(async () => (await api.request('GET', account)).status === 200);
    const { status, body } = await create('/api/v1/namespaces/unlabelled/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'root' },
      spec: { containers: [{ name: 'c', image: 'example.com/c:1', securityContext: { privileged: true } }] },
    });
    expect([status, (body as { message: string }).message]).toEqual([
      403,
      expect.stringContaining('violates PodSecurity "restricted:v1.36"'),
    ]);
  });

  describe('snapshots', () => {
    const folder = (): string => at('storage', 'local', 'etcd', HOST);
    const newest = async (end: string): Promise<string> =>
      path.join(
        folder(),
        (await readdir(folder()))
          .filter((name) => name.endsWith(end))
          .sort()
          .at(-1)!,
      );

    test('are taken, restored into a scratch member, and hold the same', async () => {
      expect(await running.run('etcd-snapshot')).toMatchObject({ code: 0, err: '' });
      expect(await running.run('etcd-restore-check')).toMatchObject({
        code: 0,
        out: expect.stringMatching(/holds: revision \d+, \d+ keys/),
      });
      expect(await readFile(onHost('var/lib/keelson/metrics/etcd-restore-check.prom'), 'utf8')).toMatch(
        /^keelson_etcd_restore_check_timestamp_seconds \d+$/m,
      );
    });

    test('that hold something else are told', async () => {
      const file = await newest('.json');
      const status = await readFile(file, 'utf8');
      await writeFile(file, status.replace(/"totalKey":\d+/, '"totalKey":1'));
      expect(await running.run('etcd-restore-check')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/\d+ keys restored, the snapshot has 1/),
      });
      await writeFile(file, status);
    });

    test('that a disk damaged are told', async () => {
      const file = await newest('.db');
      const bytes = await readFile(file);
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(damaged.length >> 1) ^ 255, damaged.length >> 1);
      await writeFile(file, damaged);
      expect((await running.run('etcd-restore-check')).code).toBe(1);
      await writeFile(file, bytes);
    });
  });

  test('defragmentation leaves the member well; without need it does nothing', async () => {
    expect(await running.run('etcd-defragment')).toMatchObject({
      code: 0,
      out: expect.stringContaining('nothing to do'),
    });
    expect(await running.run('etcd-defragment', ['--force'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('bytes in use'),
    });
    expect((await anonymous.request('GET', '/readyz')).status).toBe(200);
  });

  test('the audit log is shipped whole, piece by piece, over a rotation', async () => {
    const log = onHost('var/log/kubernetes/audit/audit-2026-01-01T00-00-00.000.log');
    expect(await running.run('ship-audit-log')).toMatchObject({ code: 0, err: '' });
    // As the API server does when a file is full; it goes on writing to this one, which is as good for the test.
    await rename(onHost('var/log/kubernetes/audit/audit.log'), log);
    await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'later' } });
    expect(await running.run('ship-audit-log')).toMatchObject({ code: 0, err: '' });
    const folder = at('storage', 'local', 'audit', HOST);
    const pieces = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.gz')).sort();
    expect(pieces.length).toBeGreaterThanOrEqual(2);
    const shipped = Buffer.concat(
      await Promise.all(pieces.map(async (name) => gunzipSync(await readFile(path.join(folder, name))))),
    );
    const whole = await readFile(log);
    expect(shipped.equals(whole.subarray(0, shipped.length))).toBe(true);
    expect(shipped.toString()).toContain('"name":"later"');
  });

  test('the ends of all certificates on the host are told', async () => {
    expect(await running.run('certificate-expiry')).toMatchObject({ code: 0, err: '' });
    const text = await readFile(onHost('var/lib/keelson/metrics/certificate-expiry.prom'), 'utf8');
    const names = [...text.matchAll(/certificate="([^"]+)"/g)].map(([, name]) => name);
    const own = pkiPlan(cluster, site(running.directory)).certificates.filter(({ host }) => host === HOST);
    expect(names).toEqual(expect.arrayContaining(own.map(({ name }) => name)));
    await chmod(onHost('etc/kubernetes/pki/apiserver.crt'), 0o600);
    await writeFile(onHost('etc/kubernetes/pki/apiserver.crt'), 'no certificate');
    expect(await running.run('certificate-expiry')).toMatchObject({
      code: 1,
      err: expect.stringContaining('apiserver.crt holds no certificate'),
    });
    await layOut(running.hosts[0]!, running.store);
  });

  test('the load balancer passes a server by whose etcd hangs, and takes it back', async () => {
    const answers = () =>
      throughBalancer.request('GET', '/readyz').then(
        ({ status }) => status === 200,
        () => false,
      );
    await until(answers);
    running.process('etcd').kill('SIGSTOP');
    await until(async () => !(await answers()));
    running.process('etcd').kill('SIGCONT');
    await until(answers);
  });

  test.each(cloudHosts())('the kubelet of a %s takes its configuration', async (_, host) => {
    const { content } = host.files.find(({ path: file }) => file.endsWith('/var/lib/kubelet/config.yaml'))!;
    const unit = host.units.find(({ name }) => name === 'kubelet')!;
    const kubelet = async (text: string): Promise<string> => {
      const file = at('kubelet.yaml');
      await writeFile(file, `${text}\nfailCgroupV1: false\n`);
      const flags = flagsOf(unit).filter((flag) => /^--(node-labels|cloud-provider)=/.test(flag));
      const folders = ['--root-dir', '--cert-dir'].map((flag) => `${flag}=${at('kubelet')}`);
      const { err } = await runScript(
        'timeout',
        ['10', await getEngine('kubelet'), `--config=${file}`, ...folders, ...flags],
        '/usr/bin:/bin',
      );
      return err;
    };
    // What it reads first when it has taken its configuration; so it never comes to start anything here.
    const text = (content as string).replace('/etc/kubernetes/pki/ca.crt', '/nowhere/ca.crt');
    expect(await kubelet(text)).toContain('failed to run Kubelet: open /nowhere/ca.crt');
    expect(await kubelet(text.replace('imageGCLowThresholdPercent: 70', 'imageGCLowThresholdPercent: 90'))).toContain(
      'failed to validate',
    );
  });

  describe('machines', () => {
    const network = { ...cluster.network, nodeCidr: '127.22.0.0/24' };
    const cloud = { ...cluster, provider: 'aws' as const, region: 'eu-central-1', network };
    let own: Component;
    let bin: string;
    const script = (name: string) =>
      runScript(
        own.units.find((unit) => unit.name === name)!.program,
        [],
        [bin, path.dirname(kubectl), '/usr/bin:/bin'].join(':'),
      );
    let kubectl: string;

    beforeAll(async () => {
      kubectl = await getEngine('kubectl');
      const place = { ...site(running.directory), sharedMachine: false };
      const plan = pkiPlan(cluster, site(running.directory));
      const operator = pkiPlan(cloud, place).certificates.find(({ name }) => name === `${HOST}/join-operator`)!;
      const more = { ...plan, certificates: [...plan.certificates, operator] };
      await ensurePki(more, running.store, new Date());
      own = joining({ cluster: cloud, site: place, host: place.hosts[4]! });
      await layOut(own, running.store);
      for (const object of joiningAccess() as { kind: string; metadata: { namespace?: string } }[]) {
        const { namespace } = object.metadata;
        const kinds = `${object.kind.toLowerCase()}s`;
        const target = `/apis/rbac.authorization.k8s.io/v1/${namespace ? `namespaces/${namespace}/` : ''}${kinds}`;
        expect((await create(target, object)).status).toBe(201);
      }
      await create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'joining' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node-bootstrapper' },
        subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:bootstrappers:keelson' }],
      });
      // Stands in for AWS: keeps the parameter as a file, and knows one instance.
      bin = at('bin');
      await mkdir(bin);
      const aws = [
        '#!/bin/sh',
        `echo "$*" >> '${at('aws.log')}'`,
        'case "$1" in',
        `  ssm) for word; do case "$word" in file://*) cp "\${word#file://}" '${at('parameter.json')}' ;; esac; done ;;`,
        '  ec2) case "$*" in *private-dns-name,Values=ip-10-0-0-7.*) echo i-0123456789abcdef0 ;; esac ;;',
        'esac',
        '',
      ].join('\n');
      await writeFile(path.join(bin, 'aws'), aws, { mode: 0o755 });
    }, 120_000);

    test('get a token of an hour, which no argument shows', async () => {
      expect(await script('mint-bootstrap-token')).toMatchObject({ code: 0, err: '' });
      const parameter = JSON.parse(await readFile(at('parameter.json'), 'utf8')) as { Name: string; Value: string };
      expect(parameter).toMatchObject({
        Name: '/keelson/local/bootstrap-token',
        Type: 'SecureString',
        KeyId: keyAlias(cluster.name, 'hosts'),
      });
      expect(parameter.Value).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
      expect(await readFile(at('aws.log'), 'utf8')).not.toContain(parameter.Value.split('.')[1]);
      const secrets = '/api/v1/namespaces/kube-system/secrets';
      const { body } = await api.request('GET', `${secrets}/bootstrap-token-${parameter.Value.split('.')[0]}`);
      const { expiration } = (body as { data: Record<string, string> }).data;
      const left = Date.parse(Buffer.from(expiration!, 'base64').toString()) - Date.now();
      expect(left).toBeGreaterThan(55 * 60_000);
      expect(left).toBeLessThanOrEqual(60 * 60_000);
    });

    test('get a certificate where they are an instance of the cluster that is no node yet, and only then', async () => {
      const { Value: token } = JSON.parse(await readFile(at('parameter.json'), 'utf8')) as { Value: string };
      const machine = apiClient({ url: URL, ca: await readFile(onHost('etc/kubernetes/pki/ca.crt'), 'utf8'), token });
      const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
      const ask = async (name: string, subject: string): Promise<void> => {
        const made = await runScript(
          '/usr/bin/openssl',
          [
            ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
            ...['-keyout', '/dev/null', '-subj', subject],
          ],
          '/usr/bin:/bin',
        );
        const { status } = await machine.request('POST', requests, {
          apiVersion: 'certificates.k8s.io/v1',
          kind: 'CertificateSigningRequest',
          metadata: { name },
          spec: {
            request: Buffer.from(made.out).toString('base64'),
            signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
            usages: ['digital signature', 'client auth'],
          },
        });
        expect([name, status]).toEqual([name, 201]);
      };
      const node = 'ip-10-0-0-7.eu-central-1.compute.internal';
      const there = 'ip-10-0-0-70.eu-central-1.compute.internal';
      await ask('right', `/O=system:nodes/CN=system:node:${node}`);
      await ask('unknown', `/O=system:nodes/CN=system:node:ip-10-0-0-8.eu-central-1.compute.internal`);
      await ask('there', `/O=system:nodes/CN=system:node:${there}`);
      await create('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: there } });
      const { code, out, err } = await script('approve-nodes');
      machine.close();
      expect(code).toBe(0);
      expect(out).toBe(`approve-nodes: right is ${node}, instance i-0123456789abcdef0\n`);
      expect(err).toContain('unknown asks to be ip-10-0-0-8.eu-central-1.compute.internal, but no instance of local');
      expect(err).toContain(`there asks to be ${there}, which is there`);
      const certificate = async (name: string) =>
        ((await api.request('GET', `${requests}/${name}`)).body as { status: { certificate?: string } }).status
          .certificate;
      await until(async () => (await certificate('right')) !== undefined);
      expect(await certificate('unknown')).toBeUndefined();
      expect(await certificate('there')).toBeUndefined();

      // The certificate that `right` has now is the kubelet's of this host.
      const own = onHost('var/lib/kubelet/pki/kubelet-client-current.pem');
      await mkdir(path.dirname(own), { recursive: true });
      await writeFile(own, Buffer.from((await certificate('right'))!, 'base64'));
    });

    test('of the control plane say so by a label, which no kubelet may give itself', async () => {
      const node = 'ip-10-0-0-7.eu-central-1.compute.internal';
      const labels = async () =>
        ((await api.request('GET', `/api/v1/nodes/${node}`)).body as { metadata: { labels?: object } }).metadata.labels;
      // It has its certificate, and has not said yet that it is there.
      expect(await script('label-node')).toEqual({ code: 0, out: '', err: '' });
      await create('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
      const { code, out, err } = await script('label-node');
      expect({ code, out, err }).toEqual({ code: 0, out: `label-node: ${node} is of the control plane\n`, err: '' });
      expect(await labels()).toEqual({ 'node-role.kubernetes.io/control-plane': '' });
      expect(await script('label-node')).toEqual({ code: 0, out: '', err: '' });
    });

    test('whose kubelet has no certificate yet, or that of somebody else, get no label', async () => {
      const own = onHost('var/lib/kubelet/pki/kubelet-client-current.pem');
      await copyFile(onHost('etc/kubernetes/pki/scheduler.crt'), own);
      const { code, err } = await script('label-node');
      expect(code).toBe(1);
      expect(err).toContain(`${own} is of no node: subject=CN=system:kube-scheduler`);
      await rm(own);
      expect(await script('label-node')).toEqual({ code: 0, out: '', err: '' });
    });
  });
});
