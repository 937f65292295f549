import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, reachesSts, resources, webIdentity } from '../hardening';

const NAME = 'aws-cloud-controller-manager';
const USER = { runAsUser: 65532, runAsGroup: 65532 };

/** It runs before the network and before any other Pod: nodes stay tainted until it has initialised them. */
export const component = defineComponent({
  name: NAME,
  summary: 'Tells Kubernetes what the cloud knows of its nodes, and gives Services their load balancers',
  providers: ['aws'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://kubernetes.github.io/cloud-provider-aws',
      name: NAME,
      version: '0.0.11',
      values: {
        namespace: NAME,
        hostNetworking: true,
        args: [
          '--v=2',
          '--cloud-provider=aws',
          `--cluster-name=${cluster.name}`,
          // Cilium gives Pods their addresses and routes.
          '--allocate-node-cidrs=false',
          '--configure-cloud-routes=false',
          // On its node's own network, its port is nobody else's.
          '--bind-address=127.0.0.1',
        ],
        resources: resources('100m', '128Mi', { memory: '256Mi' }),
        podSecurityContext: { ...RESTRICTED_POD, ...USER, fsGroup: USER.runAsGroup },
        securityContext: { ...RESTRICTED_CONTAINER, ...USER },
        tolerations: [
          'node.cloudprovider.kubernetes.io/uninitialized',
          'node.cilium.io/agent-not-ready',
          'node.kubernetes.io/not-ready',
          'node-role.kubernetes.io/control-plane',
        ].map((key) => ({ key, operator: 'Exists' })),
        env: [
          ...webIdentity(cluster, NAME).env,
          // The Service's address is the network's to serve, whose agents wait for the addresses that this gives to nodes.
          { name: 'KUBERNETES_SERVICE_HOST', value: cluster.network.apiServer.host },
          { name: 'KUBERNETES_SERVICE_PORT', value: String(cluster.network.apiServer.port) },
        ],
        extraVolumes: webIdentity(cluster, NAME).volumes,
        extraVolumeMounts: webIdentity(cluster, NAME).volumeMounts,
      },
    },
    namespace: {
      name: NAME,
      level: 'privileged',
      reason: 'It uses its node’s network, since it runs before there is another.',
    },
    workloads: {
      manager: {
        labels: { 'k8s-app': NAME },
        hostNetwork: true,
        reaches: [
          { to: 'api-server' },
          {
            to: 'host',
            host: `ec2.${cluster.region ?? ''}.amazonaws.com`,
            port: 443,
            why: 'reads instances and zones',
          },
          {
            to: 'host',
            host: `elasticloadbalancing.${cluster.region ?? ''}.amazonaws.com`,
            port: 443,
            why: 'makes load balancers',
          },
          reachesSts(cluster),
        ],
      },
    },
    identities: [{ serviceAccount: 'cloud-controller-manager', role: NAME }],
    priorityClass: 'system-node-critical',
    exceptions: [
      { what: 'metrics', reason: 'served on loopback only; the Pod declares no port and shares its node’s address' },
    ],
  }),
});
