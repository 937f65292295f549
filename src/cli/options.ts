import { statSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';

/** Adds the options that every command takes. */
export function withRoot(command: Command): Command {
  return command
    .option('-C, --root <directory>', `folder of the platform's repository`, directory, process.cwd())
    .option('--json', 'print one JSON document for a program to read')
    .option('-q, --quiet', 'print findings and errors alone');
}

/** A folder that is there. */
function directory(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw new InvalidArgumentError('there is no such folder; name the one that holds platform.ts.');
}

/** Adds the options that every command takes which renders. */
export function withCommonOptions(command: Command): Command {
  return withRoot(command).option('--no-cache', 'render everything anew');
}

/** Appends an example to a command's help. */
export function withExample(command: Command, ...examples: readonly string[]): Command {
  return command.addHelpText(
    'after',
    `\nExample${examples.length > 1 ? 's' : ''}:\n${examples.map((example) => `  $ ${example}`).join('\n')}`,
  );
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
