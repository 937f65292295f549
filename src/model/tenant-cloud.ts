import { createHash } from 'node:crypto';
import type { Cluster } from './cluster';
import { repositoryKey } from './git-location';

/** Longest name of a role in IAM. Source: IAM and AWS STS quotas. */
const ROLE_LENGTH = 64;

/** Digits of the digest in a shortened name: too many for anybody to find two claims that share them. */
const DIGEST_LENGTH = 16;

/**
 * Name of a role that a ServiceAccount of a tenant acts as: `<cluster>.<namespace>.<name>`, or the beginning of that, `@`
 * and a digest of the whole where it is too long. No two become one, nor does one become an add-on's: neither clusters
 * nor namespaces nor claims hold a dot or an `@`, and `payments-prod` with `x` would else be `payments` with `prod-x`.
 */
export function tenantRoleName(cluster: Pick<Cluster, 'name'>, namespace: string, name: string): string {
  const whole = `${cluster.name}.${namespace}.${name}`;
  if (whole.length <= ROLE_LENGTH) return whole;
  const digest = createHash('sha256').update(whole).digest('hex').slice(0, DIGEST_LENGTH);
  return `${whole.slice(0, ROLE_LENGTH - DIGEST_LENGTH - 1)}@${digest}`;
}

/** ARN of a role by its whole name. */
export function tenantRoleArn(cluster: Pick<Cluster, 'accountId'>, role: string): string {
  return `arn:aws:iam::${cluster.accountId ?? '000000000000'}:role/${role}`;
}

/** The store that every tenant has, whose name no further one may take. */
export const DEFAULT_STORE = 'tenant';

/** A tenant's store of secrets in one environment. */
export interface TenantStore {
  /** Name of the SecretStore. */
  readonly name: string;
  /** What names of its secrets begin with in the cloud, with a slash at its end: no store's is below another's. */
  readonly path: string;
  /**
   * ServiceAccount that External Secrets reads it as. Its name has a dot in it: a claim cannot name an identity so.
   */
  readonly serviceAccount: string;
  readonly role: string;
}

/** The stores of an environment: `tenant`, then the further ones of the claim. */
export function storesOf(
  cluster: Pick<Cluster, 'name'>,
  tenant: { readonly name: string; readonly secretStores: readonly string[] },
  environment: { readonly name: string; readonly namespace: string },
): readonly TenantStore[] {
  return [DEFAULT_STORE, ...tenant.secretStores].map((name) => {
    const serviceAccount = `secret-store.${name}`;
    return {
      name,
      path: `${cluster.name}/tenants/${tenant.name}/${environment.name}/${name}/`,
      serviceAccount,
      role: tenantRoleName(cluster, environment.namespace, serviceAccount),
    };
  });
}

/**
 * Name of the secret in the platform's store that holds a private repository's credentials, by host and path without
 * `.git`.
 */
export function repositorySecretName(cluster: Pick<Cluster, 'name'>, tenant: string, url: string): string {
  return `${cluster.name}/tenants/${tenant}/repositories/${repositoryKey(url)}`;
}
