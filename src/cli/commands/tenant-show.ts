import type { Register } from '../main';
import { withExample } from '../options';
import { EXIT, hasErrors, say, sayJson } from '../output';
import { surveyed, tenantCommand, tenantNamed, type TenantOptions } from '../tenant';

/** `keelson tenant show`: what one tenant has, where, and what is wrong with it. */
export const register: Register = (program, run) => {
  const command = tenantCommand(
    program,
    'show <name>',
    'Show what a tenant has and where, its connections, and what is wrong',
  ).action(
    run(async (name: string, options: TenantOptions) => {
      const found = await surveyed(options);
      const tenant = found && tenantNamed(options, found, name);
      if (!found || !tenant) return EXIT.broken;
      const { tenantText } = require('../../report/tenant') as typeof import('../../report/tenant');
      const { units: _, ...shown } = tenant;
      sayJson(options, shown);
      say(options, tenantText(tenant, found.clusters));
      return hasErrors(tenant.findings) ? EXIT.broken : EXIT.ok;
    }),
  );
  withExample(command, 'keelson tenant show payments', 'keelson tenant show payments --json');
};
