/**
 * What a control plane promises, as numbers: alerts, commands and documents all take them from here. Times are in
 * seconds unless a name says otherwise, ratios between 0 and 1.
 */
export const OBJECTIVES = {
  api: {
    /** 99 of 100 calls are faster, by verb; long-running ones and lists of whole clusters aside. */
    p99: 1,
    /** The same for lists of whole clusters (Kubernetes, "API call latency SLIs/SLOs"). */
    listP99: 30,
    /** Calls that are not answered with a 5xx, over `availabilityDays`. */
    availability: 0.999,
    availabilityDays: 30,
  },
  /** An election a time unit is one too many: of etcd, controller-manager and scheduler each. */
  leaderChangesPerHour: 1,
  /** Pods that the scheduler could place and has not looked at yet. Those that fit nowhere are not its delay. */
  schedulerQueue: 100,
  etcd: {
    /** etcd, "What does the etcd warning 'apply entries took too long' mean?" */
    fsyncP99: 0.01,
    commitP99: 0.025,
    /** One heartbeat: from there on followers call elections. */
    fsyncStalled: 0.1,
    /** Shares of the quota, past which etcd takes no more writes. */
    sizeWarning: 0.75,
    sizeCritical: 0.9,
    /** Share of the file that holds nothing; below `fragmentedBytes` it is not worth a defragmentation. */
    fragmented: 0.5,
    fragmentedBytes: 512 * 1024 ** 2,
    /** Between two snapshots: the recovery point where all members are lost. */
    snapshotEvery: 6 * 3600,
    /** For the snapshot itself and its way off the cluster. */
    snapshotMargin: 3600,
    /** A week, and a day for a check that is tried again. */
    restoreCheckEvery: 8 * 86_400,
  },
  audit: {
    /** Hosts ship every five minutes: some failures in a row. */
    shippedWithin: 1800,
  },
  certificates: {
    /** Leaves are renewed with 30 days left: nine days of failures, or nearly all of them. */
    leafWarningDays: 21,
    leafCriticalDays: 7,
    /** Authorities are rotated by people, once a year of the two that they hold. */
    authorityWarningDays: 90,
    authorityCriticalDays: 30,
  },
} as const;
