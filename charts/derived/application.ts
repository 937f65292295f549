import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { addOnDirectory } from '../../src/model/layout';
import { sourceUrl } from '../../src/model/resolve/sources';
import type { ComponentSlice, ResolvedCluster } from '../../src/model/slices';
import { IN_CLUSTER, PLATFORM_PROJECT, RETRY, SYNC_OPTIONS, treeSource } from '../argo-cd';
import type { ChartSource, GitSource, JsonObject } from '../component';
import type { AddOnFacet } from '../facet';
import { addOnLabels } from '../labels';

/**
 * The Applications that install the add-on: its custom resources in the first wave, then its chart and the files
 * beside it in one, in the wave that the dependency graph gives. Neither has a finalizer: when an add-on leaves the
 * tree, what it holds stays until somebody removes it on purpose.
 */
export const facet: AddOnFacet = {
  into: 'apps',
  render(scope, slice, cluster) {
    const { name, namespace, declaration, wave } = slice;
    const { chart, manifests, crds } = declaration;
    if (crds) {
      addApplication(scope, `${name}-crds`, 0, cluster, {
        sources: [gitSource(crds.source)],
        namespace,
        // Removing a custom resource definition removes every object of its kind: never by a sync.
        prune: false,
        labels: addOnLabels(name),
      });
    }
    const beside = writesFiles(slice) ? [treeSource(cluster, addOnDirectory(cluster.name, name))] : [];
    const sources = [
      ...(chart ? [chartSource(chart, name)] : []),
      ...(manifests ? [gitSource(manifests)] : []),
      ...beside,
    ];
    if (sources.length === 0) return;
    addApplication(scope, name, wave, cluster, {
      sources,
      namespace,
      prune: true,
      labels: addOnLabels(name),
      ignoreDifferences: declaration.ignoreDifferences,
    });
  },
};

/** Whether anything stands beside the chart: a directory that is not there would fail the sync. */
function writesFiles({ ownsNamespace, flows, declaration, monitored, hasResources }: ComponentSlice): boolean {
  const workloads = Object.values(declaration.workloads);
  return (
    ownsNamespace ||
    hasResources ||
    flows.length > 0 ||
    workloads.some(({ disruptionBudget, scrape }) => disruptionBudget !== undefined || (monitored && scrape?.length))
  );
}

interface ApplicationProps {
  readonly sources: readonly object[];
  readonly namespace: string;
  readonly prune: boolean;
  readonly labels: Record<string, string>;
  readonly ignoreDifferences?: ComponentSlice['declaration']['ignoreDifferences'];
}

function addApplication(
  scope: Construct,
  name: string,
  wave: number,
  cluster: ResolvedCluster,
  props: ApplicationProps,
): void {
  new ApiObject(scope, name, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name,
      namespace: cluster.gitopsNamespace,
      labels: props.labels,
      annotations: { 'argocd.argoproj.io/sync-wave': String(wave) },
    },
    spec: {
      project: PLATFORM_PROJECT,
      sources: props.sources,
      destination: { server: IN_CLUSTER, namespace: props.namespace },
      ...(props.ignoreDifferences?.length
        ? { ignoreDifferences: props.ignoreDifferences.map((one) => ({ ...one })) }
        : {}),
      syncPolicy: {
        automated: { prune: props.prune, selfHeal: true },
        retry: RETRY,
        syncOptions: [
          ...SYNC_OPTIONS,
          // Kinds that the add-on's own process registers are not there when its other objects are tried.
          'SkipDryRunOnMissingResource=true',
          ...(props.ignoreDifferences?.length ? ['RespectIgnoreDifferences=true'] : []),
        ],
      },
    },
  });
}

function chartSource(chart: ChartSource, component: string): JsonObject {
  return {
    repoURL: sourceUrl(chart.repository),
    chart: chart.name,
    targetRevision: chart.version,
    helm: { releaseName: chart.releaseName ?? component, skipCrds: true, valuesObject: chart.values },
  };
}

function gitSource({ repository, revision, path, include, kustomize }: GitSource): JsonObject {
  // An empty kustomize source would be dropped: Argo CD finds the kustomization by itself.
  if (kustomize) return { repoURL: repository, targetRevision: revision, path };
  return {
    repoURL: repository,
    targetRevision: revision,
    path,
    // Said in full, so that Argo CD reads plain files and does not guess a kustomization from one that lies there.
    directory: { recurse: true, exclude: '{kustomization.yaml,kustomization.yml}', ...(include ? { include } : {}) },
  };
}
