import type { Cluster, JsonObject, Reach } from '../component';
import { defineComponent } from '../component';
import {
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
  afterIdentityWebhook,
  afterStorage,
  byProvider,
  resources,
  roleArn,
} from '../hardening';

const LABELS = { 'app.kubernetes.io/name': 'tempo', 'app.kubernetes.io/instance': 'tempo' };

/** User and group of the image. */
const USER = 10001;

export const component = defineComponent({
  name: 'tempo',
  summary: 'Keeps traces, apart for each environment of a tenant',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://grafana-community.github.io/helm-charts',
      name: 'tempo',
      version: '2.2.4',
      values: {
        priorityClassName: 'platform-standard',
        securityContext: { ...RESTRICTED_POD, fsGroup: USER, runAsGroup: USER, runAsUser: USER },
        persistence: { enabled: true, size: '20Gi', storageClassName: cluster.storageClass },
        serviceAccount: {
          automountServiceAccountToken: false,
          annotations: byProvider<JsonObject>(cluster, {
            cloud: { 'eks.amazonaws.com/role-arn': roleArn(cluster, 'tempo') },
            local: {},
          }),
        },
        tempo: {
          multitenancyEnabled: true,
          reportingEnabled: false,
          memBallastSizeMbs: 0,
          retention: '336h',
          resources: byProvider(cluster, { cloud: resources('500m', '4Gi'), local: resources('100m', '1Gi') }),
          securityContext: RESTRICTED_CONTAINER,
          storage: { trace: byProvider<JsonObject>(cluster, { cloud: bucket(cluster), local: { backend: 'local' } }) },
        },
      },
    },
    namespace: { name: 'tempo', level: 'restricted' },
    workloads: {
      tempo: {
        labels: LABELS,
        serves: {
          'otlp-grpc': { port: 4317, to: ['opentelemetry-gateway'] },
          http: { port: 3200, to: ['grafana-operator/grafana', 'telemetry-access'] },
        },
        reaches: byProvider<readonly Reach[]>(cluster, {
          cloud: [
            { to: 'host', host: endpoint(cluster), port: 443, why: 'keeps traces there' },
            { to: 'host', host: `${traces(cluster)}.${endpoint(cluster)}`, port: 443, why: 'keeps traces there' },
            {
              to: 'host',
              host: `sts.${cluster.region}.amazonaws.com`,
              port: 443,
              why: 'exchanges its token for its role',
            },
          ],
          local: [],
        }),
        scrape: [{ port: 3200 }],
      },
    },
    identities: byProvider(cluster, { cloud: [{ serviceAccount: 'tempo', role: 'tempo' }], local: [] }),
    after: [...afterIdentityWebhook(cluster), ...afterStorage(cluster)],
    priorityClass: 'platform-standard',
    exceptions: [
      {
        what: 'one copy',
        reason: 'several need Kafka; collectors hold traces back and try again while it restarts',
      },
    ],
  }),
});

function bucket(cluster: Cluster): JsonObject {
  return {
    backend: 's3',
    s3: { bucket: traces(cluster), endpoint: endpoint(cluster), region: cluster.region ?? '' },
  };
}

const endpoint = (cluster: Cluster) => `s3.${cluster.region}.amazonaws.com`;
const traces = (cluster: Cluster) => cluster.storage?.traces ?? '';
