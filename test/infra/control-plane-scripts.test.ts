import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { platform } from '../../platform';
import { describeHosts, describeWorker, systemdFiles } from '../../infra/control-plane';
import type { Host, HostFile } from '../../infra/control-plane/host';
import type { Site } from '../../infra/control-plane/site';
import { describeClusters } from '../../src/model/resolve/clusters';
import { folderOf } from '../support/platforms';

const clusters = describeClusters(platform.props);
const [production, local] = [clusters.get('production')!, clusters.get('local')!];
const cloud: Site = {
  hosts: [{ name: 'cp-1', address: '10.0.0.10', root: '' }],
  endpoint: { host: 'api.production.example.com', port: 6443 },
  encryption: { kind: 'kms', keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1', region: 'eu-central-1' },
  offCluster: { kind: 's3', bucket: 'snapshots', region: 'eu-central-1' },
  serviceAccountIssuer: 'https://issuer.example.com',
  sharedMachine: false,
};
/** A folder whose name a shell would take apart. */
const odd: Site = {
  ...cloud,
  hosts: [{ name: 'control-plane-1', address: '127.20.0.11', root: "/home/o'neil $HOME/x y" }],
  encryption: { kind: 'key' },
  offCluster: { kind: 'folder', path: "/srv/it's `here`" },
  sharedMachine: true,
};
const hosts: readonly Host[] = [
  ...describeHosts(production, cloud),
  describeWorker(production, cloud, production.nodePools[0]!),
  ...describeHosts(local, odd),
];
const scripts = hosts.flatMap(({ files }) => files.filter(({ mode }) => mode === '0700'));

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const ifHas = (program: string) => (has(program) ? test : test.skip);
const textOf = ({ content }: HostFile): string => content as string;

/** What a checker says of a script; empty where it finds nothing. */
function faults(command: readonly string[], text: string): string {
  const { stdout, stderr } = spawnSync(command[0]!, command.slice(1), { input: text, encoding: 'utf8' });
  return `${stdout}${stderr}`;
}

describe('scripts', () => {
  test('are POSIX shell', () => {
    expect(scripts.length).toBeGreaterThan(10);
    expect(scripts.map((script) => [script.path, faults(['sh', '-n'], textOf(script))])).toEqual(
      scripts.map(({ path: file }) => [file, '']),
    );
    expect(faults(['sh', '-n'], 'if true; then')).not.toBe('');
  });

  ifHas('shellcheck')('have nothing that shellcheck finds', () => {
    // Paths may hold what a shell would expand: they stand in single quotes for that.
    const check = ['shellcheck', '--shell=sh', '--exclude=SC2016', '-'];
    expect(scripts.map((script) => [script.path, faults(check, textOf(script))])).toEqual(
      scripts.map(({ path: file }) => [file, '']),
    );
    expect(faults(check, '#!/bin/sh\nrm $1\n')).toContain('SC2086');
  });

  test('keep paths whole, whatever they hold', () => {
    const script = textOf(scripts.find(({ path: file }) => file.includes('neil') && file.endsWith('etcd-snapshot'))!);
    const [line] = script.match(/^storage=.*$/m)!;
    expect(execFileSync('sh', ['-c', `${line}\nprintf %s "$storage"`], { encoding: 'utf8' })).toBe("/srv/it's `here`");
  });

  test('name what they call, so that it can be put on their PATH', () => {
    for (const { units, files } of hosts) {
      for (const unit of units.filter(({ program }) => program.startsWith('/'))) {
        const script = textOf(files.find(({ path: file }) => file === unit.program)!);
        const called = ['aws', 'etcdctl', 'etcdutl', 'kubectl', 'openssl'].filter((program) =>
          new RegExp(`(^|[\\s;(|{])${program} `, 'm').test(script),
        );
        expect([unit.name, called.filter((program) => !unit.uses?.includes(program))]).toEqual([unit.name, []]);
      }
    }
  });
});

describe('units of systemd', () => {
  /** What systemd itself says of a host's units, in a folder that stands for `/`. */
  function verify(host: Host, files: readonly HostFile[]): string {
    const root = folderOf({});
    const put = (file: string, text: string, mode = 0o644): void => {
      mkdirSync(path.dirname(root + file), { recursive: true });
      writeFileSync(root + file, text);
      chmodSync(root + file, mode);
    };
    for (const file of files)
      if (typeof file.content === 'string') put(file.path, file.content, Number.parseInt(file.mode, 8));
    for (const { program } of host.units) {
      const file = program.startsWith('/') ? program : `/usr/local/bin/${program}`;
      if (!existsSync(root + file)) put(file, '#!/bin/sh\n', 0o755);
    }
    for (const target of ['sysinit', 'basic', 'shutdown', 'network-online', 'multi-user', 'timers']) {
      put(`/etc/systemd/system/${target}.target`, `[Unit]\nDescription=${target}\n`);
    }
    const units = systemdFiles(host).filter(({ path: file }) => /\.(service|timer)$/.test(file));
    return faults(['systemd-analyze', `--root=${root}`, 'verify', ...units.map(({ path: file }) => root + file)], '');
  }
  const all = (host: Host): readonly HostFile[] => [...host.files, ...systemdFiles(host)];

  ifHas('systemd-analyze').each(hosts.slice(0, 2).map((host) => [host.role, host] as const))(
    'are what systemd understands: %s',
    (_, host) => {
      expect(verify(host, all(host))).toBe('');
    },
  );

  ifHas('systemd-analyze')('that it does not understand are told', () => {
    const host = hosts[0]!;
    const broken = all(host).map((file) =>
      file.path.endsWith('/etcd.service')
        ? { ...file, content: textOf(file).replace('ProtectHome=yes', 'ProtectHouse=yes') }
        : file,
    );
    expect(verify(host, broken)).toContain('ProtectHouse');
  });
});
