import { untilKnown } from '../../infra/aws/registered';
import { askedFor, collectGraph, type Graph, mockAws } from './support/aws-graph';
import { describeAwsProps } from './support/aws-props';
import { all, list } from './support/aws-query';

describe('a machine is asked for its health', () => {
  test('when Systems Manager knows it, and not before', async () => {
    const answers = [false, false, true];
    await untilKnown('i-1', () => Promise.resolve(answers.shift()!), 0);
    expect(answers).toEqual([]);
  });

  test('never where it does not come, and says what to do', async () => {
    await expect(untilKnown('i-1', () => Promise.resolve(false), 0)).rejects.toThrow(
      /i-1 has not registered with Systems Manager.*aws ec2 get-console-output --instance-id i-1/,
    );
  });

  test('by an association that is made for each host of the control plane after that', async () => {
    await mockAws('production', { preview: false });
    const { declareAws } = require('../../infra/aws') as typeof import('../../infra/aws');
    const graph: Graph = await collectGraph(() => declareAws(describeAwsProps()));
    const targets = all(graph, 'ssm:Association').flatMap((node) => list<{ values: string[] }>(node, 'targets'));
    expect(targets.flatMap(({ values }) => values)).toEqual(all(graph, 'Instance').map(({ id }) => id));
    expect([...askedFor].sort()).toEqual(all(graph, 'Instance').map(({ id }) => id));
  }, 60_000);
});
