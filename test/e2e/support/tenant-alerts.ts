/** Values of series as promtool writes them, a minute apart, for 29 hours. */
export type Series = Readonly<Record<string, string>>;

/** Values that each series has; `x1750` stands for as many as a scenario takes. */
const LENGTH = 1750;
const always = (value: number): string => `${value}x${LENGTH}`;
const growing = (step: number, from = 0): string => `${from}+${step}x${LENGTH}`;
/** Grows evenly, and from a minute on by a different step. */
const turning = (before: number, minute: number, after: number): string =>
  `0+${before}x${minute} ${before * minute}+${after}x${LENGTH - minute}`;

const STATE = 'job="kube-state-metrics"';
const DAY = 86_400;
const GIB = 2 ** 30;
const OWNERS = ['shop', 'other'];

const quota = (tenant: string, used: number): Series => ({
  [`kube_resourcequota{${STATE},namespace="${tenant}-dev",resourcequota="compute",resource="requests.cpu",type="used"}`]:
    always(used),
  [`kube_resourcequota{${STATE},namespace="${tenant}-dev",resourcequota="compute",resource="requests.cpu",type="hard"}`]:
    always(4),
});
const quotaOfZero: Series = Object.fromEntries(
  ['used', 'hard'].map((type) => [
    `kube_resourcequota{${STATE},namespace="shop-dev",resourcequota="objects",resource="services.nodeports",type="${type}"}`,
    always(0),
  ]),
);
const waiting = (namespace: string, reason: string, job = 'kube-state-metrics'): string =>
  `kube_pod_container_status_waiting_reason{job="${job}",namespace="${namespace}",pod="api-1",container="api",reason="${reason}"}`;
const pending = (pod: string): string =>
  `kube_pod_status_phase{${STATE},namespace="shop-dev",pod="${pod}",phase="Pending"}`;
const volume = (used: number): Series => ({
  'kubelet_volume_stats_used_bytes{job="kubelet",namespace="shop-dev",persistentvolumeclaim="data"}': always(used),
  'kubelet_volume_stats_capacity_bytes{job="kubelet",namespace="shop-dev",persistentvolumeclaim="data"}': always(100),
});
const app = (sync: string, health: string): string =>
  'argocd_app_info{namespace="argocd",job="argocd/argo-cd-controller",name="delivery-shop-dev",' +
  `dest_namespace="shop-dev",sync_status="${sync}",health_status="${health}"}`;
const certificate =
  'certmanager_certificate_expiration_timestamp_seconds{namespace="cert-manager",exported_namespace="gateway",' +
  'issuer_name="shop-dev",name="shop.example.com"}';
const backup = (tenant: string): string =>
  `velero_backup_last_successful_timestamp{namespace="velero",schedule="${tenant}-dev"}`;
const checked = (name: string): string =>
  `keelson_restore_check_${name}{namespace="restore-check",checked_namespace="shop-dev",tenant="shop",environment="dev"}`;
const requests = (code: string): string =>
  `http_requests_total{namespace="shop-dev",job="shop-dev/metrics",code="${code}"}`;

/** What the containers and volumes of a tenant cost: `dollars` an hour. */
const cost = (tenant: string, dollars: number): Series => ({
  [`container_cpu_allocation{job="opencost",namespace="${tenant}-dev",pod="api-1",container="api",node="a"}`]: always(
    dollars / 2,
  ),
  [`container_memory_allocation_bytes{job="opencost",namespace="${tenant}-dev",pod="api-1",container="api",node="a"}`]:
    always((dollars / 4) * GIB),
  [`pod_pvc_allocation{job="opencost",namespace="${tenant}-dev",pod="api-1",persistentvolume="pv-${tenant}"}`]: always(
    (dollars / 4) * GIB,
  ),
});

/** Two tenants that are well, and what must not be mistaken for trouble of theirs. */
export const healthy: Series = {
  ...Object.assign(
    {},
    ...OWNERS.map((tenant) => ({
      [`kube_namespace_labels{${STATE},namespace="${tenant}-dev",label_tenant="${tenant}",label_environment="dev"}`]:
        always(1),
      ...quota(tenant, 2),
      ...cost(tenant, 0.4),
      [backup(tenant)]: growing(60),
    })),
  ),
  [`kube_namespace_labels{${STATE},namespace="loki"}`]: always(1),
  // Nothing of a quota of nothing is used.
  ...quotaOfZero,
  // The platform's own trouble is the platform's.
  [waiting('loki', 'CrashLoopBackOff')]: always(1),
  // What a tenant's own program says of itself under a name of the platform's.
  [waiting('shop-dev', 'CrashLoopBackOff', 'shop-dev/metrics')]: always(1),
  'tenant:namespaces:info{job="shop-dev/metrics",namespace="shop-dev",tenant="shop",environment="dev"}': always(1),
  'tenant:budget:dollars{job="other-dev/metrics",namespace="other-dev",tenant="shop",environment="dev"}': always(1),
  [waiting('shop-dev', 'ContainerCreating')]: always(1),
  [pending('report-1')]: always(1),
  [`kube_pod_owner{${STATE},namespace="shop-dev",pod="report-1",owner_kind="Job",owner_name="report"}`]: always(1),
  ...volume(50),
  [app('Synced', 'Healthy')]: always(1),
  [certificate]: always(60 * DAY),
  'node_cpu_hourly_cost{job="opencost",node="a"}': always(1),
  'node_ram_hourly_cost{job="opencost",node="a"}': always(1),
  'pv_hourly_cost{job="opencost",persistentvolume="pv-shop"}': always(1),
  'pv_hourly_cost{job="opencost",persistentvolume="pv-other"}': always(1),
  [requests('200')]: growing(10_000),
  [requests('500')]: growing(5),
  // Another's errors.
  'http_requests_total{namespace="other-dev",code="500"}': growing(10_000),
  [checked('ok')]: always(1),
  [checked('timestamp_seconds')]: growing(60),
  [checked('duration_seconds')]: always(600),
  [checked('objective_seconds')]: always(7200),
  'cnpg_collector_up{namespace="shop-dev",pod="db-1"}': always(1),
  'cnpg_pg_replication_lag{namespace="shop-dev",pod="db-2"}': always(1),
};

/** What is wrong, and which alerts that fires: all of them of tenant `shop` and its namespace. */
export interface Scenario {
  readonly name: string;
  /** Series in place of healthy ones; empty where the series is not there. */
  readonly series: Series;
  readonly fires: readonly string[];
  /** @default 3h */
  readonly at?: string;
  /** Time between values and between evaluations. @default 1m */
  readonly interval?: string;
}

export const scenarios: readonly Scenario[] = [
  { name: 'all is well, nobody is told', series: {}, fires: [], at: '8h' },
  { name: 'nearly all of a quota is used', series: quota('shop', 3.8), fires: ['TenantQuotaNearLimit'] },
  {
    name: 'a container keeps ending',
    series: { [waiting('shop-dev', 'CrashLoopBackOff')]: always(1) },
    fires: ['TenantPodCrashLoops'],
  },
  { name: 'a Pod finds no machine', series: { [pending('api-2')]: always(1) }, fires: ['TenantPodPending'] },
  {
    name: 'a Pod finds its machine within half an hour',
    series: { [pending('api-2')]: `1x20 0x${LENGTH}` },
    fires: [],
    at: '40m',
  },
  { name: 'a volume is nearly full', series: volume(90), fires: ['TenantVolumeNearlyFull'] },
  {
    name: 'delivery fails',
    series: { [app('Synced', 'Healthy')]: '', [app('OutOfSync', 'Healthy')]: always(1) },
    fires: ['TenantDeliveryFailing'],
  },
  {
    name: 'what was delivered does not work',
    series: { [app('Synced', 'Healthy')]: '', [app('Synced', 'Degraded')]: always(1) },
    fires: ['TenantDeliveryFailing'],
  },
  { name: 'a certificate ends soon', series: { [certificate]: always(10 * DAY) }, fires: ['TenantCertificateExpires'] },
  {
    name: 'a backup is as old as the next one may be late',
    series: { [backup('shop')]: always(60) },
    fires: [],
    at: '100m',
  },
  {
    name: 'no backup has succeeded for hours',
    series: { [backup('shop')]: always(60) },
    fires: ['TenantBackupMissed'],
  },
  {
    name: 'a restore for a check lacks something',
    series: { [checked('ok')]: always(0) },
    fires: ['TenantRestoreFails'],
  },
  {
    name: 'a restore takes too long',
    series: { [checked('duration_seconds')]: always(8000) },
    fires: ['TenantRestoreSlow'],
  },
  {
    name: 'no restore has been tried for more than a week',
    series: {
      [checked('timestamp_seconds')]: always(-10 * DAY),
      [backup('shop')]: growing(240),
      [backup('other')]: growing(240),
    },
    fires: ['TenantRestoreUnchecked'],
    // Shorter than Prometheus looks back for a value.
    interval: '4m',
    at: '10d',
  },
  {
    name: 'there has never been a backup',
    series: { [backup('shop')]: '' },
    fires: ['TenantBackupMissing'],
    at: '28h',
  },
  {
    name: 'one in ten requests fails',
    series: { [requests('500')]: turning(5, 100, 1_000) },
    fires: ['TenantSloBurnsFast', 'TenantSloBurnsSlowly'],
    at: '4h',
  },
  {
    name: 'requests fail for two minutes',
    series: { [requests('500')]: `0+5x600 3000+1000x2 5000+5x${LENGTH - 600}` },
    fires: [],
    at: '11h',
  },
  {
    name: 'errors ended a while ago, nobody is called any more',
    series: { [requests('500')]: `0+5x60 300+1000x60 60300+5x${LENGTH}` },
    fires: ['TenantSloBurnsSlowly'],
    at: '150m',
  },
  {
    name: 'requests fail a little, for long',
    series: { [requests('500')]: growing(40) },
    fires: ['TenantSloBurnsSlowly'],
    at: '8h',
  },
  {
    name: 'a month like this costs more than the budget',
    series: cost('shop', 2),
    fires: ['TenantBudgetForecast'],
    at: '8h',
  },
  {
    name: 'most of the budget is spent',
    series: cost('shop', 70),
    fires: ['TenantBudgetForecast', 'TenantBudgetNearlySpent'],
    at: '810m',
  },
  {
    name: 'the budget is spent',
    series: cost('shop', 300),
    fires: ['TenantBudgetForecast', 'TenantBudgetSpent'],
    at: '8h',
  },
  {
    name: 'a database is down',
    series: { 'cnpg_collector_up{namespace="shop-dev",pod="db-1"}': always(0) },
    fires: ['TenantDatabaseDown'],
  },
  {
    name: 'the copy of a database is far behind',
    series: { 'cnpg_pg_replication_lag{namespace="shop-dev",pod="db-2"}': always(600) },
    fires: ['TenantDatabaseLags'],
  },
];
