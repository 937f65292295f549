import * as pulumi from '@pulumi/pulumi';
import { platform } from '../../platform';
import { describeControlPlane } from '../../src/model/control-plane';
import { describeClusters } from '../../src/model/resolve/clusters';
import { collectGraph, mockAws } from './support/aws-graph';
import { describeAwsProps } from './support/aws-props';

beforeAll(() => mockAws('production'));
test('x', async () => {
  const { declareAws } = require('../../infra/aws') as typeof import('../../infra/aws');
  const graph = await collectGraph(() => declareAws(describeAwsProps()));
  const byType: Record<string, number> = {};
  for (const n of graph.nodes) byType[n.type] = (byType[n.type] ?? 0) + 1;
  console.log(byType, graph.nodes.length);
  require('fs').writeFileSync('/tmp/graph.json', JSON.stringify(graph, null, 1));
});
