import { downloadHosts } from '../../src/model/hosts';
import type { Cluster, Component, Reach, Webhook } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources, spread } from '../hardening';

const VERSION = 'v1.19.0';

type Controller = 'admission-controller' | 'background-controller' | 'cleanup-controller' | 'reports-controller';

const labels = (controller: Controller) => ({
  'app.kubernetes.io/instance': 'kyverno',
  'app.kubernetes.io/component': controller,
});

const CLEANUP = { 'app.kubernetes.io/instance': 'kyverno', 'app.kubernetes.io/component': 'webhooks-cleanup' };

/** The images name no user by number, so that this says which one they run as. */
const CONTAINER = { ...RESTRICTED_CONTAINER, runAsUser: 65534, runAsGroup: 65534 };

/** What all four Deployments of the chart share. */
const pod = (replicas: number, controller: Controller) => ({
  replicas,
  priorityClassName: 'platform-critical',
  podDisruptionBudget: { enabled: replicas > 1, minAvailable: Math.max(1, replicas - 1) },
  podSecurityContext: RESTRICTED_POD,
  topologySpreadConstraints: spread(labels(controller)),
});

/** Signatures and attestations are read from the registries that images may come from. */
const registries = (cluster: Cluster): readonly Reach[] =>
  [...new Set(cluster.platform.registries.flatMap((registry) => downloadHosts(registry.split('/')[0] ?? '')))].map(
    (address) => {
      const [host = '', port = '443'] = address.split(':');
      return { to: 'host', host, port: Number(port), why: 'verifies images of this registry' };
    },
  );

export const component: Component = defineComponent({
  name: 'kyverno',
  summary: 'Enforces guardrails that need more than the API server can do, and reports on all',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://kyverno.github.io/kyverno',
      name: 'kyverno',
      version: '3.9.0',
      values: {
        // Stored versions are migrated by a Job after every sync; an upgrade that needs it says so in its notes.
        crds: { install: false, migration: { enabled: false } },
        config: {
          // Nothing of the platform waits for a policy engine: its webhooks see tenants' namespaces only.
          webhooks: { namespaceSelector: { matchExpressions: [{ key: 'tenant', operator: 'Exists' }] } },
          excludeKyvernoNamespace: true,
        },
        features: {
          logging: { format: 'json' },
          // Nodes register while Kyverno is away.
          excludeBootstrapResources: { enabled: true },
          // An exception counts only where no tenant can write one.
          policyExceptions: { enabled: true, namespace: 'kyverno' },
        },
        rbac: { roles: { aggregate: { admin: false, view: true } } },
        admissionController: {
          ...pod(cluster.replicas.quorum, 'admission-controller'),
          initContainer: { resources: resources('10m', '64Mi', { memory: '256Mi' }), securityContext: CONTAINER },
          container: { resources: resources('100m', '256Mi', { memory: '512Mi' }), securityContext: CONTAINER },
        },
        backgroundController: {
          ...pod(cluster.replicas.controller, 'background-controller'),
          // By default it may write Roles, quotas and network policies anywhere.
          rbac: { coreClusterRole: { extraResources: [] } },
          resources: resources('50m', '128Mi', { memory: '256Mi' }),
          securityContext: CONTAINER,
        },
        cleanupController: {
          ...pod(cluster.replicas.controller, 'cleanup-controller'),
          resources: resources('50m', '128Mi'),
          securityContext: CONTAINER,
        },
        reportsController: {
          ...pod(cluster.replicas.controller, 'reports-controller'),
          resources: resources('50m', '256Mi', { memory: '512Mi' }),
          securityContext: CONTAINER,
        },
        webhooksCleanup: { podLabels: CLEANUP, podSecurityContext: RESTRICTED_POD },
      },
    },
    namespace: { name: 'kyverno', level: 'restricted' },
    workloads: {
      'admission-controller': {
        labels: labels('admission-controller'),
        serves: { webhook: { port: 9443, to: ['api-server'] } },
        reaches: [{ to: 'api-server' }, ...registries(cluster)],
        scrape: [{ port: 8000 }],
      },
      'background-controller': {
        labels: labels('background-controller'),
        reaches: [{ to: 'api-server' }, ...registries(cluster)],
        scrape: [{ port: 8000 }],
      },
      'cleanup-controller': {
        labels: labels('cleanup-controller'),
        serves: { webhook: { port: 9443, to: ['api-server'] } },
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: 8000 }],
      },
      'reports-controller': {
        labels: labels('reports-controller'),
        reaches: [{ to: 'api-server' }, ...registries(cluster)],
        scrape: [{ port: 8000 }],
      },
      // Hook Jobs of the chart: when Kyverno is taken away its webhooks go first.
      'webhooks-cleanup': { labels: CLEANUP, reaches: [{ to: 'api-server' }] },
    },
    crds: {
      source: { repository: 'https://github.com/kyverno/kyverno', revision: VERSION, path: 'config/crds' },
      kinds: [
        'kyverno.io/CleanupPolicy',
        'kyverno.io/ClusterCleanupPolicy',
        'kyverno.io/ClusterPolicy',
        'kyverno.io/GlobalContextEntry',
        'kyverno.io/Policy',
        'kyverno.io/PolicyException',
        'kyverno.io/UpdateRequest',
        'policies.kyverno.io/DeletingPolicy',
        'policies.kyverno.io/GeneratingPolicy',
        'policies.kyverno.io/ImageValidatingPolicy',
        'policies.kyverno.io/MutatingPolicy',
        'policies.kyverno.io/NamespacedDeletingPolicy',
        'policies.kyverno.io/NamespacedGeneratingPolicy',
        'policies.kyverno.io/NamespacedImageValidatingPolicy',
        'policies.kyverno.io/NamespacedMutatingPolicy',
        'policies.kyverno.io/NamespacedValidatingPolicy',
        'policies.kyverno.io/PolicyException',
        'policies.kyverno.io/ValidatingPolicy',
        'reports.kyverno.io/ClusterEphemeralReport',
        'reports.kyverno.io/EphemeralReport',
        'wgpolicyk8s.io/ClusterPolicyReport',
        'wgpolicyk8s.io/PolicyReport',
      ],
    },
    webhooks: WEBHOOKS,
    priorityClass: 'platform-critical',
    exceptions: [
      {
        what: 'validate-policy.kyverno.svc fails closed without a namespace selector',
        reason: 'it sees Kyverno policies only, which are cluster-wide; a cluster without Kyverno has no use for them',
      },
    ],
  }),
});

/** Kyverno makes its webhook configurations itself; what the two for resources see follows from the policies. */
const WEBHOOKS = [
  {
    name: 'kyverno-policy-validating-webhook-cfg',
    type: 'validating',
    workload: 'admission-controller',
    port: 'webhook',
    failurePolicy: 'Fail',
    kinds: [
      'kyverno.io/ClusterPolicy',
      'kyverno.io/Policy',
      'policies.kyverno.io/DeletingPolicy',
      'policies.kyverno.io/GeneratingPolicy',
      'policies.kyverno.io/ImageValidatingPolicy',
      'policies.kyverno.io/MutatingPolicy',
      'policies.kyverno.io/NamespacedDeletingPolicy',
      'policies.kyverno.io/NamespacedGeneratingPolicy',
      'policies.kyverno.io/NamespacedImageValidatingPolicy',
      'policies.kyverno.io/NamespacedMutatingPolicy',
      'policies.kyverno.io/NamespacedValidatingPolicy',
      'policies.kyverno.io/ValidatingPolicy',
    ],
    atRuntime: true,
  },
  {
    name: 'kyverno-policy-mutating-webhook-cfg',
    type: 'mutating',
    workload: 'admission-controller',
    port: 'webhook',
    failurePolicy: 'Fail',
    kinds: ['kyverno.io/ClusterPolicy', 'kyverno.io/Policy'],
    atRuntime: true,
  },
  {
    name: 'kyverno-exception-validating-webhook-cfg',
    type: 'validating',
    workload: 'admission-controller',
    port: 'webhook',
    failurePolicy: 'Fail',
    kinds: ['kyverno.io/PolicyException'],
    atRuntime: true,
  },
  {
    name: 'kyverno-cel-exception-validating-webhook-cfg',
    type: 'validating',
    workload: 'admission-controller',
    port: 'webhook',
    failurePolicy: 'Fail',
    kinds: ['policies.kyverno.io/PolicyException'],
    atRuntime: true,
  },
  {
    name: 'kyverno-global-context-validating-webhook-cfg',
    type: 'validating',
    workload: 'admission-controller',
    port: 'webhook',
    failurePolicy: 'Fail',
    kinds: ['kyverno.io/GlobalContextEntry'],
    atRuntime: true,
  },
  {
    name: 'kyverno-resource-validating-webhook-cfg',
    type: 'validating',
    workload: 'admission-controller',
    port: 'webhook',
    failurePolicy: 'Fail',
    kinds: ['*'],
    atRuntime: true,
  },
  {
    name: 'kyverno-resource-mutating-webhook-cfg',
    type: 'mutating',
    workload: 'admission-controller',
    port: 'webhook',
    failurePolicy: 'Fail',
    kinds: ['*'],
    atRuntime: true,
  },
  {
    name: 'kyverno-verify-mutating-webhook-cfg',
    type: 'mutating',
    workload: 'admission-controller',
    port: 'webhook',
    failurePolicy: 'Ignore',
    kinds: ['coordination.k8s.io/Lease'],
    atRuntime: true,
  },
  {
    name: 'kyverno-cleanup-validating-webhook-cfg',
    type: 'validating',
    workload: 'cleanup-controller',
    port: 'webhook',
    failurePolicy: 'Fail',
    kinds: ['kyverno.io/CleanupPolicy', 'kyverno.io/ClusterCleanupPolicy'],
    atRuntime: true,
  },
  {
    name: 'kyverno-ttl-validating-webhook-cfg',
    type: 'validating',
    workload: 'cleanup-controller',
    port: 'webhook',
    failurePolicy: 'Ignore',
    kinds: ['*'],
    atRuntime: true,
  },
] as const satisfies readonly Webhook[];
