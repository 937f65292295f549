import { createHash } from 'node:crypto';
import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { CONTROL_PLANE_LABEL } from '../../src/model/control-plane';
import { METRICS_PORTS, type MeasuredComponent } from '../../src/model/control-plane-metrics';
import type { Cluster, JsonObject } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources } from '../hardening';

const NAME = 'control-plane-metrics';
const IMAGE = 'docker.io/library/haproxy:3.2.25-alpine';
const LABELS = { 'app.kubernetes.io/instance': NAME, 'app.kubernetes.io/name': NAME };
/** `haproxy`, user and group of the image. */
const USER = { runAsUser: 99, runAsGroup: 99 };
const HEALTH_PORT = 11256;
const CONFIG_DIRECTORY = '/usr/local/etc/haproxy';

/** Where Prometheus has the token of its ServiceAccount, and the authority of the cluster's own servers. */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

const measured = Object.entries(METRICS_PORTS) as [MeasuredComponent, { loopback: number; passed: number }][];

/** These know who asks; etcd has a port for metrics alone, without a certificate. */
const AUTHENTICATED: readonly MeasuredComponent[] = ['kube-controller-manager', 'kube-scheduler'];

/**
 * Components of the control plane are no Pods, and listen for metrics on loopback only. On each of their hosts a proxy
 * passes the bytes on, unread: the components themselves still ask who it is.
 */
export const component = defineComponent({
  name: NAME,
  summary: 'Lets Prometheus reach etcd, the scheduler and the controller manager, which listen on loopback only',
  providers: ['aws'],

  declare: () => ({
    namespace: {
      name: NAME,
      level: 'privileged',
      reason: 'what it passes on is reachable from its node’s own network alone',
    },
    workloads: {
      proxy: {
        labels: LABELS,
        hostNetwork: true,
        serves: Object.fromEntries(
          measured.map(([name, { passed }]) => [name, { port: passed, to: ['kube-prometheus-stack/prometheus'] }]),
        ),
      },
    },
    needs: ['monitoring.coreos.com/ServiceMonitor'],
    priorityClass: 'platform-critical',
    exceptions: [
      {
        what: 'hostNetwork',
        reason: 'CIS 1.3.7 and 1.4.2 bind what it passes on to loopback; it listens on the node’s own address alone',
      },
      {
        what: 'a ServiceMonitor in place of a PodMonitor',
        reason:
          'only those send the token of Prometheus’ ServiceAccount, and rules select the job names that they give',
      },
    ],
  }),

  resources(scope, { cluster, namespace }) {
    const metadata = { name: NAME, namespace };
    const config = configuration(cluster);
    new k8s.KubeServiceAccount(scope, 'account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeConfigMap(scope, 'configuration', { metadata, data: { 'haproxy.cfg': config } });
    new ApiObject(scope, 'daemon-set', {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: {
        selector: { matchLabels: LABELS },
        template: {
          metadata: {
            labels: LABELS,
            // It reads its configuration at start only.
            annotations: { 'keelson.dev/configuration': createHash('sha256').update(config).digest('hex') },
          },
          spec: podSpec(),
        },
      },
    });
    for (const [name, { passed }] of measured) addMonitor(scope, namespace, name, passed);
  },
});

/** Only nodes and Pods are let in: on its way to a node, a Pod’s address may become that of its own node. */
function configuration({ network }: Cluster): string {
  const passing = measured.flatMap(([name, { loopback, passed }]) => [
    '',
    `listen ${name}`,
    `  bind "\${HOST_IP}:${passed}"`,
    `  tcp-request connection reject unless { src ${network.nodeCidr} ${network.podCidr} }`,
    `  server self 127.0.0.1:${loopback}`,
  ]);
  return [
    'global',
    '  maxconn 64',
    '',
    'defaults',
    '  mode tcp',
    '  timeout connect 2s',
    // Longer than any scrape.
    '  timeout client 60s',
    '  timeout server 60s',
    ...passing,
    '',
    'frontend health',
    '  mode http',
    `  bind "\${HOST_IP}:${HEALTH_PORT}"`,
    '  monitor-uri /healthz',
    '',
  ].join('\n');
}

function podSpec(): JsonObject {
  const probe = { httpGet: { path: '/healthz', port: HEALTH_PORT } };
  return {
    serviceAccountName: NAME,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostNetwork: true,
    priorityClassName: 'platform-critical',
    securityContext: { ...RESTRICTED_POD, ...USER },
    nodeSelector: { [CONTROL_PLANE_LABEL]: '' },
    // Also of a host that is being taken out: that is when its state matters.
    tolerations: [{ operator: 'Exists' }],
    containers: [
      {
        name: 'proxy',
        image: IMAGE,
        // Without the image's entry point, which would keep a second process.
        command: ['haproxy', '-db', '-f', `${CONFIG_DIRECTORY}/haproxy.cfg`],
        env: [{ name: 'HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }],
        ports: [...measured.map(([, { passed }]) => passed), HEALTH_PORT].map((containerPort) => ({ containerPort })),
        livenessProbe: probe,
        readinessProbe: probe,
        resources: resources('10m', '32Mi', { memory: '64Mi' }),
        securityContext: { ...RESTRICTED_CONTAINER, ...USER },
        volumeMounts: [{ name: 'configuration', mountPath: CONFIG_DIRECTORY, readOnly: true }],
      },
    ],
    volumes: [{ name: 'configuration', configMap: { name: NAME } }],
  };
}

function addMonitor(scope: Construct, namespace: string, name: MeasuredComponent, port: number): void {
  // Its name becomes the job's.
  const metadata = { name, namespace, labels: { ...LABELS, 'app.kubernetes.io/component': name } };
  new k8s.KubeService(scope, `${name}-service`, {
    metadata,
    spec: {
      clusterIp: 'None',
      selector: LABELS,
      ports: [{ name: 'metrics', port, targetPort: k8s.IntOrString.fromNumber(port) }],
    },
  });
  new ApiObject(scope, `${name}-monitor`, {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata,
    spec: {
      selector: { matchLabels: metadata.labels },
      endpoints: [
        {
          port: 'metrics',
          ...(AUTHENTICATED.includes(name)
            ? {
                scheme: 'https',
                bearerTokenFile: `${ACCOUNT}/token`,
                // Each host's certificate holds this name: nothing but a component of the control plane gets the token.
                tlsConfig: { caFile: `${ACCOUNT}/ca.crt`, serverName: 'localhost' },
              }
            : {}),
          relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'node' }],
        },
      ],
    },
  });
}
