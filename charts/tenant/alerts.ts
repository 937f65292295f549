import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { AlertReceiver, TenantEnvironment, TenantSlice } from '../../src/model/slices';
import { DEFAULT_STORE } from '../../src/model/tenant-cloud';
import type { JsonObject } from '../component';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { hasSecretStores } from '../secret-stores';
import { RPO } from '../telemetry/rules';

const HOUR = 3600;

/** ExternalSecret and Secret with what receivers keep secret. */
const SECRET = 'alert-receivers';

/** Takes what no receiver wants: the severities that none of them has named. */
const NOBODY = 'nobody';

/**
 * Where alerts of the environment go, and what the rules that all tenants share must know of it. The operator adds the
 * namespace to every route, so that nobody hears of another's.
 */
export const facet: TenantFacet = {
  why: 'Where alerts of the environment go, and nobody else’s: the receivers of the claim',
  each: 'environment',
  render(scope, tenant, environment, cluster) {
    const { addOns } = cluster;
    if (!addOns.includes('kube-prometheus-stack')) return;
    const metadata = (name: string) => ({
      name,
      namespace: environment.namespace,
      labels: tenantLabels(tenant, environment),
    });
    // Without a store there is nothing that their addresses could be read from.
    const receivers = tenant.alertReceivers.filter(({ secret }) => secret === undefined || hasSecretStores(cluster));
    addReceivers(scope, tenant, receivers, metadata);
    addSecrets(scope, receivers, metadata(SECRET));
    if (addOns.includes('velero') && tenant.state !== 'removed') addFacts(scope, environment, metadata('facts'));
  },
};

type Metadata = JsonObject & { readonly name: string };

function addReceivers(
  scope: Construct,
  tenant: TenantSlice,
  receivers: readonly AlertReceiver[],
  metadata: (name: string) => Metadata,
): void {
  if (receivers.length === 0) return;
  new ApiObject(scope, 'receivers', {
    apiVersion: 'monitoring.coreos.com/v1alpha1',
    kind: 'AlertmanagerConfig',
    metadata: metadata('receivers'),
    spec: {
      route: {
        receiver: NOBODY,
        // Alerts of the platform about the same namespace have no tenant, and are the platform's.
        matchers: [{ name: 'tenant', matchType: '=', value: tenant.name }],
        groupBy: ['alertname', 'severity'],
        groupWait: '30s',
        groupInterval: '5m',
        repeatInterval: '12h',
        routes: receivers.map(({ severities }, index) => ({
          receiver: nameOf(index),
          matchers: [{ name: 'severity', matchType: '=~', value: severities.join('|') }],
          continue: true,
        })),
      },
      receivers: [
        { name: NOBODY },
        ...receivers.map((one, index) => ({ name: nameOf(index), ...configOf(one, index) })),
      ],
    },
  });
}

const nameOf = (index: number) => `receiver-${index}`;

const SUMMARY = '{{ range .Alerts }}{{ .Annotations.summary }}\n{{ end }}';
const TITLE = '{{ .Status | toUpper }} {{ .CommonLabels.alertname }} ({{ .CommonLabels.severity }})';

/** One receiver as the operator has it. Server and sender of mails are the platform's, in Alertmanager's own file. */
function configOf({ type, to }: AlertReceiver, index: number): JsonObject {
  const secret = { name: SECRET, key: nameOf(index) };
  switch (type) {
    case 'email':
      return { emailConfigs: [{ to: to ?? '', sendResolved: true, headers: [{ key: 'Subject', value: TITLE }] }] };
    case 'slack':
      return {
        slackConfigs: [{ apiURL: secret, channel: to ?? '', sendResolved: true, title: TITLE, text: SUMMARY }],
      };
    case 'pagerduty':
      return { pagerdutyConfigs: [{ routingKey: secret, sendResolved: true, description: TITLE }] };
    case 'webhook':
      return { webhookConfigs: [{ urlSecret: secret, sendResolved: true, maxAlerts: 100 }] };
  }
}

function addSecrets(scope: Construct, receivers: readonly AlertReceiver[], metadata: Metadata): void {
  const data = receivers.flatMap(({ secret }, index) =>
    secret === undefined ? [] : [{ secretKey: nameOf(index), remoteRef: { key: secret } }],
  );
  if (data.length === 0) return;
  new ApiObject(scope, 'receiver-secrets', {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata,
    spec: {
      refreshInterval: '1h',
      secretStoreRef: { kind: 'SecretStore', name: DEFAULT_STORE },
      target: { name: SECRET },
      data,
    },
  });
}

/** What differs from tenant to tenant in a rule that all share, as a series that the rule multiplies by. */
function addFacts(scope: Construct, { namespace, name, backup }: TenantEnvironment, metadata: Metadata): void {
  const { tenant } = metadata['labels'] as { readonly tenant: string };
  new ApiObject(scope, 'facts', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata,
    spec: {
      groups: [
        {
          name: `facts-${namespace}`,
          interval: '5m',
          rules: [
            {
              record: RPO,
              expr: `vector(${backup.everyHours * HOUR})`,
              labels: { schedule: namespace, namespace, tenant, environment: name },
            },
          ],
        },
      ],
    },
  });
}
