import type { Register } from '../main';
import { withExample } from '../options';
import { EXIT, say, sayJson } from '../output';
import { surveyed, tenantCommand, type TenantOptions } from '../tenant';

/** `keelson tenant list`: every tenant, a line each. */
export const register: Register = (program, run) => {
  const command = tenantCommand(
    program,
    'list',
    'List every tenant with its tier, state, environments, owner and findings',
  ).action(
    run(async (options: TenantOptions) => {
      const found = await surveyed(options);
      if (!found) return EXIT.broken;
      const { tenantsText } = require('../../report/tenant') as typeof import('../../report/tenant');
      sayJson(options, {
        tenants: found.tenants.map(({ name, file, props, state, places, findings }) => ({
          name,
          file,
          ...(props ? { tier: props.tier ?? 1, state, owner: props.owner } : {}),
          environments: places.map(({ cluster, environment: { name: environment, namespace, production } }) => ({
            name: environment,
            cluster,
            namespace,
            production,
          })),
          findings,
        })),
      });
      say(options, tenantsText(found.tenants));
      return EXIT.ok;
    }),
  );
  withExample(command, 'keelson tenant list', 'keelson tenant list --json');
};
