import { ApiObject } from 'cdk8s';
import type { JsonObject } from '../component';
import { defineComponent } from '../component';
import { byProvider } from '../hardening';

const GATEWAY = 'gateway.networking.k8s.io/v1';
const TLS_SECRET = 'platform-tls';

export const component = defineComponent({
  name: 'gateway',
  summary: 'The way in for the platform’s own pages: one Gateway with a certificate for their domain',
  providers: ['aws', 'eks', 'local'],

  declare: () => ({
    namespace: { name: 'gateway', level: 'restricted' },
    workloads: {},
    needs: [
      'cert-manager.io/Certificate',
      'gateway.networking.k8s.io/Gateway',
      'gateway.networking.k8s.io/GatewayClass',
      'gateway.networking.k8s.io/HTTPRoute',
    ],
    after: [{ component: 'cilium', why: 'makes the listeners of its Gateway' }],
    priorityClass: 'system-cluster-critical',
  }),

  resources(scope, { cluster, namespace }) {
    const metadata = { name: 'platform', namespace };
    new ApiObject(scope, 'class', {
      apiVersion: GATEWAY,
      kind: 'GatewayClass',
      metadata: { name: 'platform' },
      spec: { controllerName: 'io.cilium/gateway-controller' },
    });
    new ApiObject(scope, 'gateway', {
      apiVersion: GATEWAY,
      kind: 'Gateway',
      metadata,
      spec: {
        gatewayClassName: 'platform',
        // Passed on to the Service that Cilium makes; a local cluster listens on its nodes and has no balancer.
        ...byProvider<JsonObject>(cluster, {
          cloud: {
            infrastructure: {
              annotations: {
                'service.beta.kubernetes.io/aws-load-balancer-cross-zone-load-balancing-enabled': 'true',
                'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb',
              },
            },
          },
          local: {},
        }),
        listeners: [
          {
            name: 'http',
            hostname: `*.${cluster.domain}`,
            port: 80,
            protocol: 'HTTP',
            // Only the redirect below.
            allowedRoutes: { namespaces: { from: 'Same' } },
          },
          {
            name: 'https',
            hostname: `*.${cluster.domain}`,
            port: 443,
            protocol: 'HTTPS',
            tls: { mode: 'Terminate', certificateRefs: [{ name: TLS_SECRET }] },
            // A tenant that could attach a route here could take the name of one of the platform's pages.
            allowedRoutes: {
              namespaces: {
                from: 'Selector',
                selector: { matchExpressions: [{ key: 'tenant', operator: 'DoesNotExist' }] },
              },
            },
          },
        ],
      },
    });
    new ApiObject(scope, 'certificate', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata,
      spec: {
        secretName: TLS_SECRET,
        issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'platform' },
        dnsNames: [`*.${cluster.domain}`],
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      },
    });
    new ApiObject(scope, 'redirect', {
      apiVersion: GATEWAY,
      kind: 'HTTPRoute',
      metadata: { name: 'redirect-to-https', namespace },
      spec: {
        parentRefs: [{ name: 'platform', sectionName: 'http' }],
        rules: [{ filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] }],
      },
    });
  },
});
