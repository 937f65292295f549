import type { ExampleObject, Guardrail } from './guardrail';
import { IS_OF_THE_PLATFORM, isAdministrator, serviceAccount } from './shared/users';

const slice: ExampleObject = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'example', labels: { 'kubernetes.io/service-name': 'example' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.0.0.7'] }],
  ports: [{ port: 8080, protocol: 'TCP' }],
};
const endpoints: ExampleObject = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'example' },
  subsets: [{ addresses: [{ ip: '10.0.0.7' }], ports: [{ port: 8080 }] }],
};

export const guardrail: Guardrail = {
  name: 'service-endpoints',
  summary: 'Where a Service leads is written by Kubernetes, from the Pods that it selects',
  why: 'The gateway sends requests to whatever addresses stand behind a route’s Service. Written by hand they could be those of another tenant’s Pods or of machines, which take what comes from the gateway.',
  source: 'https://gateway-api.sigs.k8s.io/concepts/security/#limiting-cross-namespace-risk',
  match: [
    {
      apiGroups: ['discovery.k8s.io'],
      apiVersions: ['v1'],
      resources: ['endpointslices'],
      operations: ['CREATE', 'UPDATE'],
    },
    { apiGroups: [''], apiVersions: ['v1'], resources: ['endpoints'], operations: ['CREATE', 'UPDATE'] },
  ],
  validations: [
    {
      expression: (cluster) => `${IS_OF_THE_PLATFORM} || ${isAdministrator(cluster)}`,
      message:
        'where a Service leads is not written by hand: let it select Pods, and say by connections.outside of the claim what else is reached',
    },
  ],
  examples: {
    pass: [
      {
        what: 'comes from Kubernetes',
        object: slice,
        user: serviceAccount('kube-system', 'endpointslice-controller'),
      },
    ],
    fail: [
      { what: 'leads to an address of somebody’s choice', object: slice, message: 'not written by hand' },
      { what: 'leads there in the old way', object: endpoints, message: 'not written by hand' },
      {
        what: 'is copied out of a virtual cluster',
        object: slice,
        user: serviceAccount('example', 'vc-virtual'),
        message: 'not written by hand',
      },
    ],
  },
};
