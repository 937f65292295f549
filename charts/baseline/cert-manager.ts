import { ApiObject } from 'cdk8s';
import type { Cluster } from '../component';
import { defineComponent } from '../component';
import {
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
  byProvider,
  reachesSts,
  resources,
  spread,
  webIdentity,
} from '../hardening';
import { ACME_HOST, issuerSpec } from '../shared-gateway';

const VERSION = 'v1.21.1';

const labels = (component: 'cainjector' | 'controller' | 'webhook') => ({
  'app.kubernetes.io/instance': 'cert-manager',
  'app.kubernetes.io/component': component,
});

/** What all three Deployments of the chart share. */
const pod = (replicas: number, component: 'cainjector' | 'controller' | 'webhook') => ({
  replicaCount: replicas,
  podDisruptionBudget: { enabled: replicas > 1, maxUnavailable: 1 },
  securityContext: RESTRICTED_POD,
  containerSecurityContext: RESTRICTED_CONTAINER,
  topologySpreadConstraints: spread(labels(component)),
});

const identity = (cluster: Cluster) => webIdentity(cluster, 'cert-manager');

export const component = defineComponent({
  name: 'cert-manager',
  summary: 'Issues and renews certificates for hosts and webhooks',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    chart: {
      repository: 'oci://quay.io/jetstack/charts',
      name: 'cert-manager',
      version: VERSION,
      values: {
        crds: { enabled: false },
        global: { priorityClassName: 'platform-critical', leaderElection: { namespace: 'cert-manager' } },
        ...pod(cluster.replicas.controller, 'controller'),
        resources: resources('50m', '512Mi'),
        // The identity webhook has its certificate from here, so that this Pod cannot have its identity from there.
        extraEnv: identity(cluster).env,
        volumes: identity(cluster).volumes,
        volumeMounts: identity(cluster).volumeMounts,
        // The self-check of a DNS challenge asks the cluster's own resolver and not the zone's name servers, which no
        // policy can list.
        extraArgs: [
          '--dns01-recursive-nameservers-only=true',
          // Issuers of tenants' names stand in the gateway's namespace and prove them by this Pod's role, each its own
          // names alone. Nobody but the platform can write one.
          '--issuer-ambient-credentials=true',
        ],
        webhook: { ...pod(cluster.replicas.quorum, 'webhook'), resources: resources('20m', '64Mi') },
        cainjector: { ...pod(cluster.replicas.controller, 'cainjector'), resources: resources('20m', '512Mi') },
        // The API server says when the webhook answers; a hook Job that asks first needs rights of its own.
        startupapicheck: { enabled: false },
        prometheus: { enabled: true, servicemonitor: { enabled: false }, podmonitor: { enabled: false } },
      },
    },
    namespace: { name: 'cert-manager', level: 'restricted' },
    workloads: {
      controller: {
        labels: labels('controller'),
        reaches: [
          { to: 'api-server' },
          ...byProvider(cluster, {
            cloud: [
              { to: 'host', host: ACME_HOST, port: 443, why: 'orders certificates' },
              { to: 'host', host: 'route53.amazonaws.com', port: 443, why: 'answers DNS challenges' },
              reachesSts(cluster),
            ] as const,
            local: [],
          }),
        ],
        scrape: [{ port: 9402 }],
      },
      cainjector: { labels: labels('cainjector'), reaches: [{ to: 'api-server' }], scrape: [{ port: 9402 }] },
      webhook: {
        labels: labels('webhook'),
        serves: { webhook: { port: 10250, to: ['api-server'] } },
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: 9402 }],
      },
    },
    crds: {
      source: { repository: 'https://github.com/cert-manager/cert-manager', revision: VERSION, path: 'deploy/crds' },
      kinds: [
        'acme.cert-manager.io/Challenge',
        'acme.cert-manager.io/Order',
        'cert-manager.io/Certificate',
        'cert-manager.io/CertificateRequest',
        'cert-manager.io/ClusterIssuer',
        'cert-manager.io/Issuer',
      ],
    },
    webhooks: [
      {
        name: 'cert-manager-webhook',
        type: 'validating',
        workload: 'webhook',
        port: 'webhook',
        failurePolicy: 'Fail',
        kinds: [
          'acme.cert-manager.io/Order',
          'acme.cert-manager.io/Challenge',
          'cert-manager.io/Certificate',
          'cert-manager.io/CertificateRequest',
          'cert-manager.io/ClusterIssuer',
          'cert-manager.io/Issuer',
        ],
      },
      {
        name: 'cert-manager-webhook',
        type: 'mutating',
        workload: 'webhook',
        port: 'webhook',
        failurePolicy: 'Fail',
        kinds: ['cert-manager.io/CertificateRequest'],
      },
    ],
    identities: byProvider(cluster, {
      cloud: [{ serviceAccount: 'cert-manager', role: 'cert-manager' }],
      local: [],
    }),
    priorityClass: 'platform-critical',
    exceptions: [
      {
        what: 'fail-closed webhooks without a namespace selector of their own',
        reason: 'they intercept cert-manager’s own kinds only: while they are down certificates wait, Pods do not',
      },
    ],
    ignoreDifferences: (['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const).map((kind) => ({
      group: 'admissionregistration.k8s.io',
      kind,
      name: 'cert-manager-webhook',
      jqPathExpressions: ['.webhooks[].clientConfig.caBundle'],
    })),
  }),

  resources(scope, { cluster }) {
    new ApiObject(scope, 'issuer', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: { name: 'platform' },
      // For the platform's own pages, all of which one certificate names.
      spec: issuerSpec(cluster, {
        account: 'platform-acme-account',
        ownsAccount: true,
        names: [`*.${cluster.domain}`],
      }),
    });
  },
});
