import * as pulumi from '@pulumi/pulumi';
import * as acm from '@pulumi/aws/acm';
import * as cloudfront from '@pulumi/aws/cloudfront';
import * as iam from '@pulumi/aws/iam';
import * as route53 from '@pulumi/aws/route53';
import * as s3 from '@pulumi/aws/s3';
import { DISCOVERY_PATH, JWKS_PATH } from '../secrets/issuer';
import { bucketArn, type DeclaredBucket, tlsOnly } from './buckets';
import type { TokenIssuer } from './iam';
import { type AwsScope, child, kept, tags } from './scope';
import { issuerHost } from './site';

/** CloudFront takes certificates from this region only. */
const CERTIFICATES = 'us-east-1';
/** CloudFront's managed policy `CachingOptimized`, which keeps to what the documents' headers say. */
const CACHING = '658327ea-f89d-4fab-a63d-7e88639e58f6';
/** Seconds that a document may be cached: a new signing key is published long before it signs. */
const MAXIMUM_AGE = 300;

/**
 * Discovery and keys of the service-account issuer, in a private bucket that only this CloudFront distribution reads,
 * and the OIDC provider by which IAM trusts it. The first `up` waits here until the cluster's domain is delegated:
 * AWS proves by a record in it that the certificate may be issued.
 */
export function declareIssuer(
  scope: AwsScope,
  zone: route53.Zone,
  bucket: DeclaredBucket,
  documents: pulumi.Input<Readonly<Record<string, string>>>,
): TokenIssuer {
  const host = issuerHost(scope.cluster);
  const objects = [DISCOVERY_PATH, JWKS_PATH].map(
    (key) =>
      new s3.BucketObjectv2(
        `issuer-${key.endsWith('jwks') ? 'keys' : 'discovery'}`,
        {
          bucket: bucket.bucket.id,
          key,
          content: pulumi.output(documents).apply((all) => documentOf(all, key)),
          contentType: 'application/json',
          cacheControl: `public, max-age=${MAXIMUM_AGE}`,
          tags: tags(scope, 'identity', key.replace('.', '')),
        },
        child(scope),
      ),
  );
  const access = new cloudfront.OriginAccessControl(
    'issuer',
    {
      name: `${scope.cluster.name}-issuer`,
      originAccessControlOriginType: 's3',
      signingBehavior: 'always',
      signingProtocol: 'sigv4',
    },
    child(scope),
  );
  const distribution = new cloudfront.Distribution(
    'issuer',
    {
      comment: `${scope.cluster.name}: issuer of service-account tokens`,
      enabled: true,
      aliases: [host],
      priceClass: 'PriceClass_100',
      httpVersion: 'http2',
      origins: [
        { originId: 'bucket', domainName: bucket.bucket.bucketRegionalDomainName, originAccessControlId: access.id },
      ],
      defaultCacheBehavior: {
        targetOriginId: 'bucket',
        allowedMethods: ['GET', 'HEAD'],
        cachedMethods: ['GET', 'HEAD'],
        viewerProtocolPolicy: 'https-only',
        cachePolicyId: CACHING,
      },
      restrictions: { geoRestriction: { restrictionType: 'none' } },
      viewerCertificate: {
        acmCertificateArn: certificate(scope, zone, host),
        sslSupportMethod: 'sni-only',
        minimumProtocolVersion: 'TLSv1.2_2021',
      },
      tags: tags(scope, 'identity', 'issuer'),
    },
    child(scope),
  );
  const readable = new s3.BucketPolicy(
    'bucket-issuer',
    {
      bucket: bucket.bucket.id,
      policy: pulumi.jsonStringify({
        Version: '2012-10-17',
        Statement: [
          tlsOnly(bucket.name),
          {
            Sid: 'OnlyThisDistribution',
            Effect: 'Allow',
            Principal: { Service: 'cloudfront.amazonaws.com' },
            Action: 's3:GetObject',
            Resource: bucketArn(bucket.name, '*'),
            Condition: { StringEquals: { 'AWS:SourceArn': distribution.arn } },
          },
        ],
      }),
    },
    child(scope),
  );
  const record = new route53.Record(
    'issuer',
    {
      zoneId: zone.zoneId,
      name: host,
      type: 'A',
      aliases: [{ name: distribution.domainName, zoneId: distribution.hostedZoneId, evaluateTargetHealth: false }],
    },
    child(scope),
  );
  const provider = new iam.OpenIdConnectProvider(
    'issuer',
    {
      url: `https://${host}`,
      clientIdLists: ['sts.amazonaws.com'],
      tags: tags(scope, 'identity', 'issuer'),
    },
    // IAM calls the issuer when it makes this.
    kept(scope, { dependsOn: [record, readable, ...objects] }),
  );
  return { providerArn: provider.arn, host };
}

function documentOf(documents: Readonly<Record<string, string>>, key: string): string {
  const found = documents[key];
  if (found === undefined) throw new Error(`the issuer's documents lack ${key}: pass what issuerDocuments() gives`);
  return found;
}

/** ARN of a certificate for the name, once AWS has seen the proof in the zone. */
function certificate(scope: AwsScope, zone: route53.Zone, domainName: string): pulumi.Output<string> {
  const made = new acm.Certificate(
    'issuer',
    {
      region: CERTIFICATES,
      domainName,
      validationMethod: 'DNS',
      keyAlgorithm: 'EC_prime256v1',
      tags: tags(scope, 'identity', 'issuer'),
    },
    child(scope),
  );
  const proof = made.domainValidationOptions.apply((options) => options[0]!);
  const record = new route53.Record(
    'issuer-proof',
    {
      zoneId: zone.zoneId,
      name: proof.resourceRecordName,
      type: proof.resourceRecordType,
      records: [proof.resourceRecordValue],
      ttl: 300,
    },
    child(scope),
  );
  return new acm.CertificateValidation(
    'issuer',
    { region: CERTIFICATES, certificateArn: made.arn, validationRecordFqdns: [record.fqdn] },
    child(scope),
  ).certificateArn;
}
