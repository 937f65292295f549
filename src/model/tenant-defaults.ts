import type { PlatformProps } from './platform.generated';
import { dataClassOf as ofClass } from './resolve/tenants/backup';
import { quotaOf } from './resolve/tenants/quota';
import type { DataClass, TenantBackup, TenantEnvironment } from './tenant-slice';

/** Classes of data, from what anybody may read on. */
export const DATA_CLASSES: readonly DataClass[] = ['public', 'internal', 'confidential', 'restricted'];

/** How often data of a class is backed up on this platform, how long that is kept, and how soon it is back. */
export function backupOfClass(platform: PlatformProps, dataClass: DataClass): TenantBackup {
  return ofClass(platform, dataClass);
}

/** The quota of an environment whose claim says nothing. */
export function defaultQuota(production: boolean): TenantEnvironment['quota'] {
  return quotaOf(undefined, production);
}
