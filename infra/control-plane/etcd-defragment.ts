import { OBJECTIVES } from '../../src/model/control-plane-slo';
import type { Component, Subject } from './component';
import { at, script, SCRIPTS, STATE } from './paths';
import { beginning, etcdctl } from './shell';

const SCRIPT = `${SCRIPTS}/etcd-defragment`;
const DAY = 24 * 3600;
/** The alert asks for more than half of the file free: a defragmentation comes before it does. */
const { fragmentedBytes } = OBJECTIVES.etcd;

/**
 * Gives back what compaction freed inside etcd's file. A member answers nothing meanwhile: one after the other under a
 * lock of etcd's own, only while all are well, and the leader hands over first. `--force` does it whatever it frees.
 */
export function etcdDefragment(subject: Subject): Component {
  const { host } = subject;
  return {
    directories: [],
    files: [script(host, SCRIPT, defragmentScript(subject))],
    units: [
      {
        name: 'etcd-defragment',
        description: 'Defragments etcd, one member at a time',
        program: at(host, SCRIPT),
        flags: [],
        user: 'root',
        after: ['etcd'],
        every: DAY,
        restartOn: [],
        uses: ['etcdctl'],
        writes: [at(host, STATE)],
      },
    ],
  };
}

function defragmentScript({ host }: Subject): string {
  return [
    ...beginning(
      host,
      'etcd-defragment',
      "Defragments this host's member of etcd, under a lock that all members share.",
    ),
    ...etcdctl(host),
    '',
    'field() { etcd endpoint status --write-out=fields | sed -n "s/^\\"$1\\" : //p" | head -n 1; }',
    'well() { etcd --command-timeout=10s endpoint health --cluster > /dev/null 2>&1; }',
    '',
    'case "${1:-}" in',
    '  --locked) ;;',
    '  "" | --force)',
    '    size=$(field DBSize)',
    '    used=$(field DBSizeInUse)',
    '    free=$((size - used))',
    `    if [ "\${1:-}" != --force ] && { [ "$((free * 3))" -lt "$size" ] || [ "$free" -lt ${fragmentedBytes / 2} ]; }; then`,
    '      echo "$name: nothing to do: $used of $size bytes in use"',
    '      exit 0',
    '    fi',
    // The lock ends with this process, or 60 s after its machine.
    '    etcd --command-timeout=30m lock --ttl=60 keelson/defragment -- "$0" --locked',
    '    exit',
    '    ;;',
    '  *) fail "unknown argument $1: pass none, or --force" ;;',
    'esac',
    '',
    'well || fail "not every member is well: first see to them"',
    `other=$(etcd member list --write-out=simple | awk -F', ' -v own="$(field MemberID)" -v name=${JSON.stringify(host.name)} '$2 == "started" && $6 == "false" && $3 != name { print $1; exit }')`,
    'if [ -n "$other" ] && [ "$(field Leader)" = "$(field MemberID)" ]; then',
    '  etcd move-leader "$other"',
    'fi',
    'etcd --command-timeout=10m defrag',
    'waited=0',
    'until well; do',
    '  [ "$waited" -lt 120 ] || fail "the members are not well two minutes after it"',
    '  waited=$((waited + 1))',
    '  sleep 1',
    'done',
    'echo "$name: $(field DBSizeInUse) of $(field DBSize) bytes in use"',
    '',
  ].join('\n');
}
