import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { JsonObject } from '../component';
import { defineComponent } from '../component';
import {
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
  afterIdentityWebhook,
  reachesSts,
  resources,
  roleArn,
  spread,
} from '../hardening';

const DRIVER = 'ebs.csi.aws.com';
const LABELS = { controller: { app: 'ebs-csi-controller' }, node: { app: 'ebs-csi-node' } } as const;
const USER = { runAsUser: 1000, runAsGroup: 1000 };

/** For containers beside the driver on nodes, which run as root to reach sockets of the kubelet, and with nothing else. */
const ON_NODES = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  seccompProfile: { type: 'RuntimeDefault' },
} as const satisfies JsonObject;

const sidecar: JsonObject = {
  securityContext: RESTRICTED_CONTAINER,
  resources: resources('10m', '64Mi', { memory: '256Mi' }),
};

export const component = defineComponent({
  name: 'aws-ebs-csi-driver',
  summary: 'Gives Pods encrypted disks of the cloud, and snapshots of them',
  providers: ['aws', 'eks'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://kubernetes-sigs.github.io/aws-ebs-csi-driver',
      name: 'aws-ebs-csi-driver',
      version: '2.64.0',
      values: {
        controller: {
          replicaCount: cluster.replicas.controller,
          region: cluster.region ?? '',
          // Tagged with its name, a volume that nobody claims any more is found.
          k8sTagClusterId: cluster.name,
          priorityClassName: 'system-cluster-critical',
          podDisruptionBudget: { enabled: cluster.replicas.controller > 1 },
          resources: resources('20m', '128Mi', { memory: '256Mi' }),
          securityContext: { ...RESTRICTED_POD, ...USER, fsGroup: USER.runAsGroup },
          containerSecurityContext: RESTRICTED_CONTAINER,
          topologySpreadConstraints: spread(LABELS.controller),
          serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': roleArn(cluster, 'aws-ebs-csi-driver') } },
        },
        node: {
          enableWindows: false,
          priorityClassName: 'system-node-critical',
          resources: resources('10m', '64Mi', { memory: '256Mi' }),
          // What the node's own object says is enough: Pods have no way to the metadata service.
          metadataSources: 'kubernetes',
        },
        sidecars: {
          provisioner: sidecar,
          attacher: sidecar,
          // Said, not guessed from the kinds that a cluster happens to have while Argo CD renders.
          snapshotter: { ...sidecar, forceEnable: true },
          resizer: sidecar,
          livenessProbe: { securityContext: ON_NODES, resources: resources('10m', '32Mi', { memory: '64Mi' }) },
          nodeDriverRegistrar: { securityContext: ON_NODES, resources: resources('10m', '32Mi', { memory: '64Mi' }) },
        },
        helmTester: { enabled: false },
      },
    },
    namespace: {
      name: 'aws-ebs-csi-driver',
      level: 'privileged',
      reason:
        'The driver formats and mounts disks on every node, so that it runs privileged with the kubelet’s folders.',
    },
    workloads: {
      controller: {
        labels: LABELS.controller,
        reaches: [
          { to: 'api-server' },
          { to: 'host', host: `ec2.${cluster.region ?? ''}.amazonaws.com`, port: 443, why: 'makes and attaches disks' },
          reachesSts(cluster),
        ],
      },
      node: { labels: LABELS.node, reaches: [{ to: 'api-server' }] },
    },
    needs: ['snapshot.storage.k8s.io/VolumeSnapshotClass'],
    after: [
      { component: 'external-snapshotter', why: 'turns requests for snapshots into work for its sidecar' },
      ...afterIdentityWebhook(cluster),
    ],
    identities: [{ serviceAccount: 'ebs-csi-controller-sa', role: 'aws-ebs-csi-driver' }],
    priorityClass: 'system-node-critical',
    exceptions: [
      { what: 'privileged and root on nodes', reason: 'mounting and formatting are not possible otherwise' },
      {
        what: 'metrics of the driver',
        reason:
          'the chart makes ServiceMonitors of its own with them and has no switch for those; kubelets report volumes',
      },
    ],
  }),

  resources(scope) {
    const classes = [
      { name: 'gp3', isDefault: true, reclaimPolicy: 'Delete' },
      // For data that must outlive its claim.
      { name: 'gp3-retain', isDefault: false, reclaimPolicy: 'Retain' },
    ];
    for (const { name, isDefault, reclaimPolicy } of classes) {
      new k8s.KubeStorageClass(scope, name, {
        metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) } },
        provisioner: DRIVER,
        parameters: { type: 'gp3', encrypted: 'true', 'csi.storage.k8s.io/fstype': 'ext4' },
        reclaimPolicy,
        allowVolumeExpansion: true,
        // The disk is made in the zone where its Pod can run.
        volumeBindingMode: 'WaitForFirstConsumer',
      });
    }
    new ApiObject(scope, 'snapshots', {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotClass',
      metadata: {
        name: 'ebs',
        annotations: { 'snapshot.storage.kubernetes.io/is-default-class': 'true' },
        labels: { 'velero.io/csi-volumesnapshot-class': 'true' },
      },
      driver: DRIVER,
      deletionPolicy: 'Delete',
    });
  },
});
