import { realpathSync, statSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import chalk from 'chalk';
import { count } from '../../report/findings';
import type { Register } from '../main';
import { withExample } from '../options';
import { EXIT, hasErrors, say, sayFindings, sayJson } from '../output';
import { tenantCommand, type TenantOptions } from '../tenant';

interface Options extends TenantOptions {
  readonly base?: string;
}

/** `keelson tenant check`: one claim, for a pull request: 0 where it is right, 1 where it is not, 2 where nobody can tell. */
export const register: Register = (program, run) => {
  const command = tenantCommand(
    program,
    'check <file>',
    'Check one claim against the platform and all other claims, without rendering anybody else: for a pull request',
  )
    .option('--base <revision>', 'revision that the pull request goes to: tells a claim that is another one renamed')
    .action(
      run(async (given: string, options: Options) => {
        const root = realpathSync(resolve(options.root));
        const file = [resolve(root, given), resolve(given)].find((path) =>
          statSync(path, { throwIfNoEntry: false })?.isFile(),
        );
        const name = file === undefined ? undefined : relative(root, realpathSync(file)).split(sep).join('/');
        if (name === undefined || !/^tenants\/(?:[^/]+\.ts|claims\/[^/]+\.ya?ml)$/.test(name)) {
          const what = file === undefined ? 'is not there' : 'is no claim of this platform';
          process.stderr.write(`keelson: ${given} ${what}: name a file such as tenants/claims/payments.yaml\n`);
          return EXIT.unable;
        }
        const { checkClaim } = require('../../render/check-claim') as typeof import('../../render/check-claim');
        const { renamedClaim } = require('../../render/renamed-claim') as typeof import('../../render/renamed-claim');
        const checked = await checkClaim(root, name, { cache: options.cache !== false });
        const renamed = options.base === undefined ? [] : await renamedClaim(root, name, options.base);
        const { tenants, platform, objects } = checked;
        const findings = [...checked.findings, ...renamed];
        sayJson(options, { file: name, tenants, objects, findings, platform });
        sayFindings(options, [...findings, ...platform]);
        if (hasErrors(findings)) return EXIT.broken;
        if (platform.length > 0) return EXIT.unable;
        say(
          options,
          `${chalk.green('✔')} ${name}: ${tenants.join(', ')} would be ${count(objects, 'object')}, each valid`,
        );
        return EXIT.ok;
      }),
    );
  withExample(
    command,
    'keelson tenant check tenants/claims/payments.yaml',
    'keelson tenant check tenants/claims/payments.yaml --base origin/main',
  );
};
