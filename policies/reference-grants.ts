import type { ExampleObject, Guardrail } from './guardrail';

const grant = (...namespaces: readonly string[]): ExampleObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'ReferenceGrant',
  metadata: { name: 'example' },
  spec: {
    from: namespaces.map((namespace) => ({ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace })),
    to: [{ group: '', kind: 'Service' }],
  },
});

export const guardrail: Guardrail = {
  name: 'reference-grants',
  summary: 'A ReferenceGrant lets nobody in but its own namespace',
  why: 'Another tenant’s route could send requests to Services of this one, past what both claims said.',
  source: 'https://gateway-api.sigs.k8s.io/api-types/referencegrant/',
  match: [
    {
      apiGroups: ['gateway.networking.k8s.io'],
      apiVersions: ['*'],
      resources: ['referencegrants'],
      operations: ['CREATE', 'UPDATE'],
    },
  ],
  needs: ['gateway-api'],
  validations: [
    {
      expression: 'object.spec.from.all(from, from.namespace == request.namespace)',
      message:
        'a ReferenceGrant is for its own namespace alone: other tenants come by connections.from of the claim, not by a route',
    },
  ],
  examples: {
    pass: [
      {
        what: 'comes from the platform',
        object: grant('other-prod'),
        user: 'system:serviceaccount:argocd:argocd-application-controller',
      },
    ],
    fail: [
      { what: 'lets in another namespace', object: grant('other-prod'), message: 'for its own namespace alone' },
      {
        what: 'lets in the gateway’s namespace',
        object: grant('gateway'),
        message: 'for its own namespace alone',
      },
    ],
  },
};
