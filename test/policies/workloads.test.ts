import { attemptsOf, judge } from '../support/guardrails';
import { probe, probeCluster, rendered } from '../support/probe-guardrail';
import type { Stage } from '../../policies/guardrail';

const [policy] = rendered(probe, probeCluster);

test('A guardrail about containers is asked about Pods, every way to change them, and every kind that makes them', () => {
  const resources = (policy!.spec.matchConstraints.resourceRules as { resources: string[] }[]).flatMap(
    (rule) => rule.resources,
  );
  expect(resources.sort()).toEqual([
    'cronjobs',
    'daemonsets',
    'deployments',
    'jobs',
    'pods',
    'pods/ephemeralcontainers',
    'pods/resize',
    'replicasets',
    'replicationcontrollers',
    'scaledjobs',
    'statefulsets',
  ]);
});

test.each(probe.examples.pass.flatMap(attemptsOf).map((attempt) => [attempt.title, attempt] as const))(
  'lets in what %s',
  (_title, attempt) => expect(judge(policy!, attempt)).toEqual([]),
);

test.each(
  probe.examples.fail.flatMap((one) =>
    attemptsOf(one).map((attempt) => [attempt.title, attempt, one.message] as const),
  ),
)('refuses what %s', (_title, attempt, message) => expect(judge(policy!, attempt)).toEqual([message]));

test('Argo CD is not asked where it applies what the platform writes, its robots are', () => {
  const [attempt] = attemptsOf(probe.examples.fail[0]!);
  const by = (user: string) => judge(policy!, { ...attempt!, request: { what: '', user } });
  expect(by('system:serviceaccount:argocd:argocd-application-controller')).toEqual([]);
  expect(by('system:serviceaccount:keelson-delivery:example-live')).toHaveLength(1);
  expect(by('system:serviceaccount:kube-system:replicaset-controller')).toHaveLength(1);
});

test('A stage by environment is a binding for each: what is refused in production is told elsewhere', () => {
  const bindings = (production: Stage, other: Stage) =>
    rendered({ ...probe, stage: { production, other } }, probeCluster)
      .filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')
      .map(({ metadata, spec }) => [
        metadata.name,
        spec.validationActions,
        spec.matchResources.namespaceSelector.matchExpressions.slice(1),
      ]);
  const production = (operator: string) => [{ key: 'keelson.dev/production', values: ['true'], operator }];
  expect(bindings('deny', 'deny')).toEqual([['keelson-probe', ['Deny'], []]]);
  expect(bindings('deny', 'warn')).toEqual([
    ['keelson-probe-production', ['Deny'], production('In')],
    ['keelson-probe-other', ['Warn', 'Audit'], production('NotIn')],
  ]);
  expect(bindings('audit', 'audit')).toEqual([['keelson-probe', ['Audit'], []]]);
});
