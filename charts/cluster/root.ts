import { ApiObject } from 'cdk8s';
import { appsDirectory } from '../../src/model/layout';
import { IN_CLUSTER, PLATFORM_PROJECT, ROOT_RETRY, SYNC_OPTIONS, treeSource } from '../argo-cd';
import type { ClusterFacet } from '../facet';
import { MANAGED } from '../labels';

/** The one Application that bootstrap applies: it points at all others. */
export const facet: ClusterFacet = {
  into: 'root',
  render(scope, _slice, cluster) {
    new ApiObject(scope, 'root', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'root', namespace: cluster.gitopsNamespace, labels: MANAGED },
      spec: {
        project: PLATFORM_PROJECT,
        source: { ...treeSource(cluster, appsDirectory(cluster.name)), directory: { recurse: false } },
        destination: { server: IN_CLUSTER, namespace: cluster.gitopsNamespace },
        syncPolicy: { automated: { prune: true, selfHeal: true }, retry: ROOT_RETRY, syncOptions: [...SYNC_OPTIONS] },
      },
    });
  },
};
