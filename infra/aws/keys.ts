import * as pulumi from '@pulumi/pulumi';
import * as kms from '@pulumi/aws/kms';
import { type AwsScope, arn, kept, tags } from './scope';

/**
 * What each key encrypts.
 * - `secrets`: Kubernetes Secrets in etcd, through the API servers' KMS plug-in;
 * - `hosts`: keys and certificates of the hosts in Secrets Manager, and the bootstrap token;
 * - `volumes`, `buckets`, `logs`: disks, objects, log groups;
 * - `notices`: alarms and budgets on their way to people.
 */
export const KEY_USES = ['secrets', 'hosts', 'volumes', 'buckets', 'logs', 'notices'] as const;
export type KeyUse = (typeof KEY_USES)[number];

/** ARNs of the keys by use. */
export type Keys = Readonly<Record<KeyUse, pulumi.Output<string>>>;

/** Everything an administrator does with a key, spelt out: the account's IAM policies decide who is one. */
const ADMINISTRATION = [
  'CancelKeyDeletion',
  'CreateAlias',
  'CreateGrant',
  'Decrypt',
  'DeleteAlias',
  'DescribeKey',
  'DisableKey',
  'DisableKeyRotation',
  'EnableKey',
  'EnableKeyRotation',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GetKeyPolicy',
  'GetKeyRotationStatus',
  'ListGrants',
  'ListKeyPolicies',
  'ListKeyRotations',
  'ListResourceTags',
  'PutKeyPolicy',
  'ReEncryptFrom',
  'ReEncryptTo',
  'RetireGrant',
  'RevokeGrant',
  'RotateKeyOnDemand',
  'ScheduleKeyDeletion',
  'TagResource',
  'UntagResource',
  'UpdateAlias',
  'UpdateKeyDescription',
].map((action) => `kms:${action}`);

const USE = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** Alias by which a key is known before it exists, such as `alias/keelson-production-secrets`. */
export function keyAlias(cluster: string, use: KeyUse): string {
  return `alias/keelson-${cluster}-${use}`;
}

/** ARN of the alias of the key that encrypts Kubernetes Secrets: hosts' files name it, before the key is there. */
export function secretsKeyArn(scope: Pick<AwsScope, 'cluster' | 'region' | 'accountId'>): string {
  return `arn:aws:kms:${scope.region}:${scope.accountId}:${keyAlias(scope.cluster.name, 'secrets')}`;
}

/**
 * One key a use, so that who may read logs cannot read volumes. AWS makes new material every year and keeps the old.
 * `pulumi destroy` leaves the keys: what they encrypted, backups above all, would be lost with them.
 */
export function declareKeys(scope: AwsScope): Keys {
  const keys = KEY_USES.map((use) => {
    const key = new kms.Key(
      `key-${use}`,
      {
        description: `${scope.cluster.name}: ${use}`,
        enableKeyRotation: true,
        rotationPeriodInDays: 365,
        // The longest that AWS offers to change one's mind.
        deletionWindowInDays: 30,
        policy: pulumi.jsonStringify({
          Version: '2012-10-17',
          Statement: [administration(scope), ...(SERVICES[use]?.(scope) ?? [])],
        }),
        tags: tags(scope, 'keys', `key-${use}`),
      },
      kept(scope, { retainOnDelete: scope.cluster.production }),
    );
    new kms.Alias(
      `key-${use}`,
      { name: keyAlias(scope.cluster.name, use), targetKeyId: key.keyId },
      kept(scope, { retainOnDelete: scope.cluster.production }),
    );
    return [use, key.arn] as const;
  });
  return Object.fromEntries(keys) as Record<KeyUse, pulumi.Output<string>>;
}

function administration({ accountId }: AwsScope) {
  return {
    Sid: 'AccountDecidesByItsPolicies',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${accountId}:root` },
    Action: ADMINISTRATION,
    // A key's own policy speaks of this one key.
    Resource: '*',
  };
}

/** Services of AWS that use a key by themselves, each for this cluster only. */
const SERVICES: Partial<Record<KeyUse, (scope: AwsScope) => readonly object[]>> = {
  volumes: ({ accountId }) => {
    // Named by a condition: AWS makes that role with the first group, and refuses a policy that names it before.
    const role = `arn:aws:iam::${accountId}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`;
    const groups = { Effect: 'Allow', Principal: { AWS: '*' }, Resource: '*' };
    const only = { StringEquals: { 'aws:PrincipalArn': role, 'kms:CallerAccount': accountId } };
    return [
      { ...groups, Sid: 'GroupsMakeDisks', Action: USE, Condition: only },
      {
        ...groups,
        Sid: 'GroupsAttachDisks',
        Action: ['kms:CreateGrant'],
        Condition: { ...only, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
      },
    ];
  },
  logs: (scope) => [
    {
      Sid: 'LogGroups',
      Effect: 'Allow',
      Principal: { Service: `logs.${scope.region}.amazonaws.com` },
      Action: USE,
      Resource: '*',
      Condition: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': [
            arn(scope, 'logs', `log-group:/keelson/${scope.cluster.name}/*`),
            // EKS names the group of its control plane itself.
            ...(scope.cluster.provider === 'eks'
              ? [arn(scope, 'logs', `log-group:/aws/eks/${scope.cluster.name}/*`)]
              : []),
          ],
        },
      },
    },
  ],
  notices: ({ accountId }) => [
    {
      Sid: 'AlarmsAndBudgets',
      Effect: 'Allow',
      Principal: { Service: ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com'] },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: '*',
      Condition: { StringEquals: { 'aws:SourceAccount': accountId } },
    },
  ],
};
