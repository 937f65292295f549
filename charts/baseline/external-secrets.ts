import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Cluster, Component, GroupKind } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_POD, afterIdentityWebhook, byProvider, resources, roleArn, spread } from '../hardening';
import { MANAGED, addOnLabels } from '../labels';

const VERSION = '2.9.0';

/** ServiceAccount that reads the platform's secrets; the controller itself has no identity in the cloud. */
const READER = 'platform-secrets';

const labels = (suffix = '') => ({
  'app.kubernetes.io/instance': 'external-secrets',
  'app.kubernetes.io/name': `external-secrets${suffix}`,
});

/** What all three Deployments of the chart share; it sets their `restricted` container contexts itself. */
const pod = (replicas: number, podLabels: Record<string, string>) => ({
  replicaCount: replicas,
  priorityClassName: 'platform-critical',
  podDisruptionBudget: { enabled: replicas > 1, minAvailable: Math.max(1, replicas - 1) },
  podSecurityContext: { enabled: true, ...RESTRICTED_POD },
  topologySpreadConstraints: spread(podLabels),
});

const generators = [
  'ACRAccessToken',
  'CloudsmithAccessToken',
  'ClusterGenerator',
  'ECRAuthorizationToken',
  'Fake',
  'GCRAccessToken',
  'GeneratorState',
  'GithubAccessToken',
  'Grafana',
  'MFA',
  'Password',
  'QuayAccessToken',
  'SSHKey',
  'STSSessionToken',
  'UUID',
  'VaultDynamicSecret',
  'Webhook',
].map((kind): GroupKind => `generators.external-secrets.io/${kind}`);

export const component: Component = defineComponent({
  name: 'external-secrets',
  summary: 'Brings secrets from the cloud into the cluster, so that none is in git',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://charts.external-secrets.io',
      name: 'external-secrets',
      version: VERSION,
      values: {
        installCRDs: false,
        ...pod(cluster.replicas.controller, labels()),
        leaderElect: true,
        resources: resources('50m', '256Mi'),
        // Secrets leave the cluster by no way, and none is made in a namespace that did not ask for it.
        processPushSecret: false,
        processClusterPushSecret: false,
        processClusterExternalSecret: false,
        webhook: {
          ...pod(cluster.replicas.quorum, labels('-webhook')),
          failurePolicy: 'Fail',
          resources: resources('20m', '128Mi'),
        },
        certController: {
          ...pod(cluster.replicas.controller, labels('-cert-controller')),
          resources: resources('20m', '128Mi'),
        },
      },
    },
    namespace: { name: 'external-secrets', level: 'restricted' },
    workloads: {
      controller: {
        labels: labels(),
        reaches: [
          { to: 'api-server' },
          ...byProvider(cluster, {
            cloud: [
              { to: 'host', host: `secretsmanager.${cluster.region}.amazonaws.com`, port: 443, why: 'reads secrets' },
              {
                to: 'host',
                host: `sts.${cluster.region}.amazonaws.com`,
                port: 443,
                why: 'takes on the role of a store',
              },
            ] as const,
            local: [],
          }),
        ],
        scrape: [{ port: 8080 }],
      },
      webhook: {
        labels: labels('-webhook'),
        serves: { webhook: { port: 10250, to: ['api-server'] } },
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: 8080 }],
      },
      'cert-controller': {
        labels: labels('-cert-controller'),
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: 8080 }],
      },
    },
    crds: {
      source: {
        repository: 'https://github.com/external-secrets/external-secrets',
        revision: `v${VERSION}`,
        path: 'deploy/crds',
        include: 'bundle.yaml',
      },
      kinds: [
        'external-secrets.io/ClusterExternalSecret',
        'external-secrets.io/ClusterPushSecret',
        'external-secrets.io/ClusterSecretStore',
        'external-secrets.io/ExternalSecret',
        'external-secrets.io/PushSecret',
        'external-secrets.io/SecretStore',
        ...generators,
      ],
    },
    webhooks: [
      {
        name: 'secretstore-validate',
        type: 'validating',
        workload: 'webhook',
        port: 'webhook',
        failurePolicy: 'Fail',
        kinds: ['external-secrets.io/ClusterSecretStore', 'external-secrets.io/SecretStore'],
      },
      {
        name: 'externalsecret-validate',
        type: 'validating',
        workload: 'webhook',
        port: 'webhook',
        failurePolicy: 'Fail',
        kinds: ['external-secrets.io/ExternalSecret'],
      },
    ],
    identities: byProvider(cluster, { cloud: [{ serviceAccount: READER, role: READER }], local: [] }),
    after: [...afterIdentityWebhook(cluster)],
    priorityClass: 'platform-critical',
    exceptions: [
      {
        what: 'webhooks fail closed without a namespace selector',
        reason: 'the chart has no value for it; they see kinds of their own only, and nothing that starts a Pod',
      },
    ],
  }),

  resources(scope, { cluster, name, namespace }) {
    for (const platform of stores(cluster, namespace)) {
      new k8s.KubeServiceAccount(scope, READER, {
        metadata: {
          name: READER,
          namespace,
          labels: addOnLabels(name),
          annotations: { 'eks.amazonaws.com/role-arn': roleArn(cluster, READER) },
        },
        automountServiceAccountToken: false,
      });
      new ApiObject(scope, 'store', {
        apiVersion: 'external-secrets.io/v1',
        kind: 'ClusterSecretStore',
        metadata: { name: 'platform', labels: addOnLabels(name) },
        spec: platform,
      });
    }
  },
});

/**
 * The store of the platform's own secrets, named `<cluster>/<add-on>/<what>`. Tenants cannot select it, and a store of
 * theirs has no identity to borrow. A local cluster has none: what it would give out would stand in git.
 */
function stores(cluster: Cluster, namespace: string) {
  const { region } = cluster;
  const platform = {
    provider: {
      aws: { service: 'SecretsManager', region, auth: { jwt: { serviceAccountRef: { name: READER, namespace } } } },
    },
    conditions: [
      {
        namespaceSelector: {
          matchLabels: MANAGED,
          matchExpressions: [{ key: 'tenant', operator: 'DoesNotExist' }],
        },
      },
    ],
  };
  return byProvider(cluster, { cloud: [platform], local: [] });
}
