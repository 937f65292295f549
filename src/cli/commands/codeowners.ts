import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import chalk from 'chalk';
import type { Register } from '../main';
import { withCommonOptions, withExample } from '../options';
import { EXIT, say, sayFindings, sayJson } from '../output';
import { surveyed, type TenantOptions } from '../tenant';

interface Options extends TenantOptions {
  readonly check?: boolean;
}

/** `keelson codeowners`: who reviews which claim, as the forge reads it. */
export const register: Register = (program, run) => {
  const command = program
    .command('codeowners')
    .description('Write CODEOWNERS from the claims: each team reviews its own, the platform team what widens access')
    .option('--check', 'write nothing; exit 1 where the file is not what the claims say')
    .action(
      run(async (options: Options) => {
        const found = await surveyed(options);
        if (!found) return EXIT.broken;
        const { CODEOWNERS, codeowners } =
          require('../../render/codeowners') as typeof import('../../render/codeowners');
        const path = join(resolve(options.root), CODEOWNERS);
        const text = codeowners(found);
        const fresh = existsSync(path) && readFileSync(path, 'utf8') === text;
        sayJson(options, { file: CODEOWNERS, fresh, written: !fresh && !options.check });
        if (options.check && !fresh) {
          const finding = {
            rule: 'codeowners/stale',
            severity: 'error' as const,
            file: CODEOWNERS,
            message: 'is not what the claims say',
            fix: 'run keelson codeowners, and let the platform team review what changes in it',
          };
          sayFindings(options, [finding]);
          return EXIT.broken;
        }
        if (!fresh) writeFileSync(path, text);
        say(options, `${chalk.green('✔')} ${CODEOWNERS} ${fresh ? 'is what the claims say' : 'written'}`);
        return EXIT.ok;
      }),
    );
  withExample(withCommonOptions(command), 'keelson codeowners', 'keelson codeowners --check');
};
