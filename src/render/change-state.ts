import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../model/finding';
import type { TenantState } from '../model/slices';
import { editTypeScript, editYaml } from './edit-state';
import { survey, type SurveyedTenant } from './survey';

/**
 * Writes a tenant's state into the file that claims it, and reads it again: where the file then says anything else, or
 * has an error, it is put back. Undefined where it is done; otherwise what a person has to write.
 */
export async function changeState(
  root: string,
  { name, file, findings }: SurveyedTenant,
  state: TenantState,
): Promise<Finding | undefined> {
  const path = join(root, file);
  const before = readFileSync(path, 'utf8');
  const isCode = file.endsWith('.ts');
  const after = isCode ? editTypeScript(before, name, state) : editYaml(before, state);
  const refusal: Finding = {
    rule: 'tenant/state',
    severity: 'error',
    file,
    field: isCode ? 'state' : 'spec.state',
    message: 'is written in a way that cannot be changed safely from here; nothing was changed',
    fix: isCode
      ? `write \`state: '${state}',\` into the fields of tenant '${name}'`
      : `write \`state: ${state}\` below \`spec:\`, indented like \`owner:\``,
    unit: name,
  };
  const old = findings.find(({ rule }) => rule === 'config/old-version');
  if (old) return { ...old, severity: 'error', message: 'is a version of claims without `state`; nothing was changed' };
  if (after === undefined) return refusal;
  writeFileSync(path, after);
  try {
    const { tenants } = await survey(root);
    const now = tenants.find((one) => one.name === name);
    const worse = now?.findings.filter(({ severity }) => severity === 'error') ?? [];
    if (now?.props?.state === state && worse.length <= findings.length) return undefined;
    writeFileSync(path, before);
    const [fault] = worse;
    return fault ? { ...fault, message: `with state '${state}': ${fault.message}; nothing was changed` } : refusal;
  } catch (error) {
    writeFileSync(path, before);
    throw error;
  }
}
