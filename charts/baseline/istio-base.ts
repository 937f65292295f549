import type { Component, GroupKind } from '../component';
import { defineComponent } from '../component';

const VERSION = '1.31.0';

/** Istio's kinds with their plurals, which name their definitions. */
const KINDS: readonly (readonly [GroupKind, string])[] = [
  ['extensions.istio.io/TrafficExtension', 'trafficextensions'],
  ['extensions.istio.io/WasmPlugin', 'wasmplugins'],
  ['networking.istio.io/DestinationRule', 'destinationrules'],
  ['networking.istio.io/EnvoyFilter', 'envoyfilters'],
  ['networking.istio.io/Gateway', 'gateways'],
  ['networking.istio.io/ProxyConfig', 'proxyconfigs'],
  ['networking.istio.io/ServiceEntry', 'serviceentries'],
  ['networking.istio.io/Sidecar', 'sidecars'],
  ['networking.istio.io/VirtualService', 'virtualservices'],
  ['networking.istio.io/WorkloadEntry', 'workloadentries'],
  ['networking.istio.io/WorkloadGroup', 'workloadgroups'],
  ['security.istio.io/AuthorizationPolicy', 'authorizationpolicies'],
  ['security.istio.io/PeerAuthentication', 'peerauthentications'],
  ['security.istio.io/RequestAuthentication', 'requestauthentications'],
  ['telemetry.istio.io/Telemetry', 'telemetries'],
];

export const component: Component = defineComponent({
  name: 'istio-base',
  summary: 'Brings the kinds of the service mesh and the namespace of its control plane',
  providers: ['aws', 'eks'],

  declare: () => ({
    chart: {
      repository: 'https://istio-release.storage.googleapis.com/charts',
      name: 'base',
      version: VERSION,
      values: {
        defaultRevision: 'default',
        base: {
          excludedCRDs: KINDS.map(([kind, plural]) => `${plural}.${kind.split('/')[0]}`),
          // What istiod would set once it runs; said from the start, it never differs from the tree.
          validationFailurePolicy: 'Fail',
        },
      },
    },
    namespace: { name: 'istio-system', level: 'restricted' },
    workloads: {},
    crds: {
      source: {
        repository: 'https://github.com/istio/istio',
        revision: VERSION,
        path: 'manifests/charts/base/files',
        include: 'crd-all.gen.yaml',
      },
      kinds: KINDS.map(([kind]) => kind),
    },
    priorityClass: 'system-cluster-critical',
  }),
});
