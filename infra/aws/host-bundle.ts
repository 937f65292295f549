import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodePool } from '../../src/model/cluster';
import { hasSandbox } from '../../src/model/sandbox';
import { systemdFiles, systemdUnits } from '../control-plane';
import type { Host, HostFile, Unit } from '../control-plane/host';
import { SCRIPTS } from '../control-plane/paths';
import { etcdctl } from '../control-plane/shell';

/** A program that hosts run, as a file on the machine that runs Pulumi. */
export interface EngineFile {
  readonly name: string;
  readonly sha256: string;
  /** Path of the file, for Linux on amd64. */
  readonly source: string;
}

/** All that lies on a host and is no secret, as one text. */
export interface HostBundle {
  readonly content: string;
  readonly sha256: string;
}

/** Packages of Amazon Linux 2023 and the program that each is for. Its repositories are versioned with its images. */
const PACKAGES: Readonly<Record<string, string>> = { containerd: 'containerd', runc: 'runc', openssl: 'openssl' };
/** What Amazon Linux brings. */
const BROUGHT = ['aws', 'sh', 'curl'];
/** Where what this machine is stands, for its scripts. */
const FACTS = '/etc/keelson';
const UNITS = '/etc/systemd/system';

/** A script of `scripts/`, as it is there. */
export function hostScript(name: 'user-data' | 'lay' | 'boot' | 'fetch-secrets' | 'ready'): string {
  return readFileSync(join(__dirname, 'scripts', `${name}.sh`), 'utf8');
}

/** Key of an engine in the assets bucket. */
export function engineKey({ name, sha256 }: Pick<EngineFile, 'name' | 'sha256'>): string {
  return `engines/${name}/${sha256}`;
}

/** Programs that a host must be given: those of its units that no package brings. */
export function enginesOf(host: Host): readonly string[] {
  const named = host.units.flatMap(({ program, uses = [] }) => [program, ...uses]);
  return [...new Set(named)]
    .filter((name) => !name.startsWith('/') && !BROUGHT.includes(name) && !Object.values(PACKAGES).includes(name))
    .sort();
}

/** gVisor: what containerd starts in place of runc. */
const SANDBOX_ENGINES = ['containerd-shim-runsc-v1', 'runsc'];

/** Programs that a machine of a pool must be given. */
export function poolEngines(host: Host, pool: NodePool): readonly string[] {
  return [...enginesOf(host), ...(hasSandbox(pool) ? SANDBOX_ENGINES : [])].sort();
}

/**
 * The host's directories, files and units, and what its boot needs, in the form that `lay` reads. Pure: the same host
 * and engines give the same digest, on which its machine is replaced. Throws where an engine is missing.
 */
export function hostBundle(
  host: Host,
  names: readonly string[],
  engines: readonly EngineFile[],
  minute: number,
): HostBundle {
  const needed = names.map((name) => {
    const engine = engines.find((one) => one.name === name);
    if (engine) return engine;
    throw new Error(
      `${host.name} runs ${name}, and no file was given for it: fetch or build it and pass it as an engine`,
    );
  });
  const files = [...host.files, ...systemdFiles(host), ...bootFiles(host, needed, minute)];
  const lines = [
    ...host.directories.map(({ mode, owner, path }) => `D ${mode} ${owner} ${checked(path)}`),
    ...files.flatMap(({ mode, owner, path, content }) =>
      typeof content === 'string'
        ? [`F ${mode} ${owner} ${checked(path)} ${Buffer.from(content).toString('base64')}`]
        : [],
    ),
  ];
  const content = `${lines.join('\n')}\n`;
  return { content, sha256: createHash('sha256').update(content).digest('hex') };
}

function checked(path: string): string {
  if (/^\/[\w./+@-]+$/.test(path)) return path;
  throw new Error(`'${path}' cannot be a path on a host: write letters, digits and . / + @ _ -`);
}

function bootFiles(host: Host, engines: readonly EngineFile[], minute: number): readonly HostFile[] {
  const file = (path: string, content: string, mode = '0600'): HostFile => ({ path, mode, owner: 'root', content });
  const facts = (name: string, lines: readonly string[]) =>
    file(`${FACTS}/${name}`, lines.map((line) => `${line}\n`).join(''));
  return [
    facts(
      'packages',
      Object.entries(PACKAGES).map(([name, program]) => `${name} ${program}`),
    ),
    facts(
      'engines',
      engines.map((engine) => `${engine.name} ${engine.sha256} ${engineKey(engine)}`),
    ),
    facts('units', systemdUnits(host)),
    facts(
      'materials',
      host.files.flatMap(({ mode, owner, path, content }) =>
        typeof content === 'string' ? [] : [`${mode} ${owner} ${checked(path)}`],
      ),
    ),
    facts(
      'restarts',
      host.units.flatMap(({ name, restartOn }) => restartOn.map((path) => `${name}.service ${path}`)),
    ),
    file(`${SCRIPTS}/boot`, hostScript('boot'), '0700'),
    file(`${SCRIPTS}/fetch-secrets`, hostScript('fetch-secrets'), '0700'),
    file(`${SCRIPTS}/healthy`, healthScript(host.units), '0700'),
    ...(host.role === 'control-plane' ? [file(`${SCRIPTS}/peers`, peersScript(host), '0700')] : []),
    file(`${UNITS}/keelson-boot.service`, BOOT_SERVICE, '0644'),
    file(`${UNITS}/keelson-secrets.service`, SECRETS_SERVICE, '0644'),
    file(`${UNITS}/keelson-secrets.timer`, secretsTimer(host.role, minute), '0644'),
  ];
}

/** Asks each unit as `health` says; prints the ones that are not well. */
function healthScript(units: readonly Unit[]): string {
  const checks = units.flatMap(({ name, health }) =>
    health
      ? [
          `curl -sf -m 5 ${health.trust ? `--cacert '${health.trust}' ` : ''}-o /dev/null '${health.url}' || ill ${name}`,
        ]
      : [],
  );
  return ['#!/bin/sh', 'well=0', 'ill() { echo "$1 is not well"; well=1; }', ...checks, 'exit "$well"', ''].join('\n');
}

/** Succeeds where every member of etcd is well: one that restarts then leaves a quorum. */
function peersScript({ name, address }: Host): string {
  const members = etcdctl({ name, address, root: '' });
  return ['#!/bin/sh', 'set -eu', ...members, 'etcd endpoint health --cluster > /dev/null', ''].join('\n');
}

/** The one unit that is enabled: it starts the others when the disk of etcd is mounted and the keys are there. */
const BOOT_SERVICE = `[Unit]
Description=Makes this machine a part of its cluster
StartLimitIntervalSec=0
Wants=network-online.target
After=network-online.target cloud-init.service

[Service]
Type=oneshot
ExecStart=${SCRIPTS}/boot
Restart=on-failure
RestartSec=30

[Install]
WantedBy=multi-user.target
`;

const SECRETS_SERVICE = `[Unit]
Description=Takes new keys and certificates, and starts anew what reads them only at its start

[Service]
Type=oneshot
ExecStart=${SCRIPTS}/fetch-secrets --restart
`;

/** Hosts of the control plane take turns within the hour, so that never two of them start anew together. */
function secretsTimer(role: Host['role'], minute: number): string {
  const when =
    role === 'control-plane'
      ? `OnCalendar=*-*-* *:${String(minute).padStart(2, '0')}:00\nAccuracySec=30`
      : 'OnCalendar=hourly\nRandomizedDelaySec=3500';
  return `[Unit]\nDescription=New keys and certificates\n\n[Timer]\n${when}\n\n[Install]\nWantedBy=timers.target\n`;
}

/** The minute of the hour at which the nth of so many hosts takes new keys. */
export function refreshMinute(index: number, hosts: number): number {
  return Math.floor((60 / Math.max(1, hosts)) * index) + 5;
}
