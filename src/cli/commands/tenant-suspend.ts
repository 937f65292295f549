import type { Register } from '../main';
import { withExample } from '../options';
import { EXIT, say, sayJson } from '../output';
import { surveyed, tenantCommand, tenantNamed } from '../tenant';
import { type ChangeOptions, changeTenant, planChange } from '../tenant-state';

const NEXT = '  npx keelson diff       to see it object by object\n  npx keelson publish    to commit it';

/** `keelson tenant suspend` and `keelson tenant resume`: stop what a tenant runs, keep all that it holds, and back. */
export const register: Register = (program, run) => {
  for (const [verb, to, description] of [
    [
      'suspend',
      'suspended',
      'Stop what a tenant runs and keep all that it holds: show what that means and, with --yes, write it',
    ],
    [
      'resume',
      'active',
      'Let a tenant that is suspended, or on its way out, run again: show what that means and, with --yes, write it',
    ],
  ] as const) {
    const command = tenantCommand(program, `${verb} <name>`, description)
      .option('--yes', 'write it into the claim without asking')
      .action(
        run(async (name: string, options: ChangeOptions) => {
          const found = await surveyed(options);
          const tenant = found && tenantNamed(options, found, name);
          if (!found || !tenant) return EXIT.broken;
          if (tenant.state === to) {
            sayJson(options, { done: false, tenant: name, file: tenant.file, from: to, to });
            say(options, `  ${name} is ${to} already (${tenant.file})`);
            return EXIT.ok;
          }
          const change = planChange(options, found, tenant, to);
          if (!change) return EXIT.broken;
          const { planText } = require('../../report/tenant-plan') as typeof import('../../report/tenant-plan');
          const { endsPods } = require('../../render/removal') as typeof import('../../render/removal');
          const text = planText(
            `${name}: ${tenant.state} → ${to}`,
            change.plan,
            to === 'active' ? [] : [`no new Pod starts; ${endsPods(tenant, found)}`],
          );
          return changeTenant(options, change, text, { command: `keelson tenant ${verb} ${name}`, next: NEXT });
        }),
      );
    withExample(command, `keelson tenant ${verb} payments`, `keelson tenant ${verb} payments --yes`);
  }
};
