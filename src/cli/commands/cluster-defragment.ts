import { clusterCommand } from '../cluster';
import type { Register } from '../main';
import { withExample } from '../options';
import { type CommonOptions, EXIT, say, sayJson, withProgress } from '../output';

/** `keelson cluster defragment`: gives back what compaction freed inside etcd's file. */
export const register: Register = (program, run) => {
  const command = clusterCommand(
    program,
    run,
    { usage: 'defragment [cluster]', description: 'Defragment etcd, one member after the other, the leader last' },
    async (local, options: CommonOptions) => {
      const { defragment } =
        require('../../../infra/local/defragment') as typeof import('../../../infra/local/defragment');
      const results = await withProgress(options, 'Defragment', (tell) => defragment(local, tell));
      sayJson(options, results);
      for (const { host, said } of results) say(options, `  ${host}: ${said}`);
      return EXIT.ok;
    },
  );
  withExample(command, 'keelson cluster defragment local');
};
