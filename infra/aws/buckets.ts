import * as pulumi from '@pulumi/pulumi';
import * as s3 from '@pulumi/aws/s3';
import { SNAPSHOT_DAYS } from '../control-plane/etcd-snapshot';
import type { Statement } from './iam';
import type { Keys } from './keys';
import { type AwsScope, child, kept, tags } from './scope';

/**
 * What each bucket holds.
 * - `records`: snapshots of etcd and the API servers' audit logs; `assets`: what hosts are made from;
 * - `backups`, `logs`, `traces`: those of Velero, Loki and Tempo, under the names in platform.ts;
 * - `issuer`: the public documents that clouds check service-account tokens by.
 */
export type BucketUse = 'records' | 'assets' | 'backups' | 'logs' | 'traces' | 'issuer';

/** A bucket by its name, which is known before it exists. */
export interface DeclaredBucket {
  readonly name: string;
  readonly bucket: s3.Bucket;
}

export type Buckets<Use extends BucketUse = BucketUse> = Readonly<Record<Use, DeclaredBucket>>;

interface BucketPolicy {
  /** Days that no role of the platform can delete or overwrite a version for. @default - no lock */
  readonly lockDays?: number;
  /** What goes by itself, by the beginning of its key. @default - whoever writes an object deletes it */
  readonly expire?: readonly {
    readonly id: string;
    readonly prefix: string;
    readonly days: number;
    /** Days until it moves to cheaper storage. @default - never */
    readonly coldDays?: number;
  }[];
  /** Days that overwritten and deleted versions are kept. */
  readonly oldDays: number;
}

/** Velero keeps nights of a production cluster for thirty days: the lock lasts as long. */
const BACKUPS = { production: 30, otherwise: 7 };

/** How long things stay. Retention by content is Loki's, Tempo's and Velero's own. */
function policy(scope: AwsScope, use: BucketUse): BucketPolicy {
  const lockDays = scope.cluster.production ? BACKUPS.production : BACKUPS.otherwise;
  const policies: Readonly<Record<BucketUse, BucketPolicy>> = {
    records: {
      lockDays,
      oldDays: lockDays + 1,
      expire: [
        { id: 'snapshots', prefix: `${scope.cluster.name}/etcd/`, days: SNAPSHOT_DAYS },
        // Incidents are found late: a year and a month.
        { id: 'audit', prefix: `${scope.cluster.name}/audit/`, days: 400, coldDays: 30 },
      ],
    },
    backups: { lockDays, oldDays: lockDays + 1 },
    assets: { oldDays: 365 },
    logs: { oldDays: 7 },
    traces: { oldDays: 7 },
    issuer: { oldDays: 30 },
  };
  return policies[use];
}

/** The bucket's name. Throws where the names of platform and cluster are too long for one. */
export function bucketName(scope: Pick<AwsScope, 'cluster' | 'accountId'>, use: BucketUse): string {
  const { cluster } = scope;
  if (use === 'backups' || use === 'logs' || use === 'traces') {
    const given = cluster.storage?.[use];
    if (given !== undefined) return given;
    throw new Error(`platform.ts: clusters.${cluster.name}.storage.${use}: a cluster in AWS needs it; add a name`);
  }
  const name = `${cluster.platform.name}-${cluster.name}-${use}-${scope.accountId}`;
  if (name.length <= 63) return name;
  throw new Error(
    `bucket '${name}' is ${name.length} characters long, and S3 allows 63: shorten the name of the platform or the cluster`,
  );
}

/**
 * Buckets that are versioned, encrypted, closed to the public and refuse plain HTTP. What protects backups is locked in
 * governance mode: only `s3:BypassGovernanceRetention` undoes it, and no role here has it.
 */
export function declareBuckets<Use extends BucketUse>(scope: AwsScope, keys: Keys, uses: readonly Use[]): Buckets<Use> {
  return Object.fromEntries(uses.map((use) => [use, declareBucket(scope, keys, use)])) as Record<Use, DeclaredBucket>;
}

function declareBucket(scope: AwsScope, keys: Keys, use: BucketUse): DeclaredBucket {
  const name = bucketName(scope, use);
  const resource = `bucket-${use}`;
  const { lockDays, expire = [], oldDays } = policy(scope, use);
  const bucket = new s3.Bucket(
    resource,
    {
      bucket: name,
      objectLockEnabled: lockDays !== undefined,
      // Else `destroy` ends at the first that holds anything. What keeps it in production is its protection.
      forceDestroy: lockDays === undefined,
      tags: tags(scope, 'storage', resource),
    },
    // AWS refuses to delete a bucket with locked objects in it: leaving it is what works.
    kept(scope, { retainOnDelete: lockDays !== undefined }),
  );
  const options = child(scope);
  new s3.BucketPublicAccessBlock(
    resource,
    {
      bucket: bucket.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    options,
  );
  new s3.BucketOwnershipControls(
    resource,
    { bucket: bucket.id, rule: { objectOwnership: 'BucketOwnerEnforced' } },
    options,
  );
  const versioning = new s3.BucketVersioning(
    resource,
    { bucket: bucket.id, versioningConfiguration: { status: 'Enabled' } },
    options,
  );
  new s3.BucketServerSideEncryptionConfiguration(
    resource,
    {
      bucket: bucket.id,
      rules: [
        // The issuer's documents are public: a key of ours would only be one more thing that CloudFront needs.
        use === 'issuer'
          ? { applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }
          : {
              applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: keys.buckets },
              bucketKeyEnabled: true,
            },
      ],
    },
    options,
  );
  new s3.BucketLifecycleConfiguration(
    resource,
    {
      bucket: bucket.id,
      rules: [
        {
          id: 'age',
          status: 'Enabled',
          filter: { prefix: '' },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
          noncurrentVersionExpiration: { noncurrentDays: oldDays },
        },
        ...expire.map(({ id, prefix, days, coldDays }) => ({
          id,
          status: 'Enabled',
          filter: { prefix },
          expiration: { days },
          ...(coldDays === undefined ? {} : { transitions: [{ days: coldDays, storageClass: 'STANDARD_IA' }] }),
        })),
      ],
    },
    child(scope, { dependsOn: [versioning] }),
  );
  if (lockDays !== undefined) {
    new s3.BucketObjectLockConfiguration(
      resource,
      { bucket: bucket.id, rule: { defaultRetention: { mode: 'GOVERNANCE', days: lockDays } } },
      child(scope, { dependsOn: [versioning] }),
    );
  }
  // The issuer's policy admits CloudFront too, and stands beside that.
  if (use !== 'issuer') {
    new s3.BucketPolicy(
      resource,
      { bucket: bucket.id, policy: pulumi.jsonStringify({ Version: '2012-10-17', Statement: [tlsOnly(name)] }) },
      options,
    );
  }
  return { name, bucket };
}

/** Refuses every request that does not come over TLS. */
export function tlsOnly(bucket: string) {
  return {
    Sid: 'OnlyOverTls',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: [bucketArn(bucket), bucketArn(bucket, '*')],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
}

/** ARN of a bucket, or of objects in it by key or prefix. */
export function bucketArn(bucket: string, objects?: string): string {
  return objects === undefined ? `arn:aws:s3:::${bucket}` : `arn:aws:s3:::${bucket}/${objects}`;
}

/**
 * The buckets' key, for objects of these buckets alone: all buckets have the same one. The context is the bucket's ARN
 * where it has a key of its own derived, else the object's.
 */
export function objectKey(
  scope: Pick<AwsScope, 'region'>,
  keys: Keys,
  actions: readonly string[],
  buckets: readonly string[],
): Statement {
  return {
    actions,
    resources: [keys.buckets],
    conditions: {
      StringEquals: { 'kms:ViaService': `s3.${scope.region}.amazonaws.com` },
      StringLike: {
        'kms:EncryptionContext:aws:s3:arn': buckets.flatMap((name) => [bucketArn(name), bucketArn(name, '*')]),
      },
    },
  };
}
