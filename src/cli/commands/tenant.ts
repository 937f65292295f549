import chalk from 'chalk';
import type { Register } from '../main';
import { withCommonOptions, withExample } from '../options';
import { type CommonOptions, EXIT, say, sayFindings, sayJson } from '../output';

interface NewOptions extends CommonOptions {
  readonly owner?: string;
  readonly group?: string;
  readonly env?: string;
  readonly repository?: string;
  readonly yaml?: boolean;
}

const EXAMPLE = 'keelson tenant new search --owner search@example.com --group search-developers --env dev,prod';

/** `keelson tenant …`: the life of a tenant. */
export const register: Register = (program, run) => {
  const tenant = program.command('tenant').description('Add tenants');
  withExample(tenant, EXAMPLE);
  const command = tenant
    .command('new <name>')
    .description('Write the file that declares a tenant, checked against the platform')
    .option('--owner <email>', 'mail address of the team that answers for it (required)')
    .option('--group <name>', 'group of its developers, as the OIDC issuer names it (required)')
    .option(
      '--env <names>',
      'environments, separated by commas; every one that is not a production one where none is named',
    )
    .option('--repository <url>', 'git repository that Argo CD deploys from')
    .option('--yaml', 'write a YAML claim under tenants/claims/ instead of a TypeScript file')
    .action(
      run(async (name: string, options: NewOptions) => {
        const { addTenant } = require('../../render/add-tenant') as typeof import('../../render/add-tenant');
        const { file, findings } = addTenant(options.root, {
          name,
          owner: options.owner,
          group: options.group,
          environments: options.env
            ?.split(',')
            .map((one) => one.trim())
            .filter(Boolean),
          repository: options.repository,
          form: options.yaml ? 'yaml' : 'construct',
        });
        sayFindings(options, findings);
        sayJson(options, { file, findings });
        if (file === undefined) {
          say(options, chalk.red('Nothing was written.'));
          return EXIT.broken;
        }
        say(
          options,
          `${chalk.green('✔')} wrote ${file}\n\nNext:\n  npx keelson diff       to see what it adds\n  npx keelson publish    to commit it`,
        );
        return EXIT.ok;
      }),
    );
  withExample(withCommonOptions(command), EXAMPLE);
};
