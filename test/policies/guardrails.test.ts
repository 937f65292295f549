import { guardrailPath } from '../../src/model/layout';
import type { Tree } from '../../src/gitops/tree';
import { isNamespaced, kinds } from '../../src/schemas';
import { renderPlatform } from '../../src/render';
import { guardrails } from '../../src/render/product';
import { attemptsOf, compile, inScope, judge } from '../support/guardrails';
import { guardrailPlatform } from '../support/guardrail-platform';
import { type KubernetesObject, objectsIn } from '../support/platforms';

/** Clusters of the example platform that differ in what guardrails read: the last has the version before mutations. */
const CLUSTERS = ['production', 'local', 'old'] as const;

let tree: Tree;

beforeAll(async () => {
  const rendering = await renderPlatform({ root: guardrailPlatform(), cache: false });
  expect(rendering.findings.filter(({ file }) => file.includes('/policies/'))).toEqual([]);
  tree = rendering.tree;
});

const all = [...guardrails()];

test('There are guardrails, each named after its file and with examples of both kinds', () => {
  expect(all.length).toBeGreaterThan(0);
  for (const [name, guardrail] of all) {
    expect(guardrail.name).toBe(name);
    expect([name, guardrail.examples.pass.length > 0, guardrail.examples.fail.length > 0]).toEqual([name, true, true]);
    expect(guardrail.source).toMatch(/^https:\/\//);
    for (const text of [guardrail.summary, guardrail.why]) expect(text.length).toBeGreaterThan(20);
  }
});

describe.each(all)('%s', (name, guardrail) => {
  const objects = (cluster: string) => objectsIn(tree, guardrailPath(cluster, name));
  const ofKind = (cluster: string, kind: string) => objects(cluster).filter((one) => one.kind === kind);

  test('is closed where it cannot judge, names what it matches, and holds in tenants’ namespaces alone', () => {
    const rendered = CLUSTERS.filter((cluster) => objects(cluster).length > 0);
    expect(rendered.length).toBeGreaterThan(0);
    for (const cluster of rendered) {
      const [policy] = ofKind(cluster, 'ValidatingAdmissionPolicy');
      expect(policy?.spec.failurePolicy).toBe('Fail');
      for (const rule of policy?.spec.matchConstraints.resourceRules as {
        apiGroups: string[];
        resources: string[];
        scope: string;
      }[]) {
        expect(rule.scope).toBe('Namespaced');
        expect([...rule.apiGroups, ...rule.resources].filter((one) => one.includes('*'))).toEqual([]);
      }
      const bindings = objects(cluster).filter(({ kind }) => kind.endsWith('Binding'));
      expect(bindings.length).toBeGreaterThan(0);
      for (const binding of bindings) {
        expect(binding.spec.policyName).toBe(policy?.metadata.name);
        expect(binding.spec.matchResources.namespaceSelector.matchExpressions).toContainEqual({
          key: 'tenant',
          operator: 'Exists',
        });
      }
    }
  });

  test('fills in nothing where the API server cannot', () => {
    const mutating = (cluster: string) => objects(cluster).filter(({ kind }) => kind.startsWith('Mutating')).length;
    expect(mutating('old')).toBe(0);
    if (guardrail.mutation && objects('local').length > 0) expect(mutating('local')).toBe(2);
  });

  test('has conditions and messages that can be read', () => {
    for (const cluster of CLUSTERS) {
      for (const { spec } of ofKind(cluster, 'ValidatingAdmissionPolicy')) {
        const {
          matchConditions = [],
          variables = [],
          validations,
        } = spec as {
          matchConditions?: { expression: string }[];
          variables?: { expression: string }[];
          validations: { expression: string; message: string; messageExpression?: string }[];
        };
        for (const { expression } of [...matchConditions, ...variables, ...validations]) compile(expression);
        for (const { message, messageExpression } of validations) {
          expect(message).toMatch(/^\S.*\S$/);
          if (messageExpression !== undefined) compile(messageExpression);
        }
      }
    }
  });

  const pass = guardrail.examples.pass.filter(({ filled, unfilled }) => filled === undefined || unfilled);
  const passing = pass.flatMap((example) => attemptsOf(example).map((attempt) => [attempt.title, attempt] as const));
  if (passing.length > 0) {
    test.each(passing)('lets in what %s', (_title, attempt) => {
      expect(answers(attempt)).toEqual([]);
    });
  }

  const failing = guardrail.examples.fail.flatMap((example) =>
    attemptsOf(example).map((attempt) => [attempt.title, attempt, example.message] as const),
  );
  test.each(failing)('refuses what %s', (_title, attempt, message) => {
    expect(answers(attempt).join('\n')).toContain(message);
  });

  const filled = guardrail.examples.pass
    .filter(({ filled, unfilled = false }) => filled !== undefined && !unfilled)
    .flatMap(attemptsOf);
  if (filled.length > 0) {
    test.each(filled.map((attempt) => [attempt.title, attempt] as const))(
      'refuses, where nothing is filled in, what %s',
      (_title, attempt) => {
        const [policy] = ofKind('old', 'ValidatingAdmissionPolicy');
        expect(judge(policy!, attempt)).not.toEqual([]);
      },
    );
  }

  /** What the policy says on the first cluster where it has a meaning. */
  function answers(attempt: ReturnType<typeof attemptsOf>[number]): readonly string[] {
    const cluster = CLUSTERS.find((one) => objects(one).length > 0) ?? 'production';
    const bindings = ofKind(cluster, 'ValidatingAdmissionPolicyBinding');
    if (!bindings.some((binding) => inScope(binding, attempt.request))) return [];
    return ofKind(cluster, 'ValidatingAdmissionPolicy').flatMap((policy: KubernetesObject) => judge(policy, attempt));
  }
});

test('Every kind that examples send is namespaced: a guardrail has no say outside of a namespace', () => {
  const known = new Set(kinds().map(({ apiVersion, kind }) => `${apiVersion} ${kind}`));
  for (const [, { examples }] of all) {
    for (const { object } of [...examples.pass, ...examples.fail].flatMap(attemptsOf)) {
      if (known.has(`${object.apiVersion} ${object.kind}`)) {
        expect(isNamespaced(object.apiVersion, object.kind)).toBe(true);
      }
    }
  }
});
