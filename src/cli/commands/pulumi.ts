import { resolve } from 'node:path';
import type { Register } from '../main';
import { withExample } from '../options';
import type { ExitCode } from '../output';

/** `keelson pulumi -- …`: Pulumi itself, with the state, the passphrase and the programs that this platform uses. */
export const register: Register = (program, run) => {
  const command = program
    .command('pulumi [arguments...]')
    .description("Run Pulumi with this platform's state and passphrase; its arguments come after --")
    .option('-C, --root <directory>', `folder of the platform's repository`, process.cwd())
    .option('--environment', 'print what to export for typing `pulumi` by hand, and run nothing')
    .action(
      run(async (args: readonly string[], options: { root: string; environment?: boolean }) => {
        const { exportsFor, runPulumi } = require('../../../infra/pulumi') as typeof import('../../../infra/pulumi');
        const root = resolve(options.root);
        if (options.environment) {
          process.stdout.write(`${await exportsFor(root)}\n`);
          return 0;
        }
        // Pulumi's own exit code is the answer: it knows more of them than we do.
        return (await runPulumi(root, args, true)).code as ExitCode;
      }),
    );
  withExample(
    command,
    'keelson pulumi -- preview --stack local',
    'eval "$(keelson pulumi --environment)" && pulumi up --stack local',
  );
};
