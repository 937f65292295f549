import { join } from 'node:path';
import type { Register } from '../main';
import { withExample } from '../options';
import { EXIT, say, sayJson } from '../output';
import { tenantCommand, type TenantOptions } from '../tenant';

interface Options extends TenantOptions {
  readonly reason: string;
  readonly for: string;
  readonly minutes: string;
  readonly context?: string;
}

/** `keelson tenant break-glass`: a kubeconfig that looks into one production environment, for minutes. */
export const register: Register = (program, run) => {
  const command = tenantCommand(
    program,
    'break-glass <name> <environment>',
    'Make a kubeconfig that looks into one production environment for minutes; the audit log keeps who and why',
  )
    .requiredOption('--reason <text>', 'why no other way is left')
    .requiredOption('--for <name>', 'who will use it')
    .option('--minutes <number>', 'how long it works, from 10 to 60', '15')
    .option('--context <name>', 'context of kubectl; its current one if not given')
    .action(
      run(async (tenant: string, environment: string, options: Options) => {
        const { lookIntoProduction } = require('../../live/break-glass') as typeof import('../../live/break-glass');
        const file = join(options.root, '.keelson', 'break-glass', `${tenant}-${environment}.kubeconfig`);
        const { until } = await lookIntoProduction({
          tenant,
          environment,
          reason: options.reason,
          who: options.for,
          minutes: Number(options.minutes),
          ...(options.context === undefined ? {} : { context: options.context }),
          file,
        });
        sayJson(options, { kubeconfig: file, until });
        say(options, `  export KUBECONFIG=${file}\n  It works until ${until}.`);
        return EXIT.ok;
      }),
    );
  withExample(command, `keelson tenant break-glass payments prod --reason 'orders hang' --for alex@example.com`);
};
