import { resolve } from 'node:path';
import chalk from 'chalk';
import type { TenantState } from '../model/slices';
import type { StatePlan } from '../render/state-plan';
import type { Survey, SurveyedTenant } from '../render/survey';
import { EXIT, type ExitCode, hasErrors, say, sayFindings, sayJson } from './output';
import { confirmed, type TenantOptions } from './tenant';

/** Options of commands that change a claim. */
export interface ChangeOptions extends TenantOptions {
  readonly yes?: boolean;
}

/** A change of a tenant's state that was worked out and not done yet. */
export interface StateChange {
  readonly survey: Survey;
  readonly tenant: SurveyedTenant;
  readonly to: TenantState;
  readonly plan: StatePlan;
}

/** Works a change out; undefined where the claim has faults, which are told: nobody knows what it has. */
export function planChange(
  options: TenantOptions,
  survey: Survey,
  tenant: SurveyedTenant,
  to: TenantState,
): StateChange | undefined {
  if (hasErrors(tenant.findings) || tenant.units.length === 0 || !survey.declarations) {
    sayFindings(options, tenant.findings);
    sayJson(options, { done: false, findings: tenant.findings });
    say(options, chalk.red('Nothing was changed: mend the claim first.'));
    return undefined;
  }
  const { unitsWith } = require('../render/survey') as typeof import('../render/survey');
  const { planState } = require('../render/state-plan') as typeof import('../render/state-plan');
  const after = unitsWith(survey.declarations, tenant.name, { state: to });
  return { survey, tenant, to, plan: planState(tenant.units, after, survey.clusters) };
}

/** Shows what a change does and, where that is wanted, writes it into the claim. */
export async function changeTenant(
  options: ChangeOptions,
  { tenant, to, plan }: StateChange,
  text: string,
  { command, next, more = {} }: { readonly command: string; readonly next: string; readonly more?: object },
): Promise<ExitCode> {
  const shown = { tenant: tenant.name, file: tenant.file, from: tenant.state, to, ...plan, ...more };
  say(options, `${text}\n`);
  if (!(await confirmed(options, `Write this into ${tenant.file}?`))) {
    sayJson(options, { done: false, ...shown });
    say(options, `  Nothing was changed. To do it: ${command} --yes`);
    return EXIT.ok;
  }
  const { changeState } = require('../render/change-state') as typeof import('../render/change-state');
  const refusal = await changeState(resolve(options.root), tenant, to);
  if (refusal) {
    sayFindings(options, [refusal]);
    sayJson(options, { done: false, ...shown, findings: [refusal] });
    return EXIT.broken;
  }
  sayJson(options, { done: true, ...shown });
  say(options, `${chalk.green('✔')} ${tenant.file} says \`${to}\`\n\nNext:\n${next}`);
  return EXIT.ok;
}
