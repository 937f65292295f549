import type { TenantProps } from '../../claim.generated';
import { compareText } from '../../finding';
import type { TenantDatabase } from '../../slices';
import { isIn } from './scope';

/** Databases whose claim says nothing more. */
const DATABASE = {
  production: { size: 'medium', storage: '100Gi', highAvailability: true, backupRetentionDays: 30, onDelete: 'keep' },
  other: { size: 'small', storage: '20Gi', highAvailability: false, backupRetentionDays: 7, onDelete: 'snapshot' },
} as const;

/** The databases of one environment, in code-unit order of their names. */
export function databasesOf(props: TenantProps, environment: string, production: boolean): readonly TenantDatabase[] {
  const changes = props.environments?.[environment]?.databases ?? {};
  return Object.entries(props.databases ?? {})
    .filter(([, database]) => isIn(database, environment))
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, { environments: _, ...database }]) => ({
      name,
      engine: 'postgres',
      version: '17',
      ...(production ? DATABASE.production : DATABASE.other),
      ...database,
      ...(Object.hasOwn(changes, name) ? changes[name] : {}),
    }));
}
