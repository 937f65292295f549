import { ApiObject } from 'cdk8s';
import { repositorySecretName } from '../../src/model/tenant-cloud';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { hasSecretStores, PLATFORM_STORE } from '../secret-stores';

/**
 * Credentials of private repositories, in Argo CD's namespace, where no tenant reads. Each is for the tenant's project
 * alone: another's Application of the same URL is refused.
 */
export const facet: TenantFacet = {
  why: 'Argo CD reads the private repositories of the team with credentials that its project alone may use',
  each: 'tenant',
  render(scope, tenant, cluster) {
    if (tenant.state === 'removed' || !hasSecretStores(cluster)) return;
    const all = tenant.environments.flatMap(({ repositories }) => repositories);
    const urls = new Map(all.filter((one) => one.private).map(({ url, name }) => [url, name]));
    for (const [url, repository] of urls) {
      const name = `repository-${tenant.name}.${repository}`;
      const fields = isSsh(url) ? ['sshPrivateKey'] : ['username', 'password'];
      new ApiObject(scope, repository, {
        apiVersion: 'external-secrets.io/v1',
        kind: 'ExternalSecret',
        metadata: { name, namespace: cluster.gitopsNamespace, labels: tenantLabels(tenant) },
        spec: {
          refreshInterval: '1h',
          secretStoreRef: { kind: 'ClusterSecretStore', name: PLATFORM_STORE },
          target: {
            name,
            template: {
              metadata: { labels: { ...tenantLabels(tenant), 'argocd.argoproj.io/secret-type': 'repository' } },
              data: {
                type: 'git',
                url,
                project: `tenant-${tenant.name}`,
                ...Object.fromEntries(fields.map((field) => [field, `{{ .${field} }}`])),
              },
            },
          },
          data: fields.map((property) => ({
            secretKey: property,
            remoteRef: { key: repositorySecretName(cluster, tenant.name, url), property },
          })),
        },
      });
    }
  },
};

/** Whether git goes there by SSH: by its scheme, or in the short form without one. */
function isSsh(url: string): boolean {
  return url.startsWith('ssh://') || !url.includes('://');
}
