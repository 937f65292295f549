import type { JsonObject } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources, spread } from '../hardening';

const LABELS = { 'app.kubernetes.io/instance': 'coredns', 'k8s-app': 'kube-dns' };

/** The user of CoreDNS' image, by number: a kubelet cannot tell from a name that it is not root. */
const USER = { runAsUser: 65532, runAsGroup: 65532 };

/**
 * Answers about the cluster come from memory and are never cached, so that none is stale; all others are. No `autopath`
 * and no Pod records: both need every Pod of the cluster in memory.
 */
const SERVER: JsonObject = {
  zones: [{ zone: '.', use_tcp: true }],
  port: 53,
  plugins: [
    { name: 'errors' },
    // Goes on answering while endpoints forget it.
    { name: 'health', configBlock: 'lameduck 10s' },
    { name: 'ready' },
    {
      name: 'kubernetes',
      parameters: 'cluster.local in-addr.arpa ip6.arpa',
      configBlock: 'pods disabled\nfallthrough in-addr.arpa ip6.arpa\nttl 30',
    },
    { name: 'prometheus', parameters: '0.0.0.0:9153' },
    { name: 'forward', parameters: '. /etc/resolv.conf', configBlock: 'max_concurrent 1000' },
    {
      name: 'cache',
      parameters: 30,
      configBlock: 'disable success cluster.local\ndisable denial cluster.local\nprefetch 10',
    },
    { name: 'loop' },
    { name: 'reload' },
    { name: 'loadbalance' },
  ],
};

/** EKS offers a CoreDNS of its own; clusters are made without it, so that one declaration holds everywhere. */
export const component = defineComponent({
  name: 'coredns',
  summary: 'Resolves names inside the cluster and forwards the rest',
  providers: ['aws', 'eks', 'local'],
  role: 'dns',

  declare: (cluster) => ({
    chart: {
      repository: 'https://coredns.github.io/helm',
      name: 'coredns',
      version: '1.47.0',
      values: {
        fullnameOverride: 'coredns',
        k8sAppLabelOverride: 'kube-dns',
        replicaCount: cluster.replicas.quorum,
        // A limit has to be named: without it the chart's own tenth of a CPU would slow every look-up down.
        resources: resources('100m', '192Mi', { cpu: '2' }),
        service: { name: 'kube-dns', clusterIP: cluster.network.dnsAddress },
        serviceAccount: { create: true, name: 'coredns' },
        priorityClassName: 'system-cluster-critical',
        podSecurityContext: { ...RESTRICTED_POD, ...USER },
        securityContext: {
          ...RESTRICTED_CONTAINER,
          ...USER,
          capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
        },
        servers: [SERVER],
        topologySpreadConstraints: spread(LABELS),
        tolerations: ['CriticalAddonsOnly', 'node-role.kubernetes.io/control-plane'].map((key) => ({
          key,
          operator: 'Exists',
        })),
        prometheus: { service: { enabled: false }, monitor: { enabled: false } },
      },
    },
    // Nothing that needs more lives here: Cilium, the cloud's controllers and the storage drivers have their own.
    namespace: { name: 'kube-system', level: 'restricted' },
    workloads: {
      dns: {
        labels: LABELS,
        serves: {
          'dns-udp': { port: 53, protocol: 'UDP', to: ['cluster', 'nodes'] },
          'dns-tcp': { port: 53, to: ['cluster', 'nodes'] },
        },
        reaches: [
          { to: 'api-server' },
          ...(['UDP', 'TCP'] as const).map((protocol) => ({
            to: 'world' as const,
            port: 53,
            protocol,
            why: 'asks the resolvers of its node, whose addresses differ from site to site',
          })),
        ],
        scrape: [{ port: 9153 }],
        ...(cluster.replicas.quorum > 1 ? { disruptionBudget: { maxUnavailable: 1 } } : {}),
      },
    },
    priorityClass: 'system-cluster-critical',
  }),
});
