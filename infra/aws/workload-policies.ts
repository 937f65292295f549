import type * as pulumi from '@pulumi/pulumi';
import { bucketArn, type Buckets, objectKey } from './buckets';
import { balancerStatements } from './balancer-policy';
import type { Statement } from './iam';
import type { Keys } from './keys';
import { type AwsScope, arn } from './scope';

/** What the policies of add-ons name. */
export interface WorkloadPlaces {
  readonly scope: AwsScope;
  readonly keys: Keys;
  readonly buckets: Buckets<'backups' | 'logs' | 'traces'>;
  /** ARN of the cluster's public zone. */
  readonly zoneArn: pulumi.Input<string>;
  /** Names of the add-ons that are on. */
  readonly addOns: readonly string[];
  /** Name of the subnet group that databases are made in. */
  readonly databaseSubnetGroup: string;
}

/** What an add-on's role may do, from what the cluster has. */
export type WorkloadPolicy = (places: WorkloadPlaces) => readonly Statement[];

/**
 * What the roles of the baseline's add-ons may do, by the name that the add-on gives to its role. An add-on of the
 * team's own brings its policy with it.
 */
export const WORKLOAD_POLICIES: Readonly<Record<string, WorkloadPolicy>> = {
  'aws-cloud-controller-manager': ({ scope }) => balancerStatements(scope),
  'aws-ebs-csi-driver': ({ scope }) => volumes(scope),
  'cert-manager': ({ zoneArn }) => [
    // Proofs for certificates and nothing else: TXT records of that one name.
    {
      actions: ['route53:ChangeResourceRecordSets'],
      resources: [zoneArn],
      conditions: {
        'ForAllValues:StringEquals': { 'route53:ChangeResourceRecordSetsRecordTypes': ['TXT'] },
        'ForAllValues:StringLike': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['_acme-challenge.*'] },
      },
    },
    { actions: ['route53:ListResourceRecordSets'], resources: [zoneArn] },
    { actions: ['route53:GetChange'], resources: ['arn:aws:route53:::change/*'] },
    { actions: ['route53:ListHostedZonesByName'], resources: ['*'] },
  ],
  'cluster-autoscaler': ({ scope }) => [
    {
      actions: [
        'autoscaling:DescribeAutoScalingGroups',
        'autoscaling:DescribeAutoScalingInstances',
        'autoscaling:DescribeLaunchConfigurations',
        'autoscaling:DescribeScalingActivities',
        'autoscaling:DescribeTags',
        'ec2:DescribeImages',
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeLaunchTemplateVersions',
        'ec2:GetInstanceTypesFromInstanceRequirements',
      ],
      resources: ['*'],
    },
    {
      actions: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
      resources: [arn(scope, 'autoscaling', `autoScalingGroup:*:autoScalingGroupName/${scope.cluster.name}-*`)],
      conditions: {
        StringEquals: { [`autoscaling:ResourceTag/k8s.io/cluster-autoscaler/${scope.cluster.name}`]: 'owned' },
      },
    },
  ],
  'external-dns': ({ zoneArn }) => [
    { actions: ['route53:ChangeResourceRecordSets', 'route53:ListResourceRecordSets'], resources: [zoneArn] },
    { actions: ['route53:ListTagsForResources'], resources: [zoneArn] },
    { actions: ['route53:ListHostedZones'], resources: ['*'] },
  ],
  loki: ({ scope, keys, buckets }) => objects(scope, keys, buckets.logs.name),
  // The secrets of the platform's add-ons, and credentials of tenants' repositories, which Argo CD reads; what else is a
  // tenant's has a role of its own, and those of hosts are elsewhere.
  'platform-secrets': ({ scope, addOns }) => [
    {
      actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
      resources: [...addOns, 'tenants/*/repositories'].map((owner) =>
        arn(scope, 'secretsmanager', `secret:${scope.cluster.name}/${owner}/*`),
      ),
    },
  ],
  'provider-aws-rds': ({ scope, databaseSubnetGroup }) => databases(scope, databaseSubnetGroup),
  tempo: ({ scope, keys, buckets }) => objects(scope, keys, buckets.traces.name),
  velero: ({ scope, keys, buckets }) => [
    ...objects(scope, keys, buckets.backups.name, `${scope.cluster.name}/`),
    ...snapshots(scope),
  ],
};

/** Reads, writes and deletes objects of one bucket; a lock that the bucket has goes before that. */
function objects(scope: AwsScope, keys: Keys, bucket: string, prefix = ''): readonly Statement[] {
  return [
    {
      actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
      resources: [bucketArn(bucket)],
    },
    {
      actions: [
        's3:AbortMultipartUpload',
        's3:DeleteObject',
        's3:GetObject',
        's3:ListMultipartUploadParts',
        's3:PutObject',
      ],
      resources: [bucketArn(bucket, `${prefix}*`)],
    },
    objectKey(scope, keys, ['kms:Decrypt', 'kms:GenerateDataKey'], [bucket]),
  ];
}

/** The tag that the driver puts on what it makes (`--k8s-tag-cluster-id`). */
const ownTag = (scope: AwsScope, of: 'RequestTag' | 'ResourceTag') => ({
  StringEquals: { [`aws:${of}/kubernetes.io/cluster/${scope.cluster.name}`]: 'owned' },
});

/** Disks of Pods: made with the cluster's tag, and touched only where they have it. */
function volumes(scope: AwsScope): readonly Statement[] {
  const disk = arn(scope, 'ec2', 'volume/*');
  const snapshot = `arn:aws:ec2:${scope.region}::snapshot/*`;
  const instance = arn(scope, 'ec2', 'instance/*');
  return [
    {
      actions: [
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeInstances',
        'ec2:DescribeSnapshots',
        'ec2:DescribeTags',
        'ec2:DescribeVolumeStatus',
        'ec2:DescribeVolumes',
        'ec2:DescribeVolumesModifications',
      ],
      resources: ['*'],
    },
    { actions: ['ec2:CreateVolume'], resources: [disk], conditions: ownTag(scope, 'RequestTag') },
    // What a new disk is made from.
    { actions: ['ec2:CreateVolume'], resources: [snapshot], conditions: ownTag(scope, 'ResourceTag') },
    { actions: ['ec2:CreateSnapshot'], resources: [disk], conditions: ownTag(scope, 'ResourceTag') },
    { actions: ['ec2:CreateSnapshot'], resources: [snapshot], conditions: ownTag(scope, 'RequestTag') },
    {
      actions: ['ec2:CreateTags'],
      resources: [disk, snapshot],
      conditions: { StringEquals: { 'ec2:CreateAction': ['CreateVolume', 'CreateSnapshot'] } },
    },
    {
      actions: ['ec2:AttachVolume', 'ec2:DetachVolume'],
      resources: [disk, instance],
      conditions: ownTag(scope, 'ResourceTag'),
    },
    {
      actions: ['ec2:DeleteVolume', 'ec2:ModifyVolume'],
      resources: [disk],
      conditions: ownTag(scope, 'ResourceTag'),
    },
    { actions: ['ec2:DeleteSnapshot'], resources: [snapshot], conditions: ownTag(scope, 'ResourceTag') },
  ];
}

/** Velero's own snapshots, of disks of this cluster; their tags are copied from the disk. */
function snapshots(scope: AwsScope): readonly Statement[] {
  const disk = arn(scope, 'ec2', 'volume/*');
  const snapshot = `arn:aws:ec2:${scope.region}::snapshot/*`;
  return [
    { actions: ['ec2:DescribeSnapshots', 'ec2:DescribeVolumes'], resources: ['*'] },
    { actions: ['ec2:CreateSnapshot'], resources: [disk], conditions: ownTag(scope, 'ResourceTag') },
    {
      actions: ['ec2:CreateSnapshot', 'ec2:CreateVolume'],
      resources: [snapshot],
      conditions: ownTag(scope, 'RequestTag'),
    },
    { actions: ['ec2:CreateVolume'], resources: [disk], conditions: ownTag(scope, 'RequestTag') },
    {
      actions: ['ec2:CreateTags'],
      resources: [disk, snapshot],
      conditions: { StringEquals: { 'ec2:CreateAction': ['CreateVolume', 'CreateSnapshot'] } },
    },
    { actions: ['ec2:DeleteSnapshot'], resources: [snapshot], conditions: ownTag(scope, 'ResourceTag') },
  ];
}

/** Databases named after the cluster, in its own subnets. */
function databases(scope: AwsScope, subnetGroup: string): readonly Statement[] {
  const database = arn(scope, 'rds', `db:${scope.cluster.name}-*`);
  return [
    {
      actions: [
        'rds:AddTagsToResource',
        'rds:CreateDBInstance',
        'rds:DeleteDBInstance',
        'rds:DescribeDBInstances',
        'rds:ListTagsForResource',
        'rds:ModifyDBInstance',
        'rds:RebootDBInstance',
        'rds:RemoveTagsFromResource',
      ],
      resources: [database],
    },
    {
      actions: ['rds:CreateDBInstance', 'rds:ModifyDBInstance'],
      resources: [
        arn(scope, 'rds', `subgrp:${subnetGroup}`),
        arn(scope, 'rds', 'pg:default.*'),
        arn(scope, 'rds', 'og:default:*'),
      ],
    },
    {
      actions: ['rds:AddTagsToResource', 'rds:CreateDBSnapshot'],
      resources: [database, arn(scope, 'rds', `snapshot:${scope.cluster.name}-*`)],
    },
    // RDS asks for its own role with the rights of whoever makes an account's first database.
    {
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [`arn:aws:iam::${scope.accountId}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS`],
      conditions: { StringEquals: { 'iam:AWSServiceName': 'rds.amazonaws.com' } },
    },
  ];
}
