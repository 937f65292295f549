import type * as pulumi from '@pulumi/pulumi';
import { bootstrapTokenParameter } from '../control-plane/bootstrap-token';
import { auditFolder } from '../control-plane/ship-audit-log';
import { snapshotFolder } from '../control-plane/etcd-snapshot';
import { bucketArn, type Buckets, objectKey } from './buckets';
import type { Statement } from './iam';
import type { Keys } from './keys';
import { type AwsScope, arn } from './scope';

/** What machines read and write. */
export interface MachinePlaces {
  readonly keys: Keys;
  readonly buckets: Buckets<'records' | 'assets'>;
}

/** Parameter with the certificates that machines of pools trust. */
export function trustParameter(scope: Pick<AwsScope, 'cluster'>): string {
  return `/keelson/${scope.cluster.name}/trust`;
}

/** What a host of the control plane may do: its own secret, its own folders, the key that encrypts Secrets. */
export function hostStatements(
  scope: AwsScope,
  host: string,
  secretArn: pulumi.Input<string>,
  { keys, buckets }: MachinePlaces,
): readonly Statement[] {
  const { cluster } = scope;
  const { records, assets } = buckets;
  const folders = [snapshotFolder(cluster.name, host), auditFolder(cluster.name, host)];
  return [
    { actions: ['secretsmanager:GetSecretValue'], resources: [secretArn] },
    {
      actions: ['kms:Decrypt'],
      resources: [keys.hosts],
      conditions: {
        StringEquals: {
          'kms:ViaService': `secretsmanager.${scope.region}.amazonaws.com`,
          'kms:EncryptionContext:SecretARN': secretArn,
        },
      },
    },
    // The KMS plug-in of kube-apiserver.
    { actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt'], resources: [keys.secrets] },
    {
      actions: ['s3:GetObject'],
      resources: [bucketArn(assets.name, `hosts/${host}/*`), bucketArn(assets.name, 'engines/*')],
    },
    // No deletion: whoever takes a host cannot take what it stored.
    {
      actions: ['s3:GetObject', 's3:PutObject'],
      resources: folders.map((folder) => bucketArn(records.name, `${folder}*`)),
    },
    {
      actions: ['s3:ListBucket'],
      resources: [bucketArn(records.name)],
      conditions: { StringLike: { 's3:prefix': folders.map((folder) => `${folder}*`) } },
    },
    objectKey(scope, keys, ['kms:Decrypt', 'kms:GenerateDataKey'], [records.name, assets.name]),
    // Whoever asks to be a node must be an instance of the cluster.
    { actions: ['ec2:DescribeInstances'], resources: ['*'] },
    // Machines of the pools join by these.
    { actions: ['ssm:PutParameter'], resources: [parameter(scope, bootstrapTokenParameter(cluster))] },
    {
      actions: ['ssm:GetParameter', 'ssm:PutParameter'],
      resources: [parameter(scope, trustParameter(scope))],
    },
    tokenKey(scope, keys, ['kms:Encrypt', 'kms:GenerateDataKey']),
    // Its own kubelet joins by the same token.
    { actions: ['ssm:GetParameter'], resources: [parameter(scope, bootstrapTokenParameter(cluster))] },
    tokenKey(scope, keys, ['kms:Decrypt']),
    ...sessionStatements(scope),
  ];
}

/** What machines of the pools may do: no secret, no key of the cluster; a token of an hour to join by. */
export function workerStatements(scope: AwsScope, { keys, buckets }: MachinePlaces): readonly Statement[] {
  const { assets } = buckets;
  return [
    {
      actions: ['s3:GetObject'],
      resources: [bucketArn(assets.name, 'pools/*'), bucketArn(assets.name, 'engines/*')],
    },
    objectKey(scope, keys, ['kms:Decrypt'], [assets.name]),
    {
      actions: ['ssm:GetParameter'],
      resources: [bootstrapTokenParameter(scope.cluster), trustParameter(scope)].map((name) => parameter(scope, name)),
    },
    tokenKey(scope, keys, ['kms:Decrypt']),
    { actions: ['ecr:GetAuthorizationToken'], resources: ['*'] },
    {
      actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      resources: [arn(scope, 'ecr', 'repository/*')],
    },
    ...sessionStatements(scope),
  ];
}

/** The key of the bootstrap token, for that parameter alone. */
function tokenKey(scope: AwsScope, keys: Keys, actions: readonly string[]): Statement {
  return {
    actions,
    resources: [keys.hosts],
    conditions: {
      StringEquals: {
        'kms:ViaService': `ssm.${scope.region}.amazonaws.com`,
        'kms:EncryptionContext:PARAMETER_ARN': parameter(scope, bootstrapTokenParameter(scope.cluster)),
      },
    },
  };
}

function parameter(scope: AwsScope, name: string): string {
  return arn(scope, 'ssm', `parameter${name}`);
}

/**
 * Session Manager and Run Command in place of SSH. Less than AWS' own policy for it, which reads every parameter of the
 * account.
 */
function sessionStatements(scope: AwsScope): readonly Statement[] {
  const instance = arn(scope, 'ec2', 'instance/*');
  return [
    {
      actions: [
        ...['AcknowledgeMessage', 'DeleteMessage', 'FailMessage', 'GetEndpoint', 'GetMessages', 'SendReply'].map(
          (action) => `ec2messages:${action}`,
        ),
        ...['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'].map(
          (action) => `ssmmessages:${action}`,
        ),
        'ssm:ListAssociations',
      ],
      resources: ['*'],
    },
    { actions: ['ssm:ListInstanceAssociations', 'ssm:UpdateInstanceInformation'], resources: [instance] },
    {
      actions: ['ssm:DescribeAssociation', 'ssm:UpdateAssociationStatus', 'ssm:UpdateInstanceAssociationStatus'],
      resources: [
        instance,
        arn(scope, 'ssm', 'association/*'),
        `arn:aws:ssm:${scope.region}::document/AWS-RunShellScript`,
      ],
    },
    {
      actions: ['ssm:DescribeDocument', 'ssm:GetDocument'],
      resources: [
        `arn:aws:ssm:${scope.region}::document/AWS-RunShellScript`,
        arn(scope, 'ssm', 'document/SSM-SessionManagerRunShell'),
      ],
    },
  ];
}
