import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { appendFile, chmod, mkdir, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { placeAt } from '../../infra/local/place';
import { isRunning, processOf as processAt, signal, type ProcessId } from '../../infra/local/process-table';
import { hostSupervisor, processOf, until, untilWell } from './support/drill';
import { filesBelow, keysBelow, leaks, openSecrets } from './support/leaks';
import { copyPlatform, type PlatformCopy } from './support/platform-copy';

const HOST = 'control-plane-1';
const UNITS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
const PREFIX = '127.44.0';
/** When `up` is killed, in seconds: while keys are made, hosts started, objects applied; and whether Pulumi is, too. */
const MOMENTS = [
  [1, true],
  [4, true],
  [6, false],
  [4, true],
  [8, true],
  [3, false],
] as const;

interface Up {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly repaired: readonly string[];
}

/** The tests are steps of one story: each goes on where the one before it ended. */
describe('the life of a local cluster', () => {
  let copy: PlatformCopy;
  let failed: string | undefined;
  const step = (name: string, action: () => Promise<void>): void =>
    it(
      name,
      async () => {
        if (failed !== undefined) throw new Error(`not tried, since this failed: ${failed}`);
        failed = name;
        await action();
        failed = undefined;
      },
      300_000,
    );
  const up = async (...args: readonly string[]): Promise<Up> => {
    const ended = await copy.keelson('up', '--json', ...args);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return JSON.parse(ended.stdout) as Up;
  };
  const changes = ({ created, updated, deleted }: Up): number => created + updated + deleted;
  const running = (): (ProcessId | undefined)[] => UNITS.map((unit) => processOf(copy, HOST, unit));
  const onHost = (file: string): string => path.join(copy.place, 'hosts', HOST, 'root', file);

  beforeAll(async () => {
    copy = await copyPlatform({ addresses: `${PREFIX}.0/24` });
  });
  afterAll(() => copy?.remove(), 120_000);

  step('what cannot be brought up is told in a sentence, and leaves nothing behind', async () => {
    for (const [args, fault] of [
      [['up', 'nowhere'], `'nowhere' is no local cluster: write one of local`],
      [['up', '--hosts', '2'], '1, 3 or 5'],
      [['up', '--hosts', 'many'], '1, 3 or 5'],
      [['cluster', 'replace-host', 'local', 'load-balancer'], `no control-plane host 'load-balancer'`],
      [['cluster', 'upgrade', 'local', '--to', 'v1.37.0'], 'write a version in full, such as 1.36.3'],
      [['cluster', 'restore', 'local'], 'no snapshot that holds anything'],
      [['up', '--host', '3'], `unknown option '--host'`],
      [['cluster', 'scale', 'local', '--hosts', '4', '--yes'], '1, 3 or 5'],
    ] as const) {
      const { code, stdout, stderr } = await copy.keelson(...args);
      expect([args, code, stderr.includes(fault) || `${stdout}${stderr}`]).toEqual([args, 2, true]);
    }
    const { code, stdout } = await copy.keelson('cluster', 'status');
    expect([code, stdout]).toEqual([1, expect.stringMatching(/✖ there is no cluster local: run 'keelson up'\n$/)]);
    expect(copy.processes()).toEqual([]);
    expect(existsSync(path.join(copy.place, 'hosts'))).toBe(false);
  });

  step('a disk without room is told before anything is made', async () => {
    const own = path.join(copy.directory, '.keelson');
    await mkdir(own, { recursive: true });
    const { code, stderr } = await copy.shell(`mount -t tmpfs -o size=64m tmpfs '${own}'`);
    if (code !== 0) return void process.stderr.write(`no file system of one's own here: not tried: ${stderr}`);
    try {
      const full = await copy.keelson('up');
      expect(full.code).toBe(2);
      expect(full.stderr).toMatch(/0\.1 GiB free, and a cluster wants 3\.0 GiB: make room first/);
      expect(filesBelow(own)).toEqual([]);
    } finally {
      await copy.shell(`umount '${own}'`);
    }
  });

  step('a port that is taken is named with who has it, and `up` goes on when it is free', async () => {
    const taken = await listen(2379);
    const { code, stderr } = await copy.keelson('up').finally(() => taken.close());
    expect(code).toBe(2);
    expect(stderr).toContain(`taken by somebody else: ${PREFIX}.11:2379 of etcd, by process ${process.pid}`);
  });

  step('a program that ends at once is named with its last words, and `up` goes on when it is mended', async () => {
    const bin = path.join(copy.directory, 'bad');
    await mkdir(bin);
    const lines = ['#!/bin/sh', 'case "$*" in --version) echo Kubernetes v1.36.3; exit ;; esac'];
    await writeFile(path.join(bin, 'kube-scheduler'), [...lines, 'echo it is broken; exit 3', ''].join('\n'));
    await chmod(path.join(bin, 'kube-scheduler'), 0o755);
    const { code, stderr } = await copy.shell(`PATH="$PWD/bad:$PATH" "${process.execPath}" bin/keelson.cjs up`);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /control-plane-1: kube-scheduler does not run, exit code 3.*kube-scheduler\.log ends: .*it is broken/,
    );
    await rm(bin, { recursive: true });
  });

  step('comes up, and says where everything is and what to try', async () => {
    const { code, stdout, stderr } = await copy.keelson('up');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const words of [
      'Kubernetes 1.36.3',
      `https://${PREFIX}.10:6443`,
      `${copy.place}/kubeconfig`,
      'npm run down',
    ]) {
      expect(stdout).toContain(words);
    }
    expect(stdout).toMatch(/memory +\d+ MiB in 6 processes/);
    expect(stdout).toMatch(/time +[\d.]+ s {2}engines [\d.]+ s, pulumi [\d.]+ s/);
    const client = copy.client();
    const { status, body } = await client.request('GET', '/api/v1/nodes');
    client.close();
    expect([status, (body as { items: unknown[] }).items.length]).toEqual([200, 1]);
  });

  step('comes up again without a change, by `up`, by preview and by Pulumi typed by hand', async () => {
    const before = running();
    expect(changes(await up())).toBe(0);
    const byHand = 'eval "$(node bin/keelson.cjs pulumi --environment)" && pulumi';
    const none = '--stack local --expect-no-changes --non-interactive';
    expect(await copy.shell(`${byHand} preview ${none}`)).toMatchObject({ code: 0 });
    expect(await copy.shell(`${byHand} up --yes ${none}`)).toMatchObject({ code: 0 });
    expect(running()).toEqual(before);
  });

  step('what differs is named by preview and refresh, and mended by `up` without touching the rest', async () => {
    const before = running();
    await appendFile(onHost('etc/kubernetes/scheduler.yaml'), '# edited\n');
    await unlink(path.join(placeAt(copy.place).supervisor(HOST), 'units', 'kube-controller-manager.json'));
    await unlink(path.join(copy.place, 'kubeconfig'));
    for (const command of ['preview', 'refresh --preview-only']) {
      const { stdout, stderr } = await copy.keelson('pulumi', '--', ...command.split(' '), '--stack', 'local');
      expect(`${stdout}${stderr}`).toMatch(/scheduler\.yaml/);
      expect(`${stdout}${stderr}`).toMatch(/kube-controller-manager is not supervised/);
      expect(`${stdout}${stderr}`).toMatch(/kubeconfig is missing/);
    }
    const { repaired } = await up();
    expect(repaired.join('\n')).toMatch(/scheduler\.yaml/);
    expect(await readFile(onHost('etc/kubernetes/scheduler.yaml'), 'utf8')).not.toContain('edited');
    const after = running();
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after.every(isRunning)).toBe(true);
    expect(changes(await up())).toBe(0);
  });

  step(
    'no key lies in state, logs, output or arguments, and nobody else may read those that lie on hosts',
    async () => {
      const keys = keysBelow(copy.place);
      expect(new Set(keys).size).toBeGreaterThan(15);
      const preview = await copy.keelson('pulumi', '--', 'preview', '--diff', '--json', '--stack', 'local');
      const said = await up();
      const texts = new Map<string, string>([
        ['preview', `${preview.stdout}${preview.stderr}`],
        ['up', JSON.stringify(said)],
        ...copy.processes().map(({ pid, arguments: all }) => [`arguments of ${pid}`, all.join(' ')] as const),
      ]);
      for (const folder of ['.keelson/pulumi', '.keelson/local']) {
        for (const file of filesBelow(path.join(copy.directory, folder))) {
          if (/\/(state|log|logs|units)\/|\.(log|json)$/.test(file)) texts.set(file, await readFile(file, 'latin1'));
        }
      }
      expect(texts.size).toBeGreaterThan(20);
      expect(leaks(texts, keys)).toEqual([]);
      // The search finds one where there is one.
      const pem = '-----BEGIN EC PRIVATE KEY-----';
      for (const planted of [`x ${keys[0]} y`, `{"key":"${pem}"}`, Buffer.from(pem).toString('base64')]) {
        expect(leaks(new Map([...texts, ['planted', planted]]), keys)).toEqual(['planted']);
      }

      const own = path.join(copy.directory, '.keelson');
      expect(openSecrets(own)).toEqual([]);
      const key = onHost('etc/kubernetes/pki/sa.key');
      await chmod(key, 0o640);
      expect(openSecrets(own)).toEqual([key]);
      await chmod(key, 0o600);
    },
  );

  step('scales to three hosts and back to one, and keeps what it holds', async () => {
    const client = copy.client();
    const kept = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' }, data: { value: 'here' } };
    const maps = '/api/v1/namespaces/default/configmaps';
    expect((await client.request('POST', maps, kept)).status).toBe(201);
    client.close();
    for (const [hosts, members] of [
      ['3', 3],
      ['1', 1],
    ] as const) {
      expect(await copy.keelson('cluster', 'scale', 'local', '--hosts', hosts, '--yes')).toMatchObject({ code: 0 });
      await untilWell(copy);
      const again = copy.client();
      const { body } = await again.request('GET', `${maps}/kept`);
      again.close();
      expect((body as { data?: object }).data).toEqual({ value: 'here' });
      expect((await readdir(path.join(copy.place, 'hosts'))).filter((name) => name.startsWith('control'))).toHaveLength(
        members,
      );
    }
  });

  step('`down` shows what it would do, then ends and removes that and nothing else, also twice', async () => {
    const decoy = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600000)', 'etcd'], { stdio: 'ignore' });
    try {
      const plan = await copy.keelson('down');
      expect(plan).toMatchObject({ code: 0 });
      expect(plan.stdout).toContain('Nothing was changed');
      expect(running().every(isRunning)).toBe(true);
      expect(await copy.keelson('down', '--yes')).toMatchObject({ code: 0 });
      expect(copy.processes()).toEqual([]);
      const left = await readdir(path.join(copy.directory, '.keelson'));
      expect(left.filter((name) => name === 'local' || name === 'pulumi')).toEqual([]);
      expect(decoy.exitCode).toBeNull();
      expect(await copy.keelson('down', '--yes')).toMatchObject({ code: 0 });
    } finally {
      decoy.kill();
    }
  });

  step('two that bring it up at once, from nothing, do not disturb each other', async () => {
    const both = await Promise.all([copy.keelson('up'), copy.keelson('up')]);
    expect(both.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
  });

  step('one that comes while it is taken down waits, and brings it up again', async () => {
    const down = copy.keelson('down', '--yes');
    await sleep(700);
    const both = await Promise.all([down, copy.keelson('up')]);
    expect(both.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    await untilWell(copy);
  });

  step('one that was killed at any moment is taken up by the next, which leaves no process and no lock', async () => {
    let killed = 0;
    for (const [seconds, whole] of MOMENTS) {
      const run = copy.start('up');
      const ended = await Promise.race([sleep(seconds * 1000), run.ended]);
      if (ended) continue;
      // With what it started, as a machine that stops does, or it alone.
      const left = whole ? startedBy(copy.directory) : [];
      run.child.kill('SIGKILL');
      for (const one of left) signal(one, 'SIGKILL');
      await run.ended;
      killed++;
    }
    expect(killed).toBeGreaterThanOrEqual(3);
    await up();
    expect(changes(await up())).toBe(0);
    await untilWell(copy);
    const programs = copy.processes().map(({ arguments: [program = ''] }) => path.basename(program));
    expect(UNITS.map((unit) => programs.filter((one) => one === unit).length)).toEqual(UNITS.map(() => 1));
    expect(filesBelow(path.join(copy.directory, '.keelson', 'pulumi', 'state', '.pulumi', 'locks'))).toEqual([]);
  });

  step('one that is interrupted ends what it is at, says so, and the next goes on', async () => {
    await rm(onHost('etc/kubernetes/scheduler.yaml'));
    const interrupted = copy.start('up');
    await until('Pulumi runs', () => startedBy(copy.directory).length > 0);
    await sleep(2_000);
    interrupted.child.kill('SIGINT');
    const { code, stderr } = await interrupted.ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^keelson: pulumi \w+: was ended by SIGINT: run it again, which goes on from there\n$/);
    expect(startedBy(copy.directory)).toEqual([]);
    await up();
    await untilWell(copy);
  });

  step(
    'a secret store that is lost while hosts hold data is never made anew: `up` refuses, and changes nothing',
    async () => {
      const [store, aside] = [path.join(copy.place, 'secrets'), path.join(copy.directory, 'aside')];
      const configuration = onHost('etc/kubernetes/encryption/configuration.yaml');
      const before = await readFile(configuration, 'utf8');
      await rename(store, aside);
      const words = /secrets: is lost, and control-plane-1 hold data that only its keys open: restore the whole store/;
      const status = await copy.keelson('cluster', 'status');
      expect([status.code, status.stdout]).toEqual([1, expect.stringMatching(words)]);
      const refused = await copy.keelson('up');
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(words)]);
      expect(await readFile(configuration, 'utf8')).toBe(before);
      await rm(store, { recursive: true, force: true });
      await rename(aside, store);
      await untilWell(copy);
    },
  );

  step('what `.keelson` was removed from by hand comes up anew', async () => {
    await rm(path.join(copy.directory, '.keelson'), { recursive: true, force: true, maxRetries: 5 });
    await up();
    await untilWell(copy);
  });

  step('`down` works where the cluster’s folder was removed by hand', async () => {
    const before = [...running(), hostSupervisor(copy, HOST)];
    expect(before.every(isRunning)).toBe(true);
    await rm(copy.place, { recursive: true, force: true, maxRetries: 5 });
    expect(await copy.keelson('down', '--yes')).toMatchObject({ code: 0 });
    expect(before.filter(isRunning)).toEqual([]);
    expect(copy.processes()).toEqual([]);
  });

  function listen(port: number): Promise<Server> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(port, `${PREFIX}.11`, () => resolve(server));
    });
  }
});

/** Pulumi and what it started for a platform: they run in its folder, as a command does, and supervisors do not. */
function startedBy(directory: string): ProcessId[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const pulumi = readFileSync(`/proc/${name}/comm`, 'utf8').startsWith('pulumi');
        return pulumi && readlinkSync(`/proc/${name}/cwd`).startsWith(directory) ? (processAt(Number(name)) ?? []) : [];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}
