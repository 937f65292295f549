import { ApiObject } from 'cdk8s';
import type { Component } from '../component';
import { defineComponent } from '../component';
import { resources } from '../hardening';
import { addOnLabels } from '../labels';

export const component: Component = defineComponent({
  name: 'istio-cni',
  summary: 'Leads the traffic of Pods in the mesh through ztunnel, on every node',
  providers: ['aws', 'eks'],

  declare: () => ({
    chart: {
      repository: 'https://istio-release.storage.googleapis.com/charts',
      name: 'cni',
      version: '1.31.0',
      values: {
        profile: 'ambient',
        global: { logAsJson: true },
        // A plugin in Cilium's chain, which must not be alone in the directory (`cni.exclusive: false` there).
        chained: true,
        // Pods look names up by themselves: Cilium, whose rules go by names, must see who asks for what.
        ambient: { enabled: true, dnsCapture: false },
        // It mends Pods with sidecars, of which there are none.
        repair: { enabled: false },
        useAppArmorAnnotation: false,
        resources: resources('50m', '128Mi', { memory: '256Mi' }),
      },
    },
    namespace: {
      name: 'istio-cni',
      level: 'privileged',
      reason: 'it writes to the CNI directories of its node and enters the network namespaces of Pods',
    },
    workloads: {
      node: {
        labels: { 'k8s-app': 'istio-cni-node' },
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: 15014 }],
      },
    },
    needs: ['cilium.io/CiliumClusterwideNetworkPolicy'],
    priorityClass: 'system-node-critical',
    exceptions: [
      {
        what: 'root, added capabilities, a writable root filesystem and no seccomp or AppArmor profile of install-cni',
        reason: 'it sets up the network of other Pods; the chart has no value that takes away more than `privileged`',
      },
    ],
  }),

  resources(scope, { name }) {
    // Probes of Pods in the mesh come from this address instead of their node's, which Cilium would let in by itself.
    new ApiObject(scope, 'probes', {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumClusterwideNetworkPolicy',
      metadata: { name: 'istio-ambient-probes', labels: addOnLabels(name) },
      spec: {
        description: 'Lets kubelets probe Pods in the mesh',
        enableDefaultDeny: { ingress: false, egress: false },
        endpointSelector: {},
        ingress: [{ fromCIDR: ['169.254.7.127/32'] }],
      },
    });
  },
});
