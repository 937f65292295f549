/**
 * Series that the pinned components serve and Prometheus scrapes, as far as tenants' rules and dashboards ask for them.
 * Sources: the components' own code; the operator of PostgreSQL gives those of `default-monitoring.yaml` beside its own.
 */
const SERVED: Readonly<Record<string, readonly string[]>> = {
  'kube-state-metrics': [
    'kube_namespace_labels',
    'kube_pod_container_resource_limits',
    'kube_pod_container_resource_requests',
    'kube_pod_container_status_restarts_total',
    'kube_pod_container_status_waiting_reason',
    'kube_pod_owner',
    'kube_pod_status_phase',
    'kube_resourcequota',
  ],
  kubelet: [
    'container_cpu_usage_seconds_total',
    'container_memory_working_set_bytes',
    'container_network_receive_bytes_total',
    'container_network_transmit_bytes_total',
    'kubelet_volume_stats_capacity_bytes',
    'kubelet_volume_stats_used_bytes',
  ],
  'argo-cd': ['argocd_app_info'],
  'cert-manager': ['certmanager_certificate_expiration_timestamp_seconds'],
  cilium: ['hubble_drop_total', 'hubble_http_requests_total'],
  'cloudnative-pg': [
    'cnpg_backends_total',
    'cnpg_collector_up',
    'cnpg_pg_database_size_bytes',
    'cnpg_pg_replication_lag',
  ],
  opencost: [
    'container_cpu_allocation',
    'container_memory_allocation_bytes',
    'kubecost_load_balancer_cost',
    'node_cpu_hourly_cost',
    'node_ram_hourly_cost',
    'pod_pvc_allocation',
    'pv_hourly_cost',
  ],
  'restore-check': ['duration_seconds', 'objective_seconds', 'ok', 'timestamp_seconds'].map(
    (name) => `keelson_restore_check_${name}`,
  ),
  velero: ['velero_backup_last_successful_timestamp'],
};

/** What a claim has recorded of itself. */
const CLAIMED = [
  ...['5m', '30m', '1h', '2h', '6h', '1d', '3d'].map((window) => `slo:errors:ratio_rate${window}`),
  'slo:error_budget:ratio',
  'slo:error_budget:remaining_ratio',
  'slo:period:days',
  'tenant:backup:rpo_seconds',
  'tenant:budget:dollars',
];

/** Every series that may be asked for. @param recorded - what rules record besides */
export function knownMetrics(recorded: readonly string[]): ReadonlySet<string> {
  return new Set([...Object.values(SERVED).flat(), ...CLAIMED, ...recorded]);
}

/** Names of the series that an expression asks for: words that are neither in quotes nor functions, labels or units. */
export function metricsOf(expr: string): string[] {
  const bare = expr
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|on|ignoring|without|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const words = bare.match(/[a-zA-Z_:][a-zA-Z0-9_:]*(?!\s*\()\b/g) ?? [];
  const keywords = ['and', 'or', 'unless', 'bool', 'by', 'on'];
  return words.filter(
    (word) => (word.includes('_') || word.includes(':')) && !keywords.includes(word) && !bare.includes(`${word}(`),
  );
}
