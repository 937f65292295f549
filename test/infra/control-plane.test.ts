import fc from 'fast-check';
import { load as parseYaml } from 'js-yaml';
import { platform } from '../../platform';
import {
  describeHosts,
  describeWorker,
  documentFlags,
  flagsAsMarkdown,
  flagsOf,
  systemdFiles,
  systemdUnits,
} from '../../infra/control-plane';
import type { Host, HostFile, Unit } from '../../infra/control-plane/host';
import { pkiPlan } from '../../infra/control-plane/pki';
import type { Site } from '../../infra/control-plane/site';
import { describeClusters } from '../../src/model/resolve/clusters';

const clusters = describeClusters(platform.props);
const local = clusters.get('local')!;
const production = clusters.get('production')!;

/** Hosts that are folders of one machine. */
function onThisMachine(count: number, more: Partial<Site> = {}): Site {
  const host = (name: string, nth: number) => ({ name, address: `127.20.0.${nth}`, root: `/home/me/${name}` });
  return {
    hosts: Array.from({ length: count }, (_, i) => host(`control-plane-${i + 1}`, 11 + i)),
    loadBalancer: host('load-balancer', 10),
    endpoint: { host: '127.20.0.10', port: 6443 },
    encryption: { kind: 'key' },
    offCluster: { kind: 'folder', path: '/home/me/storage' },
    serviceAccountIssuer: 'https://kubernetes.default.svc.cluster.local',
    sharedMachine: true,
    ...more,
  };
}

/** Machines in a cloud. */
function inTheCloud(count: number): Site {
  return {
    hosts: Array.from({ length: count }, (_, i) => ({ name: `cp-${i + 1}`, address: `10.0.${i}.10`, root: '' })),
    endpoint: { host: 'api.production.example.com', port: 6443 },
    encryption: { kind: 'kms', keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1', region: 'eu-central-1' },
    offCluster: { kind: 's3', bucket: 'snapshots', region: 'eu-central-1' },
    serviceAccountIssuer: 'https://issuer.example.com',
    sharedMachine: false,
  };
}

const places: readonly [string, readonly Host[]][] = [1, 3, 5].flatMap((count): [string, readonly Host[]][] => [
  [`${count} on this machine`, describeHosts(local, onThisMachine(count))],
  [`${count} in the cloud`, describeHosts(production, inTheCloud(count))],
]);

function unitOf(hosts: readonly Host[], name: string, host = 0): Unit {
  return hosts[host]!.units.find((unit) => unit.name === name)!;
}

function flagOf(hosts: readonly Host[], unit: string, flag: string, host = 0): string | undefined {
  return unitOf(hosts, unit, host).flags.find(({ name }) => name === flag)?.value;
}

function textOf(files: readonly HostFile[], end: string): string {
  const { content } = files.find(({ path }) => path.endsWith(end))!;
  if (typeof content !== 'string') throw new Error(`${end} is no text`);
  return content;
}

/** What is wrong with a host by itself, a sentence each. */
function faultsOf(host: Host): string[] {
  const faults: string[] = [];
  const paths = [...host.files, ...host.directories].map(({ path }) => path);
  const known = new Set(paths);
  if (known.size !== paths.length) faults.push('a path stands twice');
  for (const { path, mode, content } of host.files) {
    if (
      !host.directories.some((directory) => path.startsWith(`${directory.path}/`)) &&
      !path.includes('/etc/sysctl.d/')
    )
      faults.push(`${path} lies in no directory of the host`);
    if (
      typeof content !== 'string' &&
      content.kind.includes('key') &&
      !content.kind.includes('verification') &&
      mode !== '0600'
    )
      faults.push(`${path} is a key with mode ${mode}`);
    if (typeof content === 'string' && /-----BEGIN|token: /.test(content)) faults.push(`${path} holds a secret`);
  }
  for (const unit of host.units) {
    const named = [unit.program, ...unit.restartOn, ...unit.flags.map(({ name, value }) => value ?? name)];
    // Made by kubelet itself when it has joined.
    const made = ['kubelet.conf', '/var/lib/kubelet/pki'];
    for (const path of named.filter((text) => /^\/[\w.-]+\//.test(text) && !made.some((end) => text.endsWith(end))))
      if (!known.has(path) && !host.directories.some((directory) => path.startsWith(`${directory.path}/`)))
        faults.push(`${unit.name} names ${path}, which the host does not have`);
    for (const name of unit.after)
      if (!host.units.some((other) => other.name === name)) faults.push(`${unit.name} waits for ${name}`);
    for (const { name, why } of unit.flags)
      if (why.trim().length < 5) faults.push(`${unit.name} ${name} has no reason`);
    const twice = unit.flags.find(({ name }, i) => unit.flags.findIndex((flag) => flag.name === name) !== i);
    if (twice) faults.push(`${unit.name} has ${twice.name} twice`);
  }
  return faults;
}

describe.each(places)('hosts: %s', (_, hosts) => {
  test('everything that a unit names is there, once, with a reason, and nothing secret in clear', () => {
    expect(hosts.map((host) => [host.name, faultsOf(host)])).toEqual(hosts.map(({ name }) => [name, []]));
  });

  test('every certificate and key that a file asks for is in the PKI plan', () => {
    const [cluster, site] = hosts.some(({ role }) => role === 'load-balancer')
      ? [local, onThisMachine(hosts.length - 1)]
      : [production, inTheCloud(hosts.length)];
    const planned = pkiPlan(cluster, site).certificates;
    for (const { name, files } of hosts) {
      for (const { content } of files) {
        if (typeof content === 'string' || !('certificate' in content)) continue;
        expect(planned).toContainEqual(expect.objectContaining({ name: content.certificate, host: name }));
      }
    }
  });
});

test('what faultsOf looks for is found where it is planted', () => {
  const host = describeHosts(local, onThisMachine(1))[0]!;
  const etcd = host.units[0]!;
  const withFlag = (flag: Unit['flags'][number]): Host => ({
    ...host,
    units: [{ ...etcd, flags: [...etcd.flags, flag] }],
  });
  expect(faultsOf({ ...host, files: [...host.files, host.files[0]!] })).toEqual(['a path stands twice']);
  expect(faultsOf(withFlag({ name: '--lost', value: '/nowhere/at-all', why: 'planted' }))).toEqual([
    'etcd names /nowhere/at-all, which the host does not have',
  ]);
  expect(faultsOf(withFlag({ name: '--new', why: '' }))).toEqual(['etcd --new has no reason']);
  expect(faultsOf(withFlag({ name: '--name', value: 'other', why: 'planted' }))).toEqual(['etcd has --name twice']);
  const open = host.files.map((file) => (file.path.endsWith('sa.key') ? { ...file, mode: '0644' } : file));
  expect(faultsOf({ ...host, files: open })[0]).toContain('is a key with mode 0644');
});

test('the same cluster and site give the same hosts, and plain data', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 3, 5), fc.boolean(), (count, cloud) => {
      const describe = () =>
        cloud ? describeHosts(production, inTheCloud(count)) : describeHosts(local, onThisMachine(count));
      const hosts = describe();
      expect(describe()).toEqual(hosts);
      expect(JSON.parse(JSON.stringify(hosts))).toEqual(hosts);
    }),
    { numRuns: 12 },
  );
});

describe('members of etcd', () => {
  test('begin together, and know each other', () => {
    const hosts = describeHosts(local, onThisMachine(3));
    const members = [11, 12, 13].map((nth, i) => `control-plane-${i + 1}=https://127.20.0.${nth}:2380`).join(',');
    expect([0, 1, 2].map((host) => flagOf(hosts, 'etcd', '--initial-cluster', host))).toEqual([
      members,
      members,
      members,
    ]);
    expect(flagOf(hosts, 'etcd', '--initial-cluster-state')).toBe('new');
  });

  test('one that joins names those that are there and itself; nothing that they run with changes', () => {
    const before = onThisMachine(3);
    const site = onThisMachine(5);
    const joining = { ...site, hosts: site.hosts.map((host, i) => (i > 2 ? { ...host, joining: true } : host)) };
    const [old, hosts] = [describeHosts(local, before), describeHosts(local, joining)];
    for (const i of [0, 1, 2]) expect(flagsOf(unitOf(hosts, 'etcd', i))).toEqual(flagsOf(unitOf(old, 'etcd', i)));
    expect(flagOf(hosts, 'etcd', '--initial-cluster-state', 3)).toBe('existing');
    expect(flagOf(hosts, 'etcd', '--initial-cluster', 3)?.match(/control-plane-\d/g)).toEqual(
      [1, 2, 3, 4].map((n) => `control-plane-${n}`),
    );
    expect(flagOf(hosts, 'etcd', '--initial-cluster', 4)).toContain('control-plane-5=');
  });

  test('what only a first start reads is marked, and is all that joining changes', () => {
    const site = onThisMachine(3);
    const joining = { ...site, hosts: site.hosts.map((host, i) => (i === 1 ? { ...host, joining: true } : host)) };
    const lasting = (place: Site) =>
      unitOf(describeHosts(local, place), 'etcd', 1).flags.filter(({ firstStart }) => !firstStart);
    expect(lasting(joining)).toEqual(lasting(site));
    expect(describeHosts(local, joining)[1]!.files).toEqual(describeHosts(local, site)[1]!.files);
  });
});

test('hosts that share a machine share no port on 127.0.0.1, and the first has the standard ones', () => {
  const hosts = describeHosts(local, onThisMachine(5)).filter(({ role }) => role === 'control-plane');
  const ports = hosts.flatMap(({ units }) =>
    units.flatMap(({ flags }) =>
      flags
        .flatMap(({ value }) => value?.match(/127\.0\.0\.1:(\d+)/)?.[1] ?? [])
        .concat(
          flags.some(({ value }) => value === '127.0.0.1')
            ? flags.find(({ name }) => name === '--secure-port')!.value!
            : [],
        ),
    ),
  );
  expect(new Set(ports).size).toBe(ports.length);
  expect(ports.slice(0, 3)).toEqual(['2381', '10257', '10259']);
});

test('an API server on a machine of its own is an endpoint of the Service, one on a loopback address is not', () => {
  const reconciler = (hosts: readonly Host[]) => flagOf(hosts, 'kube-apiserver', '--endpoint-reconciler-type');
  expect(reconciler(describeHosts(local, onThisMachine(1)))).toBe('none');
  expect(reconciler(describeHosts(production, inTheCloud(3)))).toBe('lease');
});

describe('a KMS', () => {
  const host = describeHosts(production, inTheCloud(3))[0]!;

  test('encrypts by a plug-in that the API server waits for, with no provider that reads what is in clear', () => {
    const configuration = parseYaml(textOf(host.files, '/encryption/configuration.yaml')) as {
      resources: { resources: string[]; providers: object[] }[];
    };
    expect(configuration.resources[0]!.providers).toEqual([
      { kms: expect.objectContaining({ apiVersion: 'v2', endpoint: 'unix:///run/kmsplugin/socket.sock' }) },
    ]);
    expect(host.units.find(({ name }) => name === 'kube-apiserver')!.after).toContain('aws-encryption-provider');
  });

  test('is not there where the secret store has the key', () => {
    const hosts = describeHosts(local, onThisMachine(1));
    expect(hosts[0]!.units.map(({ name }) => name)).not.toContain('aws-encryption-provider');
    expect(hosts[0]!.files).toContainEqual(
      expect.objectContaining({ content: { kind: 'encryption-configuration' }, mode: '0600' }),
    );
  });
});

test('trust files hold what they mean: etcd’s clients are no members, kubelets’ servers are no users of the API', () => {
  const { files } = describeHosts(production, inTheCloud(1))[0]!;
  const trusted = (end: string) => files.find(({ path }) => path.endsWith(end))!.content;
  expect(trusted('/etc/etcd/pki/ca.crt')).toEqual({ kind: 'trust', authorities: ['etcd'] });
  expect(trusted('/etc/etcd/pki/peer-ca.crt')).toEqual({ kind: 'trust', authorities: ['etcd-peer'] });
  expect(trusted('/pki/kubelet-ca.crt')).toEqual({ kind: 'trust', authorities: ['kubelet'] });
  expect(trusted('/pki/front-proxy-ca.crt')).toEqual({ kind: 'trust', authorities: ['front-proxy'] });
  expect(trusted('/kubernetes/pki/ca.crt')).toEqual({ kind: 'trust', authorities: ['kubernetes'] });
});

test('a worker fits its pool, has gVisor where the pool says so, and holds no secret', () => {
  const pool = production.nodePools.find(({ name }) => name === 'memory')!;
  const worker = describeWorker(production, inTheCloud(3), pool);
  const sandboxed = describeWorker(production, inTheCloud(3), { ...pool, labels: { 'keelson.dev/sandbox': 'gvisor' } });
  expect(faultsOf(worker)).toEqual([]);
  expect(worker.files.every(({ content }) => typeof content === 'string' || content.kind === 'trust')).toBe(true);
  const configuration = parseYaml(textOf(worker.files, '/var/lib/kubelet/config.yaml'));
  expect(configuration).toMatchObject({
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
    authorization: { mode: 'Webhook' },
    readOnlyPort: 0,
    serverTLSBootstrap: true,
    seccompDefault: true,
    // 8 cores, as the pool's 7910m of Amazon's machine images.
    kubeReserved: { cpu: '90m', memory: '1465Mi' },
    registerWithTaints: pool.taints,
    clusterDNS: [production.network.dnsAddress],
  });
  expect(flagOf([worker], 'kubelet', '--node-labels')).toBe('keelson.dev/pool=memory');
  expect(textOf(worker.files, 'containerd/config.toml')).not.toContain('runsc');
  expect(textOf(sandboxed.files, 'containerd/config.toml')).toContain(
    'runtimes.runsc]\n  runtime_type = "io.containerd.runsc.v1"',
  );
});

test('control-plane hosts have a kubelet that keeps Pods away; folders of one machine have none', () => {
  const { files, units } = describeHosts(production, inTheCloud(1))[0]!;
  expect(units.map(({ name }) => name)).toEqual(expect.arrayContaining(['containerd', 'kubelet']));
  expect(parseYaml(textOf(files, '/var/lib/kubelet/config.yaml'))).toMatchObject({
    registerWithTaints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
  });
  expect(describeHosts(local, onThisMachine(1))[0]!.units.map(({ name }) => name)).not.toContain('kubelet');
});

test('people come by the issuer alone; anonymous is who asks for health', () => {
  const configuration = parseYaml(textOf(describeHosts(production, inTheCloud(1))[0]!.files, '/authentication.yaml'));
  expect(configuration).toMatchObject({
    jwt: [
      {
        issuer: { url: production.platform.oidc.issuer, audiences: ['kubernetes'] },
        claimMappings: { username: { claim: 'email', prefix: 'oidc:' }, groups: { claim: 'groups', prefix: 'oidc:' } },
      },
    ],
    anonymous: { enabled: true, conditions: [{ path: '/livez' }, { path: '/readyz' }, { path: '/healthz' }] },
  });
});

test('an auditor gets each flag once, with the hosts that have it', () => {
  const hosts = describeHosts(local, onThisMachine(3));
  const rows = documentFlags(hosts);
  expect(rows.filter(({ flag, unit }) => flag === '--profiling' && unit === 'kube-apiserver')).toEqual([
    {
      unit: 'kube-apiserver',
      flag: '--profiling',
      value: 'false',
      why: 'CIS 1.2.15',
      hosts: ['control-plane-1', 'control-plane-2', 'control-plane-3'],
    },
  ]);
  expect(flagsAsMarkdown(rows)).toContain('| `--profiling` | `false` | CIS 1.2.15 |');
});

describe('systemd', () => {
  const host = describeHosts(production, inTheCloud(3))[0]!;
  const files = systemdFiles(host);

  test('reads the flags where an auditor looks for them', () => {
    expect(textOf(files, '/etc/systemd/system/kube-apiserver.service')).toContain(
      'EnvironmentFile=/etc/kubernetes/manifests/kube-apiserver.manifest\nExecStart=/usr/local/bin/kube-apiserver $FLAGS\n',
    );
    const unit = host.units.find(({ name }) => name === 'kube-apiserver')!;
    expect(textOf(files, 'kube-apiserver.manifest')).toBe(`FLAGS="${flagsOf(unit).join(' ')}"\n`);
  });

  test('starts long-running units, and timers in place of programs that end', () => {
    expect(systemdUnits(host)).toEqual(
      expect.arrayContaining(['etcd.service', 'etcd-snapshot.timer', 'kubelet.service']),
    );
    expect(systemdUnits(host)).not.toContain('etcd-snapshot.service');
    expect(textOf(files, 'etcd-snapshot.timer')).toContain('OnUnitInactiveSec=21000\n');
  });

  test('confines what makes no Pods', () => {
    const etcd = textOf(files, 'system/etcd.service');
    expect(etcd).toContain('User=etcd\n');
    expect(etcd).toContain('ProtectSystem=strict\nReadWritePaths=/var/lib/etcd\n');
    expect(etcd).toContain('CapabilityBoundingSet=\n');
    expect(textOf(files, 'kubelet.service')).not.toContain('ProtectSystem');
  });

  test('refuses a flag that systemd would take apart', () => {
    const etcd = host.units.find(({ name }) => name === 'etcd')!;
    const strange = { ...etcd, flags: [{ name: '--name', value: 'two words', why: 'planted' }] };
    expect(() => systemdFiles({ ...host, units: [strange] })).toThrow(
      'etcd: systemd would take `--name=two words` apart',
    );
  });
});
