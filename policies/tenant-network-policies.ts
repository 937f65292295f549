import type { JsonObject } from '../src/model/component';
import type { ExampleObject, Guardrail } from './guardrail';

const policy = (spec: JsonObject): ExampleObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'example' },
  spec: { podSelector: {}, ...spec },
});

const web = { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'web' } } };
const ports = [{ port: 8080, protocol: 'TCP' }];

/** CEL: every rule of the direction names Pods of the namespace and nobody else. No rules are fine. */
const within = (direction: 'ingress' | 'egress', peers: 'from' | 'to') =>
  `!has(object.spec.${direction}) || object.spec.${direction}.all(rule, ` +
  `has(rule.${peers}) && size(rule.${peers}) > 0 && rule.${peers}.all(peer, ` +
  'has(peer.podSelector) && !has(peer.namespaceSelector) && !has(peer.ipBlock)))';

export const guardrail: Guardrail = {
  name: 'tenant-network-policies',
  summary: 'A team’s own NetworkPolicies are about its own Pods',
  why: 'Policies add up: one more that names another namespace, a range or nobody at all would open a tenant to others without their word and without its claim.',
  source: 'https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation',
  match: [
    {
      apiGroups: ['networking.k8s.io'],
      apiVersions: ['v1'],
      resources: ['networkpolicies'],
      operations: ['CREATE', 'UPDATE'],
    },
  ],
  validations: [
    {
      expression: within('ingress', 'from'),
      message:
        'a NetworkPolicy lets in Pods of its own namespace: let every `from` hold podSelector alone; other tenants come by connections.from of the claim',
    },
    {
      expression: within('egress', 'to'),
      message:
        'a NetworkPolicy lets out to Pods of its own namespace: let every `to` hold podSelector alone; other places come by connections.to and connections.outside of the claim',
    },
  ],
  examples: {
    pass: [
      { what: 'lets in some of its own Pods', object: policy({ ingress: [{ from: [web], ports }] }) },
      { what: 'lets out to all of its own Pods', object: policy({ egress: [{ to: [{ podSelector: {} }] }] }) },
      { what: 'lets nobody in', object: policy({ policyTypes: ['Ingress'] }) },
      {
        what: 'comes from the platform',
        object: policy({ ingress: [{ from: [{ namespaceSelector: {} }] }] }),
        user: 'system:serviceaccount:argocd:argocd-application-controller',
      },
    ],
    fail: [
      {
        what: 'lets in every namespace',
        object: policy({ ingress: [{ from: [{ namespaceSelector: {} }] }] }),
        message: 'lets in Pods of its own namespace',
      },
      {
        what: 'lets in Pods of another namespace',
        object: policy({
          ingress: [{ from: [{ ...web, namespaceSelector: { matchLabels: { tenant: 'other' } } }], ports }],
        }),
        message: 'lets in Pods of its own namespace',
      },
      {
        what: 'names nobody and so lets in everybody',
        object: policy({ ingress: [{ ports }] }),
        message: 'lets in Pods of its own namespace',
      },
      {
        what: 'has one rule of its own and an empty one',
        object: policy({ ingress: [{ from: [web] }, {}] }),
        message: 'lets in Pods of its own namespace',
      },
      {
        what: 'lets out to a range',
        object: policy({ egress: [{ to: [{ ipBlock: { cidr: '169.254.169.254/32' } }] }] }),
        message: 'lets out to Pods of its own namespace',
      },
      {
        what: 'lets out to everywhere',
        object: policy({ egress: [{}] }),
        message: 'lets out to Pods of its own namespace',
      },
      {
        what: 'lets out to other namespaces beside its own Pods',
        object: policy({ egress: [{ to: [web, { namespaceSelector: {}, podSelector: {} }] }] }),
        message: 'lets out to Pods of its own namespace',
      },
    ],
  },
};
