import { TEXTFILE_DIRECTORY } from '../../src/model/control-plane-metrics';
import { at, PKI, STATE } from './paths';
import type { Site, SiteHost } from './site';
import { etcdUrl } from './etcd';

/** A word that a POSIX shell takes literally. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * The beginning of every script: what fails ends it, what it makes is its owner's alone, and it works in a folder of its
 * own that vanishes with it.
 */
export function beginning(host: SiteHost, name: string, does: string): readonly string[] {
  return [
    '#!/bin/sh',
    `# ${does}`,
    '# Generated: an edit is undone by the next deployment.',
    'set -eu',
    'umask 077',
    `name=${quoted(name)}`,
    `state=${quoted(at(host, STATE))}`,
    `metrics=${quoted(at(host, TEXTFILE_DIRECTORY))}`,
    'work=$(mktemp -d "$state/$name.XXXXXX")',
    `trap 'rm -rf "$work"' EXIT`,
    `trap 'exit 1' HUP INT TERM`,
    // kubectl and aws keep caches there, and would else in whatever folder they are started in.
    'export HOME="$work"',
    '',
    'fail() { echo "$name: $*" >&2; exit 1; }',
    // Node exporter reads the folder at any time: half a file would be a wrong number.
    'measured() {',
    '  cat > "$work/metrics"',
    '  chmod 0644 "$work/metrics"',
    '  mv "$work/metrics" "$metrics/$name.prom"',
    '}',
    '',
  ];
}

/** Has the rest of the script run again where it fails, so many times and with so many seconds between. */
export function retried(times: number, seconds: number): readonly string[] {
  return [
    'if [ "${1:-}" != --once ]; then',
    '  tried=1',
    '  until "$0" --once; do',
    `    [ "$tried" -lt ${times} ] || fail "failed ${times} times"`,
    '    tried=$((tried + 1))',
    `    sleep ${seconds}`,
    '  done',
    '  exit 0',
    'fi',
    '',
  ];
}

/** etcdctl as the operator, towards this host's own member. */
export function etcdctl(host: SiteHost): readonly string[] {
  const pki = (name: string) => quoted(at(host, `${PKI}/etcd/${name}`));
  return [
    `etcd() { etcdctl --endpoints=${quoted(etcdUrl(host))} --cacert=${pki('ca.crt')} --cert=${pki('operator.crt')} --key=${pki('operator.key')} "$@"; }`,
  ];
}

/** `store FILE NAME`, `fetch NAME FILE` and `names PREFIX`: storage off the cluster. What is stored is there whole or not at all. */
export function offCluster({ offCluster: place }: Site): readonly string[] {
  if (place.kind === 'folder') {
    return [
      `storage=${quoted(place.path)}`,
      'store() {',
      '  mkdir -p "$(dirname "$storage/$2")"',
      '  cp "$1" "$storage/$2.part.$$"',
      '  sync "$storage/$2.part.$$"',
      '  mv "$storage/$2.part.$$" "$storage/$2"',
      '}',
      'fetch() { cp "$storage/$1" "$2"; }',
      'names() { if [ -d "$storage/$1" ]; then ls "$storage/$1"; fi; }',
    ];
  }
  const target = `s3://${place.bucket}`;
  return [
    `storage=${quoted(target)}`,
    `export AWS_REGION=${quoted(place.region)}`,
    'store() { aws s3 cp --only-show-errors "$1" "$storage/$2"; }',
    'fetch() { aws s3 cp --only-show-errors "$storage/$1" "$2"; }',
    // Nothing there is no failure of the listing; the caller says what it misses.
    `names() { aws s3 ls "$storage/$1" | awk '{ print $4 }'; }`,
  ];
}
