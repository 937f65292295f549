import { existsSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { forgetGoneStacks, PulumiError, pulumi, untilStackIsFree, whileStackIsHeld } from '../pulumi';
import type { LocalCluster } from './index';
import { placeAt } from './place';
import { markedProcesses } from './strays';
import { releaseMachine } from './supervision';
import { listSnapshots } from './snapshots';

/** What taking a cluster down ends and removes. */
export interface DownPlan {
  readonly cluster: string;
  /** Processes that end, by host. */
  readonly processes: Readonly<Record<string, readonly string[]>>;
  /** The folder that is removed, with secrets, data and logs. */
  readonly directory: string;
  /** Snapshots of etcd that go with it. */
  readonly snapshots: number;
  /** The Pulumi stack that is removed. */
  readonly stack: string;
}

/** What would be ended and removed. Changes nothing. */
export async function planDown(local: LocalCluster): Promise<DownPlan> {
  const { operated } = local;
  const place = placeAt(operated.directory);
  const processes: Record<string, string[]> = {};
  for (const { directory, unit } of markedProcesses(place.directory)) {
    // The machine's units are the hosts' supervisors, who end with their hosts.
    if (directory !== place.machine) (processes[path.basename(directory)] ??= []).push(unit);
  }
  return {
    cluster: operated.cluster,
    processes,
    directory: operated.directory,
    snapshots: (await listSnapshots(local)).length,
    stack: operated.cluster,
  };
}

/**
 * Ends every process of the cluster, removes its folder and its stack, and nothing else. What is gone already, or
 * was left half done, is no hindrance.
 */
export async function takeDown(
  root: string,
  { operated }: LocalCluster,
  onProgress: (message: string) => void = () => {},
): Promise<void> {
  const stack = operated.cluster;
  // An `up` that is under way would make anew what is removed here.
  await untilStackIsFree(root, stack, onProgress);
  onProgress('removing the stack');
  await pulumi(root, ['stack', 'rm', '--yes', '--force', '--stack', stack]).catch((error: Error) => {
    if (!(error instanceof PulumiError) || !/no stack named/.test(error.message)) throw error;
  });
  // An `up` that comes now waits.
  await whileStackIsHeld(root, stack, async () => {
    // All hosts at once, whatever Pulumi knew of them.
    onProgress('ending processes');
    await releaseMachine(placeAt(operated.directory));
    onProgress('removing its files');
    if (existsSync(operated.directory)) await rm(operated.directory, { recursive: true, force: true });
    // The folder of all clusters, where this was the last one.
    await rmdir(path.dirname(operated.directory)).catch(() => undefined);
    await forgetGoneStacks(root);
  });
}
