import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readyScript } from '../../infra/aws/control-plane';
import { enginesOf, engineKey, hostBundle, hostScript, poolEngines, refreshMinute } from '../../infra/aws/host-bundle';
import { decodeHostSecret, encodeHostSecret, secretPaths } from '../../infra/aws/host-secret';
import { awsSite } from '../../infra/aws/site';
import { USER_DATA_LIMIT, userData } from '../../infra/aws/user-data';
import { describeHosts, describeWorker, systemdUnits } from '../../infra/control-plane';
import { describeControlPlane } from '../../src/model/control-plane';
import { platform } from '../../platform';
import { FakeMachine } from './support/aws-machine';
import { CLUSTER } from './support/aws-props';

// Two boots, where others use the machine too.
jest.setTimeout(60_000);

const SCRIPTS = ['user-data', 'lay', 'boot', 'fetch-secrets', 'ready'] as const;
const LIBEXEC = '/usr/local/libexec/keelson';
const VOLUME = 'vol-0abc';
const BUCKET = 'assets';
const SECRET = 'a key that nobody may see';
const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

const site = awsSite(CLUSTER, describeControlPlane(platform.props.clusters.production!));
const host = describeHosts(CLUSTER, site)[0]!;
const pool = CLUSTER.nodePools[0]!;
const worker = describeWorker(CLUSTER, site, pool);
const engines = [...new Set([...enginesOf(host), ...enginesOf(worker)])].map((name) => ({
  name,
  sha256: sha256(`program ${name}`),
  source: name,
}));
const facts = {
  region: 'eu-central-1',
  bundleBucket: BUCKET,
  bundleKey: 'bundle',
  trustParameter: '/keelson/production/trust',
};
const material = (text = SECRET) =>
  new Map(secretPaths(host).map((file) => [file, Buffer.from(`${text} ${file}\n`)] as const));

let machine: FakeMachine;
/** A host after its user data ran, and one that has booted too. */
let laid: FakeMachine;
let booted: FakeMachine;

beforeAll(() => {
  laid = fresh();
  expect(laid.run(scriptOf('host'))).toMatchObject({ code: 0, stderr: '' });
  booted = new FakeMachine(laid);
  booted.calls();
  expect(booted.run(`${LIBEXEC}/boot`)).toMatchObject({ code: 0, stderr: '' });
}, 60_000);

afterAll(() => [laid, booted].forEach((each) => each.remove()));

/** A machine with everything in its place around it, before its first boot. */
function fresh(role: 'host' | 'worker' = 'host'): FakeMachine {
  const made = new FakeMachine();
  const bundle = bundleOf(role);
  made.put(`s3/${BUCKET}/bundle`, bundle.content);
  for (const engine of engines) made.put(`s3/${BUCKET}/${engineKey(engine)}`, `program ${engine.name}`);
  made.put('secret', encodeHostSecret(material()));
  made.put('parameters/keelson/production/trust', role === 'host' ? 'none yet\n' : '-----BEGIN CERTIFICATE-----\n');
  if (role === 'host') made.attach(VOLUME);
  return made;
}

const bundleOf = (role: 'host' | 'worker') =>
  role === 'host'
    ? hostBundle(host, enginesOf(host), engines, 5)
    : hostBundle(worker, poolEngines(worker, pool), engines, 0);

const scriptOf = (role: 'host' | 'worker') =>
  userData({
    ...facts,
    bundleSha256: bundleOf(role).sha256,
    ...(role === 'host'
      ? {
          trustFile: '/etc/kubernetes/pki/ca.crt',
          secretId: 'keelson/production/hosts/control-plane-1',
          volume: VOLUME,
          volumePath: '/var/lib/etcd',
        }
      : {}),
  });

afterEach(() => machine?.remove());

describe('the scripts', () => {
  test.each(SCRIPTS)('%s is a script that bash reads', (name) => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: hostScript(name), encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;
  (shellcheck ? test : test.skip)('shellcheck finds nothing, where it is installed', () => {
    for (const script of [
      scriptOf('host'),
      `#!/bin/bash\n${readyScript(true)}`,
      ...(['lay', 'boot', 'fetch-secrets'] as const).map(hostScript),
    ]) {
      const { stdout } = spawnSync('shellcheck', ['--shell=bash', '-'], { input: script, encoding: 'utf8' });
      expect(stdout).toBe('');
    }
  });
});

describe('a host’s first boot', () => {
  beforeEach(() => {
    machine = new FakeMachine(laid);
  });

  test('lays its files out and hands over to systemd, which tries again what fails', () => {
    expect(machine.calls().filter((call) => call.startsWith('systemctl'))).toEqual([
      'systemctl daemon-reload',
      'systemctl enable --quiet keelson-boot.service',
      'systemctl start --no-block keelson-boot.service',
    ]);
    for (const { path: file, mode, content } of host.files) {
      if (typeof content !== 'string') continue;
      expect([file, machine.read(file)]).toEqual([file, content]);
      expect([file, machine.stat(file).mode]).toEqual([file, mode]);
    }
    for (const { path: file, mode } of host.directories) expect([file, machine.stat(file).mode]).toEqual([file, mode]);
    expect(machine.has('/etc/kubernetes/pki/apiserver.key')).toBe(false);
  });

  test('installs engines, mounts etcd’s disk, takes its keys and starts its units in order', () => {
    machine.remove();
    machine = new FakeMachine(booted);
    const calls = machine.calls();
    for (const name of enginesOf(host)) {
      expect(machine.read(`/usr/local/bin/${name}`)).toBe(`program ${name}`);
      expect(machine.stat(`/usr/local/bin/${name}`).mode).toBe('0755');
    }
    expect(calls.filter((call) => call.startsWith('mkfs'))).toHaveLength(1);
    expect(calls.filter((call) => call.startsWith('mount '))[0]).toContain('/var/lib/etcd');
    for (const { path: file, mode, content } of host.files) {
      if (typeof content === 'string') continue;
      expect(machine.read(file)).toBe(`${SECRET} ${file}\n`);
      expect([file, machine.stat(file).mode]).toEqual([file, mode]);
    }
    const started = calls.filter((call) => call.startsWith('systemctl start --no-block'));
    expect(started).toEqual(systemdUnits(host).map((unit) => `systemctl start --no-block ${unit}`));
    expect(machine.look('hostname')).toBe('ip-10-0-0-10.eu-central-1.compute.internal\n');
    expect(machine.look('parameters/keelson/production/trust')).toBe(`${SECRET} /etc/kubernetes/pki/ca.crt\n`);
    // Arguments can be read by everybody on the machine.
    expect(calls.join('\n')).not.toContain(SECRET);
    expect(calls.join('\n')).not.toContain(Buffer.from(SECRET).toString('base64').slice(0, 20));
    // Nothing of what was fetched stays where it was put together.
    expect(readdirSync(machine.path('/run')).filter((name) => name.startsWith('keelson-secrets'))).toEqual([]);
  });

  test('etcd’s user has the same number on every machine, as its disk outlives them', () => {
    const added = machine.calls().filter((call) => call.startsWith('useradd'));
    expect(new Set(added)).toEqual(
      new Set(['useradd --system --user-group --uid 2379 --no-create-home --shell /sbin/nologin etcd']),
    );
  });

  test('changes nothing the second time', () => {
    machine.remove();
    machine = new FakeMachine(booted);
    machine.calls();
    const files = [...host.files.map(({ path: file }) => file), '/usr/local/bin/etcd'];
    const before = files.map((file) => machine.stat(file));
    expect(machine.run(scriptOf('host')).code).toBe(0);
    expect(machine.run(`${LIBEXEC}/boot`).code).toBe(0);
    expect(files.map((file) => machine.stat(file))).toEqual(before);
    const acts = machine.calls().filter((call) => /^(aws s3|mkfs|mount |dnf|hostnamectl|aws ssm put)/.test(call));
    expect(acts).toEqual([]);
  });

  test('routes of Pods are nothing to networkd, from before there are any', () => {
    machine.remove();
    machine = new FakeMachine(booted);
    expect(machine.read('/etc/systemd/networkd.conf.d/90-kubelet.conf')).toMatch(
      /^\[Network\]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no$/m,
    );
    // It reads them as a user of its own.
    expect(machine.stat('/etc/systemd/networkd.conf.d').mode).toBe('0755');
    const calls = machine.calls();
    const told = calls.indexOf('systemctl try-restart systemd-networkd.service');
    expect(told).toBeGreaterThan(-1);
    expect(told).toBeLessThan(calls.findIndex((call) => call.startsWith('systemctl start --no-block')));
    // A machine that is up keeps its connections.
    machine.put('active', '');
    expect(machine.run(`${LIBEXEC}/boot`).code).toBe(0);
    expect(machine.calls()).not.toContain('systemctl try-restart systemd-networkd.service');
  });

  test('undoes what was edited by hand', () => {
    machine.remove();
    machine = new FakeMachine(booted);
    writeFileSync(machine.path('/etc/kubernetes/manifests/kube-apiserver.manifest'), 'FLAGS="--anonymous-auth=true"\n');
    machine.run(`${LIBEXEC}/boot`);
    expect(machine.read('/etc/kubernetes/manifests/kube-apiserver.manifest')).toContain('--audit-policy-file');
  });

  test('refuses an engine that is not what it was told', () => {
    const etcd = engines.find(({ name }) => name === 'etcd')!;
    machine.put(`s3/${BUCKET}/${engineKey(etcd)}`, 'another program');
    const { code, stderr } = machine.run(`${LIBEXEC}/boot`);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`is not etcd: its SHA-256 is not ${etcd.sha256}`);
    expect(machine.has('/usr/local/bin/etcd')).toBe(false);
    expect(machine.has('/usr/local/bin/etcd.part')).toBe(false);
    expect(machine.calls().join('\n')).not.toContain('start --no-block etcd');
  });

  test('never formats a disk that it cannot read', () => {
    machine.put('blkid', '8');
    const { code, stderr } = machine.run(`${LIBEXEC}/boot`);
    expect(code).not.toBe(0);
    expect(stderr).toContain('it was left as it is');
    expect(machine.calls().join('\n')).not.toMatch(/mkfs|start --no-block etcd/);
  });

  test('starts nothing without etcd’s disk', () => {
    rmSync(machine.path('/dev'), { recursive: true });
    expect(machine.run(`${LIBEXEC}/boot`)).toMatchObject({
      stderr: expect.stringContaining(`volume ${VOLUME} was not attached`),
    });
    expect(machine.calls().join('\n')).not.toMatch(/start --no-block (?!keelson-boot)/);
  });

  test('a disk with data on it is mounted, not formatted', () => {
    machine.put('blkid', '0');
    expect(machine.run(`${LIBEXEC}/boot`).code).toBe(0);
    expect(machine.calls().join('\n')).not.toContain('mkfs');
    expect(machine.has('/run/keelson/founding')).toBe(false);
  });
});

test('a bundle that somebody changed is refused, and nothing of it is laid out', () => {
  machine = fresh();
  machine.put(`s3/${BUCKET}/bundle`, `${bundleOf('host').content}F 0600 root /etc/evil ZXZpbAo=\n`);
  const { code, stderr } = machine.run(scriptOf('host'));
  expect(code).not.toBe(0);
  expect(stderr).toContain('is not what this machine was told to run');
  expect(machine.has('/etc/evil')).toBe(false);
  expect(machine.has('/etc/kubernetes')).toBe(false);
  expect(machine.calls().join('\n')).not.toContain('systemctl');
});

test('a bundle that cannot be had is told by its place', () => {
  machine = fresh();
  machine.take(`s3/${BUCKET}/bundle`);
  expect(machine.run(scriptOf('host'))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('s3://assets/bundle cannot be fetched'),
  });
});

test.each([
  ['F 0600 root /etc/../../outside eA==', 'leads elsewhere'],
  ['F 0600 root relative eA==', 'is not an absolute path'],
  ['X 0600 root /etc/x eA==', 'neither D nor F'],
  ['F 0600 root /etc/x %%%', 'its content is damaged'],
])('lay refuses `%s`', (line, message) => {
  machine = new FakeMachine();
  const { code, stderr } = machine.run(
    `#!/bin/bash\n${hostScript('lay').replace('while read', `printf '%s\\n' '${line.replace('%%%', '%%%')}' | while read`)}`,
  );
  expect(code).not.toBe(0);
  expect(stderr).toContain(message);
  expect(machine.has('/etc/x')).toBe(false);
});

describe('new keys', () => {
  beforeEach(() => {
    machine = new FakeMachine(booted);
    machine.calls();
  });

  test('nothing starts anew while nothing changed', () => {
    expect(machine.run(`${LIBEXEC}/fetch-secrets`, '--restart')).toMatchObject({ code: 0, stdout: '' });
    expect(machine.calls().filter((call) => call.startsWith('systemctl'))).toEqual([]);
  });

  test('what reads a changed file only at its start starts anew, each once', () => {
    const [unit, changed] = host.units.flatMap(({ name, restartOn }) =>
      restartOn.filter((file) => secretPaths(host).includes(file)).map((file) => [name, file] as const),
    )[0]!;
    machine.put('secret', encodeHostSecret(new Map([...material(), [changed, Buffer.from('new\n')]])));
    const { stdout } = machine.run(`${LIBEXEC}/fetch-secrets`, '--restart');
    expect(stdout).toBe(`${changed}\n`);
    expect(machine.read(changed)).toBe('new\n');
    const readers = host.units
      .filter(({ restartOn }) => restartOn.includes(changed))
      .map(({ name }) => `systemctl try-restart ${name}.service`);
    expect(machine.calls().filter((call) => call.startsWith('systemctl'))).toEqual(readers);
    expect(readers).toContain(`systemctl try-restart ${unit}.service`);
  });

  describe('a host that must start etcd anew', () => {
    const trust = '/etc/etcd/pki/ca.crt';
    const restarts = () => machine.calls().filter((call) => call.startsWith('systemctl try-restart'));
    beforeEach(() => machine.put('secret', encodeHostSecret(new Map([...material(), [trust, Buffer.from('new\n')]]))));

    test('waits while another member is ill, and does not forget', () => {
      machine.put('member-ill', '');
      expect(machine.run(`${LIBEXEC}/fetch-secrets`, '--restart')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('not every member of etcd is well'),
      });
      expect(restarts()).toEqual([]);
      machine.take('member-ill');
      expect(machine.run(`${LIBEXEC}/fetch-secrets`, '--restart')).toMatchObject({ code: 0, stdout: '' });
      expect(restarts()).toEqual(['systemctl try-restart etcd.service']);
      expect(machine.run(`${LIBEXEC}/fetch-secrets`, '--restart').code).toBe(0);
      expect(restarts()).toEqual([]);
    });

    test('says so where it is not well afterwards, and tries again', () => {
      machine.put('ill', '');
      expect(machine.run(`${LIBEXEC}/fetch-secrets`, '--restart')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('not well with its new keys'),
      });
      machine.take('ill');
      machine.calls();
      machine.run(`${LIBEXEC}/fetch-secrets`, '--restart');
      expect(restarts()).toEqual(['systemctl try-restart etcd.service']);
    });

    test('remembers over a run of boot on a machine that is up', () => {
      machine.put('active', '');
      expect(machine.run(`${LIBEXEC}/boot`).code).toBe(0);
      machine.calls();
      machine.run(`${LIBEXEC}/fetch-secrets`, '--restart');
      expect(restarts()).toEqual(['systemctl try-restart etcd.service']);
    });
  });

  test('a secret that lacks a file changes nothing', () => {
    const [missing, ...rest] = secretPaths(host);
    machine.put('secret', encodeHostSecret(new Map(rest.map((file) => [file, Buffer.from('new\n')]))));
    const { code, stderr } = machine.run(`${LIBEXEC}/fetch-secrets`, '--restart');
    expect(code).not.toBe(0);
    expect(stderr).toContain(`nothing is there for ${missing}`);
    expect(machine.read(rest[0]!)).toBe(`${SECRET} ${rest[0]}\n`);
  });

  test('a damaged secret is told', () => {
    machine.put('secret', 'not compressed');
    expect(machine.run(`${LIBEXEC}/fetch-secrets`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is damaged'),
    });
  });

  test('hosts take turns within the hour', () => {
    for (const hosts of [1, 3, 5]) {
      const minutes = [...Array(hosts).keys()].map((index) => refreshMinute(index, hosts));
      expect(minutes.every((minute) => minute >= 0 && minute < 60)).toBe(true);
      minutes.slice(1).forEach((minute, index) => expect(minute - minutes[index]!).toBeGreaterThanOrEqual(12));
    }
  });
});

describe('a machine of a pool', () => {
  test('gets whom to trust and nothing secret', () => {
    machine = fresh('worker');
    expect(machine.run(scriptOf('worker')).code).toBe(0);
    expect(machine.run(`${LIBEXEC}/boot`)).toMatchObject({ code: 0, stderr: '' });
    expect(machine.read('/etc/kubernetes/pki/ca.crt')).toBe('-----BEGIN CERTIFICATE-----\n');
    const calls = machine.calls().join('\n');
    expect(calls).not.toMatch(/secretsmanager|mkfs|mount /);
    expect(calls).toContain('systemctl start --no-block kubelet.service');
  });

  test('waits for the control plane to say whom to trust', () => {
    machine = fresh('worker');
    machine.put('parameters/keelson/production/trust', 'none yet\n');
    machine.run(scriptOf('worker'));
    expect(machine.run(`${LIBEXEC}/boot`)).toMatchObject({ stderr: expect.stringContaining('holds no certificate') });
    expect(machine.calls().join('\n')).not.toMatch(/start --no-block (?!keelson-boot)/);
  });

  test('of a sandboxed tier gets gVisor', () => {
    const sandboxed = { ...pool, labels: { 'keelson.dev/sandbox': 'gvisor' } };
    expect(poolEngines(worker, sandboxed)).toEqual(expect.arrayContaining(['runsc', 'containerd-shim-runsc-v1']));
    expect(poolEngines(worker, pool)).not.toContain('runsc');
  });
});

describe('the next host waits', () => {
  beforeEach(() => {
    machine = new FakeMachine(booted);
  });

  test('for one that is healthy', () => {
    rmSync(machine.path('/run/keelson/founding'));
    expect(machine.run(readyScript(false)).code).toBe(0);
    machine.put('ill', '');
    const { code, stdout } = machine.run(readyScript(false));
    expect(code).not.toBe(0);
    expect(stdout).toContain('etcd is not well');
  });

  test('for none while the cluster is founded, but in the end for all', () => {
    machine.put('ill', '');
    expect(machine.run(readyScript(false)).code).toBe(0);
    expect(machine.run(readyScript(true)).code).not.toBe(0);
  });
});

describe('what does not fit is told', () => {
  test('user data is far below the limit', () => {
    expect(Buffer.byteLength(scriptOf('host'))).toBeLessThan(USER_DATA_LIMIT / 2);
  });

  test('a fact that the shell would read as more than a word', () => {
    expect(() => userData({ ...facts, bundleSha256: '$(reboot)' })).toThrow(/bundleSha256: it is no plain word/);
  });

  test('an engine that nobody gave', () => {
    expect(() => hostBundle(host, enginesOf(host), [], 0)).toThrow(/control-plane-1 runs .*no file was given/);
  });

  test('a secret that AWS does not hold', () => {
    const noise = new Map([['/etc/x', spawnSync('head', ['-c', '80000', '/dev/urandom']).stdout]]);
    expect(() => encodeHostSecret(noise)).toThrow(/a secret holds 65536/);
    expect(decodeHostSecret(encodeHostSecret(material()))).toEqual(material());
  });

  test('a bundle is the same for the same host, and another for another minute', () => {
    expect(bundleOf('host')).toEqual(bundleOf('host'));
    expect(hostBundle(host, enginesOf(host), engines, 6).sha256).not.toBe(bundleOf('host').sha256);
  });
});
