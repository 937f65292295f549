import { resolve } from 'node:path';
import { clusterCommand } from '../cluster';
import { localCluster } from '../local-cluster';
import type { Register } from '../main';
import { withExample } from '../options';
import { type CommonOptions, EXIT, say, sayJson, withProgress } from '../output';

interface Options extends CommonOptions {
  readonly hosts: string;
  readonly yes?: boolean;
}

/** `keelson cluster scale`: adds control-plane hosts, or removes them. */
export const register: Register = (program, run) => {
  const command = clusterCommand(
    program,
    run,
    {
      usage: 'scale <cluster>',
      description: 'Add control-plane hosts or remove them: show which and, with --yes, do it',
    },
    async (local, options: Options) => {
      const { bringUp } = require('../../../infra/local/bring-up') as typeof import('../../../infra/local/bring-up');
      const { planScale } = require('../../../infra/local/scale') as typeof import('../../../infra/local/scale');
      const { scaleText, upText } = require('../../report/cluster') as typeof import('../../report/cluster');
      const plan = planScale(local, options.hosts);
      if (!options.yes) {
        sayJson(options, { done: false, ...plan });
        say(options, scaleText(plan));
        return EXIT.ok;
      }
      const result = await withProgress(options, `Scale ${plan.cluster}`, (tell) =>
        bringUp(resolve(options.root), local, {
          hosts: options.hosts,
          describe: () => localCluster(options, plan.cluster)!,
          onProgress: tell,
        }),
      );
      sayJson(options, { done: true, ...plan, ...result });
      say(options, upText(result));
      return EXIT.ok;
    },
  )
    .requiredOption('--hosts <number>', 'how many there shall be: 1, 3 or 5')
    .option('--yes', 'do it; without it nothing is changed');
  withExample(command, 'keelson cluster scale local --hosts 3', 'keelson cluster scale local --hosts 3 --yes');
};
