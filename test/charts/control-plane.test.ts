import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { component as runtime } from '../../charts/baseline/gvisor';
import { AUDIT_LOG_DIRECTORY, METRICS_PORTS, TEXTFILE_DIRECTORY } from '../../src/model/control-plane-metrics';
import type { Tree } from '../../src/gitops/tree';
import { type Alert, controlPlaneRules, isAlert } from '../../src/model/alerts';
import { renderPlatform, type Rendering } from '../../src/render';
import {
  folderOf,
  type KubernetesObject,
  localProps,
  objectIn,
  objectsIn,
  platformFile,
  product,
  told,
} from '../support/platforms';

const machines = { minimum: 1, instanceType: 'm7i.xlarge', capacity: { cpu: '3920m', memory: '14Gi' } };
const cloud = (provider: string, more: object = {}) => ({
  provider,
  region: 'eu-central-1',
  accountId: '111122223333',
  kubernetesVersion: '1.36.3',
  network: { podCidr: '10.64.0.0/14', serviceCidr: '10.96.0.0/16', nodeCidr: '10.0.0.0/16' },
  nodePools: { general: machines },
  storage: { backups: 'backups', logs: 'logs', traces: 'traces' },
  ...more,
});

/** A platform of one cluster of each provider, with everything on. */
function rendered(aws: object = {}): Promise<Rendering> {
  const clusters = { own: cloud('aws', aws), managed: cloud('eks'), ...localProps.clusters };
  return renderPlatform({
    root: folderOf({ 'platform.ts': platformFile({ ...localProps, clusters }) }),
    cache: false,
    threads: 0,
  });
}

const resourcesOf = (tree: Tree, cluster: string, name: string) =>
  objectsIn(tree, `clusters/${cluster}/baseline/${name}/resources.yaml`);
const resource = (tree: Tree, cluster: string, name: string, kind: string, object: string) =>
  objectIn(tree, `clusters/${cluster}/baseline/${name}/resources.yaml`, kind, object);
const valuesOf = (tree: Tree, cluster: string, name: string) =>
  objectIn(tree, `clusters/${cluster}/apps/${name}.yaml`, 'Application', name).spec.sources[0].helm.valuesObject;

describe('A control plane of one’s own', () => {
  let tree: Tree;

  beforeAll(async () => {
    const rendering = await rendered();
    expect(told(rendering.findings)).toEqual([]);
    tree = rendering.tree;
  });

  const proxy = (): KubernetesObject =>
    resource(tree, 'own', 'control-plane-metrics', 'DaemonSet', 'control-plane-metrics');

  test('is measured by proxies on each of its hosts and nowhere else', () => {
    const { spec } = proxy().spec.template;
    expect(spec.hostNetwork).toBe(true);
    expect(spec.nodeSelector).toEqual({ 'node-role.kubernetes.io/control-plane': '' });
    expect(spec.tolerations).toEqual([{ operator: 'Exists' }]);
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.containers[0].securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
    });
    for (const cluster of ['managed', 'laptop']) {
      expect(resourcesOf(tree, cluster, 'control-plane-metrics')).toEqual([]);
      expect(tree.files.has(`clusters/${cluster}/apps/control-plane-metrics.yaml`)).toBe(false);
    }
  });

  test('is passed on from loopback to the node’s own address, for nodes and Pods', () => {
    const map = resource(tree, 'own', 'control-plane-metrics', 'ConfigMap', 'control-plane-metrics');
    const config = (map as unknown as { data: Record<string, string> }).data['haproxy.cfg'] ?? '';
    for (const { loopback, passed } of Object.values(METRICS_PORTS)) {
      const listener = config.split('\n\n').find((part) => part.includes(`:${passed}"`));
      expect(listener).toContain(`bind "\${HOST_IP}:${passed}"`);
      expect(listener).toContain(`server self 127.0.0.1:${loopback}`);
      expect(listener).toContain('tcp-request connection reject unless { src 10.0.0.0/16 10.64.0.0/14 }');
    }
    expect(config).not.toMatch(/bind (\*|0\.0\.0\.0|:)/);
  });

  test('starts its proxies anew when what they pass on changes', async () => {
    const annotations = (made: Tree) =>
      resource(made, 'own', 'control-plane-metrics', 'DaemonSet', 'control-plane-metrics').spec.template.metadata
        .annotations;
    const other = await rendered({
      network: { podCidr: '10.68.0.0/14', serviceCidr: '10.96.0.0/16', nodeCidr: '10.0.0.0/16' },
    });
    expect(annotations(other.tree)).not.toEqual(annotations(tree));
  });

  test.each(Object.entries(METRICS_PORTS))('has a Service and a monitor for %s', (name, { passed }) => {
    const service = resource(tree, 'own', 'control-plane-metrics', 'Service', name);
    const monitor = resource(tree, 'own', 'control-plane-metrics', 'ServiceMonitor', name);
    expect(service.spec.selector).toEqual(proxy().spec.selector.matchLabels);
    expect(service.spec.ports).toEqual([{ name: 'metrics', port: passed, targetPort: passed }]);
    expect(service.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels);
    // No other Service has these labels, or it would be scraped twice.
    const chosen = resourcesOf(tree, 'own', 'control-plane-metrics').filter(
      ({ kind, metadata }) =>
        kind === 'Service' &&
        Object.entries(monitor.spec.selector.matchLabels).every(([key, value]) => metadata.labels?.[key] === value),
    );
    expect(chosen.map(({ metadata }) => metadata.name)).toEqual([name]);
  });

  test('gets the token of Prometheus only from where the cluster’s authority vouches for it', () => {
    const monitors = resourcesOf(tree, 'own', 'control-plane-metrics').filter(({ kind }) => kind === 'ServiceMonitor');
    const endpoints = monitors.map(({ metadata, spec }) => [metadata.name, spec.endpoints[0]] as const);
    for (const [name, endpoint] of endpoints) {
      if (name === 'etcd') {
        expect(endpoint).not.toHaveProperty('bearerTokenFile');
        expect(endpoint.scheme ?? 'http').toBe('http');
        continue;
      }
      expect(endpoint).toMatchObject({
        scheme: 'https',
        bearerTokenFile: expect.stringMatching(/\/token$/),
        tlsConfig: { caFile: expect.stringMatching(/\/ca\.crt$/), serverName: 'localhost' },
      });
      expect(endpoint.tlsConfig).not.toHaveProperty('insecureSkipVerify');
    }
    expect(endpoints).toHaveLength(3);
  });

  test('is within reach of Prometheus, whose policy names each port', () => {
    const ports = (cluster: string) =>
      objectIn(
        tree,
        `clusters/${cluster}/baseline/kube-prometheus-stack/network.yaml`,
        'CiliumNetworkPolicy',
        'kube-prometheus-stack-prometheus',
      ).spec.egress.flatMap(({ toEntities, toPorts }: { toEntities?: string[]; toPorts: { ports: object[] }[] }) =>
        toEntities?.includes('remote-node') ? toPorts.flatMap((to) => to.ports) : [],
      );
    for (const { passed } of Object.values(METRICS_PORTS)) {
      const port = { port: String(passed), protocol: 'TCP' };
      expect(ports('own')).toContainEqual(port);
      expect(ports('managed')).not.toContainEqual(port);
      expect(ports('laptop')).not.toContainEqual(port);
    }
    // API servers are scraped where everybody finds them.
    expect(valuesOf(tree, 'own', 'kube-prometheus-stack').kubeApiServer).toEqual({ enabled: true });
  });

  test('is scraped and judged once: the chart keeps out of it', () => {
    for (const cluster of ['own', 'managed', 'laptop']) {
      const values = valuesOf(tree, cluster, 'kube-prometheus-stack');
      for (const name of ['kubeControllerManager', 'kubeScheduler', 'kubeEtcd', 'kubeProxy']) {
        expect(values[name]).toEqual({ enabled: false });
      }
      expect(values.defaultRules.rules).toMatchObject({
        etcd: false,
        kubeApiserverSlos: false,
        kubeControllerManager: false,
        kubeSchedulerAlerting: false,
      });
    }
  });

  test('has its hosts’ own numbers read by the node exporter, and written by nobody else', () => {
    const { extraArgs, extraHostVolumeMounts } = valuesOf(tree, 'own', 'node-exporter');
    const [mount] = extraHostVolumeMounts;
    expect(mount).toMatchObject({ hostPath: TEXTFILE_DIRECTORY, readOnly: true });
    expect(extraArgs).toContain(`--collector.textfile.directory=${mount.mountPath}`);
  });

  test('has its audit log read by the agents, where there is one', () => {
    const own = valuesOf(tree, 'own', 'opentelemetry-agent');
    const { receivers, service } = own.alternateConfig;
    expect(own.extraVolumeMounts).toContainEqual({ name: 'audit', mountPath: AUDIT_LOG_DIRECTORY, readOnly: true });
    expect(receivers['filelog/audit'].include).toEqual([`${AUDIT_LOG_DIRECTORY}/*.log`]);
    expect(service.pipelines['logs/audit']).toMatchObject({ receivers: ['filelog/audit'], exporters: ['otlp'] });
    const line = '{"kind":"Event","stageTimestamp":"2026-01-02T03:04:05.678901Z","verb":"get"}';
    const [parser] = receivers['filelog/audit'].operators;
    expect(new RegExp(parser.regex.replace('?P<', '?<')).exec(line)?.groups?.['at']).toBe(
      '2026-01-02T03:04:05.678901Z',
    );
    for (const cluster of ['managed', 'laptop']) {
      expect(JSON.stringify(valuesOf(tree, cluster, 'opentelemetry-agent'))).not.toContain('audit');
    }
  });

  test('lets in before the cloud has named its nodes whom nodes wait for', () => {
    const tolerated = (list: { key?: string; operator: string }[], key: string) =>
      list.some((one) => one.operator === 'Exists' && (one.key === undefined || one.key === key));
    const cilium = valuesOf(tree, 'own', 'cilium').operator.tolerations;
    const manager = valuesOf(tree, 'own', 'aws-cloud-controller-manager');
    for (const key of [
      'node-role.kubernetes.io/control-plane',
      'node.cloudprovider.kubernetes.io/uninitialized',
      'node.cilium.io/agent-not-ready',
      'node.kubernetes.io/not-ready',
    ]) {
      expect(tolerated(cilium, key)).toBe(true);
      expect(tolerated(manager.tolerations, key)).toBe(true);
    }
    expect(manager.hostNetworking).toBe(true);
    expect(valuesOf(tree, 'own', 'cilium')).toMatchObject({
      kubeProxyReplacement: 'true',
      k8sServiceHost: expect.any(String),
    });
    const has = (cluster: string, name: string) => tree.files.has(`clusters/${cluster}/apps/${name}.yaml`);
    for (const name of ['aws-cloud-controller-manager', 'aws-pod-identity-webhook', 'cluster-autoscaler']) {
      expect([has('own', name), has('managed', name), has('laptop', name)]).toEqual([true, false, false]);
    }
    expect([has('own', 'karpenter'), has('managed', 'karpenter')]).toEqual([false, true]);
  });

  test('without Prometheus leaves nobody to measure it, which is told', async () => {
    const { findings } = await rendered({ addOns: { 'kube-prometheus-stack': false } });
    expect(told(findings).join('\n')).toMatch(/control-plane-metrics.* monitoring\.coreos\.com\/ServiceMonitor/);
  });

  test('can do without its proxies: Prometheus then reaches for none', async () => {
    const { findings, tree: without } = await rendered({ addOns: { 'control-plane-metrics': false } });
    expect(told(findings)).toEqual([]);
    const policies = without.read('clusters/own/baseline/kube-prometheus-stack/network.yaml').toString('utf8');
    expect(policies).not.toContain(String(METRICS_PORTS.etcd.passed));
  });

  test('is judged by rules of Prometheus’ that hold what is promised', () => {
    const { spec } = resource(tree, 'own', 'control-plane-slo', 'PrometheusRule', 'control-plane-slo');
    const alerts = (spec.groups as { rules: { alert?: string; annotations?: object }[] }[]).flatMap(({ rules }) =>
      rules.flatMap(({ alert }) => alert ?? []),
    );
    expect(alerts).toEqual(alertsOf('aws').map(({ alert }) => alert));
    expect(new Set(alerts).size).toBe(alerts.length);
    expect(resourcesOf(tree, 'laptop', 'control-plane-slo')).toEqual([]);
  });
});

const alertsOf = (provider: 'aws' | 'eks' | 'local'): readonly Alert[] =>
  controlPlaneRules(provider).flatMap(({ rules }) => rules.filter(isAlert));

describe('An alert', () => {
  const page = (runbook: string) => join(product, 'docs', 'runbooks', `${runbook}.md`);

  test.each(alertsOf('aws').map((alert) => [alert.alert, alert] as const))(
    '%s leads to a page about it',
    (name, one) => {
      expect(existsSync(page(one.runbook))).toBe(true);
      expect(readFileSync(page(one.runbook), 'utf8')).toContain(`\`${name}\``);
      expect(readFileSync(page('README'), 'utf8')).toContain(`\`${name}\``);
      expect(one.summary).toMatch(/.{20,}[^.]$/);
    },
  );

  test('on a managed control plane asks for nothing that the cloud does not show', () => {
    const series = controlPlaneRules('eks').flatMap(({ rules }) =>
      rules.flatMap(({ expr }) => [...expr.matchAll(/([a-z_:]+[0-9a-z]*)\{([^}]*)\}/g)]),
    );
    expect(series.length).toBeGreaterThan(10);
    for (const [, , labels] of series) expect(labels).toContain('job="apiserver"');
    expect(alertsOf('local')).toEqual([]);
  });
});

test('Runbooks name no command of Keelson’s but those that there are, and no page that is missing', () => {
  const folder = join(product, 'docs', 'runbooks');
  const known = 'status|snapshot|restore|defragment|rotate|scale|replace-host|upgrade|break-glass'.split('|');
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, command, cluster] of text.matchAll(/keelson cluster (\S+) ([A-Z]+)/g)) {
      expect(known).toContain(command);
      expect(cluster).toBe('CLUSTER');
    }
    for (const [, link] of text.matchAll(/\]\(([^)#]+)\)/g)) expect(existsSync(join(folder, link ?? ''))).toBe(true);
  }
});

describe('The sandboxed runtime', () => {
  const sandbox = (taints: object[]) => ({
    nodePools: {
      general: machines,
      sandbox: { ...machines, labels: { 'keelson.dev/sandbox': 'gvisor' }, taints },
    },
  });
  const classOf = (tree: Tree, cluster = 'own') => resourcesOf(tree, cluster, runtime.name)[0];

  test('is asked for by name, and brings Pods past the taints of the pools that have it', async () => {
    const taint = { key: 'keelson.dev/sandbox', value: 'gvisor', effect: 'NoSchedule' };
    const { tree, findings } = await rendered(sandbox([taint, { key: 'keelson.dev/slow', effect: 'NoExecute' }]));
    expect(told(findings)).toEqual([]);
    expect(classOf(tree)).toMatchObject({
      kind: 'RuntimeClass',
      metadata: { name: 'gvisor' },
      handler: 'runsc',
      scheduling: {
        nodeSelector: { 'keelson.dev/sandbox': 'gvisor' },
        tolerations: [
          { ...taint, operator: 'Equal' },
          { key: 'keelson.dev/slow', operator: 'Exists', effect: 'NoExecute' },
        ],
      },
    });
    expect(classOf(tree, 'managed')).toBeUndefined();
  });

  test('tolerates nothing where its pools have no taint', async () => {
    const { tree } = await rendered(sandbox([]));
    expect((classOf(tree) as unknown as { scheduling: object }).scheduling).toEqual({
      nodeSelector: { 'keelson.dev/sandbox': 'gvisor' },
    });
  });
});
