import * as pulumi from '@pulumi/pulumi';
import * as cloudwatch from '@pulumi/aws/cloudwatch';
import * as ec2 from '@pulumi/aws/ec2';
import { role, serviceTrust } from './iam';
import type { Keys } from './keys';
import type { Network } from './network';
import { type AwsScope, arn, child, tags } from './scope';

/** Days that flow logs are kept: long enough to look into what is found at the end of a quarter. */
const RETENTION = 90;

/** Who talked to whom, and what was refused, for the whole network. */
export function declareFlowLogs(scope: AwsScope, network: Network, keys: Keys): void {
  const group = new cloudwatch.LogGroup(
    'flow-logs',
    {
      name: `/keelson/${scope.cluster.name}/flow-logs`,
      retentionInDays: RETENTION,
      kmsKeyId: keys.logs,
      tags: tags(scope, 'observation', 'flow-logs'),
    },
    child(scope),
  );
  const writer = role(scope, 'flow-logs', {
    trust: serviceTrust('vpc-flow-logs.amazonaws.com'),
    description: 'Writes the flow logs of the network',
    statements: [
      {
        actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        resources: [group.arn, pulumi.interpolate`${group.arn}:*`],
      },
      { actions: ['logs:DescribeLogGroups'], resources: [arn(scope, 'logs', 'log-group:*')] },
    ],
  });
  new ec2.FlowLog(
    'flow-logs',
    {
      vpcId: network.vpcId,
      trafficType: 'ALL',
      logDestinationType: 'cloud-watch-logs',
      logDestination: group.arn,
      iamRoleArn: writer.arn,
      maxAggregationInterval: 600,
      tags: tags(scope, 'observation', 'flow-logs'),
    },
    child(scope),
  );
}
