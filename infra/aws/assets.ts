import * as pulumi from '@pulumi/pulumi';
import * as s3 from '@pulumi/aws/s3';
import type { DeclaredBucket } from './buckets';
import { type EngineFile, engineKey, type HostBundle } from './host-bundle';
import { type AwsScope, child, tags } from './scope';

/** Key of a machine's bundle in the assets bucket: what it is named after may read only below its own name. */
export function bundleKey(kind: 'hosts' | 'pools', name: string, sha256: string): string {
  return `${kind}/${name}/${sha256}`;
}

/** The engines that hosts run, once for all of them. They take nothing from the internet that runs as root. */
export function declareEngines(
  scope: AwsScope,
  bucket: DeclaredBucket,
  engines: readonly EngineFile[],
): readonly s3.BucketObjectv2[] {
  return engines.map(
    (engine) =>
      new s3.BucketObjectv2(
        `engine-${engine.name}`,
        {
          bucket: bucket.bucket.id,
          key: engineKey(engine),
          source: new pulumi.asset.FileAsset(engine.source),
          sourceHash: engine.sha256,
          tags: tags(scope, 'storage', `engine-${engine.name}`),
        },
        // A machine that still runs the old one may start again at any time.
        child(scope, { retainOnDelete: true }),
      ),
  );
}

/** A machine's bundle. */
export function declareBundle(
  scope: AwsScope,
  bucket: DeclaredBucket,
  kind: 'hosts' | 'pools',
  name: string,
  bundle: HostBundle,
): s3.BucketObjectv2 {
  return new s3.BucketObjectv2(
    `bundle-${name}`,
    {
      bucket: bucket.bucket.id,
      key: bundleKey(kind, name, bundle.sha256),
      content: bundle.content,
      tags: tags(scope, 'storage', `bundle-${name}`),
    },
    child(scope, { retainOnDelete: true }),
  );
}
