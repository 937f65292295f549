import { ApiObject } from 'cdk8s';
import { guardrailsDirectory } from '../../src/model/layout';
import { IN_CLUSTER, PLATFORM_PROJECT, RETRY, SYNC_OPTIONS, treeSource } from '../argo-cd';
import type { ClusterFacet } from '../facet';
import { MANAGED } from '../labels';

/** The guardrails: the API server's own kinds, which wait for nothing, and stand before the first tenant comes. */
export const facet: ClusterFacet = {
  render(scope, _slice, cluster) {
    new ApiObject(scope, 'policies', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: {
        name: 'policies',
        namespace: cluster.gitopsNamespace,
        labels: MANAGED,
        annotations: { 'argocd.argoproj.io/sync-wave': '0' },
      },
      spec: {
        project: PLATFORM_PROJECT,
        source: treeSource(cluster, guardrailsDirectory(cluster.name)),
        destination: { server: IN_CLUSTER, namespace: cluster.gitopsNamespace },
        syncPolicy: { automated: { prune: true, selfHeal: true }, retry: RETRY, syncOptions: [...SYNC_OPTIONS] },
      },
    });
  },
};
