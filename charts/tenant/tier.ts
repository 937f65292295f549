import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { ResolvedCluster, TenantEnvironment, TenantSlice } from '../../src/model/slices';
import { controllerAccount, IN_CLUSTER, RETRY, SYNC_OPTIONS } from '../argo-cd';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { addCiliumPolicy, addNetworkPolicy, ciliumPorts, hostSelector, type PolicyPort, seenLookups } from '../network';
import {
  API_PODS,
  VIRTUAL_CLUSTER,
  VIRTUAL_CLUSTER_CHART,
  VIRTUAL_DNS,
  virtualClusterValues,
} from '../virtual-cluster';

/** Kinds of the chart, by API group: none of them the cluster's. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  '': ['ConfigMap', 'PersistentVolumeClaim', 'Secret', 'Service', 'ServiceAccount'],
  apps: ['Deployment', 'StatefulSet'],
  'rbac.authorization.k8s.io': ['Role', 'RoleBinding'],
};

/**
 * The virtual clusters of a tenant of tier 4 where it has no real one: an Application for each environment, whose project
 * lets it write into the tenant's namespaces and nowhere else. Tiers 2 and 3 are guardrails of the whole cluster, which
 * go by the labels of the namespace.
 */
export const facet: TenantFacet = {
  why: 'Tier 4 has a cluster of its own, here a virtual one',
  each: 'tenant',
  render(scope, tenant, cluster) {
    const environments = tenant.environments.filter(({ virtualCluster }) => virtualCluster);
    if (environments.length === 0) return;
    const project = `virtual-${tenant.name}`;
    new ApiObject(scope, 'project', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: project, namespace: cluster.gitopsNamespace, labels: tenantLabels(tenant) },
      spec: {
        description: `Virtual clusters of ${tenant.name}`,
        sourceRepos: [VIRTUAL_CLUSTER_CHART.repository],
        destinations: environments.map(({ namespace }) => ({ server: IN_CLUSTER, namespace })),
        destinationServiceAccounts: [controllerAccount(cluster)],
        clusterResourceWhitelist: [],
        namespaceResourceWhitelist: Object.entries(KINDS).flatMap(([group, kinds]) =>
          kinds.map((kind) => ({ group, kind })),
        ),
      },
    });
    for (const environment of environments) {
      const within = new Construct(scope, environment.name);
      addApplication(within, project, tenant, environment, cluster);
      addNetwork(within, tenant, environment, cluster);
    }
  },
};

function addApplication(
  scope: Construct,
  project: string,
  tenant: TenantSlice,
  environment: TenantEnvironment,
  cluster: ResolvedCluster,
): void {
  const { repository, name: chart, version } = VIRTUAL_CLUSTER_CHART;
  new ApiObject(scope, 'application', {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name: `virtual-${environment.namespace}`,
      namespace: cluster.gitopsNamespace,
      labels: tenantLabels(tenant, environment),
      // When project, namespace and quota are there.
      annotations: { 'argocd.argoproj.io/sync-wave': '1' },
    },
    spec: {
      project,
      source: {
        repoURL: repository,
        chart,
        targetRevision: version,
        helm: { releaseName: VIRTUAL_CLUSTER, valuesObject: virtualClusterValues(tenant, environment, cluster) },
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

/**
 * Its API server reaches the real one, its own Pods and whoever signs people in; its Pods reach it and its DNS. All else
 * is as for every tenant: who is inside has no way out that the claim does not say.
 */
function addNetwork(
  scope: Construct,
  tenant: TenantSlice,
  environment: TenantEnvironment,
  { dns, network, platform }: ResolvedCluster,
): void {
  const { namespace } = environment;
  const labels = tenantLabels(tenant, environment);
  const metadata = (name: string) => ({ name: `virtual-cluster${name}`, namespace, labels });
  const inside = [{ podSelector: {} }];
  const pods = (matchLabels: Record<string, string>) => [{ podSelector: { matchLabels } }];
  addNetworkPolicy(scope, metadata(''), API_PODS, {
    ingress: [{ peers: inside, ports: [API] }],
    egress: [{ peers: inside }],
  });
  addNetworkPolicy(scope, metadata('-dns'), VIRTUAL_DNS.pods, {
    ingress: [{ peers: inside, ports: VIRTUAL_DNS.ports }],
  });
  addNetworkPolicy(
    scope,
    metadata('-inside'),
    {},
    {
      ingress: [{ peers: pods(API_PODS) }],
      egress: [
        { peers: pods(API_PODS), ports: [API] },
        { peers: pods(VIRTUAL_DNS.pods), ports: VIRTUAL_DNS.ports },
      ],
    },
  );
  const issuer = new URL(platform.oidc.issuer);
  addCiliumPolicy(
    scope,
    metadata(''),
    { matchLabels: API_PODS },
    {
      egress: [
        { toEntities: ['kube-apiserver'], toPorts: ciliumPorts([{ port: network.apiServerPort, protocol: 'TCP' }]) },
        seenLookups(dns),
        {
          toFQDNs: [hostSelector(issuer.hostname)],
          toPorts: ciliumPorts([{ port: Number(issuer.port || 443), protocol: 'TCP' }]),
        },
      ],
    },
  );
}

/** Where its API server listens in its Pods. */
const API: PolicyPort = { port: 8443, protocol: 'TCP' };
