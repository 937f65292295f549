import { resolve } from 'node:path';
import { clusterCommand } from '../cluster';
import type { Register } from '../main';
import { withExample } from '../options';
import { type CommonOptions, EXIT, say, sayJson, withProgress } from '../output';

interface Options extends CommonOptions {
  readonly snapshot?: string;
  readonly yes?: boolean;
}

/** `keelson cluster restore`: brings etcd back to a snapshot. */
export const register: Register = (program, run) => {
  const command = clusterCommand(
    program,
    run,
    {
      usage: 'restore [cluster]',
      description: 'Bring the cluster back to a snapshot of etcd: show what that loses and, with --yes, do it',
    },
    async (local, options: Options) => {
      const { holdsSomething, listSnapshots, refuseDamaged, restoreSnapshot } =
        require('../../../infra/local/snapshots') as typeof import('../../../infra/local/snapshots');
      const { restoreText } = require('../../report/cluster') as typeof import('../../report/cluster');
      const snapshots = await listSnapshots(local);
      const newest = snapshots.find(holdsSomething);
      const file = options.snapshot === undefined ? newest?.file : resolve(options.snapshot);
      if (file === undefined) {
        process.stderr.write(
          `keelson: no snapshot that holds anything was ever finished: name a file with --snapshot\n`,
        );
        return EXIT.unable;
      }
      const known = snapshots.find((snapshot) => snapshot.file === file);
      const plan = { cluster: local.cluster.name, file, ...(known ? { taken: known.taken } : {}) };
      if (!options.yes) {
        await refuseDamaged(file);
        sayJson(options, { done: false, ...plan });
        say(options, restoreText(plan));
        return EXIT.ok;
      }
      const started = Date.now();
      const { keptData } = await withProgress(options, 'Restore', (tell) => restoreSnapshot(local, file, tell));
      const seconds = (Date.now() - started) / 1000;
      sayJson(options, { done: true, ...plan, keptData, seconds });
      say(options, restoreText(plan, { keptData, seconds }));
      return EXIT.ok;
    },
  )
    .option('--snapshot <file>', 'the snapshot; the newest one that was finished if not given')
    .option('--yes', 'do it; without it nothing is changed');
  withExample(command, 'keelson cluster restore local', 'keelson cluster restore local --yes');
};
