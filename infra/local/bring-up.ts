import { mkdir, statfs } from 'node:fs/promises';
import { asLines, getEngines } from '../../src/engines';
import { DRIFTED } from '../provider/provider';
import { forgetLostPassphrase, pulumi, untilStackIsFree } from '../pulumi';
import { WAITS } from '../pulumi-lock';
import { engineNames } from './programs';
import type { LocalCluster } from './index';
import { placeAt } from './place';
import { holdsSomething, listSnapshots, takeSnapshot } from './snapshots';
import { clusterStatus, type ClusterStatus } from './status';

/** What a cluster of three hosts writes, and the engines, in bytes; measured with room to spare. */
const ROOM = 3 * 1024 ** 3;

const TOLD = new RegExp(`${DRIFTED}(.*)$`, 'gm');

export interface BringUpOptions {
  /** Control-plane hosts. @default - as the stack's configuration and platform.ts say */
  readonly hosts?: string;
  /** Describes the cluster anew, after the stack's configuration changed. */
  readonly describe: () => LocalCluster;
  readonly onProgress: (message: string) => void;
}

/** What came up. */
export interface BringUpResult {
  readonly status: ClusterStatus;
  /** Milliseconds by part. */
  readonly milliseconds: { readonly engines: number; readonly pulumi: number };
  /** Resources as Pulumi counts them. */
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  /** What was found to be otherwise than described, and repaired: a sentence each. */
  readonly repaired: readonly string[];
  /** What the bootstrap left out or what only looks as if it ran, and why. */
  readonly notes: readonly { readonly step: string; readonly reason: string }[];
}

interface Outputs {
  readonly bootstrap?: {
    readonly skipped?: BringUpResult['notes'];
    readonly notRunning?: BringUpResult['notes'];
  };
}

/** Gets every engine, then has Pulumi make the cluster as it is described. May be called at any time again. */
export async function bringUp(
  root: string,
  before: LocalCluster,
  { hosts, describe, onProgress }: BringUpOptions,
): Promise<BringUpResult> {
  const stack = before.cluster.name;
  if (process.platform !== 'linux') {
    throw new Error(`a local cluster needs Linux: its hosts are loopback addresses, and its programs Linux' own`);
  }
  await enoughRoom(placeAt(before.operated.directory).directory);
  const started = Date.now();
  await getEngines(['pulumi', ...before.hosts.flatMap(engineNames)], {
    kubernetesVersion: before.cluster.kubernetesVersion,
    onProgress: asLines(onProgress),
  });
  const engines = Date.now() - started;
  onProgress('pulumi');
  await forgetLostPassphrase(root, stack);
  // Before the stack is looked for: a `down` that is under way removes it.
  await untilStackIsFree(root, stack, onProgress);
  await pulumi(root, ['stack', 'select', '--create', stack]).catch((error: Error) => {
    // Somebody who brings it up at the same time was faster.
    if (!error.message.includes('already exists')) throw error;
    return pulumi(root, ['stack', 'select', stack]);
  });
  if (hosts !== undefined) await pulumi(root, ['config', 'set', 'keelson:hosts', hosts, '--stack', stack]);
  const local = hosts === undefined ? before : describe();
  const output = await pulumi(root, ['up', '--yes', '--skip-preview', '--stack', stack], (line) => {
    const [, resource, doing] = /keelson:local:\w+ (\S+) (creat|updat|delet)/.exec(line) ?? [];
    if (resource) onProgress(`${resource}: ${doing}ing`);
    else if (line.startsWith(WAITS)) onProgress(line);
  });
  // What a run that was killed had begun is done now; Pulumi would warn of it for ever.
  if (output.includes('pending operations')) {
    await pulumi(root, ['refresh', '--yes', '--skip-preview', '--clear-pending-creates', '--stack', stack]);
  }
  // The first one was taken of an etcd that held nothing yet.
  if (!(await listSnapshots(local)).some(holdsSomething)) {
    onProgress('snapshot of etcd');
    await takeSnapshot(local);
  }
  const outputs = JSON.parse(await pulumi(root, ['stack', 'output', '--json', '--stack', stack])) as Outputs;
  const counted = (word: string): number =>
    Number(new RegExp(`^\\s+[+~-] (\\d+) ${word}$`, 'm').exec(output)?.[1] ?? 0);
  return {
    status: await clusterStatus(local),
    milliseconds: { engines, pulumi: Date.now() - started - engines },
    created: counted('created'),
    updated: counted('updated'),
    deleted: counted('deleted'),
    repaired: [...new Set([...output.matchAll(TOLD)].map(([, sentence]) => sentence!.trim()))],
    notes: [...(outputs.bootstrap?.skipped ?? []), ...(outputs.bootstrap?.notRunning ?? [])],
  };
}

async function enoughRoom(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= ROOM) return;
  const gibibytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  throw new Error(`${directory}: ${gibibytes(free)} free, and a cluster wants ${gibibytes(ROOM)}: make room first`);
}
