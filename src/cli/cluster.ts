import type { Command } from 'commander';
import type { LocalCluster } from '../../infra/local';
import { localCluster } from './local-cluster';
import type { Run } from './main';
import { withRoot } from './options';
import { type CommonOptions, EXIT, type ExitCode } from './output';

/** `keelson cluster`, under which each of its commands stands. */
function clusterProgram(program: Command): Command {
  return (
    program.commands.find((command) => command.name() === 'cluster') ??
    program.command('cluster').description('Operate a local cluster: the steps of docs/RUNBOOK.md')
  );
}

/**
 * Adds `keelson cluster NAME CLUSTER …`. The action gets the cluster as it is described; where the description is
 * broken that is told and nothing is done.
 */
export function clusterCommand<O extends CommonOptions>(
  program: Command,
  run: Run,
  { usage, description }: { readonly usage: string; readonly description: string },
  action: (local: LocalCluster, options: O, ...more: readonly string[]) => Promise<ExitCode>,
): Command {
  const command = clusterProgram(program)
    .command(usage)
    .description(description)
    .action(
      run(async (...given: readonly unknown[]) => {
        // Commander gives the arguments, then the options, then the command itself.
        const [options] = given.slice(-2) as [O];
        const [name, ...more] = given.slice(0, -2) as string[];
        const local = localCluster(options, name);
        return local ? action(local, options, ...more) : EXIT.broken;
      }),
    );
  return withRoot(command);
}
