import * as pulumi from '@pulumi/pulumi';
import * as iam from '@pulumi/aws/iam';
import { type AwsScope, child, tags } from './scope';

/** Conditions of a statement: operator, then key, then what it must be. */
export type Conditions = Readonly<
  Record<string, Readonly<Record<string, pulumi.Input<string> | readonly pulumi.Input<string>[]>>>
>;

/** What a role may do. Actions are written out; a `*` in one throws. */
export interface Statement {
  readonly actions: readonly string[];
  /** `*` only for actions of `UNRESTRICTED`: AWS lets those name no resource. */
  readonly resources: readonly pulumi.Input<string>[];
  readonly conditions?: Conditions;
}

/**
 * Actions for which AWS offers no resource to name (its Service Authorization Reference), and what they give away.
 * A statement with resource `*` may hold these and no others.
 */
export const UNRESTRICTED: Readonly<Record<string, string>> = {
  ...reads('autoscaling', 'lists groups of all clusters in the account', [
    'DescribeAutoScalingGroups',
    'DescribeAutoScalingInstances',
    'DescribeLaunchConfigurations',
    'DescribeScalingActivities',
    'DescribeTags',
  ]),
  ...reads('ec2', 'lists what the account has of them', [
    'DescribeAvailabilityZones',
    'DescribeCapacityReservations',
    'DescribeImages',
    'DescribeInstanceStatus',
    'DescribeInstanceTopology',
    'DescribeInstanceTypeOfferings',
    'DescribeInstanceTypes',
    'DescribeInstances',
    'DescribeLaunchTemplateVersions',
    'DescribeLaunchTemplates',
    'DescribeNetworkInterfaces',
    'DescribePlacementGroups',
    'DescribeRegions',
    'DescribeRouteTables',
    'DescribeSecurityGroups',
    'DescribeSnapshots',
    'DescribeSpotPriceHistory',
    'DescribeSubnets',
    'DescribeTags',
    'DescribeVolumeStatus',
    'DescribeVolumes',
    'DescribeVolumesModifications',
    'DescribeVpcs',
    'GetInstanceTypesFromInstanceRequirements',
  ]),
  ...reads('elasticloadbalancing', 'lists what the account has of them', [
    'DescribeListeners',
    'DescribeLoadBalancerAttributes',
    'DescribeLoadBalancers',
    'DescribeTags',
    'DescribeTargetGroupAttributes',
    'DescribeTargetGroups',
    'DescribeTargetHealth',
  ]),
  ...reads('route53', 'lists the names of zones, not what stands in them', [
    'ListHostedZones',
    'ListHostedZonesByName',
  ]),
  ...reads('pricing', 'reads public prices', ['GetProducts']),
  ...reads('iam', 'lists the names of instance profiles', ['ListInstanceProfiles']),
  ...reads('ecr', 'a token that is good for what other statements allow', ['GetAuthorizationToken']),
  ...reads('ec2messages', 'the machine’s own channel to Systems Manager', [
    'AcknowledgeMessage',
    'DeleteMessage',
    'FailMessage',
    'GetEndpoint',
    'GetMessages',
    'SendReply',
  ]),
  ...reads('ssmmessages', 'the machine’s own channel to Session Manager', [
    'CreateControlChannel',
    'CreateDataChannel',
    'OpenControlChannel',
    'OpenDataChannel',
  ]),
  ...reads('ssm', 'what the machine is to run; nothing of it is a secret', ['ListAssociations']),
};

function reads(service: string, why: string, actions: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(actions.map((action) => [`${service}:${action}`, why]));
}

/** A policy's JSON. Throws where an action holds a `*`, or where resource `*` is more than AWS leaves no way around. */
export function policyDocument(statements: readonly Statement[]): pulumi.Output<string> {
  for (const { actions, resources } of statements) {
    const wild = actions.find((action) => action.includes('*'));
    if (wild) throw new Error(`IAM action '${wild}': write out each action that is needed`);
    if (!resources.includes('*')) continue;
    const narrow = actions.find((action) => !(action in UNRESTRICTED));
    if (narrow) throw new Error(`IAM action '${narrow}' on every resource: name the resources it is needed for`);
  }
  return pulumi.jsonStringify({
    Version: '2012-10-17',
    Statement: statements.map(({ actions, resources, conditions }) => ({
      Effect: 'Allow',
      Action: [...actions].sort(),
      Resource: [...resources],
      ...(conditions ? { Condition: conditions } : {}),
    })),
  });
}

/** Trust of a role that a service of AWS takes on. */
export function serviceTrust(service: string): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }],
  });
}

/** The trusted issuer of a cluster's service-account tokens. */
export interface TokenIssuer {
  /** ARN of the IAM OIDC provider. */
  readonly providerArn: pulumi.Input<string>;
  /** Its URL without `https://`. */
  readonly host: pulumi.Input<string>;
}

/** Trust of a role that one ServiceAccount takes on, by a token that was made for AWS and for nobody else. */
export function serviceAccountTrust(
  issuer: TokenIssuer,
  namespace: string,
  serviceAccount: string,
): pulumi.Output<string> {
  return pulumi.output(issuer.host).apply((host) =>
    pulumi.jsonStringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRoleWithWebIdentity',
          Principal: { Federated: issuer.providerArn },
          Condition: {
            StringEquals: {
              [`${host}:aud`]: 'sts.amazonaws.com',
              [`${host}:sub`]: `system:serviceaccount:${namespace}:${serviceAccount}`,
            },
          },
        },
      ],
    }),
  );
}

/**
 * Trust of a role that one ServiceAccount takes on through EKS Pod Identity, which tags each session with whose it is.
 * Without those anybody who may associate roles could give this one to another account.
 */
export function podIdentityTrust(scope: AwsScope, namespace: string, serviceAccount: string): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Condition: {
          StringEquals: {
            'aws:SourceAccount': scope.accountId,
            'aws:RequestTag/eks-cluster-name': scope.cluster.name,
            'aws:RequestTag/kubernetes-namespace': namespace,
            'aws:RequestTag/kubernetes-service-account': serviceAccount,
          },
        },
      },
    ],
  });
}

/**
 * A role and its one policy. The whole name is `<cluster>-<name>` unless told, as charts and other accounts know it.
 * Throws where that is longer than the 64 characters of AWS.
 */
export function role(
  scope: AwsScope,
  name: string,
  props: {
    readonly fullName?: string;
    readonly trust: pulumi.Input<string>;
    readonly description: string;
    /** None where `grant` follows. */
    readonly statements: readonly Statement[];
  },
): iam.Role {
  const full = props.fullName ?? `${scope.cluster.name}-${name}`;
  if (full.length > 64) {
    throw new Error(`role '${full}' is ${full.length} characters long, and AWS allows 64: shorten the cluster's name`);
  }
  const made = new iam.Role(
    `role-${name}`,
    {
      name: full,
      description: props.description,
      assumeRolePolicy: props.trust,
      maxSessionDuration: 3600,
      ...(scope.permissionsBoundary === undefined ? {} : { permissionsBoundary: scope.permissionsBoundary }),
      tags: tags(scope, 'identity', name),
    },
    child(scope),
  );
  if (props.statements.length > 0) grant(scope, name, made, props.statements);
  return made;
}

/** Gives a role its one policy; what acts as the role should wait for it. */
export function grant(scope: AwsScope, name: string, made: iam.Role, statements: readonly Statement[]): iam.RolePolicy {
  return new iam.RolePolicy(
    `role-${name}`,
    { name: 'access', role: made.name, policy: policyDocument(statements) },
    child(scope),
  );
}
