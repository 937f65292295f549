import { resolve } from 'node:path';
import chalk from 'chalk';
import type { Finding } from '../../model/finding';
import { outputsCommand, outputsPath } from '../../model/outputs';
import { publishText } from '../../report/publish';
import type { Register } from '../main';
import { collect, withCommonOptions, withExample } from '../options';
import { EXIT, hasErrors, say, sayFindings, sayJson, withProgress } from '../output';
import { renderingJson, renderWithProgress } from '../render';
import { targetOf, type TargetOptions } from '../target';
import { version } from '../version';

interface Options extends TargetOptions {
  readonly allowRemove?: readonly string[];
  readonly overwrite?: readonly string[];
  readonly allowStale?: boolean;
  readonly allowExpected?: boolean;
  readonly dryRun?: boolean;
  readonly cache?: boolean;
}

/** `keelson publish`: renders, checks, and commits what changed to the GitOps repository. */
export const register: Register = (program, run) => {
  const command = program
    .command('publish')
    .description('Render and check the platform, and commit what changed to the GitOps repository')
    .option('--to <repository>', 'git URL to publish to; `embedded` for the one beside the platform')
    .option('--branch <name>', 'branch to publish to')
    .option(
      '--allow-remove <name>',
      'let `tenant/<name>` or `cluster/<name>` vanish, or a large `share` of all objects',
      collect,
    )
    .option('--overwrite <path>', 'overwrite a file that was edited by hand; `all` for every one', collect)
    .option('--allow-stale', 'publish although a newer source is published')
    .option('--allow-expected', 'publish clusters in a cloud before their outputs are known, under expected names')
    .option('--dry-run', 'work everything out and commit nothing')
    .action(
      run(async (options: Options) => {
        const started = performance.now();
        const { readSource } = require('../../gitops/source') as typeof import('../../gitops/source');
        // Meanwhile: git looks at every file of the repository. What it throws is told where it is awaited.
        const reading = readSource(resolve(options.root));
        reading.catch(() => undefined);
        const rendering = await renderWithProgress(options);
        // One broken claim is told and the others go on; what everything stands on must be in order.
        if (rendering.faults.platform) {
          sayFindings(options, rendering.findings);
          sayJson(options, renderingJson(rendering));
          say(options, chalk.red('Nothing was published.'));
          return EXIT.broken;
        }
        const target = targetOf(options, rendering.gitops);
        const missing = missingOutputs(rendering.unprovisioned);
        // What nobody's cluster reads may hold names that are only expected.
        if (target.repository !== undefined && !options.allowExpected && missing.length > 0) {
          const findings = [...rendering.findings, ...missing];
          sayFindings(options, findings);
          sayJson(options, { ...renderingJson(rendering), findings });
          say(options, chalk.red('Nothing was published.'));
          return EXIT.broken;
        }
        const { publish } = require('../../gitops/publish') as typeof import('../../gitops/publish');
        const source = await reading;
        const before = performance.now();
        const result = await withProgress(options, 'Publish', (tell) =>
          publish(rendering.tree, target, {
            version,
            ...(source === undefined ? {} : { source }),
            allowRemove: options.allowRemove ?? [],
            overwrite: options.overwrite?.includes('all') ? 'all' : (options.overwrite ?? []),
            allowStale: options.allowStale ?? false,
            faulty: rendering.faults,
            dryRun: options.dryRun ?? false,
            onProgress: (step, done, total) => tell(total ? `${step} (${done ?? 0} of ${total} files)` : step),
          }),
        );
        const milliseconds = {
          ...rendering.milliseconds,
          publish: performance.now() - before,
          all: performance.now() - started,
        };
        const findings = [...rendering.findings, ...result.findings];
        sayFindings(options, findings);
        sayJson(options, { ...renderingJson(rendering), ...result, findings, milliseconds });
        say(options, publishText(rendering, result, milliseconds, options.dryRun ?? false));
        return result.outcome === 'refused' || hasErrors(rendering.findings) ? EXIT.broken : EXIT.ok;
      }),
    );
  withExample(
    withCommonOptions(command),
    'keelson publish',
    'keelson publish --to ssh://git@git.example.com/platform/gitops.git',
    'keelson publish --allow-remove tenant/payments',
  );
};

/** A cluster reads this tree: names that provisioning chose, such as where its API is, must be in it. */
function missingOutputs(clusters: readonly string[]): readonly Finding[] {
  return clusters.map((cluster) => ({
    rule: 'outputs/missing',
    severity: 'error',
    file: outputsPath(cluster),
    message: `is not there, so that nobody knows what provisioning cluster '${cluster}' gave`,
    fix: `run ${outputsCommand(cluster)}, or pass --allow-expected`,
  }));
}
