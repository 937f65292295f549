import type * as pulumi from '@pulumi/pulumi';
import type { Statement } from '../aws/iam';
import { type AwsScope, arn, ownedTag } from '../aws/scope';
import type { WorkloadPolicy } from '../aws/workload-policies';
import { nodeRoleName, queueName } from './names';

/** What roles of add-ons may do that only a cluster on EKS has. */
export function eksPolicies(vpcId: pulumi.Output<string>): Readonly<Record<string, WorkloadPolicy>> {
  return {
    'cilium-operator': ({ scope }) => interfaces(scope, vpcId),
    karpenter: ({ scope }) => machines(scope),
  };
}

/** Network interfaces of machines and the addresses of their Pods, in this network only. Source: Cilium, "AWS ENI". */
function interfaces(scope: AwsScope, vpcId: pulumi.Output<string>): readonly Statement[] {
  const vpc = vpcId.apply((id) => arn(scope, 'ec2', `vpc/${id}`));
  const within = { ArnEquals: { 'ec2:Vpc': vpc } };
  const card = arn(scope, 'ec2', 'network-interface/*');
  return [
    {
      actions: [
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeInstances',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeTags',
        'ec2:DescribeVpcs',
      ],
      resources: ['*'],
    },
    // One that is not there yet is in no network: its subnet says which it will be in.
    { actions: ['ec2:CreateNetworkInterface'], resources: [card] },
    {
      actions: ['ec2:CreateNetworkInterface'],
      resources: [arn(scope, 'ec2', 'subnet/*'), arn(scope, 'ec2', 'security-group/*')],
      conditions: within,
    },
    {
      actions: [
        'ec2:AssignPrivateIpAddresses',
        'ec2:AttachNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:ModifyNetworkInterfaceAttribute',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: [card],
      conditions: within,
    },
    {
      actions: ['ec2:AttachNetworkInterface', 'ec2:ModifyNetworkInterfaceAttribute'],
      resources: [arn(scope, 'ec2', 'instance/*')],
      conditions: { StringEquals: owned(scope, 'ResourceTag') },
    },
    {
      actions: ['ec2:ModifyNetworkInterfaceAttribute'],
      resources: [arn(scope, 'ec2', 'security-group/*')],
      conditions: within,
    },
    {
      actions: ['ec2:CreateTags'],
      resources: [card],
      conditions: { StringEquals: { 'ec2:CreateAction': 'CreateNetworkInterface' } },
    },
  ];
}

function owned({ cluster }: AwsScope, of: 'RequestTag' | 'ResourceTag'): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(ownedTag(cluster)).map(([key, value]) => [`aws:${of}/${key}`, value]));
}

/**
 * Machines of its own: made with the cluster's tag and a pool's, touched only where they have both. Source: Karpenter,
 * "CloudFormation", the policy of its controller.
 */
function machines(scope: AwsScope): readonly Statement[] {
  const { cluster, region, accountId } = scope;
  const ec2 = (kind: string) => arn(scope, 'ec2', `${kind}/*`);
  const tagged = (of: 'RequestTag' | 'ResourceTag') => ({
    StringEquals: owned(scope, of),
    StringLike: { [`aws:${of}/karpenter.sh/nodepool`]: '*' },
  });
  const made = ['fleet', 'instance', 'volume', 'network-interface', 'launch-template', 'spot-instances-request'].map(
    ec2,
  );
  const profile = `arn:aws:iam::${accountId}:instance-profile/*`;
  const profiled = (of: 'RequestTag' | 'ResourceTag') => ({
    StringEquals: { ...owned(scope, of), [`aws:${of}/topology.kubernetes.io/region`]: region },
  });
  return [
    {
      actions: ['ec2:CreateFleet', 'ec2:RunInstances'],
      resources: [
        `arn:aws:ec2:${region}::image/*`,
        `arn:aws:ec2:${region}::snapshot/*`,
        ec2('security-group'),
        ec2('subnet'),
      ],
    },
    {
      actions: ['ec2:CreateFleet', 'ec2:RunInstances'],
      resources: [ec2('launch-template')],
      conditions: tagged('ResourceTag'),
    },
    {
      actions: ['ec2:CreateFleet', 'ec2:CreateLaunchTemplate', 'ec2:RunInstances'],
      resources: made,
      conditions: tagged('RequestTag'),
    },
    {
      actions: ['ec2:CreateTags'],
      resources: made,
      conditions: {
        ...tagged('RequestTag'),
        StringEquals: {
          ...owned(scope, 'RequestTag'),
          'ec2:CreateAction': ['CreateFleet', 'CreateLaunchTemplate', 'RunInstances'],
        },
      },
    },
    {
      // Which claim a machine answers is known after it is there.
      actions: ['ec2:CreateTags'],
      resources: [ec2('instance')],
      conditions: {
        ...tagged('ResourceTag'),
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['Name', 'eks:eks-cluster-name', 'karpenter.sh/nodeclaim'] },
      },
    },
    {
      actions: ['ec2:DeleteLaunchTemplate', 'ec2:TerminateInstances'],
      resources: [ec2('instance'), ec2('launch-template')],
      conditions: tagged('ResourceTag'),
    },
    {
      actions: [
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeCapacityReservations',
        'ec2:DescribeImages',
        'ec2:DescribeInstanceStatus',
        'ec2:DescribeInstanceTypeOfferings',
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeInstances',
        'ec2:DescribeLaunchTemplates',
        'ec2:DescribePlacementGroups',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSpotPriceHistory',
        'ec2:DescribeSubnets',
        'iam:ListInstanceProfiles',
        'pricing:GetProducts',
      ],
      resources: ['*'],
    },
    { actions: ['ssm:GetParameter'], resources: [`arn:aws:ssm:${region}::parameter/aws/service/*`] },
    { actions: ['eks:DescribeCluster'], resources: [arn(scope, 'eks', `cluster/${cluster.name}`)] },
    {
      actions: ['sqs:DeleteMessage', 'sqs:GetQueueUrl', 'sqs:ReceiveMessage'],
      resources: [arn(scope, 'sqs', queueName(cluster))],
    },
    {
      actions: ['iam:PassRole'],
      resources: [`arn:aws:iam::${accountId}:role/${nodeRoleName(cluster)}`],
      conditions: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    },
    { actions: ['iam:GetInstanceProfile'], resources: [profile] },
    {
      actions: ['iam:CreateInstanceProfile', 'iam:TagInstanceProfile'],
      resources: [profile],
      conditions: profiled('RequestTag'),
    },
    {
      actions: ['iam:AddRoleToInstanceProfile', 'iam:DeleteInstanceProfile', 'iam:RemoveRoleFromInstanceProfile'],
      resources: [profile],
      conditions: profiled('ResourceTag'),
    },
  ];
}
