import { AUDIT_LOG_DIRECTORY, HOST_METRICS } from '../../src/model/control-plane-metrics';
import type { Component, Subject } from './component';
import { storageFolder } from './etcd-snapshot';
import { at, directory, script, SCRIPTS, STATE } from './paths';
import { beginning, offCluster, quoted } from './shell';

const SCRIPT = `${SCRIPTS}/ship-audit-log`;
const STATE_FOLDER = `${STATE}/audit`;
/** Who breaks into a host can take five minutes of its log with him, no more. */
export const SHIP_SECONDS = 300;

/** Where a host's audit log lies in the storage off the cluster; folders by day follow. */
export function auditFolder(cluster: string, host: string): string {
  return `${cluster}/audit/${host}/`;
}

/** Copies what is new in the audit log to storage off the cluster. */
export function shipAuditLog(subject: Subject): Component {
  const { host } = subject;
  return {
    directories: [directory(host, STATE_FOLDER)],
    files: [script(host, SCRIPT, shipScript(subject))],
    units: [
      {
        name: 'ship-audit-log',
        description: 'Copies the audit log to storage off the cluster',
        program: at(host, SCRIPT),
        flags: [],
        user: 'root',
        after: ['kube-apiserver'],
        every: SHIP_SECONDS,
        restartOn: [],
        uses: subject.site.offCluster.kind === 's3' ? ['aws'] : [],
        writes: [at(host, STATE), ...storageFolder(subject)],
      },
    ],
  };
}

/**
 * A file is known by its beginning, which holds the unique id of its first event: its name changes when it is rotated,
 * and its inode is given to others. How far it was shipped is written down after the chunk is stored, so that a chunk
 * may come twice, and never be missed.
 */
function shipScript({ cluster, site, host }: Subject): string {
  return [
    ...beginning(host, 'ship-audit-log', 'Copies what is new in the audit log to storage off the cluster.'),
    ...offCluster(site),
    `folder=${quoted(auditFolder(cluster.name, host.name))}`,
    `logs=${quoted(at(host, AUDIT_LOG_DIRECTORY))}`,
    `shipped=${quoted(at(host, STATE_FOLDER))}`,
    '',
    'now=$(date -u +%Y%m%dT%H%M%SZ)',
    'day=$(date -u +%Y/%m/%d)',
    ': > "$work/known"',
    'for log in "$logs"/audit*.log; do',
    '  [ -s "$log" ] || continue',
    '  [ "$(head -c 256 "$log" | wc -c)" -eq 256 ] || continue',
    '  id=$(head -c 256 "$log" | sha256sum | cut -c 1-16)',
    '  echo "$id" >> "$work/known"',
    '  from=0',
    '  if [ -f "$shipped/$id" ]; then from=$(cat "$shipped/$id"); fi',
    '  tail -c "+$((from + 1))" "$log" > "$work/chunk"',
    // A line that is just being written waits for the next run.
    '  if [ "$(tail -c 1 "$work/chunk" | wc -l)" -eq 0 ]; then',
    '    sed \'$d\' "$work/chunk" > "$work/whole"',
    '    mv "$work/whole" "$work/chunk"',
    '  fi',
    '  size=$(wc -c < "$work/chunk")',
    '  [ "$size" -gt 0 ] || continue',
    '  gzip -n -f "$work/chunk"',
    '  store "$work/chunk.gz" "$folder$day/$now-$id-$from.log.gz"',
    '  echo "$((from + size))" > "$work/offset"',
    '  mv "$work/offset" "$shipped/$id"',
    '  echo "$name: $size bytes of $log from $from"',
    'done',
    'for entry in "$shipped"/*; do',
    '  [ -f "$entry" ] || continue',
    '  grep -q "^${entry##*/}$" "$work/known" || rm -f "$entry"',
    'done',
    `echo "${HOST_METRICS.auditShipped} $(date +%s)" | measured`,
    '',
  ].join('\n');
}
