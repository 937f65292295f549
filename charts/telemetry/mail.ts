import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Cluster, JsonObject } from '../component';
import { byProvider } from '../hardening';

/** Secret with the password of whoever signs in at the mail server, and where Alertmanager finds it. */
export const MAIL_SECRET = 'alertmanager-mail';
const MAIL_PASSWORD = `/etc/alertmanager/secrets/${MAIL_SECRET}/password`;

/** The mail server, for every receiver of mails; a cluster on this machine signs in nowhere. */
export function mailConfiguration(cluster: Cluster): JsonObject {
  const server = cluster.platform.mail;
  if (!server) return {};
  return {
    config: {
      global: {
        smtp_smarthost: `${server.host}:${server.port}`,
        smtp_from: server.from,
        smtp_require_tls: true,
        ...byProvider<JsonObject>(cluster, {
          cloud: { smtp_auth_username: server.username, smtp_auth_password_file: MAIL_PASSWORD },
          local: {},
        }),
      },
    },
  };
}

/** Stores that the password comes from: none where nobody signs in. */
export function mailStores(cluster: Cluster): readonly string[] {
  return cluster.platform.mail ? byProvider(cluster, { cloud: ['platform'], local: [] }) : [];
}

/** The password, from the platform's store. */
export function addMailSecret(scope: Construct, cluster: Cluster, namespace: string): void {
  for (const store of mailStores(cluster)) {
    new ApiObject(scope, 'mail', {
      apiVersion: 'external-secrets.io/v1',
      kind: 'ExternalSecret',
      metadata: { name: MAIL_SECRET, namespace },
      spec: {
        refreshInterval: '1h',
        secretStoreRef: { kind: 'ClusterSecretStore', name: store },
        target: { name: MAIL_SECRET },
        dataFrom: [{ extract: { key: `${cluster.name}/kube-prometheus-stack/mail` } }],
      },
    });
  }
}
