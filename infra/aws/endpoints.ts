import type * as pulumi from '@pulumi/pulumi';
import * as ec2 from '@pulumi/aws/ec2';
import type { Network } from './network';
import { type AwsScope, child, tags } from './scope';

/**
 * Services of AWS that machines call without leaving the network: what they need to start and to be reached while the
 * way to the internet is closed, and what would cost most through the NAT gateways.
 */
export const INTERFACE_ENDPOINTS = [
  'autoscaling',
  'ec2',
  'ec2messages',
  'ecr.api',
  'ecr.dkr',
  'elasticloadbalancing',
  'kms',
  'logs',
  'secretsmanager',
  'ssm',
  'ssmmessages',
  'sts',
] as const;

/** The endpoints; what starts machines waits for them. S3 goes through the route tables and costs nothing. */
export function declareEndpoints(
  scope: AwsScope,
  network: Network,
  securityGroup: pulumi.Input<string>,
): readonly ec2.VpcEndpoint[] {
  const service = (name: string) => `com.amazonaws.${scope.region}.${name}`;
  const s3 = new ec2.VpcEndpoint(
    'endpoint-s3',
    {
      vpcId: network.vpcId,
      serviceName: service('s3'),
      vpcEndpointType: 'Gateway',
      routeTableIds: [...network.privateRouteTables, network.databaseRouteTable].map(({ id }) => id),
      tags: tags(scope, 'network', 'endpoint-s3'),
    },
    child(scope),
  );
  const interfaces = INTERFACE_ENDPOINTS.map((name) => {
    const resource = `endpoint-${name.replace('.', '-')}`;
    return new ec2.VpcEndpoint(
      resource,
      {
        vpcId: network.vpcId,
        serviceName: service(name),
        vpcEndpointType: 'Interface',
        subnetIds: network.privateSubnets.map(({ id }) => id),
        securityGroupIds: [securityGroup],
        privateDnsEnabled: true,
        tags: tags(scope, 'network', resource),
      },
      child(scope),
    );
  });
  return [s3, ...interfaces];
}
