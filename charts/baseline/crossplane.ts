import { ApiObject } from 'cdk8s';
import { downloadHosts } from '../../src/model/hosts';
import type { Cluster, Component, ComponentDeclaration, JsonObject, Reach, Workload } from '../component';
import { defineComponent } from '../component';
import {
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
  afterIdentityWebhook,
  byProvider,
  resources,
  roleArn,
  spread,
} from '../hardening';
import { addOnLabels } from '../labels';

const VERSION = '2.3.4';

const CORE = { app: 'crossplane', release: 'crossplane' };
const RBAC_MANAGER = { app: 'crossplane-rbac-manager', release: 'crossplane' };

/** User of Crossplane's own images, by the number that a kubelet wants to see. */
const USER = { runAsUser: 65532, runAsGroup: 65532 };
const POD = { ...RESTRICTED_POD, ...USER };
const CONTAINER = { ...RESTRICTED_CONTAINER, ...USER };

/** A package that Crossplane installs and runs by itself; its Pods carry the package's name as a label. */
interface Package {
  readonly kind: 'Provider' | 'Function';
  readonly name: string;
  readonly image: string;
  readonly replicas: number;
  readonly resources: JsonObject;
  /** Last part of the name of the cloud role that it acts as. @default - none */
  readonly role?: string;
  readonly reaches: readonly Reach[];
}

const PACKAGES = 'xpkg.crossplane.io/crossplane-contrib';

/** Functions everywhere; providers where there is a cloud to provide from. */
function packages(cluster: Cluster): readonly Package[] {
  const run = {
    kind: 'Function',
    replicas: cluster.replicas.controller,
    resources: resources('20m', '128Mi'),
  } as const;
  const { region } = cluster;
  const functions: Package[] = [
    {
      ...run,
      name: 'function-go-templating',
      image: `${PACKAGES}/function-go-templating:v0.12.2`,
      reaches: [],
    },
    {
      ...run,
      name: 'function-auto-ready',
      image: `${PACKAGES}/function-auto-ready:v0.6.0`,
      reaches: [],
    },
  ];
  const aws: Package[] = [
    {
      kind: 'Provider',
      // The name that Crossplane would give it when it installs it for the next one.
      name: 'crossplane-contrib-provider-family-aws',
      image: `${PACKAGES}/provider-family-aws:v2.7.0`,
      replicas: 1,
      resources: resources('20m', '256Mi'),
      reaches: [{ to: 'api-server' }],
    },
    {
      kind: 'Provider',
      name: 'provider-aws-rds',
      image: `${PACKAGES}/provider-aws-rds:v2.7.0`,
      replicas: 1,
      resources: resources('100m', '512Mi', { memory: '1Gi' }),
      role: 'provider-aws-rds',
      reaches: [
        { to: 'api-server' },
        { to: 'host', host: `rds.${region}.amazonaws.com`, port: 443, why: 'makes databases' },
        { to: 'host', host: `sts.${region}.amazonaws.com`, port: 443, why: 'exchanges its token for its role' },
      ],
    },
  ];
  return [...functions, ...byProvider(cluster, { cloud: aws, local: [] })];
}

const packageLabels = ({ kind, name }: Package) => ({ [`pkg.crossplane.io/${kind.toLowerCase()}`]: name });

/** Providers serve conversions to the API server, functions their one call to Crossplane. */
function packageWorkload(one: Package): Workload {
  const provider = one.kind === 'Provider';
  return {
    labels: packageLabels(one),
    serves: provider
      ? { webhook: { port: 9443, to: ['api-server'] } }
      : { grpc: { port: 9443, to: ['self/crossplane'] } },
    reaches: one.reaches,
    scrape: [{ port: 8080 }],
    ...(one.replicas > 1 ? { disruptionBudget: { maxUnavailable: 1 } } : {}),
  };
}

export const component: Component = defineComponent({
  name: 'crossplane',
  summary: 'Makes what tenants claim in the cloud, such as databases, and keeps it so',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => {
    const replicas = cluster.replicas.controller;
    const budget = replicas > 1 ? { disruptionBudget: { maxUnavailable: 1 } } : {};
    return {
      chart: {
        repository: 'https://charts.crossplane.io/stable',
        name: 'crossplane',
        version: VERSION,
        values: {
          replicas,
          priorityClassName: 'platform-standard',
          // Only what compositions use of a provider gets a kind; all would be dozens in every cluster.
          provider: { defaultActivations: ['*.rds.aws.m.upbound.io'] },
          resourcesCrossplane: resources('100m', '512Mi', { cpu: '1', memory: '1Gi' }),
          podSecurityContextCrossplane: POD,
          securityContextCrossplane: CONTAINER,
          topologySpreadConstraints: spread(CORE),
          metrics: { enabled: true },
          packageCache: { sizeLimit: '100Mi' },
          rbacManager: { replicas, topologySpreadConstraints: spread(RBAC_MANAGER) },
          resourcesRBACManager: resources('50m', '256Mi', { cpu: '500m' }),
          podSecurityContextRBACManager: POD,
          securityContextRBACManager: CONTAINER,
        },
      },
      namespace: { name: 'crossplane-system', level: 'restricted' },
      workloads: {
        crossplane: {
          labels: CORE,
          serves: { webhooks: { port: 9443, to: ['api-server'] } },
          reaches: [
            { to: 'api-server' },
            ...['xpkg.crossplane.io', ...downloadHosts('ghcr.io')].map(
              (host) =>
                ({ to: 'host', host, port: 443, why: 'packages and what their registry redirects to' }) as const,
            ),
          ],
          scrape: [{ port: 8080 }],
          ...budget,
        },
        'rbac-manager': { labels: RBAC_MANAGER, reaches: [{ to: 'api-server' }], scrape: [{ port: 8080 }], ...budget },
        ...Object.fromEntries(packages(cluster).map((one) => [one.name, packageWorkload(one)])),
      },
      crds: {
        source: {
          repository: 'https://github.com/crossplane/crossplane',
          revision: `v${VERSION}`,
          path: 'cluster/crds',
        },
        kinds: [
          'apiextensions.crossplane.io/CompositeResourceDefinition',
          'apiextensions.crossplane.io/Composition',
          'apiextensions.crossplane.io/CompositionRevision',
          'apiextensions.crossplane.io/EnvironmentConfig',
          'apiextensions.crossplane.io/ManagedResourceActivationPolicy',
          'apiextensions.crossplane.io/ManagedResourceDefinition',
          'apiextensions.crossplane.io/Usage',
          'ops.crossplane.io/CronOperation',
          'ops.crossplane.io/Operation',
          'ops.crossplane.io/WatchOperation',
          'pkg.crossplane.io/Configuration',
          'pkg.crossplane.io/ConfigurationRevision',
          'pkg.crossplane.io/DeploymentRuntimeConfig',
          'pkg.crossplane.io/Function',
          'pkg.crossplane.io/FunctionRevision',
          'pkg.crossplane.io/ImageConfig',
          'pkg.crossplane.io/Lock',
          'pkg.crossplane.io/Provider',
          'pkg.crossplane.io/ProviderRevision',
          'protection.crossplane.io/ClusterUsage',
          'protection.crossplane.io/Usage',
        ],
      },
      ...byProvider<Pick<ComponentDeclaration, 'makesKinds'>>(cluster, {
        // Its providers bring them.
        cloud: { makesKinds: ['aws.m.upbound.io/ClusterProviderConfig', 'rds.aws.m.upbound.io/Instance'] },
        local: {},
      }),
      webhooks: [
        {
          name: 'crossplane-no-usages',
          type: 'validating',
          workload: 'crossplane',
          port: 'webhooks',
          failurePolicy: 'Fail',
          kinds: ['*'],
          atRuntime: true,
        },
      ],
      identities: packages(cluster).flatMap(({ name, role }) => (role ? [{ serviceAccount: name, role }] : [])),
      after: [...afterIdentityWebhook(cluster)],
      priorityClass: 'platform-standard',
      exceptions: [
        {
          what: 'crossplane-no-usages fails closed without a namespace selector',
          reason: 'it sees deletions only, and only of objects that Crossplane labelled as in use',
        },
        {
          what: 'CPU limits on the core and the RBAC manager',
          reason: 'the chart derives GOMAXPROCS from them; without one it would be the number of the node',
        },
        {
          what: 'one replica of each provider, without a disruption budget',
          reason: 'providers work through a queue of one; a restart delays changes in the cloud and loses none',
        },
      ],
    };
  },

  resources(scope, { cluster, name }) {
    for (const one of packages(cluster)) {
      const metadata = { name: one.name, labels: addOnLabels(name) };
      new ApiObject(scope, `${one.name}-runtime`, {
        apiVersion: 'pkg.crossplane.io/v1beta1',
        kind: 'DeploymentRuntimeConfig',
        metadata,
        spec: runtime(cluster, one),
      });
      new ApiObject(scope, one.name, {
        apiVersion: 'pkg.crossplane.io/v1',
        kind: one.kind,
        metadata,
        spec: { package: one.image, runtimeConfigRef: { name: one.name } },
      });
    }
  },
});

/** How Crossplane runs a package's Pods: restricted, limited, spread. */
function runtime(cluster: Cluster, one: Package): JsonObject {
  const annotations: JsonObject = one.role ? { 'eks.amazonaws.com/role-arn': roleArn(cluster, one.role) } : {};
  return {
    serviceAccountTemplate: { metadata: { name: one.name, annotations } },
    deploymentTemplate: {
      spec: {
        replicas: one.replicas,
        selector: {},
        template: {
          spec: {
            priorityClassName: 'platform-standard',
            securityContext: { ...RESTRICTED_POD, runAsUser: 2000, runAsGroup: 2000, fsGroup: 2000 },
            topologySpreadConstraints: spread(packageLabels(one)),
            containers: [
              {
                name: 'package-runtime',
                resources: one.resources,
                securityContext: RESTRICTED_CONTAINER,
                volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
              },
            ],
            volumes: [{ name: 'tmp', emptyDir: {} }],
          },
        },
      },
    },
  };
}
