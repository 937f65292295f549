import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { ResolvedCluster, TenantEnvironment, TenantSlice } from '../../src/model/slices';
import { DEFAULT_STORE, storesOf, tenantRoleArn, type TenantStore } from '../../src/model/tenant-cloud';
import type { TenantFacet } from '../facet';
import { hasSecretStores, REGISTRIES } from '../secret-stores';
import { tenantLabels } from '../labels';

/** How often External Secrets looks whether a secret has changed. */
const REFRESH = '1h';

/**
 * A store of secrets for each that the claim has, each with a path and a role in the cloud of its own, and credentials
 * for private registries. Where the cluster has no secret manager there is none: what it gave out would stand in git.
 */
export const facet: TenantFacet = {
  why: 'Secrets come from the cloud into the namespace by stores that read what is below a path of the tenant’s own',
  each: 'environment',
  render(scope, tenant, environment, cluster) {
    if (!hasSecretStores(cluster)) return;
    for (const store of storesOf(cluster, tenant, environment)) addStore(scope, tenant, environment, cluster, store);
    if (tenant.registries.length > 0) addRegistries(scope, tenant, environment);
  },
};

function addStore(
  scope: Construct,
  tenant: TenantSlice,
  environment: TenantEnvironment,
  cluster: ResolvedCluster,
  { name, path, serviceAccount, role }: TenantStore,
): void {
  const { namespace } = environment;
  const labels = tenantLabels(tenant, environment);
  new k8s.KubeServiceAccount(scope, serviceAccount, {
    metadata: {
      name: serviceAccount,
      namespace,
      labels,
      annotations: { 'eks.amazonaws.com/role-arn': tenantRoleArn(cluster, role) },
    },
    automountServiceAccountToken: false,
  });
  new ApiObject(scope, `store-${name}`, {
    apiVersion: 'external-secrets.io/v1',
    kind: 'SecretStore',
    metadata: { name, namespace, labels },
    spec: {
      provider: {
        aws: {
          service: 'SecretsManager',
          region: cluster.region,
          prefix: path,
          auth: { jwt: { serviceAccountRef: { name: serviceAccount } } },
        },
      },
    },
  });
}

/** One Secret for all of them: kubelets take the entry that fits an image best. */
function addRegistries(scope: Construct, tenant: TenantSlice, environment: TenantEnvironment): void {
  const credentials = tenant.registries.map((registry, index) => ({ registry, index }));
  new ApiObject(scope, REGISTRIES, {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata: {
      name: REGISTRIES,
      namespace: environment.namespace,
      labels: tenantLabels(tenant, environment),
    },
    spec: {
      refreshInterval: REFRESH,
      secretStoreRef: { kind: 'SecretStore', name: DEFAULT_STORE },
      target: {
        name: REGISTRIES,
        template: {
          type: 'kubernetes.io/dockerconfigjson',
          data: {
            '.dockerconfigjson': `{{ dict "auths" (dict ${credentials
              .map(({ registry, index }) => {
                const [user, password] = [`.username${index}`, `.password${index}`];
                const auth = `(printf "%s:%s" ${user} ${password} | b64enc)`;
                return `"${registry}" (dict "username" ${user} "password" ${password} "auth" ${auth})`;
              })
              .join(' ')}) | toJson }}`,
          },
        },
      },
      data: credentials.flatMap(({ registry, index }) =>
        ['username', 'password'].map((property) => ({
          secretKey: `${property}${index}`,
          remoteRef: { key: `registries/${registry}`, property },
        })),
      ),
    },
  });
}
