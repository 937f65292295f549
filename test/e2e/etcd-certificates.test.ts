import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Material } from '../../infra/control-plane/host';
import { hostCertificate, pkiPlan } from '../../infra/control-plane/pki';
import { FolderStore } from '../../infra/secrets/folder-store';
import { ensurePki } from '../../infra/secrets/issue';
import { materialise } from '../../infra/secrets/materialise';
import { rotate } from '../../infra/secrets/rotation';
import { getEngine } from '../../src/engines';
import { clusterOf, freshFolder, localSite } from '../support/secrets';

jest.setTimeout(600_000);

/** Three members of a real etcd, each with the certificates of its host and nothing else. */
const HOSTS = [1, 2, 3].map((n) => ({ name: `control-plane-${n}`, address: `127.39.0.${10 + n}`, root: '' }));
const plan = pkiPlan(clusterOf('local'), localSite(3, { hosts: HOSTS, endpoint: { host: '127.39.0.10', port: 6443 } }));
type Host = (typeof HOSTS)[number];

let store: FolderStore;
let folder: string;
let etcd: string;
let etcdctl: string;
const members = new Map<string, ChildProcess>();

beforeAll(async () => {
  [etcd, etcdctl] = await Promise.all([getEngine('etcd'), getEngine('etcdctl')]);
  store = await FolderStore.open(freshFolder());
  folder = join(store.place, '..', 'hosts');
  await ensurePki(plan, store, new Date());
  for (const host of HOSTS) await layOut(host);
  for (const host of HOSTS) start(host);
  await healthy();
});
afterAll(() => Promise.all(HOSTS.map(stop)));

const at = (host: Host, name: string) => join(folder, host.name, name);

async function write(file: string, material: Material) {
  writeFileSync(file, await materialise(material, store), { mode: 0o600 });
}

async function layOut(host: Host) {
  mkdirSync(join(folder, host.name), { recursive: true });
  for (const component of ['etcd-server', 'etcd-peer', 'apiserver-etcd-client', 'apiserver-kubelet-client'] as const) {
    const certificate = hostCertificate(host.name, component);
    await write(at(host, `${component}.crt`), { kind: 'certificate', certificate });
    await write(at(host, `${component}.key`), { kind: 'key', certificate });
  }
  await write(at(host, 'ca.crt'), { kind: 'trust', authorities: ['etcd'] });
  await write(at(host, 'peer-ca.crt'), { kind: 'trust', authorities: ['etcd-peer'] });
}

function start(host: Host) {
  const flags = {
    name: host.name,
    'data-dir': at(host, 'data'),
    'initial-cluster': HOSTS.map(({ name, address }) => `${name}=https://${address}:2380`).join(','),
    'listen-client-urls': `https://${host.address}:2379`,
    'advertise-client-urls': `https://${host.address}:2379`,
    'listen-peer-urls': `https://${host.address}:2380`,
    'initial-advertise-peer-urls': `https://${host.address}:2380`,
    'cert-file': at(host, 'etcd-server.crt'),
    'key-file': at(host, 'etcd-server.key'),
    'trusted-ca-file': at(host, 'ca.crt'),
    'client-cert-auth': 'true',
    'peer-cert-file': at(host, 'etcd-peer.crt'),
    'peer-key-file': at(host, 'etcd-peer.key'),
    'peer-trusted-ca-file': at(host, 'peer-ca.crt'),
    'peer-client-cert-auth': 'true',
    'enable-grpc-gateway': 'false',
    'unsafe-no-fsync': 'true',
    'log-level': 'error',
  };
  const process = spawn(
    etcd,
    Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    { stdio: 'ignore' },
  );
  members.set(host.name, process);
}

async function stop(host: Host) {
  const process = members.get(host.name);
  if (!process || process.exitCode !== null) return;
  process.kill('SIGTERM');
  await once(process, 'exit');
}

/** What etcdctl prints with the files of one host and a client certificate of it, or the reason why it was refused. */
function ask(host: Host, client: string | undefined, ...args: string[]): Promise<string> {
  const credentials = client ? [`--cert=${at(host, `${client}.crt`)}`, `--key=${at(host, `${client}.key`)}`] : [];
  const flags = [
    `--endpoints=https://${host.address}:2379`,
    `--cacert=${at(host, 'ca.crt')}`,
    '--command-timeout=5s',
    '--dial-timeout=3s',
    ...credentials,
  ];
  return new Promise((resolve) => {
    execFile(etcdctl, [...flags, ...args], { timeout: 30_000 }, (error, stdout, stderr) =>
      resolve((error ? `refused: ${stderr}` : stdout).trim()),
    );
  });
}

async function healthy() {
  const until = Date.now() + 60_000;
  for (;;) {
    const answers = await Promise.all(HOSTS.map((host) => ask(host, 'apiserver-etcd-client', 'get', 'none')));
    if (answers.every((answer) => answer === '')) return;
    if (Date.now() > until) throw new Error(`etcd does not become healthy: ${answers.join('\n')}`);
    await new Promise((done) => setTimeout(done, 300));
  }
}

test('members find each other, and the API server of every host is let in at every member', async () => {
  expect(await ask(HOSTS[0]!, 'apiserver-etcd-client', 'put', 'a', '1')).toBe('OK');
  for (const host of HOSTS) expect(await ask(host, 'apiserver-etcd-client', 'get', 'a')).toBe('a\n1');
  expect((await ask(HOSTS[0]!, 'apiserver-etcd-client', 'member', 'list')).match(/started/g)).toHaveLength(3);
});

test('a client without a certificate, with that of a member or with one of another authority is refused', async () => {
  const host = HOSTS[0]!;
  expect(await ask(host, undefined, 'get', 'a')).toMatch(/^refused: /);
  expect(await ask(host, 'etcd-peer', 'get', 'a')).toMatch(/^refused: /);
  expect(await ask(host, 'apiserver-kubelet-client', 'get', 'a')).toMatch(/^refused: /);
  // The server's own is not one for clients.
  expect(await ask(host, 'etcd-server', 'get', 'a')).toMatch(/^refused: /);
});

test('a member with certificates of clients instead of members is not let in', async () => {
  const [, , third] = HOSTS as [Host, Host, Host];
  await stop(third);
  const certificate = hostCertificate(third.name, 'etcd-server');
  await write(at(third, 'etcd-peer.crt'), { kind: 'certificate', certificate });
  await write(at(third, 'etcd-peer.key'), { kind: 'key', certificate });
  expect(await ask(HOSTS[0]!, 'apiserver-etcd-client', 'put', 'a', '2')).toBe('OK');
  start(third);
  await new Promise((done) => setTimeout(done, 5_000));
  expect(await ask(third, 'apiserver-etcd-client', 'get', 'a')).toMatch(/^refused: /);
  await stop(third);
  await layOut(third);
  start(third);
  await healthy();
  expect(await ask(third, 'apiserver-etcd-client', 'get', 'a')).toBe('a\n2');
});

test.each(['etcd', 'etcd-peer', 'root', 'leaves'] as const)(
  'a rotation of %s, member by member: a majority answers after each restart',
  async (kind) => {
    let count = 0;
    await rotate(kind, plan, store, {
      now: () => new Date(),
      satisfy: async () => true,
      rollOut: async () => {
        for (const host of HOSTS) {
          await stop(host);
          await layOut(host);
          const others = HOSTS.filter((one) => one !== host);
          // Hosts of before and after the step are a quorum together, while this one is away and once it is back.
          expect(await ask(others[0]!, 'apiserver-etcd-client', 'put', 'count', String((count += 1)))).toBe('OK');
          start(host);
          await healthy();
          expect(await ask(host, 'apiserver-etcd-client', 'get', 'count')).toBe(`count\n${count}`);
        }
      },
    });
    expect(count).toBe(kind.startsWith('etcd') ? 9 : 3);
  },
);

test('the certificate of before a rotation is refused after it', async () => {
  const host = HOSTS[0]!;
  await Promise.all(
    ['crt', 'key'].map((end) => copyFile(at(host, `apiserver-etcd-client.${end}`), at(host, `old.${end}`))),
  );
  expect(await ask(host, 'old', 'get', 'a')).toBe('a\n2');
  await rotate('etcd', plan, store, {
    now: () => new Date(),
    satisfy: async () => true,
    rollOut: async () => {
      for (const one of HOSTS) {
        await stop(one);
        await layOut(one);
        start(one);
        await healthy();
      }
    },
  });
  expect(await ask(host, 'old', 'get', 'a')).toMatch(/^refused: /);
  expect(await ask(host, 'apiserver-etcd-client', 'get', 'a')).toBe('a\n2');
});
