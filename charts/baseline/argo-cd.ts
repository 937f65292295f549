import { ApiObject } from 'cdk8s';
import { APPLICATION_HEALTH, DATABASE_HEALTH, DEFINITION_HEALTH, FUNCTION_HEALTH } from '../argo-cd-health';
import type { Cluster, Component, JsonObject, Workload } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_POD, byProvider, resources, spread } from '../hardening';

/** Secret with the client secret of the issuer; Argo CD reads it by reference, so that it is in no manifest. */
const OIDC_SECRET = 'argocd-oidc';

const labels = (component: string) => ({
  'app.kubernetes.io/instance': 'argocd',
  'app.kubernetes.io/name': `argocd-${component}`,
});

const host = (cluster: Cluster) => `argocd.${cluster.domain}`;

/** What the Deployments that run in several copies share. */
const copies = (replicas: number, component: string) => ({
  replicas,
  pdb: { enabled: replicas > 1, maxUnavailable: 1 },
  topologySpreadConstraints: spread(labels(component)),
});

export const component: Component = defineComponent({
  name: 'argo-cd',
  summary: 'Applies the rendered tree to the cluster and keeps it so',
  providers: ['aws', 'eks', 'local'],
  role: 'gitops',

  declare: (cluster) => ({
    chart: {
      repository: 'https://argoproj.github.io/argo-helm',
      name: 'argo-cd',
      version: '10.1.1',
      releaseName: 'argocd',
      values: {
        crds: { install: false },
        global: {
          domain: host(cluster),
          logging: { format: 'json' },
          networkPolicy: { create: false },
          priorityClassName: 'platform-critical',
          securityContext: RESTRICTED_POD,
        },
        configs: {
          cm: {
            'admin.enabled': false,
            'exec.enabled': false,
            'statusbadge.enabled': false,
            'users.anonymous.enabled': false,
            'application.resourceTrackingMethod': 'annotation',
            // What a team's commit brings is done with the rights of its robot, not with those of the controller: every
            // project names whom Argo CD acts as, and one that names nobody deploys nothing.
            'application.sync.impersonation.enabled': true,
            // Values come from the repository itself. Bases and charts of others are what the network lets through.
            'helm.valuesFileSchemes': '',
            'resource.customizations.health.apiextensions.k8s.io_CustomResourceDefinition': DEFINITION_HEALTH,
            'resource.customizations.health.argoproj.io_Application': APPLICATION_HEALTH,
            'resource.customizations.health.pkg.crossplane.io_Function': FUNCTION_HEALTH,
            'resource.customizations.health.platform.keelson.dev_Database': DATABASE_HEALTH,
            'oidc.config': oidc(cluster),
          },
          params: {
            // The gateway ends TLS, and Cilium encrypts what it sends on between nodes.
            'server.insecure': true,
            'controller.diff.server.side': true,
            // A submodule is a repository that no project names.
            'reposerver.enable.git.submodule': false,
            // One team's heavy repository leaves room for the others; without a limit it could end the process.
            'reposerver.parallelism.limit': 10,
          },
          rbac: {
            'policy.default': '',
            'policy.csv': policy(cluster),
            scopes: `[${cluster.platform.oidc.groupsClaim}]`,
          },
        },
        controller: { replicas: 1, resources: resources('250m', '1Gi', { memory: '2Gi' }) },
        server: { ...copies(cluster.replicas.controller, 'server'), resources: resources('50m', '256Mi') },
        repoServer: {
          ...copies(cluster.replicas.controller, 'repo-server'),
          resources: resources('100m', '512Mi', { memory: '1Gi' }),
          copyutil: { resources: resources('10m', '64Mi') },
          automountServiceAccountToken: false,
          serviceAccount: { automountServiceAccountToken: false },
        },
        applicationSet: {
          ...copies(cluster.replicas.controller, 'applicationset-controller'),
          resources: resources('50m', '256Mi'),
        },
        dex: { enabled: false },
        notifications: { enabled: false },
        redisSecretInit: { resources: resources('10m', '64Mi'), securityContext: RESTRICTED_POD },
        ...redisValues(cluster),
      },
    },
    namespace: { name: 'argocd', level: 'restricted' },
    workloads: {
      controller: {
        labels: labels('application-controller'),
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: 8082 }],
      },
      server: {
        labels: labels('server'),
        serves: { http: { port: 8080, to: ['gateway'] } },
        reaches: [{ to: 'api-server' }, issuer(cluster)],
        scrape: [{ port: 8083 }],
      },
      'repo-server': {
        labels: labels('repo-server'),
        serves: {
          grpc: { port: 8081, to: ['self/server', 'self/controller', 'self/applicationset-controller'] },
        },
        reaches: [{ to: 'sources' }],
        scrape: [{ port: 8084 }],
      },
      'applicationset-controller': {
        labels: labels('applicationset-controller'),
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: 8080 }],
      },
      // A hook Job of the chart: it makes the password that redis asks for, once.
      'redis-secret-init': { labels: labels('redis-secret-init'), reaches: [{ to: 'api-server' }] },
      ...redisWorkloads(cluster),
    },
    crds: {
      source: {
        repository: 'https://github.com/argoproj/argo-cd',
        revision: 'v3.4.4',
        path: 'manifests/crds',
        include: '*-crd.yaml',
      },
      kinds: ['argoproj.io/Application', 'argoproj.io/ApplicationSet', 'argoproj.io/AppProject'],
    },
    needs: [
      'gateway.networking.k8s.io/HTTPRoute',
      ...byProvider(cluster, { cloud: ['external-secrets.io/ExternalSecret'] as const, local: [] }),
    ],
    priorityClass: 'platform-critical',
    exceptions: [
      {
        what: 'one replica of the application controller, without a disruption budget',
        reason: 'one process owns a cluster; a second would own none, and a stopped one is back within a minute',
      },
      {
        what: 'ClusterRole of the application controller allows everything',
        reason:
          'it applies whatever the tree holds, and acts as robots whose number grows with the tenants; what teams bring is applied with the rights of those alone',
      },
      {
        what: 'no zone spread of redis-ha-haproxy',
        reason: 'the chart has no value for it; its copies keep off one node by anti-affinity',
      },
    ],
  }),

  resources(scope, { cluster, namespace }) {
    new ApiObject(scope, 'route', {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'argocd-server', namespace },
      spec: {
        parentRefs: [{ name: 'platform', namespace: 'gateway', sectionName: 'https' }],
        hostnames: [host(cluster)],
        rules: [{ backendRefs: [{ name: 'argocd-server', port: 80 }] }],
      },
    });
    for (const secret of clientSecret(cluster)) {
      new ApiObject(scope, 'oidc', { ...secret, metadata: { name: OIDC_SECRET, namespace } });
    }
  },
});

/** A cluster with a secret manager has a confidential client; a local one proves itself with PKCE alone. */
function oidc(cluster: Cluster): string {
  const { issuer, clientId } = cluster.platform.oidc;
  return [
    'name: SSO',
    `issuer: ${JSON.stringify(issuer)}`,
    `clientID: ${JSON.stringify(clientId)}`,
    ...byProvider(cluster, {
      cloud: [`clientSecret: $${OIDC_SECRET}:clientSecret`],
      local: ['enablePKCEAuthentication: true'],
    }),
    '',
  ].join('\n');
}

/** Who may do what; tenants get the roles of their own projects, and nobody a role by default. */
function policy(cluster: Cluster): string {
  const { groups } = cluster.platform.oidc;
  const member = (group: string, role: string) => `g, "${group.replaceAll('"', '""')}", role:${role}`;
  return [
    'p, role:oncall, applications, sync, */*, allow',
    'g, role:oncall, role:readonly',
    member(groups.admins, 'admin'),
    member(cluster.platform.breakGlassGroup, 'admin'),
    member(groups.oncall, 'oncall'),
    member(groups.auditors, 'readonly'),
    '',
  ].join('\n');
}

function issuer(cluster: Cluster) {
  const { hostname, port } = new URL(cluster.platform.oidc.issuer);
  return { to: 'host', host: hostname, port: Number(port || 443), why: 'signs people in' } as const;
}

function clientSecret(cluster: Cluster) {
  const cloud = {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    spec: {
      refreshInterval: '1h',
      secretStoreRef: { kind: 'ClusterSecretStore', name: 'platform' },
      // Argo CD reads only Secrets that carry this label.
      target: { template: { metadata: { labels: { 'app.kubernetes.io/part-of': 'argocd' } } } },
      data: [
        { secretKey: 'clientSecret', remoteRef: { key: `${cluster.name}/argo-cd/oidc`, property: 'clientSecret' } },
      ],
    },
  };
  return byProvider(cluster, { cloud: [cloud], local: [] });
}

const REDIS = { app: 'redis-ha', release: 'argocd' };
const HAPROXY = { app: 'redis-ha-haproxy', release: 'argocd' };

/** Where three copies can vote, redis fails over by itself behind HAProxy; else there is one. */
function redisValues(cluster: Cluster): JsonObject {
  const { quorum } = cluster.replicas;
  return quorum > 1
    ? {
        redis: { enabled: false },
        'redis-ha': {
          enabled: true,
          replicas: quorum,
          priorityClassName: 'platform-critical',
          topologySpreadConstraints: { enabled: true },
          init: { resources: resources('10m', '32Mi') },
          redis: { resources: resources('50m', '256Mi') },
          sentinel: { resources: resources('10m', '64Mi') },
          splitBrainDetection: { resources: resources('10m', '32Mi') },
          haproxy: {
            replicas: quorum,
            priorityClassName: 'platform-critical',
            // Every copy has a node to itself, so that on three nodes there is no room for one more while it rolls.
            deploymentStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
            serviceAccount: { automountToken: false },
            init: { resources: resources('10m', '32Mi') },
            resources: resources('20m', '128Mi'),
          },
        },
      }
    : {
        redis: { enabled: true, resources: resources('50m', '128Mi'), automountServiceAccountToken: false },
        'redis-ha': { enabled: false },
      };
}

function redisWorkloads(cluster: Cluster): Record<string, Workload> {
  const clients = ['self/server', 'self/controller', 'self/repo-server'];
  const peers = ['self/redis', 'self/redis-proxy'];
  const disruptionBudget = { maxUnavailable: 1 };
  return cluster.replicas.quorum > 1
    ? {
        redis: {
          labels: REDIS,
          serves: { redis: { port: 6379, to: peers }, sentinel: { port: 26379, to: peers } },
          disruptionBudget,
        },
        'redis-proxy': {
          labels: HAPROXY,
          serves: { redis: { port: 6379, to: clients } },
          scrape: [{ port: 9101 }],
          disruptionBudget,
        },
      }
    : { redis: { labels: labels('redis'), serves: { redis: { port: 6379, to: clients } } } };
}
