import type { ResolvedCluster, TenantEnvironment, TenantSlice } from '../src/model/slices';
import { storesOf } from '../src/model/tenant-cloud';
import { TENANT_NAMESPACE } from '../src/model/tenant-namespace';

/** Secret with the credentials of all private registries, of type `kubernetes.io/dockerconfigjson`. */
export const REGISTRIES = 'registries';

/** The store of the platform's own secrets, which no namespace of a tenant can select. */
export const PLATFORM_STORE = 'platform';

/** Whether tenants' secrets are somewhere that a cluster can fetch them from. */
export function hasSecretStores({ provider, addOns }: ResolvedCluster): boolean {
  return provider !== 'local' && addOns.includes('external-secrets');
}

/** `imagePullSecrets` of a tenant's ServiceAccounts. */
export function imagePullSecrets(tenant: TenantSlice, cluster: ResolvedCluster): { name: string }[] | undefined {
  return tenant.registries.length > 0 && hasSecretStores(cluster) ? [{ name: REGISTRIES }] : undefined;
}

/**
 * Annotations of a namespace for guardrails: for each ServiceAccount that acts as a role of the cloud, the workloads
 * that may run as it, by commas; none for those that only External Secrets reads as.
 */
export function identityAnnotations(
  tenant: TenantSlice,
  environment: TenantEnvironment,
  cluster: ResolvedCluster,
): Record<string, string> {
  const stores = hasSecretStores(cluster) ? storesOf(cluster, tenant, environment) : [];
  return Object.fromEntries([
    ...environment.identities.map(({ name, workloads }) => [
      `${TENANT_NAMESPACE.identityPrefix}${name}`,
      workloads.join(','),
    ]),
    ...stores.map(({ serviceAccount }) => [`${TENANT_NAMESPACE.identityPrefix}${serviceAccount}`, '']),
    ...(stores.length > 0 ? [[TENANT_NAMESPACE.secretStores, stores.map(({ name }) => name).join(',')]] : []),
  ]) as Record<string, string>;
}
