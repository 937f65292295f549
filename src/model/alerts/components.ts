import { HOST_METRICS, METRICS_PORTS } from '../control-plane-metrics';
import { OBJECTIVES } from '../control-plane-slo';
import { type Alert, type RuleGroup, VALUE } from './rule';

const JOBS = Object.keys(METRICS_PORTS);
/** Those of which one is at work and the others wait. */
const ELECTED = [
  { job: 'kube-controller-manager', alert: 'ControllerManagerNoLeader', harm: 'nothing is reconciled' },
  { job: 'kube-scheduler', alert: 'SchedulerNoLeader', harm: 'no new Pod gets a node' },
] as const;
/** Each elects a leader by its own name; controllers inside may elect others. */
const leads = (job: string) => `leader_election_master_status{job=~"${job}",name=~"${job}"}`;
const EITHER = ELECTED.map(({ job }) => job).join('|');

const components: readonly Alert[] = [
  {
    alert: 'ControlPlaneUnmeasured',
    expr: JOBS.map((job) => `absent(up{job="${job}"})`).join(' or '),
    for: '15m',
    severity: 'warning',
    summary: 'Prometheus finds no {{ $labels.job }} to scrape: every other alert about it is silent',
    runbook: 'control-plane-down',
  },
  {
    alert: 'ControlPlaneComponentDown',
    expr: `up{job=~"${EITHER}"} == 0`,
    for: '10m',
    severity: 'warning',
    summary: '{{ $labels.job }} on {{ $labels.node }} does not answer',
    runbook: 'control-plane-down',
  },
  ...ELECTED.map(({ job, alert, harm }): Alert => ({
    alert,
    expr: `absent(${leads(job)} == 1)`,
    for: '5m',
    severity: 'critical',
    summary: `No ${job} leads: ${harm}`,
    runbook: 'control-plane-down',
  })),
  {
    alert: 'ControlPlaneLeaderChanges',
    // How often one became the leader: all changes but the losses.
    expr:
      `sum by (job) (changes(${leads(EITHER)}[1h]) - resets(${leads(EITHER)}[1h]))` +
      ` >= ${OBJECTIVES.leaderChangesPerHour}`,
    severity: 'warning',
    summary: `{{ $labels.job }} changed its leader ${VALUE.number} times within an hour`,
    runbook: 'leader-changes',
  },
  {
    alert: 'SchedulerQueueLong',
    // Those in waiting keep a queue too and take nothing from it.
    expr:
      'sum by (node) (scheduler_pending_pods{job="kube-scheduler",queue=~"active|backoff"})' +
      ` >= ${OBJECTIVES.schedulerQueue} and on (node) ${leads('kube-scheduler')} == 1`,
    for: '10m',
    severity: 'warning',
    summary: `${VALUE.number} Pods wait for the scheduler to look at them`,
    runbook: 'scheduler-queue',
  },
];

const { leafWarningDays, leafCriticalDays, authorityWarningDays, authorityCriticalDays } = OBJECTIVES.certificates;

const certificates: readonly Alert[] = [
  ...(
    [
      ['CertificateExpires', 'warning', 'leaf', leafWarningDays],
      ['CertificateExpiresSoon', 'critical', 'leaf', leafCriticalDays],
      ['AuthorityExpires', 'warning', 'authority', authorityWarningDays],
      ['AuthorityExpiresSoon', 'critical', 'authority', authorityCriticalDays],
    ] as const
  ).map(([alert, severity, kind, days]): Alert => ({
    alert,
    expr: `min by (certificate) (${HOST_METRICS.certificate}{kind="${kind}"}) - time() < ${days} * 86400`,
    for: '1h',
    severity,
    summary: `The certificate {{ $labels.certificate }} ends in ${VALUE.duration}`,
    runbook: 'certificates',
  })),
  {
    alert: 'CertificatesUnmeasured',
    expr: `absent(${HOST_METRICS.certificate})`,
    for: '1h',
    severity: 'warning',
    summary: 'No host tells when its certificates end',
    runbook: 'certificates',
  },
];

export const componentRules: readonly RuleGroup[] = [
  { name: 'control-plane-components', rules: components },
  { name: 'control-plane-certificates', rules: certificates },
];
