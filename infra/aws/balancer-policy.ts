import type { Statement } from './iam';
import { type AwsScope, arn } from './scope';

/**
 * What the AWS cloud controller does: reads machines, and makes network load balancers for Services. Of the list in its
 * documentation ("Prerequisites") classic load balancers, routes and volumes are left out: nothing here uses them.
 */
export function balancerStatements(scope: AwsScope): readonly Statement[] {
  const owned = { StringEquals: { [`aws:ResourceTag/kubernetes.io/cluster/${scope.cluster.name}`]: 'owned' } };
  const balancing = (kind: string) => arn(scope, 'elasticloadbalancing', kind);
  const group = arn(scope, 'ec2', 'security-group/*');
  const elb = (...actions: readonly string[]) => actions.map((action) => `elasticloadbalancing:${action}`);
  const ec2 = (...actions: readonly string[]) => actions.map((action) => `ec2:${action}`);
  return [
    {
      actions: [
        'autoscaling:DescribeAutoScalingGroups',
        'autoscaling:DescribeLaunchConfigurations',
        'autoscaling:DescribeTags',
        ...ec2(
          'DescribeAvailabilityZones',
          'DescribeInstanceTopology',
          'DescribeInstances',
          'DescribeRegions',
          'DescribeRouteTables',
          'DescribeSecurityGroups',
          'DescribeSubnets',
          'DescribeVolumes',
          'DescribeVpcs',
        ),
        ...elb(
          'DescribeListeners',
          'DescribeLoadBalancerAttributes',
          'DescribeLoadBalancers',
          'DescribeTags',
          'DescribeTargetGroupAttributes',
          'DescribeTargetGroups',
          'DescribeTargetHealth',
        ),
      ],
      resources: ['*'],
    },
    // It opens the machines' group, the only one with the cluster's tag, to the balancers that it makes.
    {
      actions: ec2('AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress'),
      resources: [group],
      conditions: owned,
    },
    // It names what it makes after the Service's id, so that kind, region and account are what can be said beforehand.
    {
      actions: elb('AddTags', 'CreateListener', 'CreateLoadBalancer', 'CreateTargetGroup'),
      resources: [balancing('loadbalancer/net/*'), balancing('listener/net/*'), balancing('targetgroup/*')],
    },
    {
      actions: elb(
        'DeregisterTargets',
        'DeleteTargetGroup',
        'ModifyTargetGroup',
        'ModifyTargetGroupAttributes',
        'RegisterTargets',
      ),
      resources: [balancing('targetgroup/*')],
    },
    {
      actions: elb(
        'DeleteListener',
        'DeleteLoadBalancer',
        'ModifyListener',
        'ModifyLoadBalancerAttributes',
        'SetSecurityGroups',
        'SetSubnets',
      ),
      resources: [balancing('loadbalancer/net/*'), balancing('listener/net/*')],
      conditions: owned,
    },
    {
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [
        `arn:aws:iam::${scope.accountId}:role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing`,
      ],
      conditions: { StringEquals: { 'iam:AWSServiceName': 'elasticloadbalancing.amazonaws.com' } },
    },
  ];
}
