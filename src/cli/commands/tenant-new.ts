import { resolve } from 'node:path';
import chalk from 'chalk';
import { compareText } from '../../model/finding';
import type { Answers } from '../ask-tenant';
import type { Register } from '../main';
import { withExample } from '../options';
import { EXIT, say, sayFindings, sayJson } from '../output';
import { canAsk, surveyed, tenantCommand, type TenantOptions } from '../tenant';

interface NewOptions extends TenantOptions {
  readonly owner?: string;
  readonly group?: string;
  readonly env?: string;
  readonly repository?: string;
  readonly yaml?: boolean;
}

const EXAMPLE = 'keelson tenant new search --owner search@example.com --group search-developers --env dev,prod';

/** `keelson tenant new`: asks on a terminal for what the command line leaves open. */
export const register: Register = (program, run) => {
  const command = tenantCommand(
    program,
    'new [name]',
    'Write the file that declares a tenant, checked against the platform; on a terminal, what is missing is asked for',
  )
    .option('--owner <email>', 'mail address of the team that answers for it (required)')
    .option('--group <name>', 'group of its developers, as the OIDC issuer names it (required)')
    .option(
      '--env <names>',
      'environments, separated by commas; every one that is not a production one where none is named',
    )
    .option('--repository <url>', 'git repository that Argo CD deploys from')
    .option('--yaml', 'write a YAML claim under tenants/claims/ instead of a TypeScript file')
    .action(
      run(async (name: string | undefined, options: NewOptions) => {
        const { owner, group, repository, yaml } = options;
        const environments = options.env
          ?.split(',')
          .map((one) => one.trim())
          .filter(Boolean);
        const given: Answers = { name, owner, group, environments, repository, yaml };
        const answers = await completed(options, given);
        if (answers === 'broken') return EXIT.broken;
        if (answers === undefined) return EXIT.unable;
        if (answers.name === undefined) {
          process.stderr.write(`keelson: a tenant needs a name: ${EXAMPLE} (run with --help for usage)\n`);
          return EXIT.unable;
        }
        const { addTenant } = require('../../render/add-tenant') as typeof import('../../render/add-tenant');
        const form = answers.yaml ? 'yaml' : 'construct';
        const { file, findings } = addTenant(resolve(options.root), { ...answers, name: answers.name, form });
        sayFindings(options, findings);
        sayJson(options, { file, findings });
        if (file === undefined) {
          say(options, chalk.red('Nothing was written.'));
          return EXIT.broken;
        }
        say(
          options,
          `${chalk.green('✔')} wrote ${file}\n\nNext:\n  npx keelson diff          to see what it adds\n  npx keelson codeowners    to say who reviews it\n  npx keelson publish       to commit it`,
        );
        return EXIT.ok;
      }),
    );
  withExample(command, 'keelson tenant new', EXAMPLE);
};

/** What was given, and on a terminal what was answered; undefined where the person gave up. */
async function completed(options: NewOptions, given: Answers): Promise<Answers | undefined | 'broken'> {
  const complete = given.name !== undefined && given.owner !== undefined && given.group !== undefined;
  if (complete || !canAsk(options)) return given;
  const found = await surveyed(options);
  if (!found) return 'broken';
  const { askTenant } = require('../ask-tenant') as typeof import('../ask-tenant');
  const environments = Object.entries(found.declarations?.platform.props.environments ?? {})
    .map(([name, { production = false }]) => ({ name, production }))
    .sort((a, b) => compareText(a.name, b.name));
  return askTenant(given, environments);
}
