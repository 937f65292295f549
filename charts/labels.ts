import type { PodSecurityLevel } from './component';
import type { TenantEnvironment, TenantSlice } from '../src/model/slices';

/** On everything that Keelson writes, so that people and policies can tell it from what teams bring. */
export const MANAGED = { 'app.kubernetes.io/managed-by': 'keelson' } as const;

/** Labels of an object of an add-on. */
export function addOnLabels(name: string): Record<string, string> {
  return { ...MANAGED, 'app.kubernetes.io/part-of': name };
}

/** Labels of an object of a tenant. */
export function tenantLabels(tenant: TenantSlice, environment?: TenantEnvironment): Record<string, string> {
  return { ...MANAGED, tenant: tenant.name, ...(environment ? { environment: environment.name } : {}) };
}

/** Pod Security labels at one level, pinned to the cluster's minor version so that an upgrade changes nothing unseen. */
export function podSecurity(level: PodSecurityLevel, kubernetesVersion: string): Record<string, string> {
  const version = `v${kubernetesVersion.split('.').slice(0, 2).join('.')}`;
  return Object.fromEntries(
    ['enforce', 'audit', 'warn'].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, level],
      [`pod-security.kubernetes.io/${mode}-version`, version],
    ]),
  );
}
