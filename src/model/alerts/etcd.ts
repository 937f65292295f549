import { HOST_METRICS } from '../control-plane-metrics';
import { OBJECTIVES } from '../control-plane-slo';
import { type Alert, type RuleGroup, VALUE } from './rule';

const objectives = OBJECTIVES.etcd;
const JOB = 'job="etcd"';
const TOTAL = `etcd_mvcc_db_total_size_in_bytes{${JOB}}`;

const p99 = (histogram: string) =>
  `histogram_quantile(0.99, sum by (node, le) (rate(${histogram}_bucket{${JOB}}[5m])))`;

const members: readonly Alert[] = [
  {
    alert: 'EtcdNoLeader',
    expr: `max(etcd_server_has_leader{${JOB}}) == 0`,
    for: '1m',
    severity: 'critical',
    summary: 'etcd has no leader: the API can neither write nor read what is true now',
    runbook: 'etcd-degraded',
  },
  {
    alert: 'EtcdQuorumLost',
    expr: `sum(up{${JOB}}) < (count(up{${JOB}}) + 1) / 2`,
    for: '1m',
    severity: 'critical',
    summary: `Only ${VALUE.number} members of etcd answer, fewer than half and one`,
    runbook: 'etcd-degraded',
  },
  {
    alert: 'EtcdMemberDown',
    expr: `up{${JOB}} == 0`,
    for: '5m',
    severity: 'warning',
    summary: 'The member of etcd on {{ $labels.node }} does not answer: the next one that fails may take the API along',
    runbook: 'etcd-degraded',
  },
  {
    alert: 'EtcdLeaderChanges',
    // Each member counts for itself, one that starts again counts too much and a new one too little: the middle is right.
    expr: `quantile(0.5, increase(etcd_server_leader_changes_seen_total{${JOB}}[1h])) >= ${OBJECTIVES.leaderChangesPerHour}`,
    severity: 'warning',
    summary: `etcd changed its leader ${VALUE.number} times within an hour`,
    runbook: 'leader-changes',
  },
];

const storage: readonly Alert[] = [
  {
    alert: 'EtcdDiskSlow',
    expr: `${p99('etcd_disk_wal_fsync_duration_seconds')} > ${objectives.fsyncP99}`,
    for: '10m',
    severity: 'warning',
    summary: `Writes of etcd on {{ $labels.node }} wait ${VALUE.duration} for the disk; the objective is ${objectives.fsyncP99 * 1000} ms`,
    runbook: 'etcd-slow',
  },
  {
    alert: 'EtcdDiskStalled',
    expr: `${p99('etcd_disk_wal_fsync_duration_seconds')} > ${objectives.fsyncStalled}`,
    for: '5m',
    severity: 'critical',
    summary: `Writes of etcd on {{ $labels.node }} wait ${VALUE.duration} for the disk: elections are near`,
    runbook: 'etcd-slow',
  },
  {
    alert: 'EtcdCommitSlow',
    expr: `${p99('etcd_disk_backend_commit_duration_seconds')} > ${objectives.commitP99}`,
    for: '10m',
    severity: 'warning',
    summary: `Commits of etcd on {{ $labels.node }} take ${VALUE.duration}; the objective is ${objectives.commitP99 * 1000} ms`,
    runbook: 'etcd-slow',
  },
  ...(
    [
      ['EtcdDatabaseLarge', 'warning', objectives.sizeWarning],
      ['EtcdDatabaseNearlyFull', 'critical', objectives.sizeCritical],
    ] as const
  ).map(([alert, severity, share]): Alert => ({
    alert,
    expr: `${TOTAL} / on (node) etcd_server_quota_backend_bytes{${JOB}} > ${share}`,
    for: '5m',
    severity,
    summary: `The database of etcd on {{ $labels.node }} has ${VALUE.percentage} of its quota, past which it takes no more writes`,
    runbook: 'etcd-full',
  })),
  {
    alert: 'EtcdDatabaseFragmented',
    expr:
      `1 - etcd_mvcc_db_total_size_in_use_in_bytes{${JOB}} / on (node) ${TOTAL} > ${objectives.fragmented}` +
      ` and on (node) ${TOTAL} > ${objectives.fragmentedBytes}`,
    for: '1h',
    severity: 'warning',
    summary: `${VALUE.percentage} of the database of etcd on {{ $labels.node }} hold nothing`,
    runbook: 'etcd-full',
  },
];

/** How long ago something was last done, by the newest word of any host. */
const age = (metric: string) => `time() - max(${metric})`;

const snapshots: readonly Alert[] = [
  {
    alert: 'EtcdSnapshotOld',
    expr: `${age(HOST_METRICS.snapshot)} > ${objectives.snapshotEvery + objectives.snapshotMargin}`,
    severity: 'warning',
    summary: `The newest snapshot of etcd is ${VALUE.duration} old; one is due every ${objectives.snapshotEvery / 3600} hours`,
    runbook: 'etcd-snapshot',
  },
  {
    alert: 'EtcdSnapshotMissing',
    // The second in a row.
    expr: `${age(HOST_METRICS.snapshot)} > ${2 * objectives.snapshotEvery + objectives.snapshotMargin}`,
    severity: 'critical',
    summary: `The newest snapshot of etcd is ${VALUE.duration} old: so much would be lost with all members`,
    runbook: 'etcd-snapshot',
  },
  {
    alert: 'EtcdSnapshotFailing',
    // Each host takes its own: one that fails is covered by the others, until it is the last.
    expr: `time() - ${HOST_METRICS.snapshot} > ${2 * objectives.snapshotEvery + objectives.snapshotMargin}`,
    severity: 'warning',
    summary: `{{ $labels.instance }} took its last snapshot of etcd ${VALUE.duration} ago`,
    runbook: 'etcd-snapshot',
  },
  {
    alert: 'EtcdSnapshotUnmeasured',
    expr: `absent(${HOST_METRICS.snapshot})`,
    for: '1h',
    severity: 'warning',
    summary: 'No host tells when it took a snapshot of etcd: perhaps there is none',
    runbook: 'etcd-snapshot',
  },
  {
    alert: 'EtcdRestoreUnproven',
    expr: `${age(HOST_METRICS.restoreCheck)} > ${objectives.restoreCheckEvery} or absent(${HOST_METRICS.restoreCheck})`,
    // A cluster that is new has a week for its first.
    for: '1d',
    severity: 'warning',
    summary: 'No snapshot of etcd was shown to restore within the last week',
    runbook: 'etcd-snapshot',
  },
];

export const etcdRules: readonly RuleGroup[] = [
  { name: 'control-plane-etcd', rules: members },
  { name: 'control-plane-etcd-storage', rules: storage },
  { name: 'control-plane-etcd-snapshots', rules: snapshots },
];
