import * as cloudwatch from '@pulumi/aws/cloudwatch';
import * as ec2 from '@pulumi/aws/ec2';
import * as eks from '@pulumi/aws/eks';
import * as iam from '@pulumi/aws/iam';
import * as sqs from '@pulumi/aws/sqs';
import * as pulumi from '@pulumi/pulumi';
import type { NodePool, TaintEffect } from '../../src/model/cluster';
import { role, serviceTrust } from '../aws/iam';
import type { Keys } from '../aws/keys';
import { METADATA } from '../aws/machines';
import type { Network } from '../aws/network';
import { type AwsScope, arn, child, ownedTag, tags } from '../aws/scope';
import { queueName } from './names';

/** GiB: images and scratch space of Pods. */
const DISK = 100;

/** What AWS' own policies let a machine do: join, pull images, be reached by Session Manager. Addresses are Cilium's. */
const MANAGED = ['AmazonEKSWorkerNodePolicy', 'AmazonEC2ContainerRegistryPullOnly', 'AmazonSSMManagedInstanceCore'];

const EFFECTS: Readonly<Record<TaintEffect, string>> = {
  NoSchedule: 'NO_SCHEDULE',
  PreferNoSchedule: 'PREFER_NO_SCHEDULE',
  NoExecute: 'NO_EXECUTE',
};

/** Keeps Pods away from a new machine until Cilium's agent has its network up and takes the taint off. */
const UNTIL_NETWORK = { key: 'node.cilium.io/agent-not-ready', value: 'true', effect: 'NO_EXECUTE' };

export interface EksMachinesProps {
  readonly cluster: eks.Cluster;
  readonly keys: Keys;
  readonly network: Network;
  readonly securityGroup: ec2.SecurityGroup;
  /** What must be there before a machine starts. */
  readonly after: readonly pulumi.Resource[];
}

/** A managed node group a pool, over all zones: EKS replaces its machines one by one and drains them first. */
export function declareNodeGroups(scope: AwsScope, props: EksMachinesProps): readonly eks.NodeGroup[] {
  const { machine, attached } = machineRole(scope, 'node', 'Machines of the node pools');
  return scope.cluster.nodePools.map((pool) => nodeGroup(scope, props, pool, machine, attached));
}

function machineRole(scope: AwsScope, name: string, description: string) {
  const machine = role(scope, name, { trust: serviceTrust('ec2.amazonaws.com'), description, statements: [] });
  const attached = MANAGED.map(
    (policy) =>
      new iam.RolePolicyAttachment(
        `${name}-${policy}`,
        { role: machine.name, policyArn: `arn:aws:iam::aws:policy/${policy}` },
        child(scope),
      ),
  );
  return { machine, attached };
}

function nodeGroup(
  scope: AwsScope,
  props: EksMachinesProps,
  pool: NodePool,
  machine: iam.Role,
  attached: readonly pulumi.Resource[],
): eks.NodeGroup {
  const { cluster, keys, network, securityGroup } = props;
  const name = `pool-${pool.name}`;
  const marked = { ...tags(scope, 'nodes', name), ...ownedTag(scope.cluster) };
  const template = new ec2.LaunchTemplate(
    name,
    {
      namePrefix: `${scope.cluster.name}-${pool.name}-`,
      updateDefaultVersion: true,
      metadataOptions: METADATA,
      monitoring: { enabled: true },
      vpcSecurityGroupIds: [securityGroup.id],
      blockDeviceMappings: [
        {
          deviceName: '/dev/xvda',
          ebs: {
            encrypted: 'true',
            kmsKeyId: keys.volumes,
            volumeType: 'gp3',
            volumeSize: DISK,
            deleteOnTermination: 'true',
          },
        },
      ],
      tagSpecifications: ['instance', 'volume', 'network-interface'].map((resourceType) => ({
        resourceType,
        tags: marked,
      })),
      tags: tags(scope, 'nodes', name),
    },
    child(scope),
  );
  return new eks.NodeGroup(
    name,
    {
      clusterName: cluster.name,
      nodeGroupName: pool.name,
      nodeRoleArn: machine.arn,
      subnetIds: network.privateSubnets.map(({ id }) => id),
      amiType: 'AL2023_x86_64_STANDARD',
      capacityType: 'ON_DEMAND',
      instanceTypes: [instanceType(scope, pool)],
      launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
      scalingConfig: { minSize: pool.minimum, maxSize: pool.maximum, desiredSize: pool.minimum },
      updateConfig: { maxUnavailable: 1 },
      nodeRepairConfig: { enabled: true },
      labels: { ...pool.labels },
      taints: [
        UNTIL_NETWORK,
        ...pool.taints.map(({ key, value, effect }) => ({
          key,
          ...(value === undefined ? {} : { value }),
          effect: EFFECTS[effect],
        })),
      ],
      tags: tags(scope, 'nodes', name),
    },
    child(scope, { ignoreChanges: ['scalingConfig.desiredSize'], dependsOn: [...attached, ...props.after] }),
  );
}

function instanceType({ cluster }: AwsScope, pool: NodePool): string {
  if (pool.instanceType !== undefined) return pool.instanceType;
  throw new Error(
    `platform.ts: clusters.${cluster.name}.nodePools.${pool.name}.instanceType: a pool on EKS needs it; add it`,
  );
}

/** Notices of AWS about machines. Source: Karpenter, "Interruption handling". */
const NOTICES = {
  health: { source: ['aws.health'], 'detail-type': ['AWS Health Event'] },
  spot: { source: ['aws.ec2'], 'detail-type': ['EC2 Spot Instance Interruption Warning'] },
  rebalance: { source: ['aws.ec2'], 'detail-type': ['EC2 Instance Rebalance Recommendation'] },
  state: { source: ['aws.ec2'], 'detail-type': ['EC2 Instance State-change Notification'] },
} as const;

/** What Karpenter needs besides its own role: the role of its machines, their way in, and AWS' notices about them. */
export function declareKarpenter(scope: AwsScope, cluster: eks.Cluster): void {
  const { machine } = machineRole(scope, 'karpenter-node', 'Machines that Karpenter buys');
  new eks.AccessEntry(
    'access-karpenter-node',
    {
      clusterName: cluster.name,
      principalArn: machine.arn,
      type: 'EC2_LINUX',
      tags: tags(scope, 'identity', 'access-karpenter-node'),
    },
    child(scope),
  );
  const queue = new sqs.Queue(
    'karpenter',
    {
      name: queueName(scope.cluster),
      // A notice that is older comes too late.
      messageRetentionSeconds: 300,
      sqsManagedSseEnabled: true,
      tags: tags(scope, 'nodes', 'karpenter'),
    },
    child(scope),
  );
  const rules = Object.entries(NOTICES).map(([name, pattern]) => {
    const rule = new cloudwatch.EventRule(
      `karpenter-${name}`,
      {
        name: `${scope.cluster.name}-karpenter-${name}`,
        description: `${scope.cluster.name}: ${pattern['detail-type'][0]}`,
        eventPattern: JSON.stringify(pattern),
        tags: tags(scope, 'nodes', `karpenter-${name}`),
      },
      child(scope),
    );
    new cloudwatch.EventTarget(`karpenter-${name}`, { rule: rule.name, arn: queue.arn }, child(scope));
    return arn(scope, 'events', `rule/${scope.cluster.name}-karpenter-${name}`);
  });
  new sqs.QueuePolicy(
    'karpenter',
    {
      queueUrl: queue.url,
      policy: pulumi.jsonStringify({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'NoticesOfThisCluster',
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: queue.arn,
            Condition: { ArnEquals: { 'aws:SourceArn': rules } },
          },
          {
            Sid: 'OnlyEncrypted',
            Effect: 'Deny',
            Principal: '*',
            Action: 'sqs:*',
            Resource: queue.arn,
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      }),
    },
    child(scope),
  );
}
