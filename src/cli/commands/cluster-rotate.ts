import chalk from 'chalk';
import { Argument } from 'commander';
import { clusterCommand } from '../cluster';
import type { Register } from '../main';
import { collect, withExample } from '../options';
import { type CommonOptions, EXIT, say, sayJson, withProgress } from '../output';

interface Options extends CommonOptions {
  readonly confirm?: readonly string[];
}

/** What can be rotated, as the store names it. */
const KINDS = [
  'leaves',
  'etcd',
  'etcd-peer',
  'kubernetes',
  'kubelet',
  'front-proxy',
  'root',
  'service-account-keys',
  'encryption-key',
] as const;

/** `keelson cluster rotate`: replaces certificates or keys by new ones. */
export const register: Register = (program, run) => {
  const command = clusterCommand(
    program,
    run,
    {
      usage: 'rotate <cluster>',
      description: 'Replace certificates or keys, step by step and host by host; run again it goes on where it was',
    },
    async (local, options: Options, what) => {
      const { rotateLocal } = require('../../../infra/local/rotate') as typeof import('../../../infra/local/rotate');
      const { RotationBlockedError } =
        require('../../../infra/secrets/rotation') as typeof import('../../../infra/secrets/rotation');
      const kind = what as (typeof KINDS)[number];
      const started = Date.now();
      try {
        await withProgress(options, `Rotate ${kind}`, (tell) =>
          rotateLocal(local, kind, { confirmed: (options.confirm ?? []) as never, onProgress: tell }),
        );
      } catch (error) {
        if (!(error instanceof RotationBlockedError)) throw error;
        sayJson(options, { kind, done: false, waitsFor: error.need?.name, message: error.message });
        process.stderr.write(`keelson: ${kind}: ${error.message}; then run this command again\n`);
        return EXIT.unable;
      }
      const seconds = (Date.now() - started) / 1000;
      sayJson(options, { kind, done: true, seconds });
      say(options, `  ${chalk.green('✔')} ${kind}: rotated in ${seconds.toFixed(1)} s`);
      return EXIT.ok;
    },
  )
    .addArgument(new Argument('<what>', 'certificates (leaves or an authority) or keys').choices(KINDS))
    .option('--confirm <need>', 'vouch for what a step waits for, by the name that it is told with', collect);
  withExample(command, 'keelson cluster rotate local leaves', 'keelson cluster rotate local encryption-key');
};
