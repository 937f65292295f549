import { OBJECTIVES } from '../../../src/model/control-plane-slo';

/** Values of series as promtool writes them, a minute apart: `from+step x count`; healthy ones go on for hours. */
export type Series = Readonly<Record<string, string>>;

const HOSTS = ['a', 'b', 'c'];
const DAY = 86_400;
const API = 'job="apiserver",subresource=""';

const always = (value: number): string => `${value}x400`;
const growing = (step: number): string => `0+${step}x400`;
const ofHosts = (series: (host: string) => Series): Series => Object.assign({}, ...HOSTS.map(series)) as Series;

/** Counts of a histogram: so many a minute up to each bound. */
function histogram(name: string, labels: string, counts: Readonly<Record<string, number>>): Series {
  return Object.fromEntries(
    Object.entries(counts).map(([le, count]) => [`${name}_bucket{${labels},le="${le}"}`, growing(count)]),
  );
}

const calls = (labels: string, counts: Readonly<Record<string, number>>): Series =>
  histogram('apiserver_request_duration_seconds', `${API},${labels}`, counts);
const disk = (what: string, host: string, counts: Readonly<Record<string, number>>): Series =>
  histogram(`etcd_disk_${what}_duration_seconds`, `job="etcd",node="${host}"`, counts);
const leads = (job: string, host: string): string =>
  `leader_election_master_status{job="${job}",name="${job}",node="${host}"}`;

const FAST = { '1': 1000, '5': 1000, '30': 1000, '60': 1000, '+Inf': 1000 };
const SLOW = { '1': 900, '5': 1000, '30': 1000, '60': 1000, '+Inf': 1000 };
const VERY_SLOW = { '1': 0, '5': 0, '30': 900, '60': 1000, '+Inf': 1000 };

/** A cluster with three hosts that keeps every objective, and does what must not be mistaken for breaking one. */
export const healthy: Series = {
  ...ofHosts((host) => ({
    [`up{job="apiserver",instance="${host}"}`]: always(1),
    [`up{job="etcd",node="${host}"}`]: always(1),
    [`up{job="kube-scheduler",node="${host}"}`]: always(1),
    [`up{job="kube-controller-manager",node="${host}"}`]: always(1),
    [`process_start_time_seconds{job="apiserver",instance="${host}"}`]: always(0),
    [`apiserver_audit_error_total{job="apiserver",instance="${host}",plugin="log"}`]: always(0),
    [`etcd_server_has_leader{job="etcd",node="${host}"}`]: always(1),
    [`etcd_server_leader_changes_seen_total{job="etcd",node="${host}"}`]: always(4),
    [`etcd_server_quota_backend_bytes{job="etcd",node="${host}"}`]: always(8e9),
    [`etcd_mvcc_db_total_size_in_bytes{job="etcd",node="${host}"}`]: always(1e9),
    [`etcd_mvcc_db_total_size_in_use_in_bytes{job="etcd",node="${host}"}`]: always(9e8),
    ...disk('wal_fsync', host, { '0.008': 1000, '0.064': 1000, '0.256': 1000, '+Inf': 1000 }),
    ...disk('backend_commit', host, { '0.016': 1000, '0.032': 1000, '+Inf': 1000 }),
    [leads('kube-scheduler', host)]: always(host === 'a' ? 1 : 0),
    [leads('kube-controller-manager', host)]: always(host === 'a' ? 1 : 0),
    // What waits at a scheduler that does not lead, or fits on no node, is nobody's delay.
    [`scheduler_pending_pods{job="kube-scheduler",queue="active",node="${host}"}`]: always(host === 'a' ? 5 : 500),
    [`scheduler_pending_pods{job="kube-scheduler",queue="unschedulable",node="${host}"}`]: always(500),
    [`keelson_etcd_snapshot_timestamp_seconds{instance="${host}"}`]: growing(60),
    [`keelson_etcd_restore_check_timestamp_seconds{instance="${host}"}`]: always(0),
    [`keelson_audit_log_shipped_timestamp_seconds{instance="${host}"}`]: growing(60),
    [certificate(`${host}/apiserver`, 'leaf')]: always(40 * DAY),
    [certificate('kubernetes', 'authority', host)]: always(400 * DAY),
  })),
  ...calls('verb="GET",scope="resource"', FAST),
  ...calls('verb="LIST",scope="namespace"', FAST),
  // Lists of everything may take longer, and watches as long as they like.
  ...calls('verb="LIST",scope="cluster"', SLOW),
  ...calls('verb="WATCH",scope="cluster"', VERY_SLOW),
  ...histogram('apiserver_request_duration_seconds', 'job="apiserver",subresource="log",verb="GET"', VERY_SLOW),
  'apiserver_request_total{job="apiserver",code="200"}': growing(100_000),
  'apiserver_request_total{job="apiserver",code="500"}': growing(10),
};

function certificate(name: string, kind: string, host = name.split('/')[0] ?? ''): string {
  return `keelson_certificate_not_after_timestamp_seconds{certificate="${name}",kind="${kind}",instance="${host}"}`;
}

/** What is broken, and which alerts that fires. */
export interface Scenario {
  readonly name: string;
  /** Series in place of healthy ones; empty where the series is not there. */
  readonly series: Series;
  readonly fires: readonly string[];
  /** @default 3h */
  readonly at?: string;
}

const without = (part: string): Series =>
  Object.fromEntries(
    Object.keys(healthy)
      .filter((series) => series.includes(part))
      .map((series) => [series, '']),
  );
const on = (host: string, name: string, value: string): Series => ({ [`${name}{job="etcd",node="${host}"}`]: value });
const { etcd, certificates } = OBJECTIVES;

export const scenarios: readonly Scenario[] = [
  { name: 'nothing', series: {}, fires: [] },
  {
    name: '2 % of calls fail',
    series: { 'apiserver_request_total{job="apiserver",code="500"}': growing(2_000) },
    fires: ['ApiServerErrorBudgetFast', 'ApiServerErrorBudgetSlow'],
  },
  {
    name: '0.4 % of calls fail',
    series: { 'apiserver_request_total{job="apiserver",code="500"}': growing(400) },
    fires: ['ApiServerErrorBudgetSlow'],
  },
  {
    name: 'calls failed for an hour, and no longer do',
    series: { 'apiserver_request_total{job="apiserver",code="500"}': '0+2000x60 120000x340' },
    fires: ['ApiServerErrorBudgetSlow'],
    at: '3h',
  },
  { name: 'one of ten GETs is slow', series: calls('verb="GET",scope="resource"', SLOW), fires: ['ApiServerSlow'] },
  {
    name: 'lists of a namespace are slow',
    series: calls('verb="LIST",scope="namespace"', SLOW),
    fires: ['ApiServerSlow'],
  },
  {
    name: 'lists of everything take half a minute',
    series: calls('verb="LIST",scope="cluster"', VERY_SLOW),
    fires: ['ApiServerListSlow'],
  },
  {
    name: 'an API server is gone from the endpoints',
    series: { 'up{job="apiserver",instance="b"}': '' },
    fires: ['ApiServerInstanceDown'],
  },
  {
    name: 'an API server starts every ten minutes',
    series: {
      'process_start_time_seconds{job="apiserver",instance="b"}': Array.from(
        { length: 20 },
        (_, run) => `${run * 600}x9`,
      ).join(' '),
    },
    fires: ['ApiServerRestarting'],
  },
  {
    name: 'an API server cannot write its audit log',
    series: { 'apiserver_audit_error_total{job="apiserver",instance="c",plugin="log"}': growing(1) },
    fires: ['ApiServerAuditFailing'],
  },
  {
    name: 'the audit log of one host stays there',
    series: { 'keelson_audit_log_shipped_timestamp_seconds{instance="c"}': '0+60x120 7200x280' },
    fires: ['AuditLogNotShipped'],
  },
  { name: 'a member is down', series: on('c', 'up', '1x100 0x300'), fires: ['EtcdMemberDown'] },
  {
    name: 'two of three members are down',
    series: { ...on('b', 'up', '1x100 0x300'), ...on('c', 'up', '1x100 0x300') },
    fires: ['EtcdMemberDown', 'EtcdQuorumLost'],
  },
  {
    name: 'no member knows a leader',
    series: ofHosts((host) => on(host, 'etcd_server_has_leader', '1x100 0x300')),
    fires: ['EtcdNoLeader'],
  },
  { name: 'one member knows no leader', series: on('a', 'etcd_server_has_leader', '1x100 0x300'), fires: [] },
  {
    name: 'the leader changed',
    series: ofHosts((host) => on(host, 'etcd_server_leader_changes_seen_total', '4x150 5x250')),
    fires: ['EtcdLeaderChanges'],
  },
  {
    name: 'the leader changed two hours ago',
    series: ofHosts((host) => on(host, 'etcd_server_leader_changes_seen_total', '4x60 5x340')),
    fires: [],
  },
  {
    name: 'a member started again and found the leader that there was',
    series: on('b', 'etcd_server_leader_changes_seen_total', '4x150 0x1 1x250'),
    fires: [],
  },
  {
    name: 'the disk of a member is slow',
    series: disk('wal_fsync', 'b', { '0.008': 900, '0.064': 1000, '0.256': 1000, '+Inf': 1000 }),
    fires: ['EtcdDiskSlow'],
  },
  {
    name: 'the disk of a member hangs',
    series: disk('wal_fsync', 'b', { '0.008': 0, '0.064': 500, '0.256': 1000, '+Inf': 1000 }),
    fires: ['EtcdDiskSlow', 'EtcdDiskStalled'],
  },
  {
    name: 'commits of a member are slow',
    series: disk('backend_commit', 'b', { '0.016': 100, '0.032': 1000, '+Inf': 1000 }),
    fires: ['EtcdCommitSlow'],
  },
  {
    name: 'the database of a member is at 80 % of its quota',
    series: {
      ...on('b', 'etcd_mvcc_db_total_size_in_bytes', always(6.4e9)),
      ...on('b', 'etcd_mvcc_db_total_size_in_use_in_bytes', always(6e9)),
    },
    fires: ['EtcdDatabaseLarge'],
  },
  {
    name: 'the database of a member is at 95 % of its quota',
    series: {
      ...on('b', 'etcd_mvcc_db_total_size_in_bytes', always(7.6e9)),
      ...on('b', 'etcd_mvcc_db_total_size_in_use_in_bytes', always(7e9)),
    },
    fires: ['EtcdDatabaseLarge', 'EtcdDatabaseNearlyFull'],
  },
  {
    name: 'most of a database holds nothing',
    series: on('b', 'etcd_mvcc_db_total_size_in_use_in_bytes', always(2e8)),
    fires: ['EtcdDatabaseFragmented'],
  },
  {
    name: 'most of a small database holds nothing',
    series: {
      ...on('b', 'etcd_mvcc_db_total_size_in_bytes', always(1e8)),
      ...on('b', 'etcd_mvcc_db_total_size_in_use_in_bytes', always(1e7)),
    },
    fires: [],
  },
  {
    name: 'no snapshot for as long as one may take',
    series: ofHosts((host) => ({ [`keelson_etcd_snapshot_timestamp_seconds{instance="${host}"}`]: always(-18_000) })),
    fires: ['EtcdSnapshotOld'],
  },
  {
    name: 'no snapshot for twice as long',
    series: ofHosts((host) => ({ [`keelson_etcd_snapshot_timestamp_seconds{instance="${host}"}`]: always(-40_000) })),
    fires: ['EtcdSnapshotFailing', 'EtcdSnapshotMissing', 'EtcdSnapshotOld'],
  },
  {
    name: 'one host alone takes no snapshot',
    series: { 'keelson_etcd_snapshot_timestamp_seconds{instance="b"}': always(-40_000) },
    fires: ['EtcdSnapshotFailing'],
  },
  {
    name: 'nobody tells of snapshots',
    series: without('keelson_etcd_snapshot'),
    fires: ['EtcdSnapshotUnmeasured'],
  },
  {
    name: 'no restored snapshot for more than a week',
    series: ofHosts((host) => ({
      [`keelson_etcd_restore_check_timestamp_seconds{instance="${host}"}`]: always(-etcd.restoreCheckEvery),
    })),
    fires: ['EtcdRestoreUnproven'],
    at: '28h',
  },
  {
    name: 'no scheduler is scraped',
    series: without('job="kube-scheduler"'),
    fires: ['ControlPlaneUnmeasured', 'SchedulerNoLeader'],
  },
  {
    name: 'a scheduler is down that does not lead',
    series: { 'up{job="kube-scheduler",node="b"}': '1x100 0x300', [leads('kube-scheduler', 'b')]: '' },
    fires: ['ControlPlaneComponentDown'],
  },
  {
    name: 'no scheduler leads',
    series: { [leads('kube-scheduler', 'a')]: always(0) },
    fires: ['SchedulerNoLeader'],
  },
  {
    name: 'no controller manager leads',
    series: { [leads('kube-controller-manager', 'a')]: always(0) },
    fires: ['ControllerManagerNoLeader'],
  },
  {
    name: 'another controller manager took over',
    series: {
      [leads('kube-controller-manager', 'a')]: '1x150 0x250',
      [leads('kube-controller-manager', 'b')]: '0x150 1x250',
    },
    fires: ['ControlPlaneLeaderChanges'],
  },
  {
    name: 'a controller manager that does not lead started again',
    series: { [leads('kube-controller-manager', 'b')]: '0x150 _x3 0x250' },
    fires: [],
  },
  {
    name: 'the scheduler does not keep up',
    series: { 'scheduler_pending_pods{job="kube-scheduler",queue="active",node="a"}': always(150) },
    fires: ['SchedulerQueueLong'],
  },
  {
    name: 'a certificate was not renewed',
    series: { [certificate('b/apiserver', 'leaf')]: always((certificates.leafWarningDays - 1) * DAY) },
    fires: ['CertificateExpires'],
  },
  {
    name: 'a certificate ends within days',
    series: { [certificate('b/apiserver', 'leaf')]: always((certificates.leafCriticalDays - 1) * DAY) },
    fires: ['CertificateExpires', 'CertificateExpiresSoon'],
  },
  {
    name: 'an authority is to be rotated',
    series: { [certificate('kubernetes', 'authority', 'a')]: always((certificates.authorityWarningDays - 1) * DAY) },
    fires: ['AuthorityExpires'],
  },
  {
    name: 'an authority ends within weeks',
    series: { [certificate('kubernetes', 'authority', 'a')]: always((certificates.authorityCriticalDays - 1) * DAY) },
    fires: ['AuthorityExpires', 'AuthorityExpiresSoon'],
  },
  { name: 'nobody tells of certificates', series: without('keelson_certificate'), fires: ['CertificatesUnmeasured'] },
];
