import chalk from 'chalk';
import { clusterCommand } from '../cluster';
import type { Register } from '../main';
import { withExample } from '../options';
import { type CommonOptions, EXIT, say, sayJson, withProgress } from '../output';

interface Options extends CommonOptions {
  readonly yes?: boolean;
}

/** `keelson cluster replace-host`: removes a host with its data and makes it anew. */
export const register: Register = (program, run) => {
  const command = clusterCommand(
    program,
    run,
    {
      usage: 'replace-host <cluster> <host>',
      description: 'Remove a control-plane host with all of its data and make it anew; with --yes, do it',
    },
    async (local, options: Options, host) => {
      const { refuseReplacement, replaceHost } =
        require('../../../infra/local/replace-host') as typeof import('../../../infra/local/replace-host');
      if (!options.yes) {
        await refuseReplacement(local, host!);
        sayJson(options, { done: false, host });
        say(
          options,
          `  ${host}: its member leaves etcd, its folder with data and logs is removed, and it joins anew.\n\n  Nothing was changed. To do it: keelson cluster replace-host ${local.cluster.name} ${host} --yes`,
        );
        return EXIT.ok;
      }
      const started = Date.now();
      await withProgress(options, `Replace ${host}`, (tell) => replaceHost(local, host!, tell));
      const seconds = (Date.now() - started) / 1000;
      sayJson(options, { done: true, host, seconds });
      say(options, `  ${chalk.green('✔')} ${host} was made anew in ${seconds.toFixed(1)} s`);
      return EXIT.ok;
    },
  ).option('--yes', 'do it; without it nothing is changed');
  withExample(command, 'keelson cluster replace-host local control-plane-2 --yes');
};
