import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Cluster, JsonObject } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_POD, byProvider, resources } from '../hardening';
import { addOnLabels } from '../labels';
import { ACCESS } from '../telemetry/access';
import { TENANT_GRAFANA, addTenantGrafana, tenantGrafanaHost } from '../telemetry/tenant-grafana';
import { PLATFORM_ORGANISATION } from './loki';
import { grafanaSpec } from '../telemetry/grafana';

const VERSION = '5.24.0';

const OPERATOR = { 'app.kubernetes.io/name': 'grafana-operator', 'app.kubernetes.io/instance': 'grafana-operator' };
/** The operator labels Grafana's Pods with the name of the `Grafana` object. */
const GRAFANA = { app: 'grafana' };
/** What dashboards and data sources select their instance by. */
const INSTANCE = { dashboards: 'platform' };
const OIDC_SECRET = 'grafana-oidc';

const NAME = 'grafana-operator';
const NAMESPACE = 'grafana';
const metadata = (name: string) => ({ name, namespace: NAMESPACE, labels: addOnLabels(NAME) });

export const component = defineComponent({
  name: NAME,
  summary: 'Runs Grafana, its data sources and dashboards from objects in git',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    chart: {
      repository: 'oci://ghcr.io/grafana/helm-charts',
      name: 'grafana-operator',
      version: VERSION,
      values: {
        // With this the chart keeps its CRDs where `skipCrds` of an Application leaves them out.
        crds: { immutable: true },
        replicas: cluster.replicas.controller,
        priorityClassName: 'platform-standard',
        resources: resources('50m', '256Mi'),
        podSecurityContext: RESTRICTED_POD,
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              {
                weight: 100,
                podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: OPERATOR } },
              },
            ],
          },
        },
      },
    },
    namespace: { name: NAMESPACE, level: 'restricted' },
    workloads: {
      operator: {
        labels: OPERATOR,
        reaches: [{ to: 'api-server' }],
        scrape: [{ port: 9090 }],
        ...(cluster.replicas.controller > 1 ? { disruptionBudget: { maxUnavailable: 1 } } : {}),
      },
      grafana: {
        labels: GRAFANA,
        serves: { http: { port: 3000, to: ['gateway', 'self/operator'] } },
        reaches: [
          source('kube-prometheus-stack', 'prometheus', 'web'),
          source('kube-prometheus-stack', 'alertmanager', 'web'),
          source('loki', 'gateway', 'http'),
          source('tempo', 'tempo', 'http'),
          source('parca', 'server', 'http'),
          { to: 'host', ...issuer(cluster), why: 'signs people in' },
        ],
        scrape: [{ port: 3000 }],
      },
      [TENANT_GRAFANA]: {
        labels: { app: TENANT_GRAFANA },
        serves: { http: { port: 3000, to: ['gateway', 'self/operator'] } },
        reaches: [
          ...Object.keys(ACCESS).map((port) => source('telemetry-access', 'access', port)),
          { to: 'host', ...issuer(cluster), why: 'signs people in' },
        ],
        scrape: [{ port: 3000 }],
      },
    },
    crds: {
      source: {
        repository: 'https://github.com/grafana/grafana-operator',
        revision: `v${VERSION}`,
        path: 'config/crd/bases',
      },
      kinds: [
        'grafana.integreatly.org/Grafana',
        'grafana.integreatly.org/GrafanaAlertRuleGroup',
        'grafana.integreatly.org/GrafanaContactPoint',
        'grafana.integreatly.org/GrafanaDashboard',
        'grafana.integreatly.org/GrafanaDatasource',
        'grafana.integreatly.org/GrafanaFolder',
        'grafana.integreatly.org/GrafanaLibraryPanel',
        'grafana.integreatly.org/GrafanaManifest',
        'grafana.integreatly.org/GrafanaMuteTiming',
        'grafana.integreatly.org/GrafanaNotificationPolicy',
        'grafana.integreatly.org/GrafanaNotificationPolicyRoute',
        'grafana.integreatly.org/GrafanaNotificationTemplate',
        'grafana.integreatly.org/GrafanaServiceAccount',
      ],
    },
    needs: [
      'gateway.networking.k8s.io/HTTPRoute',
      ...byProvider(cluster, { cloud: ['external-secrets.io/ExternalSecret'] as const, local: [] }),
    ],
    priorityClass: 'platform-standard',
    exceptions: [
      {
        what: 'one copy of each Grafana',
        reason: 'its sessions are in a database of its own; all that matters in it is made from git again',
      },
      {
        what: 'basic authentication of Grafana',
        reason: 'the operator signs in with a password that it generates; no form offers it to people',
      },
      { what: 'topology spread of the operator', reason: 'the chart offers affinity instead' },
    ],
  }),

  resources(scope, { cluster }) {
    grafana(scope, cluster);
    dataSources(scope, cluster);
    addTenantGrafana(scope, cluster, { namespace: NAMESPACE, addOn: NAME, oidcSecret: OIDC_SECRET });
    route(scope, 'grafana', host(cluster));
    route(scope, TENANT_GRAFANA, tenantGrafanaHost(cluster));
    for (const store of byProvider(cluster, { cloud: ['platform'], local: [] })) {
      new ApiObject(scope, 'oidc', {
        apiVersion: 'external-secrets.io/v1',
        kind: 'ExternalSecret',
        metadata: metadata(OIDC_SECRET),
        spec: {
          refreshInterval: '1h',
          secretStoreRef: { kind: 'ClusterSecretStore', name: store },
          target: { name: OIDC_SECRET },
          dataFrom: [{ extract: { key: `${cluster.name}/${NAME}/oidc` } }],
        },
      });
    }
  },
});

/** A data source that Grafana shows as broken, and starts without, while it is away. */
function source(component: string, workload: string, port: string) {
  return { to: 'component', component, workload, port, optional: true, ordered: false } as const;
}

/** Host and port of the identity provider. */
function issuer(cluster: Cluster): { host: string; port: number } {
  const { hostname, port } = new URL(cluster.platform.oidc.issuer);
  return { host: hostname, port: port === '' ? 443 : Number(port) };
}

function grafana(scope: Construct, cluster: Cluster): void {
  const { groupsClaim, groups } = cluster.platform.oidc;
  const role = (group: string, name: string) => `contains("${groupsClaim}", '${group}') && '${name}'`;
  new ApiObject(scope, 'grafana', {
    apiVersion: 'grafana.integreatly.org/v1beta1',
    kind: 'Grafana',
    metadata: { ...metadata('grafana'), labels: { ...addOnLabels(NAME), ...INSTANCE } },
    spec: grafanaSpec(cluster, {
      host: host(cluster),
      oauth: {
        // Whoever is in none of these groups is turned away: these data sources show what is everybody's.
        role_attribute_path: [
          role(groups.admins, 'Admin'),
          role(groups.oncall, 'Editor'),
          role(groups.auditors, 'Viewer'),
        ].join(' || '),
      },
      resources: resources('100m', '512Mi'),
      oidcSecret: OIDC_SECRET,
    }),
  });
}

function dataSources(scope: Construct, cluster: Cluster): void {
  const add = (type: string, url: string, fields: JsonObject = {}) =>
    new ApiObject(scope, type, {
      apiVersion: 'grafana.integreatly.org/v1beta1',
      kind: 'GrafanaDatasource',
      metadata: metadata(type),
      spec: {
        uid: type,
        instanceSelector: { matchLabels: INSTANCE },
        datasource: { name: type, type, url, access: 'proxy', editable: false, ...fields },
      },
    });
  const header = { secureJsonData: { httpHeaderValue1: PLATFORM_ORGANISATION } };
  const name = { httpHeaderName1: 'X-Scope-OrgID' };
  add('prometheus', 'http://kube-prometheus-stack-prometheus.monitoring.svc:9090', { isDefault: true });
  add('alertmanager', 'http://kube-prometheus-stack-alertmanager.monitoring.svc:9093', {
    jsonData: { implementation: 'prometheus' },
  });
  add('loki', 'http://loki-gateway.loki.svc', { jsonData: name, ...header });
  add('tempo', 'http://tempo.tempo.svc:3200', {
    jsonData: { ...name, tracesToLogsV2: { datasourceUid: 'loki', filterByTraceID: true } },
    ...header,
  });
  for (const url of byProvider(cluster, { cloud: ['http://parca-server.parca.svc:7070'], local: [] })) {
    add('parca', url);
  }
}

/** @param grafana - name of the `Grafana` object, which the operator names its Service after */
function route(scope: Construct, grafana: string, hostname: string): void {
  new ApiObject(scope, `${grafana}-route`, {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: metadata(grafana),
    spec: {
      parentRefs: [{ name: 'platform', namespace: 'gateway', sectionName: 'https' }],
      hostnames: [hostname],
      rules: [
        {
          // Metrics share the port with the pages and ask nobody who they are.
          matches: [{ path: { type: 'PathPrefix', value: '/metrics' } }],
          filters: [
            { type: 'RequestRedirect', requestRedirect: { path: { type: 'ReplaceFullPath', replaceFullPath: '/' } } },
          ],
        },
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ name: `${grafana}-service`, port: 3000 }],
        },
      ],
    },
  });
}

const host = (cluster: Cluster) => `grafana.${cluster.domain}`;
