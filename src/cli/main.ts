import { Console } from 'node:console';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import chalk, { chalkStderr } from 'chalk';
import { Command, CommanderError } from 'commander';
import { compareText } from '../model/finding';
import { withExample } from './options';
import { EXIT, type ExitCode } from './output';
import { version } from './version';

/** What each file under commands/ exports as `register`: it adds its command to the program. */
export type Register = (program: Command, run: Run) => void;

/** Wraps a command's action: its result becomes the exit code, what it throws becomes one line and exit code 2. */
export type Run = <A extends readonly unknown[]>(
  action: (...args: A) => Promise<ExitCode>,
) => (...args: A) => Promise<void>;

/** Runs the command line. Sets the process' exit code: 0 holds or done, 1 broken, 2 could not check or run. */
export async function main(argv: readonly string[]): Promise<void> {
  if (process.env['NO_COLOR']) chalk.level = chalkStderr.level = 0;
  process.stdout.on('error', endQuietly);
  // What the team's files log must not stand amid a document for a program.
  globalThis.console = new Console(process.stderr);
  process.on('uncaughtException', (error) => process.exit(codeOf(error)));
  process.on('exit', (code) => {
    if (ended || code !== 0) return;
    process.stderr.write(`keelson: a file of the platform ended the run: take 'process.exit' out of it\n`);
    process.exitCode = EXIT.unable;
  });
  const program = new Command('keelson')
    .description('A Kubernetes platform that a team owns as one TypeScript repository')
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(run with --help for usage)')
    .exitOverride();
  withExample(program, 'keelson publish', 'keelson tenant new --help');
  const run: Run =
    (action) =>
    async (...args) => {
      process.exitCode = await action(...args);
    };
  const directory = join(__dirname, 'commands');
  for (const file of readdirSync(directory)
    .filter((name) => name.endsWith('.ts'))
    .sort(compareText)) {
    (require(join(directory, file)) as { register: Register }).register(program, run);
  }
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    process.exitCode = codeOf(error);
  }
  ended = true;
}

/** True once the run came to its end, or nobody reads its output any more. */
let ended = false;

/** Whoever reads the output, such as `head`, may have had enough of it. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  ended = true;
  process.exit();
}

function codeOf(error: unknown): ExitCode {
  // Commander has printed its own message; help and --version are no faults.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unable;
  const known = error instanceof Error && 'finding' in error;
  const text =
    error instanceof Error ? (known || !process.env['KEELSON_DEBUG'] ? error.message : error.stack) : String(error);
  process.stderr.write(`keelson: ${text}\n`);
  return EXIT.unable;
}
