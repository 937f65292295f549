import { resolve } from 'node:path';
import chalk from 'chalk';
import type { Removal } from '../../render/removal';
import type { PlannedObject } from '../../render/state-plan';
import type { Survey, SurveyedTenant } from '../../render/survey';
import type { Register } from '../main';
import { withExample } from '../options';
import { EXIT, type ExitCode, say, sayFindings, sayJson } from '../output';
import { targetOf, type TargetOptions } from '../target';
import { confirmed, surveyed, tenantCommand, tenantNamed } from '../tenant';
import { type ChangeOptions, changeTenant, planChange } from '../tenant-state';

type Options = ChangeOptions & TargetOptions;

/** `keelson tenant remove`: in two commits, so that nothing is lost by a file that vanishes. */
export const register: Register = (program, run) => {
  const command = tenantCommand(
    program,
    'remove <name>',
    'Remove a tenant in two steps: first its claim says so, then, once that is published, the claim goes',
  )
    .option('--yes', 'do the step without asking')
    .option('--to <repository>', 'git URL that is published to; `embedded` for the one beside the platform')
    .option('--branch <name>', 'branch that is published to')
    .action(
      run(async (name: string, options: Options) => {
        const found = await surveyed(options);
        const tenant = found && tenantNamed(options, found, name);
        if (!found || !tenant) return EXIT.broken;
        return tenant.state === 'removed' ? second(options, found, tenant) : first(options, found, tenant);
      }),
    );
  withExample(command, 'keelson tenant remove payments', 'keelson tenant remove payments --yes');
};

function removalOf(found: Survey, tenant: SurveyedTenant, objects: readonly PlannedObject[]): Removal {
  const { removalOf: plan } = require('../../render/removal') as typeof import('../../render/removal');
  return plan(tenant, objects, found);
}

/** Writes `state: removed` into the claim. */
async function first(options: Options, found: Survey, tenant: SurveyedTenant): Promise<ExitCode> {
  const { name } = tenant;
  const { dependentsOf } = require('../../render/remove-claim') as typeof import('../../render/remove-claim');
  const connected = dependentsOf(found, name);
  if (connected.length > 0) {
    sayFindings(options, connected);
    sayJson(options, { done: false, findings: connected });
    return EXIT.broken;
  }
  const change = planChange(options, found, tenant, 'removed');
  if (!change) return EXIT.broken;
  const removal = removalOf(found, tenant, [...change.plan.kept, ...change.plan.changed, ...change.plan.added]);
  const { planText, removalText } = require('../../report/tenant-plan') as typeof import('../../report/tenant-plan');
  const plan = planText(`${name}: ${tenant.state} → removed, the first of two steps`, change.plan);
  return changeTenant(options, change, `${plan}\n\n${removalText(removal)}`, {
    command: `keelson tenant remove ${name}`,
    next: `  npx keelson publish                 to commit it\n  npx keelson tenant remove ${name}    once more, for the second step`,
    more: { step: 1, ...removal },
  });
}

/** Deletes the claim, where what is published says `removed` too. */
async function second(options: Options, found: Survey, tenant: SurveyedTenant): Promise<ExitCode> {
  const { name, file } = tenant;
  const { readPublished } = require('../../gitops/published') as typeof import('../../gitops/published');
  const { publishedState } = require('../../gitops/published-tenant') as typeof import('../../gitops/published-tenant');
  const target = targetOf(options, found.declarations?.platform.props.gitops);
  const state = await publishedState((await readPublished(target)).tree, name);
  if (state !== 'removed' && state !== 'nothing') {
    const finding = {
      rule: 'tenant/not-published',
      severity: 'error' as const,
      file,
      message: `says \`removed\`, and what is published of ${name} is still ${state}; nothing was changed`,
      fix: 'run keelson publish first: both steps must be published, so that a cluster sees them one after the other',
      unit: name,
    };
    sayFindings(options, [finding]);
    sayJson(options, { done: false, step: 2, findings: [finding] });
    return EXIT.broken;
  }
  const { objectsOf } = require('../../render/state-plan') as typeof import('../../render/state-plan');
  const objects = [...objectsOf(tenant.units, found.clusters).values()].map(({ object }) => object);
  const removal = removalOf(found, tenant, objects);
  const { removalText } = require('../../report/tenant-plan') as typeof import('../../report/tenant-plan');
  say(options, `  ${chalk.bold(`${name}: the second of two steps: ${file} goes`)}\n\n${removalText(removal)}\n`);
  const shown = { tenant: name, file, step: 2, ...removal };
  if (!(await confirmed(options, `Delete ${file}?`))) {
    sayJson(options, { done: false, ...shown });
    say(options, `  Nothing was changed. To do it: keelson tenant remove ${name} --yes`);
    return EXIT.ok;
  }
  const { removeClaim } = require('../../render/remove-claim') as typeof import('../../render/remove-claim');
  const refusal = removeClaim(resolve(options.root), found, tenant);
  if (refusal) {
    sayFindings(options, [refusal]);
    sayJson(options, { ...shown, done: false, findings: [refusal] });
    return EXIT.broken;
  }
  sayJson(options, { ...shown, done: true });
  say(
    options,
    `${chalk.green('✔')} ${file} is gone\n\nNext:\n  npx keelson publish    to commit it; then the commands above, once the data may go`,
  );
  return EXIT.ok;
}
