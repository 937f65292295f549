import { clusterCommand } from '../cluster';
import type { Register } from '../main';
import { withExample } from '../options';
import { type CommonOptions, EXIT, say, sayJson, withProgress } from '../output';

/** `keelson cluster status`: is everything of a local cluster well? */
export const register: Register = (program, run) => {
  const command = clusterCommand(
    program,
    run,
    {
      usage: 'status [cluster]',
      description: 'Look at every host, process, file and certificate; 1 where one is not well',
    },
    async (local, options: CommonOptions) => {
      const { clusterStatus } = require('../../../infra/local/status') as typeof import('../../../infra/local/status');
      const { statusText } = require('../../report/cluster') as typeof import('../../report/cluster');
      const status = await withProgress(options, 'Status', () => clusterStatus(local));
      sayJson(options, status);
      say(options, statusText(status));
      return status.faults.length > 0 ? EXIT.broken : EXIT.ok;
    },
  );
  withExample(command, 'keelson cluster status local', 'keelson cluster status local --json');
};
