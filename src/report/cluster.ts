import chalk from 'chalk';
import { count } from './findings';

/** Parts of a local cluster's status that people read. */
interface Status {
  readonly cluster: string;
  readonly kubernetesVersion: string;
  readonly endpoint: string;
  readonly kubeconfig: string;
  readonly hosts: readonly {
    readonly name: string;
    readonly address: string;
    readonly units: readonly {
      readonly name: string;
      readonly state: 'running' | 'stopped' | 'scheduled';
      readonly fault?: string;
      readonly seconds?: number;
      readonly bytes?: number;
      readonly lastEnded?: string;
      readonly exitCode?: number;
    }[];
  }[];
  readonly members: readonly { readonly name: string; readonly isLearner: boolean }[];
  readonly lastSnapshot?: { readonly taken: string; readonly bytes: number; readonly revision: number };
  readonly certificatesUntil?: string;
  readonly rotation?: string;
  readonly faults: readonly string[];
}

interface Up {
  readonly status: Status;
  readonly milliseconds: { readonly engines: number; readonly pulumi: number };
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly repaired: readonly string[];
  readonly notes: readonly { readonly step: string; readonly reason: string }[];
}

interface Down {
  readonly cluster: string;
  readonly processes: Readonly<Record<string, readonly string[]>>;
  readonly directory: string;
  readonly snapshots: number;
  readonly stack: string;
}

/** The end of `up`: what runs, what does not, and what to try. */
export function upText({ status, milliseconds, created, updated, deleted, repaired, notes }: Up): string {
  const changes = created + updated + deleted;
  const memory = status.hosts.flatMap(({ units }) => units).reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  const rows: [string, string][] = [
    ['cluster', `${status.cluster}, Kubernetes ${status.kubernetesVersion}`],
    ['hosts', status.hosts.map(({ name, address }) => `${name} ${chalk.dim(address)}`).join(', ')],
    ['endpoint', status.endpoint],
    ['kubeconfig', status.kubeconfig],
    ['memory', `${mebibytes(memory)} in ${count(running(status), 'process', 'processes')}`],
    ['changes', changes === 0 ? 'none' : `${created} created, ${updated} updated, ${deleted} deleted`],
    [
      'time',
      `${seconds(milliseconds.engines + milliseconds.pulumi)}  ${chalk.dim(`engines ${seconds(milliseconds.engines)}, pulumi ${seconds(milliseconds.pulumi)}`)}`,
    ],
  ];
  const mended = repaired.map((sentence) => `  ${chalk.green('repaired')}  ${sentence}`);
  const told = notes.map(({ step, reason }) => `  ${chalk.yellow('not done')}  ${step}: ${reason}`);
  const faults = status.faults.map((fault) => `  ${chalk.red('fault')}  ${fault}`);
  return [
    table(rows),
    ...(mended.length > 0 ? ['', ...mended] : []),
    ...(told.length > 0 ? ['', ...told] : []),
    ...(faults.length > 0 ? ['', ...faults] : []),
    '',
    '  Try',
    `    export KUBECONFIG=${status.kubeconfig}`,
    '    kubectl get nodes                    # simulated by KWOK: Pods are scheduled, no container runs',
    `    npx keelson cluster status ${status.cluster}`,
    `    npx keelson cluster snapshot ${status.cluster}`,
    '    npm run down',
  ].join('\n');
}

/** What `down` ends and removes. */
export function downText({ cluster, processes, directory, snapshots, stack }: Down): string {
  const ended = Object.entries(processes).map(([host, names]) => `${host}: ${names.join(', ')}`);
  return table([
    ['cluster', cluster],
    ['ends', ended.length === 0 ? 'nothing: no process runs' : ended.join('\n             ')],
    ['removes', `${directory}, with ${snapshots === 0 ? 'no snapshot' : count(snapshots, 'snapshot')} of etcd`],
    ['stack', stack],
  ]);
}

/** A cluster as it is now, a line a unit. */
export function statusText(status: Status): string {
  const rows: [string, string][] = [
    ['cluster', `${status.cluster}, Kubernetes ${status.kubernetesVersion}, ${status.endpoint}`],
    [
      'etcd',
      status.members.map(({ name, isLearner }) => `${name}${isLearner ? ' (learner)' : ''}`).join(', ') || 'no answer',
    ],
    [
      'snapshot',
      status.lastSnapshot
        ? `${status.lastSnapshot.taken}, ${mebibytes(status.lastSnapshot.bytes)}, revision ${status.lastSnapshot.revision}`
        : 'none',
    ],
    ['certificates', status.certificatesUntil ? `all valid until ${status.certificatesUntil}` : 'none could be read'],
    ...(status.rotation ? [['rotation', status.rotation] as [string, string]] : []),
  ];
  const units = status.hosts.flatMap(({ name, units }) => [`  ${chalk.bold(name)}`, ...units.map(unitText)]);
  const faults = status.faults.map((fault) => `  ${chalk.red('✖')} ${fault}`);
  return [
    table(rows),
    '',
    ...units,
    '',
    ...(faults.length > 0 ? faults : [`  ${chalk.green('✔')} nothing is wrong`]),
  ].join('\n');
}

function unitText(unit: Status['hosts'][number]['units'][number]): string {
  const name = `    ${unit.name.padEnd(26)}`;
  if (unit.fault) return `${name}${chalk.red('fault')}`;
  if (unit.state === 'scheduled') {
    const how =
      unit.exitCode === undefined ? 'not run yet' : unit.exitCode === 0 ? 'done' : `exit code ${unit.exitCode}`;
    return `${name}${chalk.dim(`scheduled, ${how}${unit.lastEnded ? ` ${unit.lastEnded}` : ''}`)}`;
  }
  if (unit.state === 'stopped') return `${name}${chalk.red('stopped')}`;
  return `${name}${chalk.green('running')}  ${mebibytes(unit.bytes ?? 0).padStart(9)}  ${chalk.dim(`for ${duration(unit.seconds ?? 0)}`)}`;
}

function running({ hosts }: Status): number {
  return hosts.flatMap(({ units }) => units).filter(({ state }) => state === 'running').length;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${chalk.bold(name.padEnd(width))}  ${value}`).join('\n');
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function duration(all: number): string {
  if (all < 120) return `${all} s`;
  if (all < 2 * 3600) return `${Math.floor(all / 60)} min`;
  return `${Math.floor(all / 3600)} h`;
}

interface Snapshot {
  readonly file: string;
  readonly host: string;
  readonly taken: string;
  readonly bytes: number;
  readonly revision: number;
  readonly keys: number;
}

/** Snapshots, a line each. */
export function snapshotsText(snapshots: readonly Snapshot[]): string {
  if (snapshots.length === 0) return '  no snapshot was ever finished';
  return snapshots
    .map(
      ({ taken, host, bytes, revision, keys, file }) =>
        `  ${taken}  ${host}  ${mebibytes(bytes)}, revision ${revision}, ${count(keys, 'key')}\n    ${chalk.dim(file)}`,
    )
    .join('\n');
}

interface Restore {
  readonly cluster: string;
  readonly file: string;
  readonly taken?: string;
}

/** What a restore loses; or, once it is done, what it did. */
export function restoreText(
  { cluster, file, taken }: Restore,
  done?: { readonly keptData: readonly string[]; readonly seconds: number },
): string {
  const rows: [string, string][] = [
    ['cluster', cluster],
    ['snapshot', file],
    ['loses', `everything that was written since ${taken ?? 'it was taken'}`],
  ];
  if (!done) {
    const next = `  Nothing was changed. To do it: keelson cluster restore ${cluster} --snapshot ${file} --yes`;
    return `${table(rows)}\n\n${next}`;
  }
  const kept = done.keptData.length > 0 ? done.keptData.join('\n             ') : 'none was left';
  return table([
    ...rows,
    ['old data', kept],
    ['time', `${done.seconds.toFixed(1)} s`],
    ['next', `keelson up ${cluster}, which puts back what is described and not in the snapshot`],
  ]);
}

interface Scale {
  readonly cluster: string;
  readonly from: number;
  readonly to: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Which hosts another number of them adds and removes. */
export function scaleText({ cluster, from, to, added, removed }: Scale): string {
  const rows: [string, string][] = [
    ['cluster', cluster],
    ['hosts', `${from} now, ${to} then`],
    ['adds', added.join(', ') || 'none'],
    ['removes', removed.length > 0 ? `${removed.join(', ')}, with their data and logs` : 'none'],
  ];
  const next = `  Nothing was changed. To do it: keelson cluster scale ${cluster} --hosts ${to} --yes`;
  return `${table(rows)}\n\n${next}`;
}

interface Upgrade {
  readonly cluster: string;
  readonly running: Readonly<Record<string, string>>;
  readonly from: string;
  readonly to: string;
}

/** What an upgrade would do. */
export function upgradePlanText(plan: Upgrade): string {
  const next = `  Nothing was changed. To do it: keelson cluster upgrade ${plan.cluster} --to ${plan.to} --yes`;
  return `${upgradeTable(plan)}\n\n${next}`;
}

/** How an upgrade ended. */
export function upgradedText(
  result: Upgrade & {
    readonly outcome: 'upgraded' | 'rolled back';
    readonly snapshot: { readonly file: string };
    readonly reason?: string;
    readonly restored: boolean;
    readonly seconds: number;
  },
): string {
  const time = `${result.seconds.toFixed(1)} s`;
  if (result.outcome === 'upgraded') {
    return `${upgradeTable(result)}\n\n  ${chalk.green('✔')} every host runs ${result.to}, after ${time}; the snapshot from before: ${result.snapshot.file}`;
  }
  const lost = result.restored
    ? `etcd went back to ${result.snapshot.file}: what was written since is gone`
    : 'no server of the new version had served: nothing that was written is lost';
  return `${upgradeTable(result)}\n\n  ${chalk.red('✖')} rolled back to ${result.from} after ${time}: ${result.reason}\n    ${lost}`;
}

function upgradeTable({ cluster, running, from, to }: Upgrade): string {
  return table([
    ['cluster', cluster],
    [
      'runs',
      Object.entries(running)
        .map(([host, version]) => `${host} ${version}`)
        .join(', '),
    ],
    [
      'upgrade',
      from === to ? `none: ${to} runs` : `${from} → ${to}, one host after the other, after a snapshot of etcd`,
    ],
  ]);
}
