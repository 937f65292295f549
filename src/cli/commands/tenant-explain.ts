import chalk from 'chalk';
import type { Register } from '../main';
import { withExample } from '../options';
import { EXIT, say, sayFindings, sayJson } from '../output';
import { surveyed, tenantCommand, tenantNamed, type TenantOptions } from '../tenant';

/** `keelson tenant explain`: every object of a tenant, and why it is there. */
export const register: Register = (program, run) => {
  const command = tenantCommand(
    program,
    'explain <name>',
    'Explain every object of a tenant: what it is and why it is there',
  ).action(
    run(async (name: string, options: TenantOptions) => {
      const found = await surveyed(options);
      const tenant = found && tenantNamed(options, found, name);
      if (!found || !tenant) return EXIT.broken;
      if (tenant.units.length === 0) {
        sayFindings(options, tenant.findings);
        sayJson(options, { findings: tenant.findings });
        return EXIT.broken;
      }
      const { explainTenant } = require('../../render/explain-tenant') as typeof import('../../render/explain-tenant');
      const facets = explainTenant(tenant.units, found.clusters);
      sayJson(options, { tenant: name, facets });
      const several = new Set(tenant.units.map(({ cluster }) => cluster)).size > 1;
      say(
        options,
        facets
          .map(({ facet, why, objects }) => {
            const lines = objects.map(
              ({ cluster, kind, name: object }) => `    ${kind} ${object}${several ? chalk.dim(` on ${cluster}`) : ''}`,
            );
            return `  ${chalk.bold(facet)}  ${why}\n${lines.join('\n')}`;
          })
          .join('\n\n'),
      );
      return EXIT.ok;
    }),
  );
  withExample(command, 'keelson tenant explain payments');
};
