import { prioritiesOf, TENANT_PRIORITIES } from '../src/model/priorities';
import type { Tier } from '../src/model/slices';
import { TENANT_NAMESPACE } from '../src/model/tenant-namespace';
import type { Guardrail } from './guardrail';
import { celValue } from './shared/cel';
import { POD_SPEC, WORKLOADS } from './shared/workloads';

const TIERS: readonly Tier[] = [1, 2, 3, 4];

const pod = (priorityClassName?: string) => ({
  spec: {
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    containers: [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }],
  },
});
const namespace = (tier: Tier, production: boolean) => ({
  [TENANT_NAMESPACE.tier]: String(tier),
  [TENANT_NAMESPACE.production]: String(production),
});

/** Every tier, in production and outside: which classes it has, and which not. */
const EACH = TIERS.flatMap((tier) =>
  [true, false].map((production) => {
    const own = prioritiesOf(tier, production);
    const where = `tier ${tier} ${production ? 'in' : 'outside of'} production`;
    const others = TENANT_PRIORITIES.map(({ name }) => name).filter((name) => !own.includes(name));
    return { labels: namespace(tier, production), where, own, others };
  }),
);

export const guardrail: Guardrail = {
  name: 'priority-classes',
  summary: 'Pods of tenants have a priority of their tier and environment',
  why: 'A Pod may have others of a lower class stopped to make room, whosesoever they are: one with a class of the platform’s stops the platform.',
  source: 'https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/',
  match: WORKLOADS,
  // For everybody: what the platform runs for a tenant runs where the tenant's own does.
  excludes: [],
  needs: ['priority-classes'],
  variables: [
    ...POD_SPEC,
    {
      name: 'where',
      expression: [TENANT_NAMESPACE.tier, TENANT_NAMESPACE.production]
        .map(
          (label) =>
            `('${label}' in namespaceObject.metadata.labels ? namespaceObject.metadata.labels['${label}'] : '')`,
        )
        .join(" + '/' + "),
    },
    {
      name: 'byTierAndProduction',
      expression: celValue(Object.fromEntries(EACH.map(({ labels, own }) => [Object.values(labels).join('/'), own]))),
    },
    {
      name: 'allowed',
      expression:
        'variables.where in variables.byTierAndProduction ? variables.byTierAndProduction[variables.where] : []',
    },
  ],
  validations: [
    {
      expression:
        '!has(variables.podSpec.priorityClassName) || variables.podSpec.priorityClassName in variables.allowed',
      message: 'this priority class is not one of the tenant’s tier and environment: leave `priorityClassName` out',
      messageExpression:
        "'priority class ' + variables.podSpec.priorityClassName + ' is not one of tier and environment: write one of ' + variables.allowed.join(', ') + ', or leave `priorityClassName` out'",
    },
  ],
  examples: {
    pass: [
      { what: 'names no class', labels: namespace(1, false), pod: pod() },
      ...EACH.flatMap(({ labels, where, own }) =>
        own.map((name) => ({ what: `names ${name} in ${where}`, labels, pod: pod(name), kinds: ['Pod'] })),
      ),
    ],
    fail: [
      {
        what: 'has a class of the platform’s',
        labels: namespace(1, true),
        pod: pod('platform-critical'),
        message: 'is not one of tier and environment',
      },
      {
        what: 'has a class of Kubernetes’ own',
        labels: namespace(3, true),
        pod: pod('system-cluster-critical'),
        message: 'is not one of tier and environment',
      },
      ...EACH.flatMap(({ labels, where, others }) =>
        others.map((name) => ({
          what: `names ${name} in ${where}`,
          labels,
          pod: pod(name),
          kinds: ['Pod', 'Deployment'],
          message: `priority class ${name} is not one of tier and environment`,
        })),
      ),
    ],
  },
};
