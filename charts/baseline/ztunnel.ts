import type { Component } from '../component';
import { defineComponent } from '../component';
import { resources } from '../hardening';

export const component: Component = defineComponent({
  name: 'ztunnel',
  summary: 'Carries the traffic of Pods in the mesh between nodes, encrypted under their identities',
  providers: ['aws', 'eks'],

  declare: () => ({
    chart: {
      repository: 'https://istio-release.storage.googleapis.com/charts',
      name: 'ztunnel',
      version: '1.31.0',
      values: {
        profile: 'ambient',
        logAsJson: true,
        istioNamespace: 'istio-system',
        resources: resources('100m', '256Mi', { memory: '1Gi' }),
      },
    },
    namespace: {
      name: 'ztunnel',
      level: 'privileged',
      reason: 'it opens sockets in the network namespaces of Pods, which the node hands it over a socket of its own',
    },
    workloads: {
      node: {
        labels: { app: 'ztunnel' },
        reaches: [{ to: 'component', component: 'istiod', workload: 'istiod', port: 'xds' }],
        scrape: [{ port: 15020 }],
      },
    },
    after: [{ component: 'istio-cni', why: 'is ready once that has told it of the Pods on its node' }],
    priorityClass: 'system-node-critical',
    exceptions: [
      {
        what: 'root, added capabilities and no seccomp profile of istio-proxy',
        reason: 'it works in the network namespaces of other Pods; the chart has no value for its security context',
      },
    ],
  }),
});
