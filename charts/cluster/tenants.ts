import { ApiObject } from 'cdk8s';
import { tenantDirectory } from '../../src/model/layout';
import { IN_CLUSTER, PRESERVED, RETRY, SYNC_OPTIONS, TENANTS_PROJECT, treeSource } from '../argo-cd';
import type { ClusterFacet } from '../facet';
import { MANAGED } from '../labels';

/** One Application for each tenant's directory: adding a tenant adds a directory and changes nothing here. */
export const facet: ClusterFacet = {
  render(scope, { components }, cluster) {
    const { repoURL, targetRevision } = treeSource(cluster, '');
    const last = Math.max(0, ...components.map(({ wave }) => wave));
    new ApiObject(scope, 'tenants', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'ApplicationSet',
      metadata: {
        name: 'tenants',
        namespace: cluster.gitopsNamespace,
        labels: MANAGED,
        // Tenants come when every add-on is healthy.
        annotations: { 'argocd.argoproj.io/sync-wave': String(last + 1) },
      },
      spec: {
        goTemplate: true,
        goTemplateOptions: ['missingkey=error'],
        generators: [
          { git: { repoURL, revision: targetRevision, directories: [{ path: tenantDirectory(cluster.name, '*') }] } },
        ],
        // A directory that vanishes must not take a tenant's data along.
        syncPolicy: { preserveResourcesOnDeletion: true },
        preservedFields: PRESERVED,
        template: {
          metadata: { name: 'tenant-{{ .path.basename }}', labels: { ...MANAGED, tenant: '{{ .path.basename }}' } },
          spec: {
            project: TENANTS_PROJECT,
            source: { repoURL, targetRevision, path: '{{ .path.path }}', directory: { recurse: true } },
            destination: { server: IN_CLUSTER, namespace: cluster.gitopsNamespace },
            syncPolicy: { automated: { prune: true, selfHeal: true }, retry: RETRY, syncOptions: [...SYNC_OPTIONS] },
          },
        },
      },
    });
  },
};
