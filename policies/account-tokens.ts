import type { ExampleObject, Guardrail } from './guardrail';

const TYPE = 'kubernetes.io/service-account-token';

const secret = (type?: string): ExampleObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'example', annotations: { 'kubernetes.io/service-account.name': 'default' } },
  ...(type === undefined ? {} : { type }),
});

export const guardrail: Guardrail = {
  name: 'account-tokens',
  summary: 'No Secret asks for a token of a ServiceAccount',
  why: 'Kubernetes fills a Secret of that type with a token that never ends: whoever may write Secrets could be any account of the namespace from anywhere, for good.',
  source: 'https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets',
  match: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['secrets'], operations: ['CREATE', 'UPDATE'] }],
  excludes: [],
  validations: [
    {
      expression: `!has(object.type) || object.type != '${TYPE}'`,
      message: `a Secret of type ${TYPE} would hold a token without an end: let Pods mount theirs by a projected volume`,
    },
  ],
  examples: {
    pass: [
      { what: 'keeps something else', object: secret('Opaque') },
      { what: 'says no type', object: secret() },
    ],
    fail: [{ what: 'asks for a token of the default account', object: secret(TYPE), message: 'token without an end' }],
  },
};
