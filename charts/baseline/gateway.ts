import { ApiObject } from 'cdk8s';
import type { JsonObject } from '../component';
import { defineComponent } from '../component';
import { byProvider } from '../hardening';
import { GATEWAY, GATEWAY_API, issuerSpec, TENANTS_ACCOUNT } from '../shared-gateway';

const TLS_SECRET = 'platform-tls';

export const component = defineComponent({
  name: 'gateway',
  summary: 'The way in: one Gateway, with a certificate for the platform’s own pages and listeners of tenants’ hosts',
  providers: ['aws', 'eks', 'local'],

  declare: () => ({
    namespace: { name: GATEWAY.namespace, level: 'restricted' },
    workloads: {},
    needs: [
      'cert-manager.io/Certificate',
      'cert-manager.io/Issuer',
      'gateway.networking.k8s.io/Gateway',
      'gateway.networking.k8s.io/GatewayClass',
      'gateway.networking.k8s.io/HTTPRoute',
      'gateway.networking.k8s.io/ListenerSet',
    ],
    after: [{ component: 'cilium', why: 'makes the listeners of its Gateway' }],
    priorityClass: 'system-cluster-critical',
  }),

  resources(scope, { cluster, namespace }) {
    const metadata = { name: GATEWAY.name, namespace };
    new ApiObject(scope, 'class', {
      apiVersion: GATEWAY_API,
      kind: 'GatewayClass',
      metadata: { name: 'platform' },
      spec: { controllerName: 'io.cilium/gateway-controller' },
    });
    new ApiObject(scope, 'gateway', {
      apiVersion: GATEWAY_API,
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
        // Listeners of tenants' hosts stand here too, written by the platform: none that a tenant made is taken.
        allowedListeners: { namespaces: { from: 'Same' } },
        listeners: [
          {
            name: 'http',
            port: 80,
            protocol: 'HTTP',
            // Only the redirect below, for every name.
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
    new ApiObject(scope, 'tenants-account', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: { name: 'tenants', namespace },
      // It makes the account that issuers of tenants order by, and proves no name itself.
      spec: issuerSpec(cluster, { account: TENANTS_ACCOUNT, ownsAccount: true, names: [] }),
    });
    new ApiObject(scope, 'redirect', {
      apiVersion: GATEWAY_API,
      kind: 'HTTPRoute',
      metadata: { name: 'redirect-to-https', namespace },
      spec: {
        parentRefs: [{ name: GATEWAY.name, sectionName: 'http' }],
        rules: [{ filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] }],
      },
    });
  },
});
