import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import chalk from 'chalk';
import type { Register } from '../main';
import { withCommonOptions, withExample } from '../options';
import { EXIT, say, sayFindings, sayJson } from '../output';
import { surveyed, type TenantOptions } from '../tenant';

interface Options extends TenantOptions {
  readonly check?: boolean;
}

/** `keelson reference`: pages about claims that the schema and platform.ts say, so that nobody writes them twice. */
export const register: Register = (program, run) => {
  const command = program
    .command('reference')
    .description('Write docs/claim-reference.md, and the tables of docs/PLATFORM.md where it is there')
    .option('--check', 'write nothing; exit 1 where a page is not up to date')
    .action(
      run(async (options: Options) => {
        const found = await surveyed(options);
        const platform = found?.declarations?.platform.props;
        if (!platform) return EXIT.broken;
        const { claimReference } = require('../../report/reference') as typeof import('../../report/reference');
        const { withTables } = require('../../report/platform-tables') as typeof import('../../report/platform-tables');
        const root = resolve(options.root);
        const read = (page: string) =>
          existsSync(join(root, page)) ? readFileSync(join(root, page), 'utf8') : undefined;
        const contract = read('docs/PLATFORM.md');
        const pages: [string, string][] = [
          ['docs/claim-reference.md', claimReference()],
          ...(contract === undefined ? [] : [['docs/PLATFORM.md', withTables(contract, platform)] as [string, string]]),
        ];
        const stale = pages.filter(([page, text]) => read(page) !== text);
        sayJson(options, { pages: pages.map(([page]) => page), stale: stale.map(([page]) => page) });
        if (options.check) {
          const findings = stale.map(([file]) => ({
            rule: 'reference/stale',
            severity: 'error' as const,
            file,
            message: 'is not what the schema and platform.ts say',
            fix: 'run keelson reference',
          }));
          sayFindings(options, findings);
          return stale.length > 0 ? EXIT.broken : EXIT.ok;
        }
        for (const [page, text] of stale) {
          mkdirSync(dirname(join(root, page)), { recursive: true });
          writeFileSync(join(root, page), text);
        }
        for (const [page] of pages)
          say(
            options,
            `${chalk.green('✔')} ${page} ${stale.some(([one]) => one === page) ? 'written' : 'is up to date'}`,
          );
        return EXIT.ok;
      }),
    );
  withExample(withCommonOptions(command), 'keelson reference', 'keelson reference --check');
};
