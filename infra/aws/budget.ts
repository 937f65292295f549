import * as budgets from '@pulumi/aws/budgets';
import type { Topic } from '@pulumi/aws/sns';
import { type AwsScope, child, CLUSTER_TAG, tags } from './scope';

/** Share of the estimate on top of it, for what has a price by use. */
const USE = 0.3;

/** A limit a month for a cluster whose fixed costs are so high, in whole dollars. */
export function budgetLimit(estimate: number): number {
  return Math.ceil((estimate * (1 + USE)) / 50) * 50;
}

/**
 * Tells the contact when the month will cost, or has cost, more than planned. AWS knows which cost is whose once the
 * tag `keelson.dev/cluster` is activated for cost allocation, in the account that pays.
 */
export function declareBudget(scope: AwsScope, limit: number, topic: Topic): budgets.Budget {
  const notification = (notificationType: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
    comparisonOperator: 'GREATER_THAN',
    notificationType,
    threshold,
    thresholdType: 'PERCENTAGE',
    subscriberEmailAddresses: [scope.cluster.platform.contact],
    subscriberSnsTopicArns: [topic.arn],
  });
  return new budgets.Budget(
    'month',
    {
      name: `${scope.cluster.name}-month`,
      budgetType: 'COST',
      timeUnit: 'MONTHLY',
      limitAmount: String(limit),
      limitUnit: 'USD',
      costFilters: [{ name: 'TagKeyValue', values: [`user:${CLUSTER_TAG}$${scope.cluster.name}`] }],
      notifications: [notification('ACTUAL', 80), notification('ACTUAL', 100), notification('FORECASTED', 110)],
      tags: tags(scope, 'observation', 'month'),
    },
    child(scope),
  );
}
