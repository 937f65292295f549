import type { JsonObject } from '../src/model/component';
import { TENANT_NAMESPACE } from '../src/model/tenant-namespace';
import type { ExampleObject, Guardrail, Request } from './guardrail';

const route = (spec: JsonObject, kind = 'HTTPRoute'): ExampleObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind,
  metadata: { name: 'example' },
  spec: {
    parentRefs: [{ kind: 'ListenerSet', name: 'shop.apps.example.com', namespace: 'gateway' }],
    ...spec,
  },
});

const owns = (hosts: string): Pick<Request, 'annotations'> => ({ annotations: { [TENANT_NAMESPACE.hosts]: hosts } });

export const guardrail: Guardrail = {
  name: 'route-hosts',
  summary: 'A route names its hosts, and they are those of the claim',
  why: 'A route without a host answers for every name of its listener, and one with another’s takes requests that were meant for them.',
  source: 'https://gateway-api.sigs.k8s.io/concepts/security-model/',
  match: [
    {
      apiGroups: ['gateway.networking.k8s.io'],
      apiVersions: ['*'],
      resources: ['grpcroutes', 'httproutes', 'tlsroutes'],
      operations: ['CREATE', 'UPDATE'],
    },
  ],
  needs: ['gateway-api'],
  variables: [
    {
      name: 'owned',
      expression: `has(namespaceObject.metadata.annotations) && '${TENANT_NAMESPACE.hosts}' in namespaceObject.metadata.annotations ? namespaceObject.metadata.annotations['${TENANT_NAMESPACE.hosts}'].split(',') : []`,
    },
    { name: 'hostnames', expression: 'has(object.spec.hostnames) ? object.spec.hostnames : []' },
  ],
  validations: [
    {
      expression: 'size(variables.hostnames) > 0',
      message: 'a route names its hosts: write `hostnames`, each a host of the claim',
    },
    {
      expression: 'variables.hostnames.all(host, host in variables.owned)',
      message: 'a host of the route is not in the claim for this environment: add it to `hosts` there',
      messageExpression:
        "'a route may have the hosts of its claim alone (' + variables.owned.join(', ') + '), not ' + variables.hostnames.filter(host, !(host in variables.owned)).join(', ') + ': add it to `hosts` there'",
    },
    {
      expression:
        "!has(object.spec.parentRefs) || object.spec.parentRefs.all(parent, !has(parent.kind) || parent.kind in ['Gateway', 'ListenerSet'])",
      message: 'a route belongs to the gateway: name the ListenerSet of its host, in namespace gateway, as its parent',
    },
  ],
  examples: {
    pass: [
      {
        what: 'has a host of the claim',
        object: route({ hostnames: ['shop.apps.example.com'] }),
        ...owns('api.apps.example.com,shop.apps.example.com'),
      },
      {
        what: 'serves gRPC by a host of the claim',
        object: route({ hostnames: ['shop.apps.example.com'] }, 'GRPCRoute'),
        ...owns('shop.apps.example.com'),
      },
    ],
    fail: [
      { what: 'has no host', object: route({}), ...owns('shop.apps.example.com'), message: 'names its hosts' },
      {
        what: 'has a host of another tenant beside its own',
        object: route({ hostnames: ['shop.apps.example.com', 'pay.apps.example.com'] }),
        ...owns('shop.apps.example.com'),
        message: 'not pay.apps.example.com',
      },
      {
        what: 'has a wildcard above its own host',
        object: route({ hostnames: ['*.apps.example.com'] }),
        ...owns('shop.apps.example.com'),
        message: 'not *.apps.example.com',
      },
      {
        what: 'has a host where the claim has none',
        object: route({ hostnames: ['shop.apps.example.com'] }),
        ...owns(''),
        message: 'not shop.apps.example.com',
      },
      {
        what: 'rewrites what is called by a Service',
        object: route({
          hostnames: ['shop.apps.example.com'],
          parentRefs: [{ group: '', kind: 'Service', name: 'web' }],
        }),
        ...owns('shop.apps.example.com'),
        message: 'belongs to the gateway',
      },
    ],
  },
};
