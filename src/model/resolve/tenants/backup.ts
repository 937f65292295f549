import type { TenantProps } from '../../claim.generated';
import type { PlatformProps } from '../../platform.generated';
import type { DataClass, TenantBackup } from '../../slices';
import { SCRATCH_ENDING } from '../../names';
import type { Claimant, FieldPath } from './claimant';

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

/** A claim may ask for more than its class does, never for less. */
export function checkBackup(claimant: Claimant, platform: PlatformProps): void {
  const { dataClass = 'internal', backup = {} } = claimant.props;
  const { everyHours, keepDays } = dataClassOf(platform, dataClass);
  if (backup.everyHours !== undefined && backup.everyHours > everyHours) {
    claimant.fault(['backup', 'everyHours'], {
      rule: 'backup',
      value: backup.everyHours,
      message: `a backup every ${backup.everyHours} hours may lose more than the ${everyHours} of ${dataClass} data`,
      fix: `write ${everyHours} or less, or leave it out`,
    });
  }
  if (backup.keepDays !== undefined && backup.keepDays < keepDays) {
    claimant.fault(['backup', 'keepDays'], {
      rule: 'backup',
      value: backup.keepDays,
      message: `backups of ${dataClass} data are kept for ${keepDays} days, not for ${backup.keepDays}`,
      fix: `write ${keepDays} or more, or leave it out`,
    });
  }
}

/** A namespace that is called like one for trying backups in would be taken away after the next try. */
export function checkScratch(claimant: Claimant, namespace: string, path: FieldPath): void {
  if (!namespace.endsWith(SCRATCH_ENDING)) return;
  claimant.fault(path, {
    rule: 'reserved-namespace',
    value: namespace,
    message: `namespace '${namespace}' ends in '${SCRATCH_ENDING}', as those do that backups are tried in`,
    fix: 'leave the environment out, and let the platform team give it another name',
  });
}
