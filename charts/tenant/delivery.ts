import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { ResolvedCluster, TenantEnvironment, TenantRepository, TenantSlice } from '../../src/model/slices';
import { IN_CLUSTER, PRESERVED, RETRY, ROBOTS_NAMESPACE, SYNC_OPTIONS } from '../argo-cd';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { projectRoles } from '../project-roles';
import { TENANT_KINDS } from '../tenant-kinds';

/** While a tenant is suspended nothing is deployed, by nobody: a day that begins every day. */
const NEVER = { kind: 'deny', schedule: '0 0 * * *', duration: '24h', applications: ['*'], manualSync: false } as const;

/**
 * What the team's repositories may deploy and as whom, and an ApplicationSet for each of them, which makes an
 * Application for each environment that the repository has a directory of. A removed tenant has none of it: Argo CD lets
 * go of what it deployed, and deletes nothing.
 */
export const facet: TenantFacet = {
  each: 'tenant',
  why: "Argo CD deploys the team's repositories, with the rights of the tenant's robot and not with its own",
  render(scope, tenant, cluster) {
    if (tenant.state === 'removed') return;
    addProject(scope, tenant, cluster);
    for (const environment of tenant.environments) {
      new k8s.KubeServiceAccount(scope, `robot-${environment.name}`, {
        metadata: {
          name: robotOf(environment),
          namespace: ROBOTS_NAMESPACE,
          labels: tenantLabels(tenant, environment),
        },
        automountServiceAccountToken: false,
      });
    }
    for (const { repository, environments } of byRepository(tenant)) {
      addApplicationSet(scope, tenant, repository, environments, cluster);
    }
  },
};

/** Name of the account that Argo CD acts as in an environment. Its rights are the Role `delivery` there. */
function robotOf({ namespace }: TenantEnvironment): string {
  return namespace;
}

function projectOf({ name }: TenantSlice): string {
  return `tenant-${name}`;
}

function addProject(scope: Construct, tenant: TenantSlice, cluster: ResolvedCluster): void {
  const { environments } = tenant;
  const project = projectOf(tenant);
  const windows = syncWindows(tenant);
  new ApiObject(scope, 'project', {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: project, namespace: cluster.gitopsNamespace, labels: tenantLabels(tenant) },
    spec: {
      description: `What the repositories of ${tenant.name} may deploy`,
      sourceRepos: [...new Set(environments.flatMap((one) => one.repositories.map(({ url }) => url)))],
      destinations: environments.map(({ namespace }) => ({ server: IN_CLUSTER, namespace })),
      destinationServiceAccounts: environments.map((one) => ({
        server: IN_CLUSTER,
        namespace: one.namespace,
        defaultServiceAccount: `${ROBOTS_NAMESPACE}:${robotOf(one)}`,
      })),
      clusterResourceWhitelist: [],
      namespaceResourceWhitelist: Object.entries(TENANT_KINDS).flatMap(([group, kinds]) =>
        Object.keys(kinds).map((kind) => ({ group, kind })),
      ),
      // What stands in the namespace and in no repository is told. Istio writes its certificate to every namespace.
      orphanedResources: { warn: true, ignore: [{ group: '', kind: 'ConfigMap', name: 'istio-ca-root-cert' }] },
      roles: projectRoles(project, tenant, cluster),
      ...(windows.length > 0 ? { syncWindows: windows } : {}),
    },
  });
}

function syncWindows({ state, environments }: TenantSlice): readonly object[] {
  if (state === 'suspended') return [NEVER];
  return environments.flatMap((one) =>
    one.syncWindows.map((window) => ({
      kind: window.kind,
      schedule: window.schedule,
      duration: window.duration,
      timeZone: window.timeZone,
      namespaces: [one.namespace],
      manualSync: window.manualSync,
    })),
  );
}

/** Each repository of the tenant with the environments that it is for, in code-unit order of their names. */
function byRepository({
  environments,
}: TenantSlice): readonly { readonly repository: TenantRepository; readonly environments: readonly string[] }[] {
  const found = new Map<string, { repository: TenantRepository; environments: string[] }>();
  for (const { name, repositories } of environments) {
    for (const repository of repositories) {
      const known = found.get(repository.name);
      if (known) known.environments.push(name);
      else found.set(repository.name, { repository, environments: [name] });
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function addApplicationSet(
  scope: Construct,
  tenant: TenantSlice,
  { name, url, path, revision }: TenantRepository,
  environments: readonly string[],
  cluster: ResolvedCluster,
): void {
  const environment = '{{ .path.basename }}';
  const active = tenant.state === 'active';
  new ApiObject(scope, `repository-${name}`, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    metadata: {
      // With a dot, which no namespace has, so that no two tenants' names run into each other.
      name: `delivery-${tenant.name}.${name}`,
      namespace: cluster.gitopsNamespace,
      labels: tenantLabels(tenant),
      // When project and robots are there.
      annotations: { 'argocd.argoproj.io/sync-wave': '1' },
    },
    spec: {
      goTemplate: true,
      goTemplateOptions: ['missingkey=error'],
      // Only those that the claim names: a directory of another name makes no Application.
      generators: [
        {
          git: {
            repoURL: url,
            revision,
            directories: environments.map((one) => ({ path: `${path}/${one}` })),
          },
        },
      ],
      // A directory that vanishes, and the set itself, leave what they deployed.
      syncPolicy: { preserveResourcesOnDeletion: true },
      preservedFields: PRESERVED,
      template: {
        metadata: {
          name: `delivery-${tenant.name}-${environment}.${name}`,
          labels: { ...tenantLabels(tenant), environment },
          // Compared by Argo CD itself: a dry run has the controller's rights, and where a guardrail refuses it, the next
          // comparison calls the Application synced (seen with 3.2.3; 3.4.4 has the same code).
          annotations: { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=false' },
        },
        spec: {
          project: projectOf(tenant),
          source: { repoURL: url, targetRevision: revision, path: '{{ .path.path }}' },
          destination: { server: IN_CLUSTER, namespace: `${tenant.name}-${environment}` },
          syncPolicy: {
            ...(active ? { automated: { prune: true, selfHeal: true } } : {}),
            retry: RETRY,
            syncOptions: [...SYNC_OPTIONS, 'CreateNamespace=false', 'FailOnSharedResource=true'],
          },
        },
      },
    },
  });
}
