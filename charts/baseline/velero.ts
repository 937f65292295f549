import { k8s } from 'cdk8s-plus-28';
import type { Cluster, Component, JsonObject, Reach } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, afterIdentityWebhook, resources, roleArn } from '../hardening';

const VERSION = 'v1.18.1';

const RELEASE = { 'app.kubernetes.io/instance': 'velero', 'app.kubernetes.io/name': 'velero' };
const MAINTENANCE = { 'app.kubernetes.io/component': 'repository-maintenance' };
const exposer = (group: 'snapshot-exposer' | 'generic-restore-exposer') => ({ 'velero.io/exposer-pod-group': group });

/** The image names its user by name only, which a kubelet cannot tell from root. */
const POD = { ...RESTRICTED_POD, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532 };

/**
 * The root filesystem is read-only: temporary files go where scratch data goes. The chart hands these variables to the
 * node agents too; told to them once more, the same name twice would make a server-side apply fail.
 */
const TEMPORARY = [{ name: 'TMPDIR', value: '/scratch' }];

const NODE_AGENT_CONFIG = 'node-agent-config';

/** Object storage by the names that the AWS SDK and Kopia's client call it, and tokens for the role. */
function cloud(cluster: Cluster): readonly Reach[] {
  const { region, storage } = cluster;
  const hosts = ['s3', 's3.dualstack'].flatMap((service) => [
    `${service}.${region}.amazonaws.com`,
    `${storage?.backups}.${service}.${region}.amazonaws.com`,
  ]);
  return [
    { to: 'api-server' },
    ...hosts.map((host) => ({ to: 'host', host, port: 443, why: 'keeps backups' }) as const),
    { to: 'host', host: `sts.${region}.amazonaws.com`, port: 443, why: 'exchanges its token for its role' },
  ];
}

/** Every hour the objects, every night the volumes too; a production cluster keeps nights for a month. */
function schedules(cluster: Cluster): JsonObject {
  const backup = {
    includedNamespaces: ['*'],
    includeClusterResources: true,
    excludedResources: [
      'events',
      'events.events.k8s.io',
      'endpointslices.discovery.k8s.io',
      'leases.coordination.k8s.io',
    ],
    storageLocation: 'default',
  };
  return {
    objects: { schedule: '15 * * * *', template: { ...backup, snapshotVolumes: false, ttl: '48h0m0s' } },
    everything: {
      schedule: '30 1 * * *',
      template: {
        ...backup,
        snapshotVolumes: true,
        snapshotMoveData: true,
        ttl: cluster.production ? '720h0m0s' : '168h0m0s',
      },
    },
  };
}

export const component: Component = defineComponent({
  name: 'velero',
  summary: 'Backs up objects and volumes to object storage and restores them',
  providers: ['aws', 'eks'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://vmware-tanzu.github.io/helm-charts',
      name: 'velero',
      version: '12.1.0',
      values: {
        upgradeCRDs: false,
        cleanUpCRDs: false,
        credentials: { useSecret: false },
        serviceAccount: { server: { annotations: { 'eks.amazonaws.com/role-arn': roleArn(cluster, 'velero') } } },
        initContainers: [
          {
            name: 'velero-plugin-for-aws',
            image: 'docker.io/velero/velero-plugin-for-aws:v1.14.2',
            imagePullPolicy: 'IfNotPresent',
            resources: resources('10m', '32Mi'),
            securityContext: RESTRICTED_CONTAINER,
            volumeMounts: [{ name: 'plugins', mountPath: '/target' }],
          },
        ],
        priorityClassName: 'platform-standard',
        resources: resources('100m', '512Mi', { memory: '1Gi' }),
        podSecurityContext: POD,
        containerSecurityContext: RESTRICTED_CONTAINER,
        metrics: {
          enabled: true,
          serviceMonitor: { enabled: false, autodetect: false },
          nodeAgentPodMonitor: { enabled: false, autodetect: false },
          prometheusRule: { enabled: false, autodetect: false },
        },
        configuration: {
          features: 'EnableCSI',
          defaultSnapshotMoveData: true,
          logFormat: 'json',
          extraEnvVars: TEMPORARY,
          backupStorageLocation: [
            {
              name: 'default',
              provider: 'aws',
              bucket: cluster.storage?.backups ?? '',
              prefix: cluster.name,
              default: true,
              accessMode: 'ReadWrite',
              config: { region: cluster.region ?? '' },
            },
          ],
          volumeSnapshotLocation: [{ name: 'default', provider: 'aws', config: { region: cluster.region ?? '' } }],
          repositoryMaintenanceJob: {
            repositoryConfigData: {
              global: {
                keepLatestMaintenanceJobs: 3,
                podLabels: MAINTENANCE,
                podResources: { cpuRequest: '100m', cpuLimit: '1', memoryRequest: '256Mi', memoryLimit: '1Gi' },
                priorityClassName: 'platform-standard',
              },
            },
          },
        },
        deployNodeAgent: true,
        nodeAgent: {
          // Volumes are moved from snapshots, which data movers mount as volumes of their own: no directory of a node.
          disableHostPath: true,
          priorityClassName: 'platform-standard',
          resources: resources('50m', '256Mi', { memory: '512Mi' }),
          podSecurityContext: POD,
          containerSecurityContext: RESTRICTED_CONTAINER,
          extraArgs: [`--node-agent-configmap=${NODE_AGENT_CONFIG}`],
          tolerations: [{ operator: 'Exists' }],
        },
        schedules: schedules(cluster),
      },
    },
    namespace: {
      name: 'velero',
      level: 'baseline',
      reason: 'the data movers that Velero starts run as root, to read and write files of any owner',
    },
    workloads: {
      server: {
        labels: { ...RELEASE, name: 'velero' },
        reaches: [...cloud(cluster), ec2(cluster)],
        scrape: [{ port: 8085 }],
      },
      'node-agent': { labels: { ...RELEASE, name: 'node-agent' }, reaches: cloud(cluster), scrape: [{ port: 8085 }] },
      // Pods that the server and the node agents start while they work.
      'backup-mover': { labels: exposer('snapshot-exposer'), reaches: cloud(cluster) },
      'restore-mover': { labels: exposer('generic-restore-exposer'), reaches: cloud(cluster) },
      'repository-maintenance': { labels: MAINTENANCE, reaches: cloud(cluster) },
    },
    crds: {
      source: {
        repository: 'https://github.com/velero-io/velero',
        revision: VERSION,
        path: 'config/crd',
        include: '{v1/bases/*.yaml,v2alpha1/bases/*.yaml}',
      },
      kinds: [
        'velero.io/Backup',
        'velero.io/BackupRepository',
        'velero.io/BackupStorageLocation',
        'velero.io/DataDownload',
        'velero.io/DataUpload',
        'velero.io/DeleteBackupRequest',
        'velero.io/DownloadRequest',
        'velero.io/PodVolumeBackup',
        'velero.io/PodVolumeRestore',
        'velero.io/Restore',
        'velero.io/Schedule',
        'velero.io/ServerStatusRequest',
        'velero.io/VolumeSnapshotLocation',
      ],
    },
    needs: ['snapshot.storage.k8s.io/VolumeSnapshotClass'],
    identities: [{ serviceAccount: 'velero-server', role: 'velero' }],
    after: [...afterIdentityWebhook(cluster)],
    priorityClass: 'platform-standard',
    exceptions: [
      {
        what: 'ClusterRoleBinding velero-server to cluster-admin',
        reason: 'a restore makes objects of every kind, roles that grant everything among them',
      },
      {
        what: 'one replica of the server, without a disruption budget',
        reason: 'the server does not elect a leader; a backup that it leaves behind is marked failed and made anew',
      },
      {
        what: 'data movers run as root and set no seccomp profile',
        reason: 'Velero writes their Pods and has no setting for it; their memory and CPU are limited by its config',
      },
    ],
  }),

  resources(scope, { namespace }) {
    const config = {
      loadConcurrency: { globalConfig: 2 },
      podResources: { cpuRequest: '100m', cpuLimit: '2', memoryRequest: '256Mi', memoryLimit: '2Gi' },
      priorityClassName: 'platform-standard',
    };
    new k8s.KubeConfigMap(scope, NODE_AGENT_CONFIG, {
      metadata: { name: NODE_AGENT_CONFIG, namespace },
      data: { 'node-agent-config.json': `${JSON.stringify(config, null, 2)}\n` },
    });
  },
});

/** Native snapshots of EBS volumes, which are tagged and deleted through EC2. */
function ec2(cluster: Cluster): Reach {
  return { to: 'host', host: `ec2.${cluster.region}.amazonaws.com`, port: 443, why: 'takes and deletes snapshots' };
}
