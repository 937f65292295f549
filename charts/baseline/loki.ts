import type { Cluster, JsonObject, Reach, Workload } from '../component';
import { defineComponent } from '../component';
import { afterIdentityWebhook, afterStorage, byProvider, resources, roleArn, spread } from '../hardening';

const labels = (component: string) => ({
  'app.kubernetes.io/name': 'loki',
  'app.kubernetes.io/instance': 'loki',
  'app.kubernetes.io/component': component,
});

const PRIORITY = 'platform-standard';

/**
 * Loki and Tempo keep the data of each organisation apart, and believe whichever organisation a request names: nothing
 * but what has made sure of it may reach them. The organisation of a tenant's environment is its namespace; all that is
 * the platform's own, or that nobody has made sure of, is this one's.
 */
export const PLATFORM_ORGANISATION = 'platform';

/** Who may name an organisation: each of them knows whose data it brings, or that whoever asks may read it. */
const CLIENTS = ['self/canary', 'grafana-operator/grafana', 'log-agent', 'opentelemetry-gateway', 'telemetry-access'];

/** How one target of the distributed deployment runs. */
interface Target {
  /** Key of its values. */
  readonly values: string;
  readonly component: string;
  readonly replicas: number;
  readonly cpu: string;
  readonly memory: string;
  /** True where it reads or writes the bucket. */
  readonly bucket: boolean;
}

const targets = ({ replicas: { controller, quorum } }: Cluster): Target[] => [
  target('distributor', 'distributor', quorum, '100m', '512Mi', false),
  target('ingester', 'ingester', quorum, '500m', '3Gi', true),
  target('querier', 'querier', quorum, '250m', '1Gi', true),
  target('queryFrontend', 'query-frontend', controller, '50m', '256Mi', false),
  target('queryScheduler', 'query-scheduler', controller, '50m', '128Mi', false),
  target('indexGateway', 'index-gateway', controller, '100m', '512Mi', true),
  target('compactor', 'compactor', 1, '100m', '1Gi', true),
];

function target(
  values: string,
  component: string,
  replicas: number,
  cpu: string,
  memory: string,
  bucket: boolean,
): Target {
  return { values, component, replicas, cpu, memory, bucket };
}

export const component = defineComponent({
  name: 'loki',
  summary: 'Keeps logs, apart for each environment of a tenant',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://grafana-community.github.io/helm-charts',
      name: 'loki',
      version: '18.11.0',
      values: {
        ...byProvider(cluster, { cloud: distributed(cluster), local: monolithic(cluster) }),
        loki: {
          auth_enabled: true,
          analytics: { reporting_enabled: false },
          limits_config: {
            retention_period: '744h',
            allow_structured_metadata: true,
            otlp_config: {
              resource_attributes: {
                attributes_config: [{ action: 'index_label', attributes: ['tenant', 'environment'] }],
              },
            },
          },
          schemaConfig: {
            configs: [
              {
                from: '2024-04-01',
                store: 'tsdb',
                object_store: byProvider(cluster, { cloud: 's3', local: 'filesystem' }),
                schema: 'v13',
                index: { prefix: 'loki_index_', period: '24h' },
              },
            ],
          },
          compactor: {
            retention_enabled: true,
            delete_request_store: byProvider(cluster, { cloud: 's3', local: 'filesystem' }),
          },
          ...byProvider(cluster, { cloud: bucket(cluster), local: files() }),
        },
        global: { priorityClassName: PRIORITY },
        defaults: { automountServiceAccountToken: false },
        rbac: { namespaced: true },
        gateway: {
          replicas: cluster.replicas.controller,
          resources: resources('50m', '128Mi'),
          metrics: { resources: resources('10m', '64Mi') },
          podDisruptionBudget: { maxUnavailable: 1 },
          topologySpreadConstraints: spread(labels('gateway')),
          // Every copy has a node to itself: where there are no spare ones, the next waits for the last to go.
          deploymentStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
          // The address, so that it makes no difference what the Service of the cluster's DNS is called.
          nginxConfig: { resolver: cluster.network.dnsAddress },
        },
        lokiCanary: { kind: 'Deployment', replicas: 1, resources: resources('10m', '64Mi') },
        memcachedExporter: { resources: resources('10m', '32Mi') },
        ruler: { enabled: false },
        // It would only load rules, and needs to read every ConfigMap for that.
        sidecar: { rules: { enabled: false } },
        test: { enabled: false },
      },
    },
    namespace: { name: 'loki', level: 'restricted' },
    workloads: {
      gateway: {
        labels: labels('gateway'),
        serves: { http: { port: 8080, to: CLIENTS } },
        scrape: [{ port: 4040 }],
      },
      canary: { labels: labels('canary'), scrape: [{ port: 3500 }] },
      ...byProvider<Record<string, Workload>>(cluster, {
        cloud: {
          ...ring(cluster, targets(cluster)),
          'chunks-cache': cache(cluster, 'chunks'),
          'results-cache': cache(cluster, 'results'),
        },
        local: ring(cluster, [target('singleBinary', 'single-binary', 1, '', '', false)]),
      }),
    },
    identities: byProvider(cluster, { cloud: [{ serviceAccount: 'loki', role: 'loki' }], local: [] }),
    after: [...afterIdentityWebhook(cluster), ...afterStorage(cluster)],
    priorityClass: PRIORITY,
    exceptions: [
      { what: 'one copy of the compactor', reason: 'only one may compact and delete; logs are taken without it' },
      { what: 'one copy of the canary and of each cache', reason: 'nothing is lost while they are away' },
    ],
  }),
});

/** One deployment a target: each scales, and is updated, by itself. */
function distributed(cluster: Cluster): JsonObject {
  return {
    deploymentMode: 'Distributed',
    read: { replicas: 0 },
    write: { replicas: 0 },
    backend: { replicas: 0 },
    ...Object.fromEntries(
      targets(cluster).map(({ values, component: name, replicas, cpu, memory }) => [
        values,
        {
          replicas,
          resources: resources(cpu, memory),
          ...(replicas > 1 ? copies(name) : {}),
          ...(name === 'ingester' ? ingester(cluster) : {}),
        },
      ]),
    ),
    serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': roleArn(cluster, 'loki') } },
    chunksCache: memcached('memcached-chunks-cache', 2048),
    resultsCache: memcached('memcached-results-cache', 512),
  };
}

/** Memory in MiB; the chart limits it to a fifth more. Its caches do not take the class of all the others. */
function memcached(name: string, allocatedMemory: number): JsonObject {
  return { allocatedMemory, priorityClassName: PRIORITY, topologySpreadConstraints: spread(labels(name)) };
}

/** What only more than one copy needs. */
function copies(name: string): JsonObject {
  return { podDisruptionBudget: { maxUnavailable: 1 }, topologySpreadConstraints: spread(labels(name)) };
}

/** Logs that are not in the bucket yet outlive their Pod; the copies spread over zones without an operator of zones. */
function ingester(cluster: Cluster): JsonObject {
  return {
    zoneAwareReplication: { enabled: false },
    persistence: {
      enabled: true,
      claims: [{ name: 'data', accessModes: ['ReadWriteOnce'], size: '20Gi', storageClass: cluster.storageClass }],
    },
  };
}

function monolithic(cluster: Cluster): JsonObject {
  return {
    deploymentMode: 'Monolithic',
    read: { replicas: 0 },
    write: { replicas: 0 },
    backend: { replicas: 0 },
    singleBinary: {
      replicas: 1,
      resources: resources('100m', '1Gi'),
      persistence: { size: '10Gi', storageClass: cluster.storageClass },
    },
    chunksCache: { enabled: false },
    resultsCache: { enabled: false },
  };
}

function bucket(cluster: Cluster): JsonObject {
  return {
    storage: {
      type: 's3',
      bucketNames: { chunks: logs(cluster) },
      // One name of the bucket is enough to open in the network policy.
      s3: { region: cluster.region ?? '', disable_dualstack: true },
    },
  };
}

function files(): JsonObject {
  return { commonConfig: { replication_factor: 1 }, storage: { type: 'filesystem' } };
}

/** Processes of Loki itself: all of them form one ring and call one another. */
function ring(cluster: Cluster, members: readonly Target[]): Record<string, Workload> {
  const to = clients(members);
  return Object.fromEntries(members.map((one) => [one.component, member(cluster, one, to)]));
}

const clients = (members: readonly Target[]) => members.map(({ component }) => `self/${component}`);

function member(cluster: Cluster, { component: name, bucket: usesBucket }: Target, peers: readonly string[]): Workload {
  const region = cluster.region ?? '';
  const storage: Reach[] = [
    { to: 'host', host: `${logs(cluster)}.s3.${region}.amazonaws.com`, port: 443, why: 'keeps logs there' },
    { to: 'host', host: `sts.${region}.amazonaws.com`, port: 443, why: 'exchanges its token for its role' },
  ];
  return {
    labels: labels(name),
    serves: {
      http: { port: 3100, to: ['self/gateway', ...peers] },
      grpc: { port: 9095, to: peers },
      gossip: { port: 7946, to: peers },
    },
    ...(usesBucket ? { reaches: storage } : {}),
    scrape: [{ port: 3100 }],
  };
}

function cache(cluster: Cluster, name: string): Workload {
  return {
    labels: labels(`memcached-${name}-cache`),
    serves: { client: { port: 11211, to: clients(targets(cluster)) } },
    scrape: [{ port: 9150 }],
  };
}

const logs = (cluster: Cluster) => cluster.storage?.logs ?? '';
