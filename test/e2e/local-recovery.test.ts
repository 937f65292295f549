import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { cp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { memberData } from '../../infra/local/members';
import { placeAt } from '../../infra/local/place';
import { UnitFolder } from '../../infra/local/unit-files';
import { OBJECTIVES } from '../../src/model/control-plane-slo';
import { askEtcd, lead, processOf, statusOf, until, untilWell } from './support/drill';
import { say, ThreeHosts } from './support/three-hosts';

/** The host that most things happen to. */
const HOST = 'control-plane-2';
const MINUTES = 60_000;
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

/** The tests are steps of one story: each goes on where the one before it ended. */
describe('a local cluster of three hosts that is damaged', () => {
  let three: ThreeHosts;
  const place = () => placeAt(three.copy.place);
  const faults = async () => (await statusOf(three.copy)).faults.join('\n');

  beforeAll(async () => {
    three = await ThreeHosts.start('127.41.0');
    await untilWell(three.copy);
  }, 20 * MINUTES);
  afterAll(() => three?.stop(), 5 * MINUTES);

  const write = async (name: string, value: string): Promise<number> => {
    const client = three.copy.client();
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } };
    const { status } = await client.request('POST', CONFIG_MAPS, body).finally(() => client.close());
    return status;
  };
  const exists = async (name: string): Promise<boolean> => {
    const client = three.copy.client();
    return (await client.request('GET', `${CONFIG_MAPS}/${name}`).finally(() => client.close())).status === 200;
  };

  it(
    'has the host where etcd leads replaced while clients write',
    async () => {
      await lead(three.operated, HOST);
      await three.drill(`replace ${HOST}, where etcd leads,`, async () => {
        const took = await three.command('cluster', 'replace-host', 'local', HOST, '--yes');
        expect(await statusOf(three.copy)).toMatchObject({ faults: [], members: [{}, {}, {}] });
        return { took };
      });
    },
    10 * MINUTES,
  );

  it(
    'has every member defragmented while clients write',
    async () => {
      await three.drill('defragment', async () => ({ took: await three.command('cluster', 'defragment', 'local') }));
    },
    10 * MINUTES,
  );

  it(
    'takes writes again after etcd was full',
    async () => {
      const folders = three.hosts.map((host) => new UnitFolder(place().supervisor(host)));
      const units = folders.map((folder) => folder.unit('etcd')!);
      const size = Number(
        /"DBSize" : (\d+)/.exec(await askEtcd(three.operated, 'endpoint', 'status', '-w=fields'))![1],
      );
      const small = (argument: string) =>
        argument.startsWith('--quota-backend-bytes=') ? `--quota-backend-bytes=${size + 8 * 1024 ** 2}` : argument;
      try {
        for (const [i, folder] of folders.entries()) {
          folder.write({ ...units[i]!, arguments: units[i]!.arguments.map(small), revision: 'small' });
          await until('etcd with a small quota', async () => folder.state('etcd').revision === 'small');
          await until('every member is well', async () => membersAreWell());
        }
        const client = three.copy.client();
        let [said, n] = ['', 0];
        await until('etcd is full', async () => {
          const data = { value: randomBytes(400_000).toString('base64') };
          const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `large-${n++}` }, data };
          said = JSON.stringify((await client.request('POST', CONFIG_MAPS, body)).body);
          return said.includes('database space exceeded');
        });
        expect(await faults()).toContain("(alarm NOSPACE): run 'keelson cluster defragment'");
        await client.request('DELETE', CONFIG_MAPS).catch(() => undefined);
        for (let i = 0; i < n; i++) await client.request('DELETE', `${CONFIG_MAPS}/large-${i}`);
        client.close();
        const took = await three.command('cluster', 'defragment', 'local');
        expect(await write('after-full', 'x')).toBe(201);
        say(`etcd full: defragment took ${took}, writes are taken again`);
      } finally {
        for (const [i, folder] of folders.entries()) {
          folder.write(units[i]!);
          await until('etcd as it was', async () => folder.state('etcd').revision === units[i]!.revision);
          await until('every member is well', async () => membersAreWell());
        }
      }
      await untilWell(three.copy);
      expect((await three.load.lost()).slice(0, 5)).toEqual([]);
    },
    10 * MINUTES,
  );

  const membersAreWell = () =>
    askEtcd(three.operated, 'endpoint', 'health').then(
      () => true,
      () => false,
    );

  it.each([
    ['a certificate of a host', `hosts/${HOST}/root/etc/kubernetes/pki/apiserver.crt`],
    ['a key of a host', `hosts/${HOST}/root/etc/kubernetes/pki/apiserver.key`],
    ['a certificate of the store', `secrets/certificates/${HOST}/apiserver.pem`],
    ['a unit of a host', `hosts/${HOST}/units/kube-scheduler.json`],
  ])(
    'tells of %s that is damaged, and repairs it',
    async (_, name) => {
      const file = path.join(three.copy.place, name);
      await stat(file);
      await writeFile(file, 'damaged');
      expect(await faults()).toContain(path.basename(name, '.json').replace('.pem', ''));
      const took = await three.command('up', 'local');
      say(`${name} damaged: up took ${took}`);
      expect(await faults()).toBe('');
    },
    5 * MINUTES,
  );

  it(
    'tells of a damaged list of members, and does without it',
    async () => {
      await writeFile(place().members, '{"started": [');
      expect(await faults()).toContain(`${place().members} is damaged`);
      await rm(place().members);
      await three.command('up', 'local');
      expect(await faults()).toBe('');
    },
    5 * MINUTES,
  );

  it(
    'tells of a damaged state of Pulumi, and does without it',
    async () => {
      const state = path.join(three.copy.directory, '.keelson', 'pulumi', 'state', '.pulumi', 'stacks');
      const file = readdirSync(state, { recursive: true, encoding: 'utf8' }).find((name) => /local\.json$/.test(name))!;
      await truncate(path.join(state, file), 100);
      const damaged = await three.copy.keelson('up', 'local');
      expect(damaged.code).toBe(2);
      expect(damaged.stderr).toContain(`its state in file://${path.join(three.copy.directory, '.keelson')}`);
      await rm(path.join(state, file));
      const took = await three.command('up', 'local');
      say(`state of Pulumi damaged: up took ${took}`);
      expect(await faults()).toBe('');
    },
    5 * MINUTES,
  );

  it.each(['wal', 'snap/db'])(
    'tells of damaged data of etcd, and replaces its host: %s',
    async (part) => {
      const data = path.dirname(memberData(place(), HOST));
      const file =
        part === 'wal'
          ? path.join(
              data,
              'wal',
              readdirSync(path.join(data, 'wal'))
                .filter((name) => name.endsWith('.wal'))
                .sort()[0]!,
            )
          : path.join(data, part);
      await three.drill(`${part} of etcd on ${HOST} is damaged`, async () => {
        const { size } = await stat(file);
        process.kill(processOf(three.copy, HOST, 'etcd')!.pid, 'SIGKILL');
        await writeFile(file, randomBytes(Math.min(size, 1 << 20)));
        await until('etcd fails', () => new UnitFolder(place().supervisor(HOST)).state('etcd').failures > 2);
        expect(await faults()).toContain(`run 'keelson cluster replace-host local ${HOST} --yes'`);
        const took = await three.command('cluster', 'replace-host', 'local', HOST, '--yes');
        expect(await faults()).toBe('');
        return { took };
      });
    },
    10 * MINUTES,
  );

  it(
    'is restored from the newest snapshot when most members lost their data',
    async () => {
      await three.load.stop();
      expect((await three.load.lost()).slice(0, 5)).toEqual([]);
      expect(await write('before-the-snapshot', 'x')).toBe(201);
      await three.command('cluster', 'snapshot', 'local');
      const taken = Date.now();
      expect(await write('after-the-snapshot', 'x')).toBe(201);
      const lostAt = Date.now();
      for (const host of three.hosts.slice(0, 2)) {
        await rm(path.dirname(memberData(place(), host)), { recursive: true });
        process.kill(processOf(three.copy, host, 'etcd')!.pid, 'SIGKILL');
      }
      await until('the members are seen to be lost', async () => /lost its data/.test(await faults()));
      const said = await faults();
      for (const host of three.hosts.slice(0, 2)) expect(said).toContain(`${host}: etcd lost its data`);
      expect(said).toContain('restore');
      const began = Date.now();
      await three.command('cluster', 'restore', 'local', '--yes');
      await until('the API answers', () => exists('before-the-snapshot').catch(() => false));
      const seconds = (Date.now() - began) / 1000;
      expect(await exists('after-the-snapshot')).toBe(false);
      const lost = (lostAt - taken) / 1000;
      say(`quorum lost: restored in ${seconds.toFixed(1)} s, ${lost.toFixed(1)} s of writes lost`);
      expect(seconds).toBeLessThan(5 * 60);
      expect(lost).toBeLessThan(OBJECTIVES.etcd.snapshotEvery);
      await untilWell(three.copy);
    },
    10 * MINUTES,
  );

  it(
    'is built anew from nothing with a snapshot and the secrets that were kept elsewhere',
    async () => {
      const elsewhere = path.join(path.dirname(three.copy.directory), 'elsewhere');
      const client = three.copy.client();
      const secret = '/api/v1/namespaces/default/secrets';
      const made = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kept' }, stringData: { value: 'kept' } };
      expect((await client.request('POST', secret, made)).status).toBe(201);
      client.close();
      const snapshot = await three.copy.keelson('cluster', 'snapshot', 'local', '--json');
      const { file } = JSON.parse(snapshot.stdout) as { file: string };
      await cp(file, path.join(elsewhere, 'snapshot.db'));
      await cp(place().secrets, path.join(elsewhere, 'secrets'), { recursive: true });
      await three.command('down', 'local', '--yes');
      const began = Date.now();
      await cp(path.join(elsewhere, 'secrets'), place().secrets, { recursive: true });
      await three.command('up', 'local', '--hosts', '3');
      const restore = ['cluster', 'restore', 'local', '--snapshot', path.join(elsewhere, 'snapshot.db'), '--yes'];
      await three.command(...restore);
      const seconds = (Date.now() - began) / 1000;
      say(`rebuilt from nothing in ${seconds.toFixed(1)} s`);
      expect(seconds).toBeLessThan(10 * 60);
      const again = three.copy.client();
      expect((await again.request('GET', `${secret}/kept`)).body).toMatchObject({ data: { value: 'a2VwdA==' } });
      again.close();
      expect(await exists('before-the-snapshot')).toBe(true);
      await untilWell(three.copy);
    },
    20 * MINUTES,
  );

  it(
    'says so where a snapshot is of a cluster with other secrets',
    async () => {
      const elsewhere = path.join(path.dirname(three.copy.directory), 'elsewhere');
      await three.command('down', 'local', '--yes');
      await three.command('up', 'local', '--hosts', '3');
      const snapshot = path.join(elsewhere, 'snapshot.db');
      const restored = await three.copy.keelson('cluster', 'restore', 'local', '--snapshot', snapshot, '--yes');
      expect(restored.code).toBe(2);
      expect(restored.stderr).toContain('was encrypted with a key that');
      expect(await readFile(snapshot)).toBeDefined();
    },
    20 * MINUTES,
  );
});
