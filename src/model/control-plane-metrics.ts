/**
 * What hosts of a control plane let others see of them, agreed between those that write it (the hosts) and those that
 * read it (add-ons and alerts).
 */

/**
 * Ports of what answers on loopback alone (CIS 1.3.7, 1.4.2), and those at which a proxy on every control-plane node
 * passes it on to Prometheus.
 */
export const METRICS_PORTS = {
  'kube-controller-manager': { loopback: 10257, passed: 11257 },
  'kube-scheduler': { loopback: 10259, passed: 11259 },
  etcd: { loopback: 2381, passed: 11381 },
} as const;

export type MeasuredComponent = keyof typeof METRICS_PORTS;

/** Where hosts write `*.prom` files (mode 0644, replaced in one step) that the node exporter serves. */
export const TEXTFILE_DIRECTORY = '/var/lib/keelson/metrics';

/** Gauges in those files; all are Unix times in seconds. */
export const HOST_METRICS = {
  /** When the last snapshot of etcd that is safe off the cluster was taken. Written after its upload, by whoever did it. */
  snapshot: 'keelson_etcd_snapshot_timestamp_seconds',
  /** When a snapshot was last restored into a scratch member and held what the live one did. */
  restoreCheck: 'keelson_etcd_restore_check_timestamp_seconds',
  /** When all of the host's audit log until then was safe off the cluster. */
  auditShipped: 'keelson_audit_log_shipped_timestamp_seconds',
  /** When a certificate on the host ends. Labels: `certificate`, its name in the PKI plan, and `kind`, `leaf` or `authority`. */
  certificate: 'keelson_certificate_not_after_timestamp_seconds',
} as const;

/** Where a host keeps the audit log of its API server, for whoever ships it: `audit.log` and what it was rotated to. */
export const AUDIT_LOG_DIRECTORY = '/var/log/kubernetes/audit';
