import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeHosts, flagsOf } from '../../../infra/control-plane';
import type { Host, Unit } from '../../../infra/control-plane/host';
import { pkiPlan } from '../../../infra/control-plane/pki';
import type { Site } from '../../../infra/control-plane/site';
import { unwell } from '../../../infra/local/health';
import { layOut } from '../../../infra/local/lay-out';
import { breakGlass } from '../../../infra/secrets/break-glass';
import { FolderStore } from '../../../infra/secrets/folder-store';
import { ensurePki } from '../../../infra/secrets/issue';
import { apiClient, type ApiClient, getEngine, type EngineName } from '../../../src/engines';
import type { Cluster } from '../../../src/model/cluster';

const WELL_TIMEOUT = 90_000;
const STOP_TIMEOUT = 15_000;
const TOOLS: readonly EngineName[] = ['etcd', 'etcdctl', 'etcdutl', 'kubectl'];

/** How a script ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Hosts as the generator describes them, running below a new folder, without systemd or supervisor. */
export interface RunningHosts {
  readonly directory: string;
  readonly store: FolderStore;
  readonly hosts: readonly Host[];
  /** A client in `system:masters`, to this URL. */
  administrator(url: string): Promise<ApiClient>;
  process(unit: string): ChildProcess;
  /** Runs a script of a host, by its unit's name; `extra` goes before the engines on its PATH. */
  run(unit: string, args?: readonly string[], extra?: string): Promise<Ended>;
  stop(): Promise<void>;
}

/** Lays out and starts hosts of a site whose roots are below the folder that `site` is given. */
export async function startHosts(
  cluster: Cluster,
  site: (directory: string) => Site,
  runs: (host: Host) => boolean = () => true,
): Promise<RunningHosts> {
  const directory = await mkdtemp(path.join(tmpdir(), 'keelson-hosts-'));
  const place = site(directory);
  const store = await FolderStore.open(path.join(directory, 'secrets'));
  const hosts = describeHosts(cluster, place).filter(runs);
  const processes = new Map<string, ChildProcess>();
  const stop = async (): Promise<void> => {
    for (const child of [...processes.values()].reverse()) await end(child);
    await rm(directory, { recursive: true, force: true });
  };
  const programs = new Map<string, string>();
  for (const name of TOOLS) programs.set(name, await getEngine(name));
  const searchPath = [...new Set([...programs.values()].map((program) => path.dirname(program)))].join(':');

  try {
    await ensurePki(pkiPlan(cluster, place), store, new Date());
    await mkdir(path.join(directory, 'logs'));
    for (const host of hosts) {
      await layOut(host, store);
      for (const unit of host.units.filter(({ every }) => every === undefined)) {
        const log = path.join(directory, 'logs', `${unit.name}.log`);
        processes.set(unit.name, await start(unit, log));
        await well(unit, log);
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    directory,
    store,
    hosts,
    stop,
    process: (unit) => processes.get(unit)!,
    async administrator(url) {
      const request = { who: 'test', reason: 'a test', minutes: 30 };
      const { certificate, key } = await breakGlass(store, request, new Date());
      const trust = hosts[0]!.files.find(({ path: file }) => file.endsWith('/kubernetes/pki/ca.crt'))!.path;
      return apiClient({ url, ca: await readFile(trust, 'utf8'), certificate, key });
    },
    run(unit, args = [], extra = '') {
      const { program } = hosts.flatMap(({ units }) => units).find(({ name }) => name === unit)!;
      return runScript(program, args, [...(extra ? [extra] : []), searchPath, '/usr/bin:/bin'].join(':'));
    },
  };
}

/** Runs a program with nothing of this process's environment but a PATH. */
export function runScript(program: string, args: readonly string[], searchPath: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, [...args], { env: { PATH: searchPath }, timeout: 120_000 }, (error, out, err) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, out, err });
    });
  });
}

async function start(unit: Unit, log: string): Promise<ChildProcess> {
  const program = await getEngine(unit.program as EngineName);
  const output = openSync(log, 'a', 0o600);
  try {
    return spawn(program, [...flagsOf(unit)], { stdio: ['ignore', output, output] });
  } finally {
    closeSync(output);
  }
}

async function well(unit: Unit, log: string): Promise<void> {
  const deadline = Date.now() + WELL_TIMEOUT;
  for (;;) {
    const fault = unit.health && (await unwell(unit.health));
    if (fault === undefined) return;
    if (Date.now() > deadline) {
      const words = (await readFile(log, 'utf8')).trim().split('\n').slice(-3).join('; ');
      throw new Error(`${unit.name}: ${fault}: ${words}`);
    }
    await sleep(250);
  }
}

/** A server without its etcd waits for a minute before it ends. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
  await ended;
  clearTimeout(timer);
}
