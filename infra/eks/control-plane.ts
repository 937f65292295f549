import * as cloudwatch from '@pulumi/aws/cloudwatch';
import * as eks from '@pulumi/aws/eks';
import * as iam from '@pulumi/aws/iam';
import type * as pulumi from '@pulumi/pulumi';
import type * as ec2 from '@pulumi/aws/ec2';
import { role, serviceTrust, type TokenIssuer } from '../aws/iam';
import type { Keys } from '../aws/keys';
import type { Network } from '../aws/network';
import { type AwsScope, child, kept, tags } from '../aws/scope';
import { ADMIN_GROUP } from '../control-plane/pki';
import { logGroupName } from './names';

/** Every log that EKS offers: without `audit` nobody could say later who did what. */
const LOGS = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'];
/** Days that they are kept: incidents are found late. The self-managed control plane keeps its audit log as long. */
const RETENTION = 400;

export interface EksControlPlaneProps {
  readonly keys: Keys;
  readonly network: Network;
  readonly securityGroup: ec2.SecurityGroup;
  /** Ranges outside the network from which the API is reached; with none it has no public endpoint. */
  readonly allowedSources: readonly string[];
  /** ARN of the role that runs Pulumi: it does the bootstrap, before anybody else has a right. */
  readonly provisioner: pulumi.Input<string>;
  /** ARNs of roles that are administrators besides those who sign in; for the sealed way in. */
  readonly administrators: readonly pulumi.Input<string>[];
}

export interface EksControlPlane {
  readonly cluster: eks.Cluster;
  readonly issuer: TokenIssuer;
  /** Resources without which nobody may do anything in the cluster: whoever talks to its API waits for them. */
  readonly access: readonly pulumi.Resource[];
}

/**
 * The managed control plane. It brings no add-on of EKS: network, names and all else are the tree's, the same as on
 * every other cluster.
 */
export function declareEksControlPlane(scope: AwsScope, props: EksControlPlaneProps): EksControlPlane {
  const { cluster } = scope;
  const { keys, network, allowedSources } = props;
  const logs = new cloudwatch.LogGroup(
    'control-plane-logs',
    {
      name: logGroupName(cluster),
      retentionInDays: RETENTION,
      kmsKeyId: keys.logs,
      tags: tags(scope, 'observation', 'control-plane-logs'),
    },
    kept(scope, { retainOnDelete: cluster.production }),
  );
  const own = role(scope, 'control-plane', {
    trust: serviceTrust('eks.amazonaws.com'),
    description: 'The control plane that AWS runs',
    statements: [
      {
        actions: ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:ListGrants'],
        resources: [keys.secrets],
      },
    ],
  });
  const managed = new iam.RolePolicyAttachment(
    'control-plane-managed',
    { role: own.name, policyArn: 'arn:aws:iam::aws:policy/AmazonEKSClusterPolicy' },
    child(scope),
  );
  const made = new eks.Cluster(
    'control-plane',
    {
      name: cluster.name,
      roleArn: own.arn,
      version: minorOf(cluster.kubernetesVersion),
      // No version that AWS asks more money for, since nobody else supports it.
      upgradePolicy: { supportType: 'STANDARD' },
      bootstrapSelfManagedAddons: false,
      deletionProtection: cluster.production,
      // Who may come in is said by access entries alone: the ConfigMap aws-auth counts for nothing.
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
      vpcConfig: {
        subnetIds: network.privateSubnets.map(({ id }) => id),
        securityGroupIds: [props.securityGroup.id],
        endpointPrivateAccess: true,
        endpointPublicAccess: allowedSources.length > 0,
        ...(allowedSources.length > 0 ? { publicAccessCidrs: [...allowedSources] } : {}),
      },
      kubernetesNetworkConfig: { ipFamily: 'ipv4', serviceIpv4Cidr: cluster.network.serviceCidr },
      encryptionConfig: { provider: { keyArn: keys.secrets }, resources: ['secrets'] },
      enabledClusterLogTypes: LOGS,
      tags: tags(scope, 'control-plane', 'control-plane'),
    },
    // EKS would make a log group of its own, without encryption and without an end.
    kept(scope, { dependsOn: [logs, managed] }),
  );
  const url = made.identities.apply((identities) => identities[0]?.oidcs?.[0]?.issuer ?? '');
  const provider = new iam.OpenIdConnectProvider(
    'issuer',
    { url, clientIdLists: ['sts.amazonaws.com'], tags: tags(scope, 'identity', 'issuer') },
    kept(scope),
  );
  return {
    cluster: made,
    issuer: { providerArn: provider.arn, host: url.apply((text) => text.replace(/^https:\/\//, '')) },
    access: [...entries(scope, made, props), signIn(scope, made)],
  };
}

/** `1.36` of `1.36.3`: EKS chooses the patch. */
function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** Roles that come in. Administrators are a group that the bootstrap binds, as on every other cluster. */
function entries(
  scope: AwsScope,
  cluster: eks.Cluster,
  { provisioner, administrators }: EksControlPlaneProps,
): readonly pulumi.Resource[] {
  const entry = (name: string, principalArn: pulumi.Input<string>, kubernetesGroups: string[]) =>
    new eks.AccessEntry(
      name,
      {
        clusterName: cluster.name,
        principalArn,
        kubernetesGroups,
        type: 'STANDARD',
        tags: tags(scope, 'identity', name),
      },
      child(scope),
    );
  const first = entry('access-provisioner', provisioner, []);
  const policy = new eks.AccessPolicyAssociation(
    'access-provisioner',
    {
      clusterName: cluster.name,
      principalArn: first.principalArn,
      policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy',
      accessScope: { type: 'cluster' },
    },
    child(scope),
  );
  return [
    first,
    policy,
    ...administrators.map((principal, index) => entry(`access-administrator-${index + 1}`, principal, [ADMIN_GROUP])),
  ];
}

/** People sign in at the platform's own issuer, under the names and groups that they have on every other cluster. */
function signIn(scope: AwsScope, cluster: eks.Cluster): eks.IdentityProviderConfig {
  const { issuer, clientId, usernameClaim, groupsClaim, groupsPrefix } = scope.cluster.platform.oidc;
  return new eks.IdentityProviderConfig(
    'sign-in',
    {
      clusterName: cluster.name,
      oidc: {
        identityProviderConfigName: 'people',
        issuerUrl: issuer,
        clientId,
        usernameClaim,
        groupsClaim,
        ...(groupsPrefix === '' ? {} : { usernamePrefix: groupsPrefix, groupsPrefix }),
      },
      tags: tags(scope, 'identity', 'sign-in'),
    },
    child(scope),
  );
}
