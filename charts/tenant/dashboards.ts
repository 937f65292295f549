import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { TenantEnvironment, TenantSlice } from '../../src/model/slices';
import type { JsonObject } from '../component';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { ACCESS, NAMESPACE_HEADER } from '../telemetry/access';
import { SOURCES, TENANTS_INSTANCE, dashboardId, type Source } from '../telemetry/dashboard';
import { dashboardsFor } from '../telemetry/dashboards';
import { shortId } from '../telemetry/promql';

/** Where each kind of data is asked for, and the add-on that keeps it. */
const KEPT_BY: Readonly<Record<Source, string>> = { metrics: 'kube-prometheus-stack', logs: 'loki', traces: 'tempo' };
const HOST = 'telemetry-access.telemetry-access.svc';

/** Nothing but the tree changes them: the operator need not look again every ten minutes at as many as there are. */
const RESYNC = '24h';

/**
 * What a tenant finds in Grafana: a folder with a page to start from, and for each environment a data source of each
 * kind. A data source names the namespace; whether whoever asks may read it is decided where it leads to.
 */
export const facet: TenantFacet = {
  why: 'A folder in Grafana, and data sources that show this namespace to whoever may read it',
  each: 'tenant',
  render(scope, tenant, { addOns }) {
    const [first] = tenant.environments;
    if (!first || !['grafana-operator', 'telemetry-access'].every((one) => addOns.includes(one))) return;
    const kinds = (Object.keys(SOURCES) as Source[]).filter((kind) => addOns.includes(KEPT_BY[kind]));
    for (const environment of tenant.environments) {
      for (const kind of kinds) addSource(scope, kind, tenant, environment, kinds);
    }
    addStart(scope, tenant, first, kinds, addOns);
  },
};

/** What every object says about where it belongs: the tenants' Grafana stands in another namespace. */
const SELECT = {
  allowCrossNamespaceImport: true,
  instanceSelector: { matchLabels: TENANTS_INSTANCE },
  resyncPeriod: RESYNC,
} as const;

function addSource(
  scope: Construct,
  kind: Source,
  tenant: TenantSlice,
  environment: TenantEnvironment,
  kinds: readonly Source[],
): void {
  const { namespace } = environment;
  new ApiObject(scope, `${environment.name}-${kind}`, {
    apiVersion: 'grafana.integreatly.org/v1beta1',
    kind: 'GrafanaDatasource',
    metadata: { name: kind, namespace, labels: tenantLabels(tenant, environment) },
    spec: {
      uid: shortId(kind, namespace),
      ...SELECT,
      datasource: {
        name: `${namespace} ${kind}`,
        type: SOURCES[kind],
        url: `http://${HOST}:${ACCESS[kind].port}`,
        access: 'proxy',
        editable: false,
        jsonData: {
          // Whoever asks is asked for: Grafana itself may read nothing.
          oauthPassThru: true,
          httpHeaderName1: NAMESPACE_HEADER,
          ...(kind === 'metrics' ? { httpMethod: 'GET', manageAlerts: false, allowAsRecordingRulesTarget: false } : {}),
          ...(kind === 'traces' && kinds.includes('logs')
            ? { tracesToLogsV2: { datasourceUid: shortId('logs', namespace), filterByTraceID: true } }
            : {}),
        },
        secureJsonData: { httpHeaderValue1: namespace },
      },
    },
  });
}

function addStart(
  scope: Construct,
  tenant: TenantSlice,
  { namespace }: TenantEnvironment,
  kinds: readonly Source[],
  addOns: readonly string[],
): void {
  const metadata = { name: 'start', namespace, labels: tenantLabels(tenant) };
  new ApiObject(scope, 'folder', {
    apiVersion: 'grafana.integreatly.org/v1beta1',
    kind: 'GrafanaFolder',
    metadata,
    spec: { uid: shortId('folder', tenant.name), title: tenant.name, ...SELECT },
  });
  new ApiObject(scope, 'start', {
    apiVersion: 'grafana.integreatly.org/v1beta1',
    kind: 'GrafanaDashboard',
    metadata,
    spec: { ...SELECT, folderRef: metadata.name, json: JSON.stringify(startPage(tenant, kinds, addOns)) },
  });
}

/** Links to what every tenant has, each with the data sources of one environment. */
function startPage(tenant: TenantSlice, kinds: readonly Source[], addOns: readonly string[]): JsonObject {
  const sections = tenant.environments.map(({ name, namespace }) => {
    const sources = kinds.map((kind) => `var-${kind}=${shortId(kind, namespace)}`).join('&');
    const links = dashboardsFor(addOns).map((one) => `- [${one.title}](/d/${dashboardId(one.name)}?${sources})`);
    return [`## ${name}`, '', ...links].join('\n');
  });
  return {
    uid: shortId('start', tenant.name),
    title: 'Start here',
    editable: false,
    schemaVersion: 41,
    panels: [
      {
        id: 1,
        type: 'text',
        title: tenant.name,
        gridPos: { x: 0, y: 0, w: 24, h: 18 },
        options: { mode: 'markdown', content: sections.join('\n\n') },
      },
    ],
  };
}
