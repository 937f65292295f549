import { clusterCommand } from '../cluster';
import type { Register } from '../main';
import { withExample } from '../options';
import { type CommonOptions, EXIT, say, sayJson, withProgress } from '../output';

interface Options extends CommonOptions {
  readonly list?: boolean;
}

/** `keelson cluster snapshot`: a snapshot of etcd to the storage off the cluster, now. */
export const register: Register = (program, run) => {
  const command = clusterCommand(
    program,
    run,
    { usage: 'snapshot [cluster]', description: 'Take a snapshot of etcd now, to the storage off the cluster' },
    async (local, options: Options) => {
      const { listSnapshots, takeSnapshot } =
        require('../../../infra/local/snapshots') as typeof import('../../../infra/local/snapshots');
      const { snapshotsText } = require('../../report/cluster') as typeof import('../../report/cluster');
      const found = options.list
        ? await listSnapshots(local)
        : [await withProgress(options, 'Snapshot', () => takeSnapshot(local))];
      sayJson(options, options.list ? found : found[0]);
      say(options, snapshotsText(found));
      return EXIT.ok;
    },
  ).option('--list', 'list the snapshots that there are, the newest first, and take none');
  withExample(command, 'keelson cluster snapshot local', 'keelson cluster snapshot local --list');
};
