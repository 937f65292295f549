import type { TenantProps } from '../../claim.generated';
import type { PlatformProps } from '../../platform.generated';
import type { DataClass, TenantBackup } from '../../slices';

/** What each class means unless the platform says otherwise. Named once more in the schema, for readers of it. */
const CLASSES = {
  public: { rpoHours: 24, rtoHours: 24, keepDays: 14 },
  internal: { rpoHours: 24, rtoHours: 8, keepDays: 30 },
  confidential: { rpoHours: 6, rtoHours: 4, keepDays: 90 },
  restricted: { rpoHours: 1, rtoHours: 2, keepDays: 365 },
} as const;

/** How often data of a class is backed up, for how long, and how soon it is back, on this platform. */
export function dataClassOf(platform: PlatformProps, dataClass: DataClass): TenantBackup {
  const { rpoHours, rtoHours, keepDays } = { ...CLASSES[dataClass], ...platform.dataClasses?.[dataClass] };
  return { everyHours: rpoHours, keepDays, rtoHours };
}

/** The tenant's own word goes before its class's. */
export function backupOf(props: TenantProps, platform: PlatformProps): TenantBackup {
  return { ...dataClassOf(platform, props.dataClass ?? 'internal'), ...props.backup };
}
