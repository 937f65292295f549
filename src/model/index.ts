export { Platform, Tenant } from './declare';
export type { Claim, TenantProps } from './claim.generated';
export type { PlatformProps } from './platform.generated';
