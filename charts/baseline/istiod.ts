import type { Component } from '../component';
import { defineComponent } from '../component';
import { resources, spread } from '../hardening';

const ISTIOD = { app: 'istiod', istio: 'pilot' };

export const component: Component = defineComponent({
  name: 'istiod',
  summary: 'Control plane of the service mesh: identities, and who talks to whom, without sidecars',
  providers: ['aws', 'eks'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://istio-release.storage.googleapis.com/charts',
      name: 'istiod',
      version: '1.31.0',
      values: {
        profile: 'ambient',
        global: {
          logAsJson: true,
          priorityClassName: 'system-cluster-critical',
          // Waypoints run in namespaces of tenants: they must fit those limits and the restricted level.
          waypoint: { resources: resources('100m', '128Mi', { cpu: '1', memory: '512Mi' }) },
        },
        gateways: { seccompProfile: { type: 'RuntimeDefault' } },
        autoscaleEnabled: false,
        replicaCount: cluster.replicas.controller,
        resources: resources('200m', '1Gi', { memory: '2Gi' }),
        seccompProfile: { type: 'RuntimeDefault' },
        topologySpreadConstraints: spread(ISTIOD),
        // The one ServiceAccount that may ask for certificates in the name of the Pods on its node.
        trustedZtunnelNamespace: 'ztunnel',
        trustedZtunnelName: 'ztunnel',
        base: { validationFailurePolicy: 'Fail' },
      },
    },
    namespace: { sharedWith: 'istio-base' },
    workloads: {
      istiod: {
        labels: ISTIOD,
        serves: {
          // Waypoints of tenants run in their own namespaces.
          xds: { port: 15012, to: ['ztunnel', 'tenants'] },
          webhook: { port: 15017, to: ['api-server'] },
        },
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: 15014 }],
      },
    },
    webhooks: [
      {
        name: 'istio-sidecar-injector',
        type: 'mutating',
        workload: 'istiod',
        port: 'webhook',
        failurePolicy: 'Fail',
        // Of namespaces and Pods that ask for a sidecar by a label.
        kinds: ['*'],
      },
      // The chart of istio-base makes this one, for objects without a revision; its own sees those of its revision.
      ...['istiod-default-validator', 'istio-validator-istio-system'].map(
        (name) =>
          ({
            name,
            type: 'validating',
            workload: 'istiod',
            port: 'webhook',
            failurePolicy: 'Fail',
            kinds: [
              'extensions.istio.io/TrafficExtension',
              'extensions.istio.io/WasmPlugin',
              'networking.istio.io/DestinationRule',
              'networking.istio.io/EnvoyFilter',
              'networking.istio.io/Gateway',
              'networking.istio.io/ProxyConfig',
              'networking.istio.io/ServiceEntry',
              'networking.istio.io/Sidecar',
              'networking.istio.io/VirtualService',
              'networking.istio.io/WorkloadEntry',
              'networking.istio.io/WorkloadGroup',
              'security.istio.io/AuthorizationPolicy',
              'security.istio.io/PeerAuthentication',
              'security.istio.io/RequestAuthentication',
              'telemetry.istio.io/Telemetry',
            ],
          }) as const,
      ),
    ],
    priorityClass: 'system-cluster-critical',
    exceptions: [
      {
        what: 'validating webhooks fail closed without a namespace selector',
        reason: 'the chart has no value for it; they see kinds of the mesh only, which start nothing',
      },
    ],
  }),
});
