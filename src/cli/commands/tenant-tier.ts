import chalk from 'chalk';
import { InvalidArgumentError } from 'commander';
import type { Tier, Unit } from '../../model/slices';
import type { TenantPlacement, TierChange } from '../../model/tier-change';
import type { Register } from '../main';
import { withExample } from '../options';
import { EXIT, hasErrors, say, sayFindings, sayJson } from '../output';
import { surveyed, tenantCommand, tenantNamed, type TenantOptions } from '../tenant';

/** `keelson tenant tier`: what raising or lowering a tenant's tier takes, step by step. It changes nothing. */
export const register: Register = (program, run) => {
  const command = tenantCommand(
    program,
    'tier <name>',
    'Plan a change of tier: what must change first, what is published, which Pods restart; changes nothing',
  )
    .requiredOption('--to <tier>', 'the tier to plan for: 1, 2, 3 or 4', tierOf)
    .action(
      run(async (name: string, options: TenantOptions & { readonly to: Tier }) => {
        const { to } = options;
        const found = await surveyed(options);
        const tenant = found && tenantNamed(options, found, name);
        if (!found?.declarations || !tenant) return EXIT.broken;
        const { resolvedWith } = require('../../render/survey') as typeof import('../../render/survey');
        const { planTierChange } = require('../../model/tier-change') as typeof import('../../model/tier-change');
        const after =
          tenant.units.length > 0
            ? resolvedWith(found.declarations, name, { tier: to })
            : { units: [], findings: tenant.findings };
        if (hasErrors(after.findings) || after.units.length === 0) {
          sayFindings(options, after.findings);
          sayJson(options, { tenant: name, findings: after.findings });
          say(options, chalk.red(`${name} cannot have tier ${to} yet.`));
          return EXIT.broken;
        }
        const change = planTierChange(placements(tenant.units), placements(after.units));
        sayJson(options, { tenant: name, file: tenant.file, change: change ?? null });
        say(
          options,
          change ? planText(name, tenant.file, change) : `  ${name} has tier ${to} already (${tenant.file})`,
        );
        return EXIT.ok;
      }),
    );
  withExample(command, 'keelson tenant tier payments --to 3');
};

function tierOf(text: string): Tier {
  const tier = Number(text);
  if (tier === 1 || tier === 2 || tier === 3 || tier === 4) return tier;
  throw new InvalidArgumentError('write 1, 2, 3 or 4.');
}

function placements(units: readonly Unit[]): readonly TenantPlacement[] {
  return units.flatMap(({ cluster, slice }) => (slice.kind === 'tenant' ? [{ cluster, slice }] : []));
}

function planText(name: string, file: string, { from, to, steps }: TierChange): string {
  const by = { platform: 'the platform team', tenant: name, published: `\`tier: ${to}\` in ${file}` };
  const lines = steps.map(({ by: owner, environment, what, restarts }, index) => {
    const where = environment === undefined ? '' : `${environment}: `;
    const note = restarts ? chalk.yellow('  Pods restart') : '';
    return `  ${String(index + 1).padStart(2)}  ${where}${what}${chalk.dim(`  (${by[owner]})`)}${note}`;
  });
  return [chalk.bold(`  ${name}: tier ${from} → ${to}`), '', ...lines].join('\n');
}
