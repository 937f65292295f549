import { ApiObject } from 'cdk8s';
import { IN_CLUSTER, RETRY, SYNC_OPTIONS } from '../argo-cd';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';

/**
 * Kinds that a team may bring, by API group. All others are refused: Argo CD and the controllers behind them act with
 * rights that the team has not. With Crossplane's kinds a repository would order from the platform's cloud account,
 * with monitors have Prometheus send its token, with policies open the network or write exceptions from guardrails.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  '': ['ConfigMap', 'PersistentVolumeClaim', 'Pod', 'Secret', 'Service', 'ServiceAccount'],
  apps: ['Deployment', 'StatefulSet'],
  autoscaling: ['HorizontalPodAutoscaler'],
  batch: ['CronJob', 'Job'],
  'external-secrets.io': ['ExternalSecret', 'SecretStore'],
  'gateway.networking.k8s.io': ['HTTPRoute'],
  'keda.sh': ['ScaledJob', 'ScaledObject', 'TriggerAuthentication'],
  policy: ['PodDisruptionBudget'],
  'postgresql.cnpg.io': ['Backup', 'Cluster', 'Database', 'Pooler', 'ScheduledBackup'],
};

/**
 * The team's project, which bounds what its repository can deploy and where to, and one Application for each
 * environment, which deploys the environment's directory of that repository.
 */
export const facet: TenantFacet = {
  each: 'tenant',
  render(scope, tenant, cluster) {
    const { environments } = tenant;
    const project = `tenant-${tenant.name}`;
    new ApiObject(scope, 'project', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: project, namespace: cluster.gitopsNamespace, labels: tenantLabels(tenant) },
      spec: {
        description: `What the repository of ${tenant.name} may deploy`,
        sourceRepos: [...new Set(environments.flatMap((one) => one.repositories.map(({ url }) => url)))],
        destinations: environments.map(({ namespace }) => ({ server: IN_CLUSTER, namespace })),
        clusterResourceWhitelist: [],
        namespaceResourceWhitelist: Object.entries(ALLOWED).flatMap(([group, kinds]) =>
          kinds.map((kind) => ({ group, kind })),
        ),
      },
    });
    for (const environment of environments) {
      const [delivery] = environment.repositories;
      if (!delivery) continue;
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
            repoURL: delivery.url,
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
