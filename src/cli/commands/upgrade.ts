import type { Register } from '../main';
import { collect, withCommonOptions, withExample } from '../options';
import { type CommonOptions, EXIT, say, sayFindings, sayJson, withProgress } from '../output';

interface Options extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
  readonly base?: string;
  readonly yes?: boolean;
  readonly overwrite?: readonly string[];
  readonly downgrade?: boolean;
}

const STAGES = { fetch: 'fetching', compare: 'comparing', write: 'writing' } as const;

/** `keelson upgrade`: takes a newer Keelson, and leaves the team's files alone. */
export const register: Register = (program, run) => {
  const command = program
    .command('upgrade')
    .description(`Take a newer Keelson: show what it changes among the product's files and, with --yes, change it`)
    .option('--from <repository>', 'git URL or folder of the newer Keelson; where the last one came from if not given')
    .option('--to <name>', 'its tag or branch; its default branch, or what the folder has checked out, if not given')
    .option('--base <name>', 'its tag or branch that this repository was copied from; needed without history or record')
    .option('--yes', 'change the files; without it nothing is changed')
    .option(
      '--overwrite <path>',
      `lose what was changed here in a product's file, or in a field such as package.json#scripts.test`,
      collect,
    )
    .option('--downgrade', 'let the version go back')
    .action(
      run(async (options: Options) => {
        // Both before the upgrade, which may replace their files.
        const { upgrade } = require('../../upgrade') as typeof import('../../upgrade');
        const { upgradeText } = require('../../upgrade/text') as typeof import('../../upgrade/text');
        const result = await withProgress(options, 'Upgrade', (tell) =>
          upgrade({
            root: options.root,
            ...(options.from === undefined ? {} : { from: options.from }),
            ...(options.to === undefined ? {} : { to: options.to }),
            ...(options.base === undefined ? {} : { base: options.base }),
            write: options.yes ?? false,
            overwrite: options.overwrite ?? [],
            downgrade: options.downgrade ?? false,
            onProgress: (stage) => tell(STAGES[stage]),
          }),
        );
        sayFindings(options, result.findings);
        sayJson(options, result);
        say(options, upgradeText(result));
        return result.outcome === 'refused' ? EXIT.broken : EXIT.ok;
      }),
    );
  withExample(
    withCommonOptions(command),
    'keelson upgrade --from https://git.example.com/platform/keelson.git --to v1.2.0',
    'keelson upgrade --yes',
    'keelson upgrade --yes --overwrite charts/baseline/loki.ts',
  );
};
