import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Cluster, JsonObject } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources } from '../hardening';
import { addOnLabels } from '../labels';
import { TENANTS_INSTANCE, dashboardJson } from './dashboard';
import { dashboardsFor } from './dashboards';

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
    spec: { config: configuration(cluster), deployment: deployment(place.oidcSecret) },
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

function configuration(cluster: Cluster): JsonObject {
  const { clientId, groupsClaim, usernameClaim } = cluster.platform.oidc;
  return {
    analytics: { reporting_enabled: 'false', check_for_updates: 'false', check_for_plugin_updates: 'false' },
    auth: { disable_login_form: 'true', oauth_auto_login: 'true' },
    'auth.anonymous': { enabled: 'false' },
    'auth.generic_oauth': {
      enabled: 'true',
      name: cluster.platform.name,
      client_id: clientId,
      // Tokens end within minutes: without a new one the next question would be nobody's.
      scopes: 'openid profile email groups offline_access',
      use_refresh_token: 'true',
      use_pkce: 'true',
      login_attribute_path: `"${usernameClaim}"`,
      groups_attribute_path: `"${groupsClaim}"`,
      // The same for all: what somebody may read is said by Kubernetes, and nothing here is for people to change.
      role_attribute_path: "'Viewer'",
      role_attribute_strict: 'true',
      allow_assign_grafana_admin: 'false',
    },
    plugins: { preinstall_disabled: 'true' },
    public_dashboards: { enabled: 'false' },
    security: {
      cookie_secure: 'true',
      content_security_policy: 'true',
      disable_gravatar: 'true',
      strict_transport_security: 'true',
    },
    server: { root_url: `https://${tenantGrafanaHost(cluster)}` },
    // A snapshot would show to everybody what one of them may read.
    snapshots: { enabled: 'false', external_enabled: 'false' },
    // Rules would ask without anybody's token.
    unified_alerting: { enabled: 'false' },
    // Viewers may explore, and save nothing.
    users: { allow_sign_up: 'false', viewers_can_edit: 'true' },
  };
}

function deployment(oidcSecret: string): JsonObject {
  return {
    spec: {
      replicas: 1,
      template: {
        spec: {
          automountServiceAccountToken: false,
          priorityClassName: 'platform-standard',
          securityContext: { ...RESTRICTED_POD, fsGroup: 10001 },
          containers: [
            {
              name: 'grafana',
              resources: resources('200m', '1Gi'),
              securityContext: RESTRICTED_CONTAINER,
              // As in the platform's own: without the Secret it runs, and nobody can sign in.
              envFrom: [{ secretRef: { name: oidcSecret, optional: true } }],
            },
          ],
        },
      },
    },
  };
}
