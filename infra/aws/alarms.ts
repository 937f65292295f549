import * as pulumi from '@pulumi/pulumi';
import type * as autoscaling from '@pulumi/aws/autoscaling';
import * as cloudwatch from '@pulumi/aws/cloudwatch';
import type * as ec2 from '@pulumi/aws/ec2';
import * as s3 from '@pulumi/aws/s3';
import * as sns from '@pulumi/aws/sns';
import { snapshotFolder } from '../control-plane/etcd-snapshot';
import type { DeclaredBucket } from './buckets';
import type { Keys } from './keys';
import type { ApiBalancers } from './load-balancer';
import type { Network } from './network';
import { type AwsScope, child, tags } from './scope';

/** Hours without a new snapshot of etcd that are too many: the objective is six, and one to be late. */
const SNAPSHOT_HOURS = 7;

export interface AlarmsProps {
  readonly keys: Keys;
  readonly network: Network;
  readonly hosts: readonly { readonly name: string; readonly instance: ec2.Instance }[];
  readonly pools: readonly autoscaling.Group[];
  readonly balancers: ApiBalancers;
  readonly records: DeclaredBucket;
}

/** Where AWS tells what it must: messages go to the platform's contact, who confirms the subscription once. */
export function declareNotices(scope: AwsScope, keys: Keys): sns.Topic {
  const topic = new sns.Topic(
    'notices',
    { kmsMasterKeyId: keys.notices, tags: tags(scope, 'observation', 'notices') },
    child(scope),
  );
  const { accountId } = scope;
  new sns.TopicPolicy(
    'notices',
    {
      arn: topic.arn,
      policy: pulumi.jsonStringify({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'AlarmsAndBudgets',
            Effect: 'Allow',
            Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
            Action: 'sns:Publish',
            Resource: topic.arn,
            Condition: { StringEquals: { 'aws:SourceAccount': accountId } },
          },
        ],
      }),
    },
    child(scope),
  );
  new sns.TopicSubscription(
    'notices-contact',
    { topic: topic.arn, protocol: 'email', endpoint: scope.cluster.platform.contact },
    child(scope),
  );
  return topic;
}

/** What AWS must tell by itself, because the cluster's own alerts are silent when the cluster is. */
export function declareAlarms(scope: AwsScope, props: AlarmsProps): sns.Topic {
  const topic = declareNotices(scope, props.keys);
  const alarm = (name: string, rest: Omit<cloudwatch.MetricAlarmArgs, 'name' | 'tags'>) =>
    new cloudwatch.MetricAlarm(
      name,
      {
        name: `${scope.cluster.name}-${name}`,
        alarmActions: [topic.arn],
        okActions: [topic.arn],
        tags: tags(scope, 'observation', name),
        ...rest,
      },
      child(scope),
    );
  const { internal, targets } = props.balancers;
  alarm('api-unhealthy', {
    alarmDescription: 'An API server does not answer its health check: see the runbook, "A host of the control plane"',
    namespace: 'AWS/NetworkELB',
    metricName: 'UnHealthyHostCount',
    dimensions: { LoadBalancer: internal.arnSuffix, TargetGroup: targets.arnSuffix },
    statistic: 'Maximum',
    period: 60,
    evaluationPeriods: 5,
    comparisonOperator: 'GreaterThanThreshold',
    threshold: 0,
    treatMissingData: 'breaching',
  });
  for (const { name, instance } of props.hosts) {
    alarm(`${name}-failed`, {
      alarmDescription: `${name} fails AWS' own checks of the machine`,
      namespace: 'AWS/EC2',
      metricName: 'StatusCheckFailed',
      dimensions: { InstanceId: instance.id },
      statistic: 'Maximum',
      period: 60,
      evaluationPeriods: 3,
      comparisonOperator: 'GreaterThanThreshold',
      threshold: 0,
      treatMissingData: 'breaching',
    });
  }
  for (const [index, pool] of props.pools.entries()) {
    const { name, minimum, maximum } = scope.cluster.nodePools[index]!;
    alarm(`pool-${name}-size`, {
      alarmDescription:
        minimum === maximum
          ? `Pool ${name} lacks a machine`
          : `Pool ${name} has as many machines as it may: raise its maximum or find out what grows`,
      namespace: 'AWS/AutoScaling',
      metricName: 'GroupInServiceInstances',
      dimensions: { AutoScalingGroupName: pool.name },
      statistic: 'Minimum',
      period: 300,
      evaluationPeriods: 12,
      // A pool that never grows is always full: it tells when a machine is missing instead.
      comparisonOperator: minimum === maximum ? 'LessThanThreshold' : 'GreaterThanOrEqualToThreshold',
      threshold: maximum,
      treatMissingData: 'notBreaching',
    });
  }
  snapshotAlarm(scope, props.records, alarm);
  return topic;
}

/** Counts snapshots where they arrive: a host that says it took one may be wrong. */
function snapshotAlarm(
  scope: AwsScope,
  records: DeclaredBucket,
  alarm: (name: string, rest: Omit<cloudwatch.MetricAlarmArgs, 'name' | 'tags'>) => pulumi.Resource,
): void {
  const metric = new s3.BucketMetric(
    'snapshots',
    {
      bucket: records.bucket.id,
      name: 'snapshots',
      filter: { prefix: snapshotFolder(scope.cluster.name, '').replace(/\/+$/, '/') },
    },
    child(scope),
  );
  alarm('snapshots-missing', {
    alarmDescription: `No snapshot of etcd arrived for ${SNAPSHOT_HOURS} hours: see the runbook, "Snapshots of etcd"`,
    namespace: 'AWS/S3',
    metricName: 'PutRequests',
    dimensions: { BucketName: records.name, FilterId: metric.name },
    statistic: 'Sum',
    period: 3600,
    evaluationPeriods: SNAPSHOT_HOURS,
    datapointsToAlarm: SNAPSHOT_HOURS,
    comparisonOperator: 'LessThanThreshold',
    threshold: 1,
    treatMissingData: 'breaching',
  });
}
