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

const LABELS = {
  'app.kubernetes.io/instance': 'cluster-autoscaler',
  'app.kubernetes.io/name': 'aws-cluster-autoscaler',
};

const USER = { runAsUser: 65534, runAsGroup: 65534 };

/** For machines in groups of our own; on EKS Karpenter chooses machines without groups. */
export const component = defineComponent({
  name: 'cluster-autoscaler',
  summary: 'Adds machines to node pools when Pods find no room, and takes away idle ones',
  providers: ['aws'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://kubernetes.github.io/autoscaler',
      name: 'cluster-autoscaler',
      version: '9.59.0',
      values: {
        cloudProvider: 'aws',
        awsRegion: cluster.region ?? '',
        // Groups are found by their tags `k8s.io/cluster-autoscaler/enabled` and `k8s.io/cluster-autoscaler/<cluster>`.
        autoDiscovery: { clusterName: cluster.name },
        extraArgs: {
          logtostderr: true,
          stderrthreshold: 'info',
          v: 2,
          expander: 'least-waste',
          'balance-similar-node-groups': true,
          // A disk that is only scratch space must not keep a machine.
          'skip-nodes-with-local-storage': false,
        },
        replicaCount: cluster.replicas.controller,
        podDisruptionBudget: { maxUnavailable: 1 },
        priorityClassName: 'system-cluster-critical',
        resources: resources('50m', '512Mi'),
        securityContext: { ...RESTRICTED_POD, ...USER },
        containerSecurityContext: { ...RESTRICTED_CONTAINER, ...USER },
        topologySpreadConstraints: spread(LABELS),
        rbac: {
          serviceAccount: {
            name: 'cluster-autoscaler',
            annotations: { 'eks.amazonaws.com/role-arn': roleArn(cluster, 'cluster-autoscaler') },
          },
        },
        serviceMonitor: { enabled: false },
      },
    },
    namespace: { name: 'cluster-autoscaler', level: 'restricted' },
    workloads: {
      autoscaler: {
        labels: LABELS,
        reaches: [
          { to: 'api-server' },
          {
            to: 'host',
            host: `autoscaling.${cluster.region ?? ''}.amazonaws.com`,
            port: 443,
            why: 'reads groups and sets their size',
          },
          { to: 'host', host: `ec2.${cluster.region ?? ''}.amazonaws.com`, port: 443, why: 'reads machine types' },
          reachesSts(cluster),
        ],
        scrape: [{ port: 8085 }],
      },
    },
    after: afterIdentityWebhook(cluster),
    identities: [{ serviceAccount: 'cluster-autoscaler', role: 'cluster-autoscaler' }],
    priorityClass: 'system-cluster-critical',
  }),
});
