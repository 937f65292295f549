import { ApiObject } from 'cdk8s';
import { IN_CLUSTER, RETRY, SYNC_OPTIONS } from '../argo-cd';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';

/** Kinds that a team may not bring, though its namespaces could hold them: they are the platform's to write. */
const REFUSED = [
  { group: '', kind: 'LimitRange' },
  { group: '', kind: 'ResourceQuota' },
  { group: 'cilium.io', kind: 'CiliumNetworkPolicy' },
  { group: 'rbac.authorization.k8s.io', kind: 'Role' },
  { group: 'rbac.authorization.k8s.io', kind: 'RoleBinding' },
] as const;

/**
 * The team's project, which bounds what its repository can deploy and where to, and one Application for each
 * environment, which deploys the environment's directory of that repository.
 */
export const facet: TenantFacet = {
  each: 'tenant',
  render(scope, tenant, cluster) {
    const { delivery, environments } = tenant;
    const project = `tenant-${tenant.name}`;
    new ApiObject(scope, 'project', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: project, namespace: cluster.gitopsNamespace, labels: tenantLabels(tenant) },
      spec: {
        description: `What the repository of ${tenant.name} may deploy`,
        sourceRepos: delivery ? [delivery.repository] : [],
        destinations: environments.map(({ namespace }) => ({ server: IN_CLUSTER, namespace })),
        clusterResourceWhitelist: [],
        namespaceResourceBlacklist: REFUSED.map((kind) => ({ ...kind })),
      },
    });
    if (!delivery) return;
    for (const environment of environments) {
      new ApiObject(scope, environment.name, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: {
          name: `delivery-${environment.namespace}`,
          namespace: cluster.gitopsNamespace,
          labels: tenantLabels(tenant, environment),
          annotations: { 'argocd.argoproj.io/sync-wave': '1' },
        },
        spec: {
          project,
          source: {
            repoURL: delivery.repository,
            targetRevision: delivery.revision,
            path: `${delivery.path}/${environment.name}`,
          },
          destination: { server: IN_CLUSTER, namespace: environment.namespace },
          syncPolicy: {
            automated: { prune: true, selfHeal: true },
            retry: RETRY,
            syncOptions: [...SYNC_OPTIONS, 'CreateNamespace=false'],
          },
        },
      });
    }
  },
};
