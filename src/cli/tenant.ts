import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Survey, SurveyedTenant } from '../render/survey';
import { withCommonOptions, withExample } from './options';
import { type CommonOptions, sayFindings, sayJson } from './output';

/** Options of every command that looks at tenants. */
export interface TenantOptions extends CommonOptions {
  readonly cache?: boolean;
}

/** `keelson tenant`, under which each of its commands stands. */
export function tenantCommand(program: Command, usage: string, description: string): Command {
  const parent = program.commands.find((command) => command.name() === 'tenant') ?? tenantParent(program);
  return withCommonOptions(parent.command(usage).description(description));
}

function tenantParent(program: Command): Command {
  const parent = program.command('tenant').description('The life of a tenant: add, look at, check, suspend, remove');
  return withExample(parent, 'keelson tenant new', 'keelson tenant show payments');
}

/** What there is; undefined where the platform's own description is broken, which is told. */
export async function surveyed(options: TenantOptions): Promise<Survey | undefined> {
  const { survey } = require('../render/survey') as typeof import('../render/survey');
  const found = await survey(resolve(options.root), { cache: options.cache !== false });
  if (found.declarations && found.clusters.size > 0) return found;
  sayFindings(options, found.findings);
  sayJson(options, { findings: found.findings });
  return undefined;
}

/** The tenant of that name; undefined where there is none, which is told with the nearest that there is. */
export function tenantNamed(options: CommonOptions, { tenants }: Survey, name: string): SurveyedTenant | undefined {
  const found = tenants.find((one) => one.name === name);
  if (found) return found;
  const { nearest } = require('../model/suggest') as typeof import('../model/suggest');
  const near = nearest(
    name,
    tenants.map((one) => one.name),
  );
  const finding = {
    rule: 'tenant/unknown',
    severity: 'error' as const,
    file: 'tenants',
    message: `there is no tenant '${name}'`,
    fix: near === undefined ? 'run keelson tenant list to see those that are there' : `write '${near}'`,
  };
  sayFindings(options, [finding]);
  sayJson(options, { findings: [finding] });
  return undefined;
}

/** Whether to go on: told by --yes, or asked on a terminal. Elsewhere nobody can answer, and the answer is no. */
export async function confirmed(
  options: CommonOptions & { readonly yes?: boolean },
  question: string,
): Promise<boolean> {
  if (options.yes) return true;
  if (!canAsk(options)) return false;
  const { confirm } = require('@clack/prompts') as typeof import('@clack/prompts');
  return (await confirm({ message: question, initialValue: false })) === true;
}

/** Whether somebody is there to answer. A terminal that says no width would get one letter a line. */
export function canAsk(options: CommonOptions): boolean {
  return !options.json && !options.quiet && process.stdin.isTTY && process.stdout.isTTY && process.stdout.columns > 0;
}
