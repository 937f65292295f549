import { userInfo } from 'node:os';
import { clusterCommand } from '../cluster';
import type { Register } from '../main';
import { withExample } from '../options';
import { type CommonOptions, EXIT, say, sayJson } from '../output';

interface Options extends CommonOptions {
  readonly reason: string;
  readonly who?: string;
  readonly minutes: string;
}

/** `keelson cluster break-glass`: a kubeconfig in system:masters, for minutes. */
export const register: Register = (program, run) => {
  const command = clusterCommand(
    program,
    run,
    {
      usage: 'break-glass <cluster>',
      description: 'Make a kubeconfig in system:masters that works for minutes; who wanted it and why is kept',
    },
    async (local, options: Options) => {
      const { openBreakGlass } =
        require('../../../infra/local/break-glass') as typeof import('../../../infra/local/break-glass');
      const result = await openBreakGlass(local, {
        who: options.who ?? userInfo().username,
        reason: options.reason,
        minutes: Number(options.minutes),
      });
      sayJson(options, result);
      say(options, `  export KUBECONFIG=${result.kubeconfig}\n  It works until ${result.until}.`);
      return EXIT.ok;
    },
  )
    .requiredOption('--reason <text>', 'why no other way is left')
    .option('--who <name>', 'who asks; the user of this machine if not given')
    .option('--minutes <number>', 'how long it works, 60 at most', '15');
  withExample(command, `keelson cluster break-glass local --reason 'nobody can sign in: the issuer is down'`);
};
