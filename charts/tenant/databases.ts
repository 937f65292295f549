import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  DATABASE_GROUP,
  DATABASE_KIND,
  DATABASE_LABEL,
  DATABASE_PORT,
  DATABASE_VERSION,
  databaseIdentifier,
} from '../../src/model/database';
import type { ResolvedCluster, TenantDatabase, TenantEnvironment, TenantSlice } from '../../src/model/slices';
import { CLOUDNATIVE_PG } from '../cloudnative-pg';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import {
  addCiliumPolicy,
  addNetworkPolicy,
  ciliumPorts,
  hostSelector,
  podsOf,
  seenLookups,
  type PolicyMetadata,
  type PolicyPort,
} from '../network';
import { ruleGroups } from '../telemetry/rule';

/** The kind is served once Crossplane has read its definition: until then these objects are tried again. */
const SYNC_OPTIONS = 'argocd.argoproj.io/sync-options';

/**
 * The databases of an environment, as objects of the platform's own kind, and the ways to them. What they become is the
 * platform's decision: see the add-on `databases`. Nothing is deleted here before somebody has agreed, and what keeps
 * its data not before its claim says otherwise.
 */
export const facet: TenantFacet = {
  why: 'Databases that the claim asks for, the ways to them and who scrapes them',
  each: 'environment',
  render(scope, tenant, environment, cluster) {
    const { databases, databaseProvider, namespace } = environment;
    if (databases.length === 0) return;
    const labels = tenantLabels(tenant, environment);
    for (const database of databases) addDatabase(scope, database, { name: database.name, namespace, labels });
    const metadata = (name: string): PolicyMetadata => ({ name, namespace, labels });
    if (databaseProvider === 'rds') {
      addWayToRds(scope, databases, metadata, cluster);
      return;
    }
    addWaysInCluster(scope, databases, metadata, cluster);
    if (!cluster.addOns.includes('kube-prometheus-stack')) return;
    addMonitor(scope, tenant, environment);
    // A local cluster takes no snapshots.
    if (cluster.provider !== 'local' && tenant.state === 'active') addRule(scope, metadata('databases'));
  },
};

function addDatabase(scope: Construct, { name, ...spec }: TenantDatabase, metadata: PolicyMetadata): void {
  new ApiObject(scope, name, {
    apiVersion: `${DATABASE_GROUP}/${DATABASE_VERSION}`,
    kind: DATABASE_KIND,
    metadata: {
      ...metadata,
      annotations: { [SYNC_OPTIONS]: 'Delete=confirm,Prune=confirm,SkipDryRunOnMissingResource=true' },
    },
    spec,
  });
  if (spec.onDelete !== 'keep') return;
  // Crossplane refuses to delete what is in use, whoever asks. It goes first where a claim no longer keeps its data.
  new ApiObject(scope, `${name}-kept`, {
    apiVersion: 'protection.crossplane.io/v1beta1',
    kind: 'Usage',
    metadata: {
      ...metadata,
      annotations: { [SYNC_OPTIONS]: 'Delete=confirm,Prune=confirm,SkipDryRunOnMissingResource=true' },
    },
    spec: {
      of: {
        apiVersion: `${DATABASE_GROUP}/${DATABASE_VERSION}`,
        kind: DATABASE_KIND,
        resourceRef: { name },
      },
      reason: 'its claim says onDelete: keep; publish another value first',
    },
  });
}

/** From every Pod of the namespace to its own instances, by their names alone: neighbours' are in the same subnets. */
function addWayToRds(
  scope: Construct,
  databases: readonly TenantDatabase[],
  metadata: (name: string) => PolicyMetadata,
  { name: cluster, region = '', dns }: ResolvedCluster,
): void {
  const policy = metadata('databases');
  addCiliumPolicy(
    scope,
    policy,
    {},
    {
      egress: [
        seenLookups(dns),
        {
          toFQDNs: databases.map(({ name }) =>
            // What AWS puts between the two is one label.
            hostSelector(`${databaseIdentifier(cluster, policy.namespace, name)}.*.${region}.rds.amazonaws.com`),
          ),
          toPorts: ciliumPorts([tcp(DATABASE_PORT)]),
        },
      ],
    },
  );
}

/** From every Pod of the namespace to the instances; between them; from their operator and to the API that they ask. */
function addWaysInCluster(
  scope: Construct,
  databases: readonly TenantDatabase[],
  metadata: (name: string) => PolicyMetadata,
  { metrics, network }: ResolvedCluster,
): void {
  const everyone = { podSelector: {} };
  addNetworkPolicy(
    scope,
    metadata('to-databases'),
    {},
    {
      egress: [
        {
          peers: [{ podSelector: { matchExpressions: [{ key: DATABASE_LABEL, operator: 'Exists' }] } }],
          ports: [tcp(DATABASE_PORT)],
        },
      ],
    },
  );
  for (const { name } of databases) {
    const pods = { [DATABASE_LABEL]: name };
    const each = { peers: [{ podSelector: { matchLabels: pods } }], ports: [tcp(DATABASE_PORT), tcp(STATUS)] };
    addNetworkPolicy(scope, metadata(`database-${name}`), pods, {
      ingress: [
        { peers: [everyone], ports: [tcp(DATABASE_PORT)] },
        each,
        {
          peers: [podsOf(CLOUDNATIVE_PG.namespace, CLOUDNATIVE_PG.labels)],
          ports: [tcp(DATABASE_PORT), tcp(STATUS)],
        },
        ...(metrics
          ? [{ peers: [podsOf(metrics.namespace, metrics.labels)], ports: [tcp(CLOUDNATIVE_PG.metrics)] }]
          : []),
      ],
      egress: [each],
    });
    addCiliumPolicy(
      scope,
      metadata(`database-${name}`),
      { matchLabels: pods },
      { egress: [{ toEntities: ['kube-apiserver'], toPorts: ciliumPorts([tcp(network.apiServerPort)]) }] },
    );
  }
}

const STATUS = CLOUDNATIVE_PG.status;

/** Whose a series is says the Pod, as for all that is scraped of a tenant. */
function addMonitor(scope: Construct, tenant: TenantSlice, environment: TenantEnvironment): void {
  new ApiObject(scope, 'monitor', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name: 'databases', namespace: environment.namespace, labels: tenantLabels(tenant, environment) },
    spec: {
      selector: { matchExpressions: [{ key: DATABASE_LABEL, operator: 'Exists' }] },
      podMetricsEndpoints: [
        {
          portNumber: CLOUDNATIVE_PG.metrics,
          path: '/metrics',
          honorLabels: false,
          followRedirects: false,
          honorTimestamps: false,
          relabelings: [
            ...Object.entries({ tenant: tenant.name, environment: environment.name }).map(
              ([targetLabel, replacement]) => ({ targetLabel, replacement, action: 'replace' }),
            ),
            {
              sourceLabels: [`__meta_kubernetes_pod_label_${DATABASE_LABEL.replace(/[^A-Za-z0-9]/g, '_')}`],
              targetLabel: 'database',
              action: 'replace',
            },
          ],
        },
      ],
    },
  });
}

/** Hours after which a night's backup is missed: it is taken between two and three, and may take its time. */
const BACKUP_HOURS = 30;

/**
 * Backups of databases, which only those environments have that have databases. One that was never backed up counts from
 * 1970: its first backup is taken when it is made.
 */
function addRule(scope: Construct, metadata: PolicyMetadata): void {
  const age =
    'time() - max by (namespace, tenant, environment, database) (cnpg_collector_last_available_backup_timestamp)';
  new ApiObject(scope, 'rule', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata,
    spec: {
      groups: ruleGroups([
        {
          name: `databases-${metadata.namespace}`,
          interval: '5m',
          rules: [
            {
              alert: 'TenantDatabaseBackupMissed',
              expr: `${age} > ${BACKUP_HOURS * 3600}`,
              for: '1h',
              severity: 'critical',
              summary: 'Database {{ $labels.namespace }}/{{ $labels.database }} has no backup of the last night',
              runbook: 'database',
            },
          ],
        },
      ]),
    },
  });
}

function tcp(port: number): PolicyPort {
  return { port, protocol: 'TCP' };
}
