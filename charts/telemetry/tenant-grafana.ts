import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Cluster } from '../component';
import { resources } from '../hardening';
import { addOnLabels } from '../labels';
import { TENANTS_INSTANCE, dashboardJson } from './dashboard';
import { dashboardsFor } from './dashboards';
import { grafanaSpec } from './grafana';

/** Name of the object; the operator labels Pods with it, and names the Service after it. */
export const TENANT_GRAFANA = 'tenant-grafana';

/** Host of its pages. */
export const tenantGrafanaHost = (cluster: Cluster) => `telemetry.${cluster.domain}`;

interface Place {
  readonly namespace: string;
  /** The add-on that writes it. */
  readonly addOn: string;
  /** Secret with the client's secret and the issuer's endpoints. */
  readonly oidcSecret: string;
}

/**
 * The Grafana that everybody signs in to. It holds no right of its own to any data: each question goes out with the
 * token of whoever asks it, and is answered where that person may read (telemetry-access). Whatever lasts longer than
 * a question, or is shared with others, is off.
 */
export function addTenantGrafana(
  scope: Construct,
  cluster: Cluster & { readonly addOns: readonly string[] },
  place: Place,
): void {
  const labels = addOnLabels(place.addOn);
  const metadata = (name: string) => ({ name, namespace: place.namespace, labels });
  new ApiObject(scope, TENANT_GRAFANA, {
    apiVersion: 'grafana.integreatly.org/v1beta1',
    kind: 'Grafana',
    metadata: { ...metadata(TENANT_GRAFANA), labels: { ...labels, ...TENANTS_INSTANCE } },
    spec: grafanaSpec(cluster, {
      host: tenantGrafanaHost(cluster),
      oauth: {
        // Tokens end within minutes: without a new one the next question would be nobody's.
        scopes: 'openid profile email groups offline_access',
        use_refresh_token: 'true',
        // The same for all: what somebody may read is said by Kubernetes, and nothing here is for people to change.
        role_attribute_path: "'Viewer'",
        allow_assign_grafana_admin: 'false',
      },
      config: {
        public_dashboards: { enabled: 'false' },
        // A snapshot would show to everybody what one of them may read.
        snapshots: { enabled: 'false', external_enabled: 'false' },
        // Rules would ask without anybody's token.
        unified_alerting: { enabled: 'false' },
        // Viewers may explore, and save nothing.
        users: { viewers_can_edit: 'true' },
      },
      resources: resources('200m', '1Gi'),
      oidcSecret: place.oidcSecret,
    }),
  });
  new ApiObject(scope, 'tenant-folder', {
    apiVersion: 'grafana.integreatly.org/v1beta1',
    kind: 'GrafanaFolder',
    metadata: metadata('tenants'),
    spec: { uid: 'keelson', title: 'Every environment', instanceSelector: { matchLabels: TENANTS_INSTANCE } },
  });
  for (const dashboard of dashboardsFor(cluster.addOns)) {
    new ApiObject(scope, `tenant-${dashboard.name}`, {
      apiVersion: 'grafana.integreatly.org/v1beta1',
      kind: 'GrafanaDashboard',
      metadata: metadata(`tenant-${dashboard.name}`),
      spec: {
        instanceSelector: { matchLabels: TENANTS_INSTANCE },
        folderRef: 'tenants',
        json: JSON.stringify(dashboardJson(dashboard)),
      },
    });
  }
}
