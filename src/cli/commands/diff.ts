import { chalkStderr } from 'chalk';
import chalk from 'chalk';
import type { Register } from '../main';
import { withCommonOptions, withExample } from '../options';
import { EXIT, hasErrors, sayFindings } from '../output';
import { renderWithProgress } from '../render';
import { targetOf, type TargetOptions } from '../target';

interface Options extends TargetOptions {
  readonly markdown?: boolean;
  readonly exitCode?: boolean;
  readonly cache?: boolean;
}

/** `keelson diff`: what publishing would change, by object and field. */
export const register: Register = (program, run) => {
  const command = program
    .command('diff')
    .description('Show what publishing would change, by object and field, the dangerous first')
    .option('--to <repository>', 'git URL to compare with; `embedded` for the one beside the platform')
    .option('--branch <name>', 'branch to compare with')
    .option('--markdown', 'print Markdown, for a comment on a pull request')
    .option('--exit-code', 'exit 1 where something changes')
    .action(
      run(async (options: Options) => {
        const rendering = await renderWithProgress({ ...options, quiet: options.quiet || options.markdown });
        if (rendering.faults.platform) {
          sayFindings(options, rendering.findings);
          if (options.json) process.stdout.write(`${JSON.stringify({ findings: rendering.findings }, null, 2)}\n`);
          process.stderr.write(`${chalkStderr.red('keelson')}: nothing to compare until these are mended\n`);
          return EXIT.broken;
        }
        const { readPublished } = require('../../gitops/published') as typeof import('../../gitops/published');
        const { withKept } = require('../../gitops/keep') as typeof import('../../gitops/keep');
        const { withoutTakers } = require('../../gitops/holdings') as typeof import('../../gitops/holdings');
        const { diff, toMarkdown, toText } = require('../../gitops/diff') as typeof import('../../gitops/diff');
        const published = await readPublished(targetOf(options, rendering.gitops));
        // What is published of broken claims stays: it is no change.
        const untaken = await withoutTakers(rendering.tree, published.tree, rendering.faults, []);
        const findings = [...rendering.findings, ...untaken.findings];
        sayFindings(options, findings);
        const next = withKept(untaken.tree, published.tree, untaken.faulty);
        const changes = await diff(published.tree, next);
        if (options.json) process.stdout.write(`${JSON.stringify({ ...changes, findings }, null, 2)}\n`);
        else if (options.markdown) process.stdout.write(toMarkdown(changes));
        else if (!options.quiet) process.stdout.write(toText(changes, { colour: chalk.level > 0 }));
        return hasErrors(findings) || (options.exitCode && changes.changed) ? EXIT.broken : EXIT.ok;
      }),
    );
  withExample(withCommonOptions(command), 'keelson diff', 'keelson diff --markdown > comment.md');
};
