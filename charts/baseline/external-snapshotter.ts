import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources, spread } from '../hardening';

const LABELS = {
  'app.kubernetes.io/instance': 'external-snapshotter',
  'app.kubernetes.io/name': 'snapshot-controller',
};

const USER = { runAsUser: 1000, runAsGroup: 1000 };

/** The project publishes no chart; this one, of Piraeus, installs its released image. */
export const component = defineComponent({
  name: 'external-snapshotter',
  summary: 'Turns requests for volume snapshots into work for the storage drivers',
  providers: ['aws', 'eks'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://piraeus.io/helm-charts',
      name: 'snapshot-controller',
      version: '5.3.0',
      values: {
        installCRDs: false,
        controller: {
          replicaCount: cluster.replicas.controller,
          pdb: { maxUnavailable: 1 },
          priorityClassName: 'platform-critical',
          resources: resources('20m', '64Mi', { memory: '256Mi' }),
          podSecurityContext: { ...RESTRICTED_POD, ...USER },
          securityContext: { ...RESTRICTED_CONTAINER, ...USER },
          topologySpreadConstraints: spread(LABELS),
        },
        // It converts group snapshots of older API versions, of which there are none. The certificate that the chart
        // would sign for it is a new one at every render.
        webhook: { enabled: false, tls: { autogenerate: false } },
      },
    },
    namespace: { name: 'external-snapshotter', level: 'restricted' },
    workloads: {
      controller: { labels: LABELS, reaches: [{ to: 'api-server' }], scrape: [{ port: 8080 }] },
    },
    crds: {
      source: {
        repository: 'https://github.com/kubernetes-csi/external-snapshotter',
        revision: 'v8.6.0',
        path: 'client/config/crd',
      },
      kinds: [
        'groupsnapshot.storage.k8s.io/VolumeGroupSnapshot',
        'groupsnapshot.storage.k8s.io/VolumeGroupSnapshotClass',
        'groupsnapshot.storage.k8s.io/VolumeGroupSnapshotContent',
        'snapshot.storage.k8s.io/VolumeSnapshot',
        'snapshot.storage.k8s.io/VolumeSnapshotClass',
        'snapshot.storage.k8s.io/VolumeSnapshotContent',
      ],
    },
    priorityClass: 'platform-critical',
  }),
});
