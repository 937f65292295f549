import { collectGraph, type Graph, mockAws } from './support/aws-graph';
import { ASSERTIONS } from './support/aws-assertions';
import { MUTANTS } from './support/aws-mutants';
import { describeAwsProps } from './support/aws-props';

let graph: Graph;

beforeAll(async () => {
  await mockAws('production');
  const { declareAws } = require('../../infra/aws') as typeof import('../../infra/aws');
  graph = await collectGraph(() => declareAws(describeAwsProps()));
}, 30_000);

describe('the example’s cluster in AWS', () => {
  test.each(Object.entries(ASSERTIONS))('%s', (_, assertion) => {
    expect(assertion(graph)).toEqual([]);
  });
});

describe('a planted defect is told by one assertion and no other', () => {
  test.each(MUTANTS.map((mutant) => [mutant.defect, mutant] as const))('%s', (_, { caughtBy, plant }) => {
    const broken = plant(graph);
    const caught = Object.entries(ASSERTIONS).flatMap(([name, assertion]) =>
      assertion(broken).map((violation) => `${name}: ${violation}`),
    );
    expect(caught).not.toEqual([]);
    expect(caught.filter((line) => !line.startsWith(`${caughtBy}: `))).toEqual([]);
  });

  test('each assertion has one', () => {
    const caught = new Set(MUTANTS.map(({ caughtBy }) => caughtBy));
    expect(Object.keys(ASSERTIONS).filter((name) => !caught.has(name))).toEqual([]);
  });
});
