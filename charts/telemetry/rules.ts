import { type Alert, VALUE } from '../../src/model/alerts/rule';
import { GATEWAY } from '../shared-gateway';
import { costRules } from './cost-rules';
import { networkRules } from './network-rules';
import { recorded } from './promql';
import type { TenantRuleGroup } from './rule';
import { sloRules } from './slo-rules';

/** Series that say whose a namespace is: `namespace`, `tenant` and `environment`, always 1. */
export const NAMESPACES = 'tenant:namespaces:info';

/**
 * An expression for namespaces of tenants alone, with the labels that its alert is delivered by. Only what the label
 * `namespace` of kube-state-metrics says counts: no series of a tenant can stand in another's place.
 */
export const ofTenants = (expr: string): string =>
  `(${expr}) * on (namespace) group_left (tenant, environment) ${recorded(NAMESPACES)}`;

/** Seconds of work that an environment may lose, by the name of its backups' schedule: recorded from its claim. */
export const RPO = 'tenant:backup:rpo_seconds';

/** Whose series it is, who says so: a tenant's own series may have the same name, never this job. */
const STATE = 'job="kube-state-metrics"';
const KUBELET = 'job="kubelet"';

/** Share of a quota from which on its owner is told: early enough to ask for more. */
const QUOTA_SHARE = 0.9;
/** Share of a volume from which on it is told. */
const VOLUME_SHARE = 0.85;
/** Days before the end of a certificate. cert-manager renews when a third of its 90 days is left. */
const CERTIFICATE_DAYS = 21;
/** Multiples of what may be lost after which a backup is missed: the next one may be running. */
const BACKUP_FACTOR = 1.5;

const namespaces: TenantRuleGroup = {
  name: 'tenant-namespaces',
  rules: [
    {
      record: NAMESPACES,
      expr:
        'max by (namespace, tenant, environment) (label_replace(label_replace(' +
        `kube_namespace_labels{${STATE},label_tenant!=""}, "tenant", "$1", "label_tenant", "(.+)"), ` +
        '"environment", "$1", "label_environment", "(.+)"))',
    },
  ],
};

/** Those that Kubernetes itself gives the series for. */
const workloads: readonly Alert[] = [
  {
    alert: 'TenantQuotaNearLimit',
    expr: ofTenants(
      `sum by (namespace, resourcequota, resource) (kube_resourcequota{${STATE},type="used"})` +
        ` / (sum by (namespace, resourcequota, resource) (kube_resourcequota{${STATE},type="hard"}) > 0)` +
        ` > ${QUOTA_SHARE}`,
    ),
    for: '15m',
    severity: 'warning',
    summary: `{{ $labels.namespace }} uses ${VALUE.percentage} of its quota of {{ $labels.resource }}`,
    runbook: 'quota',
  },
  {
    alert: 'TenantPodCrashLoops',
    expr: ofTenants(
      'max by (namespace, pod, container) (max_over_time(' +
        `kube_pod_container_status_waiting_reason{${STATE},reason="CrashLoopBackOff"}[10m])) > 0`,
    ),
    for: '15m',
    severity: 'critical',
    summary: 'Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} keeps ending',
    runbook: 'crash-loop',
  },
  {
    alert: 'TenantPodPending',
    expr: ofTenants(
      `max by (namespace, pod) (kube_pod_status_phase{${STATE},phase="Pending"}) > 0` +
        // One of a Job waits as long as its quota lets it.
        ` unless on (namespace, pod) kube_pod_owner{${STATE},owner_kind="Job"}`,
    ),
    for: '30m',
    severity: 'warning',
    summary: '{{ $labels.namespace }}/{{ $labels.pod }} finds no machine, image or volume',
    runbook: 'pending',
  },
  {
    alert: 'TenantVolumeNearlyFull',
    expr: ofTenants(
      `max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_used_bytes{${KUBELET}}` +
        ` / kubelet_volume_stats_capacity_bytes{${KUBELET}}) > ${VOLUME_SHARE}`,
    ),
    for: '15m',
    severity: 'warning',
    summary: `Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is ${VALUE.percentage} full`,
    runbook: 'volume',
  },
];

/** Moves a label of another's Pod, which says whose it is about, to where tenants' series have it. */
const about = (label: string, expr: string) => `label_replace(${expr}, "namespace", "$1", "${label}", "(.+)")`;

const delivery: readonly Alert[] = [
  {
    alert: 'TenantDeliveryFailing',
    expr: ofTenants(
      about(
        'dest_namespace',
        'max by (dest_namespace, name) (argocd_app_info{namespace="argocd",sync_status!="Synced"}' +
          ' or argocd_app_info{namespace="argocd",health_status="Degraded"})',
      ),
    ),
    for: '30m',
    severity: 'warning',
    summary: 'What is in git is not what runs: Application {{ $labels.name }} of {{ $labels.namespace }}',
    runbook: 'delivery',
  },
];

const certificates: readonly Alert[] = [
  {
    alert: 'TenantCertificateExpires',
    expr: ofTenants(
      // Certificates stand beside the gateway; each environment has an issuer of its own, named after its namespace.
      about(
        'issuer_name',
        'min by (issuer_name, name) (certmanager_certificate_expiration_timestamp_seconds' +
          `{namespace="cert-manager",exported_namespace="${GATEWAY.namespace}"} > 0) - time()` +
          ` < ${CERTIFICATE_DAYS} * 86400`,
      ),
    ),
    for: '1h',
    severity: 'critical',
    summary: `The certificate of {{ $labels.name }} ends in ${VALUE.duration}`,
    runbook: 'certificate',
  },
];

/** Each environment says how old its newest backup may be, and what its schedule is called. */
const backups: readonly Alert[] = [
  {
    alert: 'TenantBackupMissed',
    expr:
      '(time() - max by (schedule) (velero_backup_last_successful_timestamp{namespace="velero"} > 0))' +
      ` * on (schedule) group_right () (${recorded(RPO)} > bool 0)` +
      ` > ${BACKUP_FACTOR} * ${recorded(RPO)}`,
    for: '15m',
    severity: 'critical',
    summary: `The newest backup of {{ $labels.namespace }} is ${VALUE.duration} old`,
    runbook: 'backup',
  },
  {
    alert: 'TenantBackupMissing',
    expr: `${recorded(RPO)} unless on (schedule) velero_backup_last_successful_timestamp{namespace="velero"} > 0`,
    // A new tenant's first backup comes after at most a day.
    for: '26h',
    severity: 'critical',
    summary: '{{ $labels.namespace }} has never been backed up',
    runbook: 'backup',
  },
];

/** Days after which a check is missed: each environment has one a week, and one may take until the next day. */
const CHECK_DAYS = 9;

/** The restore check tells of each namespace that it has restored somewhere else. */
const checked = (name: string) =>
  `max by (checked_namespace) (keelson_restore_check_${name}{namespace="restore-check"})`;

const restores: readonly Alert[] = [
  {
    alert: 'TenantRestoreFails',
    expr: ofTenants(about('checked_namespace', `${checked('ok')} == 0`)),
    severity: 'critical',
    summary: 'The newest backup of {{ $labels.namespace }} was restored for a check, and not all came back as it was',
    runbook: 'restore',
  },
  {
    alert: 'TenantRestoreSlow',
    expr: ofTenants(about('checked_namespace', `${checked('duration_seconds')} > ${checked('objective_seconds')}`)),
    severity: 'warning',
    summary: `To restore {{ $labels.namespace }} took ${VALUE.duration}, longer than its class of data allows`,
    runbook: 'restore',
  },
  {
    alert: 'TenantRestoreUnchecked',
    expr: ofTenants(about('checked_namespace', `time() - ${checked('timestamp_seconds')} > ${CHECK_DAYS} * 86400`)),
    // Where there has been no check at all yet, it is as if the last were long ago.
    for: `${CHECK_DAYS}d`,
    severity: 'warning',
    summary: 'Nobody has tried for more than a week to restore a backup of {{ $labels.namespace }}',
    runbook: 'restore',
  },
];

/** CloudNativePG's instances run in the tenant's namespace and are scraped there. */
const databases: readonly Alert[] = [
  {
    alert: 'TenantDatabaseDown',
    expr: ofTenants('max by (namespace, pod) (cnpg_collector_up) == 0'),
    for: '5m',
    severity: 'critical',
    summary: 'PostgreSQL in {{ $labels.namespace }}/{{ $labels.pod }} does not answer',
    runbook: 'database',
  },
  {
    alert: 'TenantDatabaseLags',
    expr: ofTenants('max by (namespace, pod) (cnpg_pg_replication_lag) > 60'),
    for: '10m',
    severity: 'warning',
    summary: `The copy {{ $labels.namespace }}/{{ $labels.pod }} is ${VALUE.duration} behind`,
    runbook: 'database',
  },
];

/** Rules of an add-on that may be off: an alert about what nobody measures would never fire, and seem well. */
const BY_ADD_ON: Readonly<Record<string, TenantRuleGroup>> = {
  'argo-cd': { name: 'tenant-delivery', rules: delivery },
  'cert-manager': { name: 'tenant-certificates', rules: certificates },
  cilium: networkRules,
  'cloudnative-pg': { name: 'tenant-databases', rules: databases },
  opencost: costRules,
  'restore-check': { name: 'tenant-restores', rules: restores },
  velero: { name: 'tenant-backups', rules: backups },
};

/** Every rule about tenants that all of them share: one of each a cluster, however many tenants there are. */
export function tenantRules(addOns: readonly string[]): readonly TenantRuleGroup[] {
  return [
    namespaces,
    { name: 'tenant-workloads', rules: workloads },
    sloRules,
    ...Object.entries(BY_ADD_ON).flatMap(([addOn, group]) => (addOns.includes(addOn) ? [group] : [])),
  ];
}
