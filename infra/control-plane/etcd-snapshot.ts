import { HOST_METRICS } from '../../src/model/control-plane-metrics';
import { OBJECTIVES } from '../../src/model/control-plane-slo';
import type { Component, Subject } from './component';
import { at, file, PKI, publicFile, script, SCRIPTS, STATE } from './paths';
import { hostCertificate } from './pki';
import { beginning, etcdctl, offCluster, quoted, retried } from './shell';

const SCRIPT = `${SCRIPTS}/etcd-snapshot`;
/** Less ten minutes, for taking a snapshot and sending it: what is lost at most is as old as the objective says. */
export const SNAPSHOT_SECONDS = OBJECTIVES.etcd.snapshotEvery - 600;
/** How long snapshots are kept. In a bucket its lifecycle removes them: a host may not. */
export const SNAPSHOT_DAYS = 30;

/** Where the snapshots of one host lie in the storage off the cluster. */
export function snapshotFolder(cluster: string, host: string): string {
  return `${cluster}/etcd/${host}/`;
}

/**
 * Snapshots of the host's own member to storage off the cluster. Every host takes them, so that there is always a new
 * one, whichever host is lost.
 */
export function etcdSnapshot(subject: Subject): Component {
  const { host } = subject;
  const certificate = hostCertificate(host.name, 'etcd-operator');
  return {
    directories: [],
    files: [
      publicFile(host, `${PKI}/etcd/operator.crt`, { kind: 'certificate', certificate }),
      file(host, `${PKI}/etcd/operator.key`, { kind: 'key', certificate }),
      script(host, SCRIPT, snapshotScript(subject)),
    ],
    units: [
      {
        name: 'etcd-snapshot',
        description: 'Snapshot of etcd to storage off the cluster',
        program: at(host, SCRIPT),
        flags: [],
        user: 'root',
        after: ['etcd'],
        every: SNAPSHOT_SECONDS,
        restartOn: [],
        uses: ['etcdctl', 'etcdutl', ...(subject.site.offCluster.kind === 's3' ? ['aws'] : [])],
        writes: [at(host, STATE), ...storageFolder(subject)],
      },
    ],
  };
}

/** The folder that stands for storage off the cluster, where a folder does. */
export function storageFolder({ site }: Subject): readonly string[] {
  return site.offCluster.kind === 'folder' ? [site.offCluster.path] : [];
}

function snapshotScript({ cluster, site, host }: Subject): string {
  return [
    ...beginning(
      host,
      'etcd-snapshot',
      "Takes a snapshot of this host's member of etcd and stores it off the cluster.",
    ),
    ...retried(30, 60),
    ...etcdctl(host),
    ...offCluster(site),
    `folder=${quoted(snapshotFolder(cluster.name, host.name))}`,
    '',
    'snapshot=$(date -u +%Y%m%dT%H%M%SZ)',
    'taken=$(date +%s)',
    'etcd --command-timeout=10m snapshot save "$work/snapshot.db" > "$work/log" 2>&1 || fail "$(tail -n 3 "$work/log")"',
    // Revision and number of keys, which the restore check compares with; reading them proves the file whole.
    'etcdutl snapshot status --write-out=json "$work/snapshot.db" > "$work/status.json"',
    'store "$work/snapshot.db" "$folder$snapshot.db"',
    // Comes last: a snapshot without it was never finished.
    'store "$work/status.json" "$folder$snapshot.json"',
    ...(site.offCluster.kind === 'folder'
      ? [
          `find "$storage/$folder" -type f -mtime +${SNAPSHOT_DAYS} ! -name "$snapshot.*" -exec rm -f {} +`,
          'find "$storage/$folder" -type f -name "*.part.*" -mmin +60 -exec rm -f {} +',
        ]
      : []),
    `echo "${HOST_METRICS.snapshot} $taken" | measured`,
    'echo "$name: $storage/$folder$snapshot.db $(cat "$work/status.json")"',
    '',
  ].join('\n');
}
