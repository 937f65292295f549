import { k8s } from 'cdk8s-plus-28';
import type { Cluster, JsonObject, Provider, Reach } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, byProvider, reachesSts, resources, roleArn, spread } from '../hardening';
import { addOnLabels, podSecurity } from '../labels';
import { addDefaultDeny } from '../network';

const VERSION = '1.20.0';

/** Where the certificates of Gateways are copied to for Envoy: agents may read all Secrets of this one namespace. */
const SECRETS = { create: false, name: 'cilium-secrets', sync: true };

const LABELS = {
  agent: { 'k8s-app': 'cilium' },
  envoy: { 'k8s-app': 'cilium-envoy' },
  operator: { 'io.cilium/app': 'operator' },
  relay: { 'k8s-app': 'hubble-relay' },
  ui: { 'k8s-app': 'hubble-ui' },
  certgen: { 'k8s-app': 'hubble-generate-certs' },
} as const;

/** Pods in a range of their own that only nodes know how to reach. */
const overlay = (cluster: Cluster): JsonObject => ({
  routingMode: 'tunnel',
  tunnelProtocol: 'vxlan',
  ipam: {
    mode: 'cluster-pool',
    operator: { clusterPoolIPv4PodCIDRList: [cluster.network.podCidr], clusterPoolIPv4MaskSize: 24 },
  },
});

const ADDRESSES: Readonly<Record<Provider, (cluster: Cluster) => JsonObject>> = {
  aws: overlay,
  // EKS's control plane is no node: it reaches webhooks only in Pods that have addresses of the VPC.
  eks: (cluster) => ({
    routingMode: 'native',
    ipv4NativeRoutingCIDR: cluster.network.nodeCidr,
    eni: { enabled: true, awsEnablePrefixDelegation: true },
    ipam: { mode: 'eni' },
    serviceAccounts: {
      operator: { annotations: { 'eks.amazonaws.com/role-arn': roleArn(cluster, 'cilium-operator') } },
    },
  }),
  local: overlay,
};

/** A cloud gives the Gateway a load balancer; a local cluster has none and listens on its nodes. */
const gatewayOnNodes = (cluster: Cluster) => byProvider(cluster, { cloud: false, local: true });

/** What the operator asks the cloud: on EKS it attaches network interfaces to nodes. */
const CLOUD: Readonly<Record<Provider, (cluster: Cluster) => readonly Reach[]>> = {
  aws: () => [],
  eks: (cluster) => [
    { to: 'host', host: `ec2.${cluster.region ?? ''}.amazonaws.com`, port: 443, why: 'attaches network interfaces' },
    reachesSts(cluster),
  ],
  local: () => [],
};

const UI_CONTAINER = { ...RESTRICTED_CONTAINER, runAsUser: 1001, runAsGroup: 1001 };

const budget = (replicas: number) => ({ enabled: replicas > 1, maxUnavailable: 1 });

export const component = defineComponent({
  name: 'cilium',
  summary: 'Gives Pods their network, Services their addresses, policies their force, and encrypts between nodes',
  providers: ['aws', 'eks', 'local'],
  role: 'network',

  declare: (cluster) => ({
    chart: {
      repository: 'https://helm.cilium.io',
      name: 'cilium',
      version: VERSION,
      values: {
        cluster: { name: cluster.name },
        k8sServiceHost: cluster.network.apiServer.host,
        k8sServicePort: cluster.network.apiServer.port,
        kubeProxyReplacement: 'true',
        ...ADDRESSES[cluster.provider](cluster),
        // Istio's CNI chains itself behind this one. That Services' addresses are rewritten outside of Pods only, which
        // Istio and gVisor need too, follows from the Gateway API being on.
        cni: { exclusive: false, resources: resources('50m', '64Mi', { memory: '256Mi' }) },
        encryption: { enabled: true, type: 'wireguard' },
        // Each namespace denies by policy. `always` would cut off the Pods that have to run before any policy is there.
        policyEnforcementMode: 'default',
        rollOutCiliumPods: true,
        priorityClassName: 'system-node-critical',
        resources: resources('100m', '512Mi', { memory: '2Gi' }),
        initResources: resources('50m', '64Mi', { memory: '256Mi' }),
        cgroup: { autoMount: { resources: resources('50m', '64Mi') } },
        prometheus: { enabled: true, serviceMonitor: { enabled: false } },
        envoy: {
          rollOutPods: true,
          priorityClassName: 'system-node-critical',
          resources: resources('100m', '256Mi', { memory: '1Gi' }),
          prometheus: { enabled: true, serviceMonitor: { enabled: false } },
          ...(gatewayOnNodes(cluster)
            ? {
                securityContext: {
                  capabilities: {
                    envoy: ['NET_ADMIN', 'NET_BIND_SERVICE', 'SYS_ADMIN'],
                    keepCapNetBindService: true,
                  },
                },
              }
            : {}),
        },
        operator: {
          replicas: cluster.replicas.controller,
          rollOutPods: true,
          priorityClassName: 'system-cluster-critical',
          podDisruptionBudget: budget(cluster.replicas.controller),
          resources: resources('50m', '256Mi', { memory: '512Mi' }),
          topologySpreadConstraints: spread(LABELS.operator),
          // Nodes get their network only when it runs, and a self-managed cluster begins with tainted ones alone.
          tolerations: [
            'node-role.kubernetes.io/control-plane',
            'node.cloudprovider.kubernetes.io/uninitialized',
            'node.kubernetes.io/not-ready',
            'node.cilium.io/agent-not-ready',
          ].map((key) => ({ key, operator: 'Exists' })),
          // The custom resources come from git, before anything here runs.
          skipCRDCreation: true,
          prometheus: { enabled: true, serviceMonitor: { enabled: false } },
        },
        gatewayAPI: {
          enabled: true,
          enableAlpn: true,
          enableAppProtocol: true,
          // Classes are the gateway's.
          gatewayClass: { create: 'false' },
          secretsNamespace: SECRETS,
          hostNetwork: { enabled: gatewayOnNodes(cluster) },
        },
        tls: { secretsNamespace: { create: SECRETS.create, name: SECRETS.name } },
        hubble: {
          enabled: true,
          metrics: {
            enableOpenMetrics: true,
            enabled: [
              'dns',
              'drop:labelsContext=source_namespace,destination_namespace,traffic_direction',
              'flow',
              'icmp',
              'port-distribution',
              'tcp',
              'httpV2:labelsContext=source_namespace,source_workload,destination_namespace,destination_workload,traffic_direction',
            ],
            serviceMonitor: { enabled: false },
          },
          // A Job makes the certificates and a CronJob renews them. From Helm they would be new at every render, and
          // from cert-manager they would come too late: its Pods need this network.
          tls: { auto: { enabled: true, method: 'cronJob', certValidityDuration: 365 } },
          relay: {
            enabled: true,
            rollOutPods: true,
            replicas: cluster.replicas.controller,
            podDisruptionBudget: budget(cluster.replicas.controller),
            priorityClassName: 'system-cluster-critical',
            resources: resources('50m', '128Mi', { memory: '256Mi' }),
            topologySpreadConstraints: spread(LABELS.relay),
            prometheus: { enabled: true, serviceMonitor: { enabled: false } },
          },
          // Reached by port-forward: it asks nobody who he is, so that it gets no route.
          ui: {
            enabled: true,
            rollOutPods: true,
            replicas: cluster.replicas.controller,
            podDisruptionBudget: budget(cluster.replicas.controller),
            priorityClassName: 'system-cluster-critical',
            topologySpreadConstraints: spread(LABELS.ui),
            backend: { resources: resources('20m', '64Mi', { memory: '128Mi' }), securityContext: UI_CONTAINER },
            frontend: { resources: resources('20m', '32Mi', { memory: '64Mi' }), securityContext: UI_CONTAINER },
          },
        },
        certgen: {
          priorityClassName: 'system-cluster-critical',
          resources: resources('20m', '64Mi'),
          // No time to live: a Job that vanished would be missing from git's point of view, and made again for ever.
          tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
        },
      },
    },
    namespace: {
      name: 'cilium',
      level: 'privileged',
      reason:
        'Agents load programs into the kernel of every node. In a namespace of their own, kube-system can stay restricted; command-line tools need only be told its name.',
    },
    workloads: {
      agent: {
        labels: LABELS.agent,
        hostNetwork: true,
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: 9962 }, { port: 9965 }],
      },
      envoy: { labels: LABELS.envoy, hostNetwork: true, scrape: [{ port: 9964 }] },
      operator: {
        labels: LABELS.operator,
        hostNetwork: true,
        reaches: [{ to: 'api-server' }, ...CLOUD[cluster.provider](cluster)],
        scrape: [{ port: 9963 }],
      },
      relay: {
        labels: LABELS.relay,
        serves: { grpc: { port: 4245, to: ['self/ui'] } },
        reaches: [{ to: 'nodes', port: 4244, why: 'collects what each agent sees' }],
        scrape: [{ port: 9966 }],
      },
      ui: { labels: LABELS.ui, reaches: [{ to: 'api-server' }] },
      certgen: { labels: LABELS.certgen, reaches: [{ to: 'api-server' }] },
    },
    crds: {
      source: {
        repository: 'https://github.com/cilium/cilium',
        revision: `v${VERSION}`,
        path: 'pkg/k8s/apis/cilium.io/client/crds',
      },
      kinds: [
        'cilium.io/CiliumBGPAdvertisement',
        'cilium.io/CiliumBGPClusterConfig',
        'cilium.io/CiliumBGPNodeConfig',
        'cilium.io/CiliumBGPNodeConfigOverride',
        'cilium.io/CiliumBGPPeerConfig',
        'cilium.io/CiliumCIDRGroup',
        'cilium.io/CiliumClusterwideEnvoyConfig',
        'cilium.io/CiliumClusterwideNetworkPolicy',
        'cilium.io/CiliumDatapathPlugin',
        'cilium.io/CiliumEgressGatewayPolicy',
        'cilium.io/CiliumEndpoint',
        'cilium.io/CiliumEndpointSlice',
        'cilium.io/CiliumEnvoyConfig',
        'cilium.io/CiliumGatewayClassConfig',
        'cilium.io/CiliumIdentity',
        'cilium.io/CiliumL2AnnouncementPolicy',
        'cilium.io/CiliumLoadBalancerIPPool',
        'cilium.io/CiliumLocalRedirectPolicy',
        'cilium.io/CiliumNetworkPolicy',
        'cilium.io/CiliumNode',
        'cilium.io/CiliumNodeConfig',
        'cilium.io/CiliumPodIPPool',
      ],
    },
    // Its operator looks for these once, when it starts.
    needs: [
      'gateway.networking.k8s.io/GRPCRoute',
      'gateway.networking.k8s.io/Gateway',
      'gateway.networking.k8s.io/GatewayClass',
      'gateway.networking.k8s.io/HTTPRoute',
      'gateway.networking.k8s.io/ListenerSet',
      'gateway.networking.k8s.io/ReferenceGrant',
    ],
    identities: cluster.provider === 'eks' ? [{ serviceAccount: 'cilium-operator', role: 'cilium-operator' }] : [],
    priorityClass: 'system-node-critical',
    exceptions: [
      {
        what: 'root, capabilities, host paths and a writable root filesystem of the agent, its init containers and Envoy',
        reason:
          'they program the kernel of their node; capabilities are listed one by one and no container is privileged but the one that mounts the BPF filesystem',
      },
      {
        what: 'runAsNonRoot and readOnlyRootFilesystem of the operator and of certgen',
        reason:
          'certgen has no knob for them, the operator writes its debugging socket; both drop every capability and cannot gain one',
      },
    ],
  }),

  resources(scope, { cluster, name }) {
    const labels = addOnLabels(name);
    // No Pod belongs here.
    new k8s.KubeNamespace(scope, 'secrets', {
      metadata: { name: SECRETS.name, labels: { ...labels, ...podSecurity('restricted', cluster.kubernetesVersion) } },
    });
    addDefaultDeny(scope, SECRETS.name, labels);
  },
});
