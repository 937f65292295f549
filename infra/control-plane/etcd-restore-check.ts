import { HOST_METRICS } from '../../src/model/control-plane-metrics';
import type { Component, Subject } from './component';
import { snapshotFolder, storageFolder } from './etcd-snapshot';
import { at, script, SCRIPTS, STATE } from './paths';
import { beginning, offCluster, quoted } from './shell';

const SCRIPT = `${SCRIPTS}/etcd-restore-check`;
const WEEK = 7 * 24 * 3600;
/** Seconds that the scratch member may take to answer: 8 GiB are read from the disk. */
const PATIENCE = 300;

/** Seconds to wait for a host's first snapshot. */
const FIRST_SNAPSHOT = 300;

/** Once a week the newest snapshot is restored into a scratch member, which must have the same revision and keys. */
export function etcdRestoreCheck(subject: Subject): Component {
  const { host } = subject;
  return {
    directories: [],
    files: [script(host, SCRIPT, restoreCheckScript(subject))],
    units: [
      {
        name: 'etcd-restore-check',
        description: 'Restores the newest snapshot of etcd into a scratch member and compares',
        program: at(host, SCRIPT),
        flags: [],
        user: 'root',
        after: ['etcd-snapshot'],
        every: WEEK,
        restartOn: [],
        uses: ['etcd', 'etcdctl', 'etcdutl', ...(subject.site.offCluster.kind === 's3' ? ['aws'] : [])],
        writes: [at(host, STATE), ...storageFolder(subject)],
      },
    ],
  };
}

/** The scratch member listens on sockets in the script's own folder: no port, no way in for anybody else. */
function restoreCheckScript({ cluster, site, host }: Subject): string {
  return [
    ...beginning(
      host,
      'etcd-restore-check',
      'Restores the newest snapshot into a scratch member of etcd and compares.',
    ),
    ...offCluster(site),
    `folder=${quoted(snapshotFolder(cluster.name, host.name))}`,
    '',
    'number() { sed -n "s/.*\\"$1\\":\\([0-9]*\\).*/\\1/p"; }',
    'newest() { names "$folder" | grep "^[0-9TZ]*\\.json$" | sort | tail -n 1; }',
    // On a new host the first snapshot is just being taken.
    'waited=0',
    'until newest=$(newest) && [ -n "$newest" ]; do',
    `  [ "$waited" -lt ${FIRST_SNAPSHOT} ] || fail "no snapshot in $storage/$folder: run etcd-snapshot"`,
    '  waited=$((waited + 1))',
    '  sleep 1',
    'done',
    'newest=${newest%.json}',
    'fetch "$folder$newest.json" "$work/status.json"',
    'fetch "$folder$newest.db" "$work/snapshot.db"',
    'revision=$(number revision < "$work/status.json")',
    'keys=$(number totalKey < "$work/status.json")',
    '',
    // Restoring verifies the digest that etcd appended to the file.
    'etcdutl snapshot restore --data-dir="$work/data" "$work/snapshot.db" > "$work/log" 2>&1 || fail "$newest: $(tail -n 3 "$work/log")"',
    // Sockets are named relative to here: a socket's path may have 107 characters at most.
    'cd "$work"',
    'etcd --data-dir=data --listen-client-urls=unix://client --listen-peer-urls=unix://peer --advertise-client-urls=http://localhost:1 --quota-backend-bytes=8589934592 > member.log 2>&1 &',
    'member=$!',
    `trap 'kill "$member" 2> /dev/null; wait "$member" 2> /dev/null || true; rm -rf "$work"' EXIT`,
    'scratch() { etcdctl --endpoints=unix://client --command-timeout=5s "$@" 2> /dev/null; }',
    'waited=0',
    'until scratch endpoint health > /dev/null; do',
    '  kill -0 "$member" 2> /dev/null || fail "$newest: the scratch member ended: $(tail -n 3 member.log)"',
    `  [ "$waited" -lt ${PATIENCE} ] || fail "$newest: the scratch member does not answer"`,
    '  waited=$((waited + 1))',
    '  sleep 1',
    'done',
    '',
    'restored=$(scratch endpoint status --write-out=json | number revision)',
    `found=$(scratch get '' --from-key --count-only --write-out=fields | sed -n 's/^"Count" : //p')`,
    // A first snapshot may come before anything was written: without a key it says no revision.
    '[ "$restored" = "$revision" ] || [ "$keys" = 0 ] || fail "$newest: restored revision $restored, the snapshot has $revision"',
    '[ "$found" = "$keys" ] || fail "$newest: $found keys restored, the snapshot has $keys"',
    `echo "${HOST_METRICS.restoreCheck} $(date +%s)" | measured`,
    'echo "$name: $newest holds: revision $restored, $found keys"',
    '',
  ].join('\n');
}
