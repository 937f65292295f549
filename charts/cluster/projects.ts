import { ApiObject } from 'cdk8s';
import {
  controllerAccount,
  FIRST_WAVE,
  IN_CLUSTER,
  PLATFORM_PROJECT,
  ROBOTS_NAMESPACE,
  TENANTS_PROJECT,
} from '../argo-cd';
import type { JsonObject } from '../component';
import type { ClusterFacet } from '../facet';
import { MANAGED } from '../labels';
import { GATEWAY } from '../shared-gateway';
import { BACKUPS_NAMESPACE, RESERVED_NAMESPACES } from '../../src/model/names';

/**
 * Who may deploy what from where: the platform's own Applications, what Keelson writes for tenants, and nothing for
 * whoever names no project. A tenant's project stands in its own directory.
 */
export const facet: ClusterFacet = {
  render(scope, { sources }, cluster) {
    const project = (name: string, description: string, spec: JsonObject) =>
      new ApiObject(scope, name, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AppProject',
        metadata: {
          name,
          namespace: cluster.gitopsNamespace,
          labels: MANAGED,
          annotations: FIRST_WAVE,
        },
        spec: { description, ...spec },
      });

    project('default', 'Nothing: every Application names its project', { sourceRepos: [], destinations: [] });
    project(PLATFORM_PROJECT, 'The add-ons of the cluster', {
      sourceRepos: sources,
      destinations: [{ server: IN_CLUSTER, namespace: '*' }],
      destinationServiceAccounts: [controllerAccount(cluster)],
      clusterResourceWhitelist: [{ group: '*', kind: '*' }],
    });
    project(TENANTS_PROJECT, 'What the platform writes for its tenants', {
      sourceRepos: [cluster.platform.gitops.url],
      destinations: [
        { server: IN_CLUSTER, namespace: '*' },
        ...[...RESERVED_NAMESPACES, ...cluster.platformNamespaces]
          // Its projects and ApplicationSets stand where Argo CD does, its robots among themselves, listeners of
          // hosts beside the Gateway, schedules of backups beside Velero; `kube-*` is said once for all.
          .filter(
            (namespace) =>
              ![cluster.gitopsNamespace, ROBOTS_NAMESPACE, GATEWAY.namespace, BACKUPS_NAMESPACE].includes(namespace) &&
              !/^kube-[^*]/.test(namespace),
          )
          .map((namespace) => ({ server: IN_CLUSTER, namespace: `!${namespace}` })),
      ],
      destinationServiceAccounts: [controllerAccount(cluster)],
      clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
    });
  },
};
