import type { JsonObject } from '../src/model/component';
import type { Guardrail } from './guardrail';
import { POD_SPEC, WORKLOADS } from './shared/workloads';

/** CEL: the terms by which a Pod keeps near to others, or away from them: those that must hold, and those that may. */
const TERMS = ['podAffinity', 'podAntiAffinity'].flatMap((kind) => {
  const list = (name: string) => {
    const field = `variables.podSpec.affinity.${kind}.${name}DuringSchedulingIgnoredDuringExecution`;
    return `(has(variables.podSpec.affinity) && has(variables.podSpec.affinity.${kind}) && has(${field}) ? ${field} : [])`;
  };
  return [list('required'), `${list('preferred')}.map(one, one.podAffinityTerm)`];
});

const pod = (affinity?: JsonObject) => ({
  spec: {
    ...(affinity === undefined ? {} : { affinity }),
    containers: [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }],
  },
});
const term = (more: JsonObject = {}) => ({
  labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'web' } },
  topologyKey: 'kubernetes.io/hostname',
  ...more,
});
const must = (more?: JsonObject) => ({ requiredDuringSchedulingIgnoredDuringExecution: [term(more)] });
const may = (more?: JsonObject) => ({
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term(more) }],
});

export const guardrail: Guardrail = {
  name: 'pod-affinity',
  summary: 'Pods keep near to, or away from, Pods of their own namespace alone',
  why: 'Anti-affinity holds both ways: where one Pod of a tenant wants no other beside it, of whatever namespace, the scheduler places nobody’s Pod on that machine, or in that zone, while it runs.',
  source: 'https://kubernetes.io/docs/concepts/policy/resource-quotas/#cross-namespace-pod-affinity-scope',
  match: WORKLOADS,
  // For everybody: what the platform runs for a tenant runs where the tenant's own does.
  excludes: [],
  variables: [...POD_SPEC, ...TERMS.map((expression, i) => ({ name: `terms${i}`, expression }))],
  validations: [
    {
      expression: TERMS.map(
        (_, i) =>
          `variables.terms${i}.all(term, !has(term.namespaceSelector) && (!has(term.namespaces) || size(term.namespaces) == 0))`,
      ).join(' && '),
      message:
        'a Pod keeps near to, or away from, Pods of its own namespace: leave `namespaces` and `namespaceSelector` out of its affinity',
    },
  ],
  examples: {
    pass: [
      { what: 'has no affinity', pod: pod() },
      { what: 'keeps away from its own kind', pod: pod({ podAntiAffinity: must() }) },
      { what: 'would rather keep near to its own kind', pod: pod({ podAffinity: may() }) },
    ],
    fail: [
      {
        what: 'wants nobody beside it',
        pod: pod({ podAntiAffinity: must({ labelSelector: {}, namespaceSelector: {} }) }),
        message: 'its own namespace',
      },
      {
        what: 'keeps another tenant away',
        pod: pod({ podAntiAffinity: must({ namespaces: ['other-prod'] }) }),
        message: 'its own namespace',
      },
      {
        what: 'would rather have nobody beside it',
        pod: pod({ podAntiAffinity: may({ namespaceSelector: {} }) }),
        message: 'its own namespace',
      },
      {
        what: 'runs where another tenant does',
        pod: pod({ podAffinity: must({ namespaces: ['other-prod'] }) }),
        message: 'its own namespace',
      },
      {
        what: 'would rather run where others do',
        pod: pod({ podAffinity: may({ namespaceSelector: { matchLabels: { tenant: 'other' } } }) }),
        message: 'its own namespace',
      },
    ],
  },
};
