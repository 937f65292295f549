import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { NodePool } from '../../src/model/cluster';
import type { JsonObject } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_POD, reachesSts, resources, roleArn, spread } from '../hardening';

const VERSION = '1.13.0';

const LABELS = {
  'app.kubernetes.io/instance': 'karpenter',
  'app.kubernetes.io/name': 'karpenter',
};

const USER = { runAsUser: 65532, runAsGroup: 65532 };

/** Tag by which it finds the cluster's subnets and security groups. */
const DISCOVERY = 'karpenter.sh/discovery';

/** Keeps Pods away from a new machine until Cilium’s agent has its network up and takes the taint off. */
const UNTIL_NETWORK = { key: 'node.cilium.io/agent-not-ready', value: 'true', effect: 'NoExecute' };

/** How its machines are set up, whatever pool they are of. */
const NODE_CLASS = { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'general' } as const;

export const component = defineComponent({
  name: 'karpenter',
  summary: 'Buys the machines that waiting Pods need, and gives back what they no longer do',
  providers: ['eks'],

  declare: (cluster) => ({
    chart: {
      repository: 'oci://public.ecr.aws/karpenter',
      name: 'karpenter',
      version: VERSION,
      values: {
        replicas: cluster.replicas.controller,
        podDisruptionBudget: { name: 'karpenter', maxUnavailable: 1 },
        priorityClassName: 'system-cluster-critical',
        podSecurityContext: { ...RESTRICTED_POD, ...USER, fsGroup: USER.runAsGroup },
        topologySpreadConstraints: spread(LABELS),
        controller: { resources: resources('250m', '1Gi') },
        serviceAccount: {
          name: 'karpenter',
          annotations: { 'eks.amazonaws.com/role-arn': roleArn(cluster, 'karpenter') },
        },
        settings: {
          clusterName: cluster.name,
          // Where the cloud says that it is about to take a machine.
          interruptionQueue: `${cluster.name}-karpenter`,
        },
        serviceMonitor: { enabled: false },
      },
    },
    namespace: { name: 'karpenter', level: 'restricted' },
    workloads: {
      controller: {
        labels: LABELS,
        reaches: [
          { to: 'api-server' },
          ...[
            { service: 'ec2', why: 'buys and gives back machines' },
            { service: 'eks', why: 'reads where the control plane is' },
            { service: 'sqs', why: 'hears of interruptions' },
            { service: 'ssm', why: 'looks up machine images' },
          ].map(({ service, why }) => ({
            to: 'host' as const,
            host: `${service}.${cluster.region ?? ''}.amazonaws.com`,
            port: 443,
            why,
          })),
          { to: 'host', host: 'iam.amazonaws.com', port: 443, why: 'makes the profile of its machines' },
          { to: 'host', host: 'api.pricing.us-east-1.amazonaws.com', port: 443, why: 'compares prices' },
          reachesSts(cluster),
        ],
        scrape: [{ port: 8080 }],
      },
    },
    crds: {
      source: {
        repository: 'https://github.com/aws/karpenter-provider-aws',
        revision: `v${VERSION}`,
        path: 'pkg/apis/crds',
      },
      kinds: [
        'karpenter.k8s.aws/EC2NodeClass',
        'karpenter.sh/NodeClaim',
        'karpenter.sh/NodeOverlay',
        'karpenter.sh/NodePool',
      ],
    },
    identities: [{ serviceAccount: 'karpenter', role: 'karpenter' }],
    priorityClass: 'system-cluster-critical',
  }),

  resources(scope, { cluster }) {
    const discovered = [{ tags: { [DISCOVERY]: cluster.name } }];
    new ApiObject(scope, 'class', {
      apiVersion: 'karpenter.k8s.aws/v1',
      kind: 'EC2NodeClass',
      metadata: { name: NODE_CLASS.name },
      spec: {
        role: `${cluster.name}-karpenter-node`,
        // The newest image for the cluster's version: the budget of the pool below paces how fast it spreads.
        amiSelectorTerms: [{ alias: 'al2023@latest' }],
        subnetSelectorTerms: discovered,
        securityGroupSelectorTerms: discovered,
        // One hop: the node itself, and no Pod, asks for the machine's role.
        metadataOptions: { httpEndpoint: 'enabled', httpPutResponseHopLimit: 1, httpTokens: 'required' },
        blockDeviceMappings: [
          {
            deviceName: '/dev/xvda',
            ebs: { volumeType: 'gp3', volumeSize: '100Gi', encrypted: true, deleteOnTermination: true },
          },
        ],
      },
    });
    addPool(scope, 'pool', {
      name: 'general',
      requirements: [
        { key: 'karpenter.k8s.aws/instance-category', operator: 'In', values: ['c', 'm', 'r'] },
        { key: 'karpenter.k8s.aws/instance-generation', operator: 'Gt', values: ['5'] },
      ],
      limits: { cpu: '256', memory: '1Ti' },
    });
    for (const pool of cluster.nodePools) addDedicatedPool(scope, pool);
  },
});

interface PoolProps {
  readonly name: string;
  /** What its machines must be, beside Linux machines of one price on one architecture. */
  readonly requirements: readonly JsonObject[];
  readonly limits: JsonObject;
  readonly labels?: NodePool['labels'];
  readonly taints?: NodePool['taints'];
}

function addPool(scope: Construct, id: string, { name, requirements, limits, labels, taints }: PoolProps): void {
  new ApiObject(scope, id, {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodePool',
    metadata: { name },
    spec: {
      template: {
        ...(labels ? { metadata: { labels: { ...labels } } } : {}),
        spec: {
          nodeClassRef: NODE_CLASS,
          requirements: [
            { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] },
            { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] },
            { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] },
            ...requirements,
          ],
          ...(taints ? { taints: taints.map((taint) => ({ ...taint })) } : {}),
          startupTaints: [UNTIL_NETWORK],
          // Machines are replaced every month, so that none runs an old kernel.
          expireAfter: '720h',
        },
      },
      disruption: {
        consolidationPolicy: 'WhenEmptyOrUnderutilized',
        consolidateAfter: '5m',
        budgets: [{ nodes: '10%' }],
      },
      limits,
    },
  });
}

/**
 * Machines beyond the least of a pool that one tenant has for itself: bought with its labels and taints, so that they
 * are for nobody else's Pods, and no more than the pool may have. The least are the managed node group's.
 */
function addDedicatedPool(scope: Construct, pool: NodePool): void {
  const more = pool.maximum - pool.minimum;
  if (pool.tenant === undefined || pool.instanceType === undefined || more <= 0) return;
  addPool(scope, `pool-${pool.name}`, {
    // No pool of this file's has such a name.
    name: `dedicated-${pool.name}`,
    requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: [pool.instanceType] }],
    limits: { nodes: more },
    labels: pool.labels,
    taints: pool.taints,
  });
}
