import type { ExampleObject, Guardrail } from './guardrail';

const cilium = (kind: string, spec: ExampleObject['spec']): ExampleObject => ({
  apiVersion: 'cilium.io/v2',
  kind,
  metadata: { name: 'example' },
  spec,
});

export const guardrail: Guardrail = {
  name: 'network-kinds',
  summary: 'Kinds that open the network are the platform’s to write',
  why: 'A CiliumNetworkPolicy can name the world, machines and the API server, and an Envoy configuration or a redirect can lead traffic past every policy.',
  source: 'https://docs.cilium.io/en/stable/network/kubernetes/policy/',
  match: [
    {
      apiGroups: ['cilium.io'],
      apiVersions: ['*'],
      resources: ['ciliumenvoyconfigs', 'ciliumlocalredirectpolicies', 'ciliumnetworkpolicies'],
      operations: ['CREATE', 'UPDATE'],
    },
  ],
  needs: ['cilium'],
  validations: [
    {
      expression: 'false',
      message:
        'kinds of Cilium are the platform’s to write: say in the claim what is connected, and among your own Pods by a NetworkPolicy',
    },
  ],
  examples: {
    pass: [
      {
        what: 'comes from the platform',
        object: cilium('CiliumNetworkPolicy', { endpointSelector: {}, egress: [{ toEntities: ['world'] }] }),
        user: 'system:serviceaccount:argocd:argocd-application-controller',
      },
    ],
    fail: [
      {
        what: 'opens the world',
        object: cilium('CiliumNetworkPolicy', { endpointSelector: {}, egress: [{ toEntities: ['world'] }] }),
        message: 'the platform’s to write',
      },
      {
        what: 'is about its own Pods',
        object: cilium('CiliumNetworkPolicy', {
          endpointSelector: {},
          ingress: [{ fromEndpoints: [{ matchLabels: { app: 'web' } }] }],
        }),
        message: 'the platform’s to write',
      },
    ],
  },
};
