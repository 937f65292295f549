import type { Cluster, JsonObject } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from '../hardening';

/** User and group of the image. */
const GRAFANA_USER = 10001;

/** What is one Grafana's own. */
interface GrafanaOptions {
  readonly host: string;
  /** Fields of generic OAuth beside what all have: who gets which role. */
  readonly oauth: JsonObject;
  /** Further sections of its configuration; a section that all have is added to. */
  readonly config?: Readonly<Record<string, JsonObject>>;
  readonly resources: JsonObject;
  /** Secret with GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET, _AUTH_URL, _TOKEN_URL and _API_URL. */
  readonly oidcSecret: string;
}

/** Spec of a Grafana that people sign in to by the platform's issuer and by no other way, in one hardened copy. */
export function grafanaSpec(cluster: Cluster, { host, oauth, config = {}, ...options }: GrafanaOptions): JsonObject {
  const { clientId, groupsClaim, usernameClaim } = cluster.platform.oidc;
  const common: Readonly<Record<string, JsonObject>> = {
    analytics: { reporting_enabled: 'false', check_for_updates: 'false', check_for_plugin_updates: 'false' },
    auth: { disable_login_form: 'true', oauth_auto_login: 'true' },
    'auth.anonymous': { enabled: 'false' },
    'auth.generic_oauth': {
      enabled: 'true',
      name: cluster.platform.name,
      client_id: clientId,
      scopes: 'openid profile email groups',
      use_pkce: 'true',
      login_attribute_path: `"${usernameClaim}"`,
      groups_attribute_path: `"${groupsClaim}"`,
      role_attribute_strict: 'true',
      ...oauth,
    },
    plugins: { preinstall_disabled: 'true' },
    security: {
      cookie_secure: 'true',
      content_security_policy: 'true',
      disable_gravatar: 'true',
      strict_transport_security: 'true',
    },
    server: { root_url: `https://${host}` },
    users: { allow_sign_up: 'false' },
  };
  const sections = [...new Set([...Object.keys(common), ...Object.keys(config)])];
  return {
    config: Object.fromEntries(sections.map((name) => [name, { ...common[name], ...config[name] }])),
    deployment: deployment(options.resources, options.oidcSecret),
  };
}

function deployment(resources: JsonObject, oidcSecret: string): JsonObject {
  return {
    spec: {
      replicas: 1,
      template: {
        spec: {
          automountServiceAccountToken: false,
          priorityClassName: 'platform-standard',
          securityContext: { ...RESTRICTED_POD, fsGroup: GRAFANA_USER },
          containers: [
            {
              name: 'grafana',
              resources,
              securityContext: RESTRICTED_CONTAINER,
              // Grafana asks no issuer where its endpoints are. Without the Secret it runs, and nobody can sign in.
              envFrom: [{ secretRef: { name: oidcSecret, optional: true } }],
            },
          ],
        },
      },
    },
  };
}
