import { k8s } from 'cdk8s-plus-28';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { addDefaultDeny } from '../network';

/** Nothing in or out, but for looking up names and for the namespace's own Pods among themselves. */
export const facet: TenantFacet = {
  each: 'environment',
  render(scope, tenant, environment, { dns }) {
    const labels = tenantLabels(tenant, environment);
    const { namespace } = environment;
    addDefaultDeny(scope, namespace, labels);
    new k8s.KubeNetworkPolicy(scope, 'dns', {
      metadata: { name: 'dns', namespace, labels },
      spec: {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [
          {
            to: [
              {
                namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': dns.namespace } },
                podSelector: { matchLabels: { ...dns.labels } },
              },
            ],
            ports: ['UDP', 'TCP'].map((protocol) => ({ port: k8s.IntOrString.fromNumber(dns.port), protocol })),
          },
        ],
      },
    });
    new k8s.KubeNetworkPolicy(scope, 'same-namespace', {
      metadata: { name: 'same-namespace', namespace, labels },
      spec: {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ podSelector: {} }] }],
        egress: [{ to: [{ podSelector: {} }] }],
      },
    });
  },
};
