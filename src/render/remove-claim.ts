import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../model/finding';
import type { Survey, SurveyedTenant } from './survey';

/** Claims of others that name this tenant: they would be broken without it. */
export function dependentsOf({ tenants }: Survey, name: string): readonly Finding[] {
  return tenants.flatMap(({ name: other, file, props }) =>
    other === name
      ? []
      : (['to', 'from'] as const).flatMap((side) =>
          (props?.connections?.[side] ?? []).flatMap((one, i): Finding[] =>
            one.tenant === name
              ? [
                  {
                    rule: 'tenant/connected',
                    severity: 'error',
                    file,
                    field: `connections.${side}[${i}].tenant`,
                    value: name,
                    message: `'${other}' is connected to '${name}', which is to be removed`,
                    fix: 'take the connection out of both claims first',
                    unit: other,
                  },
                ]
              : [],
          ),
        ),
  );
}

/** Deletes the file that claims a tenant, where it claims nobody else; otherwise says what to take out. */
export function removeClaim(root: string, { tenants }: Survey, { name, file }: SurveyedTenant): Finding | undefined {
  const others = tenants.filter((one) => one.file === file && one.name !== name).map((one) => one.name);
  if (others.length > 0 || !file.startsWith('tenants/')) {
    return {
      rule: 'tenant/shared-file',
      severity: 'error',
      file,
      message: others.length > 0 ? `also declares ${others.join(', ')}` : 'is no file of this tenant alone',
      fix: `take \`new Tenant(…, '${name}', …)\` out of it by hand`,
      unit: name,
    };
  }
  rmSync(join(root, file));
  return undefined;
}
