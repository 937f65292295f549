import { resolve } from 'node:path';
import type { Register } from '../main';
import { withExample, withRoot } from '../options';
import { type CommonOptions, EXIT, say, sayJson, withProgress } from '../output';
import { localCluster } from '../local-cluster';

interface Options extends CommonOptions {
  readonly yes?: boolean;
}

/** `keelson down [cluster]`: stops and removes a local cluster. */
export const register: Register = (program, run) => {
  const command = program
    .command('down [cluster]')
    .description('Stop a local cluster and remove everything of it: show what that is and, with --yes, do it')
    .option('--yes', 'do it; without it nothing is changed')
    .action(
      run(async (name: string | undefined, options: Options) => {
        const { planDown, takeDown } =
          require('../../../infra/local/take-down') as typeof import('../../../infra/local/take-down');
        const { downText } = require('../../report/cluster') as typeof import('../../report/cluster');
        // Whatever a stack's configuration says, even nonsense, is removed with it.
        const local = localCluster(options, name, () => ({}));
        if (!local) return EXIT.broken;
        const plan = await planDown(local);
        if (!options.yes) {
          sayJson(options, { done: false, ...plan });
          say(options, `${downText(plan)}\n\n  Nothing was changed. To do it: keelson down ${plan.cluster} --yes`);
          return EXIT.ok;
        }
        say(options, downText(plan));
        await withProgress(options, `Down ${plan.cluster}`, (tell) => takeDown(resolve(options.root), local, tell));
        sayJson(options, { done: true, ...plan });
        say(options, `\n  ${plan.cluster} is gone.`);
        return EXIT.ok;
      }),
    );
  withExample(withRoot(command), 'keelson down', 'keelson down local --yes');
};
