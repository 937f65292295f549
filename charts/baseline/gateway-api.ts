import { defineComponent } from '../component';

export const component = defineComponent({
  name: 'gateway-api',
  summary: 'Brings the kinds of the Gateway API, which Cilium serves',
  providers: ['aws', 'eks', 'local'],

  declare: () => ({
    // Its objects belong to no namespace.
    namespace: { sharedWith: 'coredns' },
    workloads: {},
    crds: {
      source: {
        repository: 'https://github.com/kubernetes-sigs/gateway-api',
        revision: 'v1.6.1',
        // The policy that lies there too refuses experimental kinds over these and older ones: it comes along.
        path: 'config/crd/standard',
      },
      kinds: [
        'gateway.networking.k8s.io/BackendTLSPolicy',
        'gateway.networking.k8s.io/GRPCRoute',
        'gateway.networking.k8s.io/Gateway',
        'gateway.networking.k8s.io/GatewayClass',
        'gateway.networking.k8s.io/HTTPRoute',
        'gateway.networking.k8s.io/ListenerSet',
        'gateway.networking.k8s.io/ReferenceGrant',
        'gateway.networking.k8s.io/TCPRoute',
        'gateway.networking.k8s.io/TLSRoute',
        'gateway.networking.k8s.io/UDPRoute',
      ],
    },
    priorityClass: 'system-cluster-critical',
  }),
});
