import { resolve } from 'node:path';
import chalk from 'chalk';
import { clusterCommand } from '../cluster';
import { localCluster } from '../local-cluster';
import type { Register } from '../main';
import { withExample } from '../options';
import { type CommonOptions, EXIT, say, sayJson, withProgress } from '../output';

interface Options extends CommonOptions {
  readonly to?: string;
  readonly yes?: boolean;
}

/** `keelson cluster upgrade`: one minor version on, and back if that fails. */
export const register: Register = (program, run) => {
  const command = clusterCommand(
    program,
    run,
    {
      usage: 'upgrade <cluster>',
      description: 'Upgrade Kubernetes by at most one minor version: show the plan and, with --yes, do it',
    },
    async (local, options: Options) => {
      const { planUpgrade, upgrade, UpgradeRefusedError } =
        require('../../../infra/local/upgrade') as typeof import('../../../infra/local/upgrade');
      const { upgradePlanText, upgradedText } =
        require('../../report/cluster') as typeof import('../../report/cluster');
      try {
        const plan = await planUpgrade(local, options.to ?? local.cluster.kubernetesVersion);
        if (!options.yes) {
          sayJson(options, { done: false, ...plan });
          say(options, upgradePlanText(plan));
          return EXIT.ok;
        }
        const describe = () => localCluster(options, local.cluster.name)!;
        const result = await withProgress(options, `Upgrade to ${plan.to}`, (tell) =>
          upgrade(resolve(options.root), local, plan, describe, tell),
        );
        sayJson(options, { done: true, ...result });
        say(options, upgradedText(result));
        return result.outcome === 'upgraded' ? EXIT.ok : EXIT.broken;
      } catch (error) {
        if (!(error instanceof UpgradeRefusedError)) throw error;
        process.stderr.write(`keelson: ${chalk.bold(local.cluster.name)}: ${error.message}\n`);
        return EXIT.broken;
      }
    },
  )
    .option('--to <version>', 'the version, in full; the one that platform.ts or the stack says if not given')
    .option('--yes', 'do it; without it nothing is changed');
  withExample(command, 'keelson cluster upgrade local --to 1.36.3', 'keelson cluster upgrade local --to 1.36.3 --yes');
};
