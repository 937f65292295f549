import { METRICS_PORTS } from '../../src/model/control-plane-metrics';
import { type Component, loopbackPort, type Subject } from './component';
import { flag } from './flags';
import type { Flag } from './host';
import { at, directory, ETCD_DATA, ETCD_PKI, file } from './paths';
import { hostCertificate } from './pki';
import type { SiteHost } from './site';
import { CIPHER_SUITES } from './tls';

export const CLIENT_PORT = 2379;
const PEER_PORT = 2380;
const METRICS_PORT = METRICS_PORTS.etcd.loopback;
const HTTP_PORT = 2382;

/** 8 GiB, the most that etcd suggests. Alerts measure against it (etcd, "Storage size limit"). */
export const QUOTA_BYTES = 8 * 1024 ** 3;

/** URL at which clients find a host's member. */
export function etcdUrl(host: SiteHost): string {
  return `https://${host.address}:${CLIENT_PORT}`;
}

/** A member of etcd. */
export function etcd(subject: Subject): Component {
  const { host } = subject;
  const health = `http://127.0.0.1:${loopbackPort(subject, METRICS_PORT)}`;
  const trust = [at(host, `${ETCD_PKI}/ca.crt`), at(host, `${ETCD_PKI}/peer-ca.crt`)];
  const own = (name: string, component: 'etcd-server' | 'etcd-peer') => [
    file(host, `${ETCD_PKI}/${name}.crt`, certificate(host, component), 'etcd'),
    file(host, `${ETCD_PKI}/${name}.key`, { kind: 'key', certificate: hostCertificate(host.name, component) }, 'etcd'),
  ];
  return {
    directories: [
      directory(host, '/etc/etcd', '0700', 'etcd'),
      // Not below /etc/kubernetes/pki, where everything is root's (CIS 1.1.19).
      directory(host, ETCD_PKI, '0700', 'etcd'),
      directory(host, ETCD_DATA, '0700', 'etcd'),
    ],
    files: [
      ...own('server', 'etcd-server'),
      ...own('peer', 'etcd-peer'),
      file(host, `${ETCD_PKI}/ca.crt`, { kind: 'trust', authorities: ['etcd'] }, 'etcd'),
      file(host, `${ETCD_PKI}/peer-ca.crt`, { kind: 'trust', authorities: ['etcd-peer'] }, 'etcd'),
    ],
    units: [
      {
        name: 'etcd',
        description: 'etcd: what the API server stores',
        program: 'etcd',
        flags: [...membership(subject), ...listening(subject, health), ...transport(host), ...storage()],
        user: 'etcd',
        after: [],
        // Answers once there is a leader: a first member waits for the others.
        health: { url: `${health}/readyz` },
        // Its own certificates are read anew for each connection, whom it trusts is not.
        restartOn: trust,
        writes: [at(host, ETCD_DATA)],
      },
    ],
  };
}

function certificate(host: SiteHost, component: 'etcd-server' | 'etcd-peer') {
  return { kind: 'certificate', certificate: hostCertificate(host.name, component) } as const;
}

/** Who is a member. After its first start a member knows that from its data, and ignores the `--initial-` flags. */
function membership({ cluster, site, host }: Subject): readonly Flag[] {
  const { joining = false } = host;
  const before = site.hosts.slice(0, site.hosts.indexOf(host));
  const members = site.hosts.filter((other) => other === host || !other.joining || (joining && before.includes(other)));
  const first = (name: string, value: string, why: string): Flag => ({ ...flag(name, value, why), firstStart: true });
  return [
    flag('--name', host.name, 'tells members apart, as their certificates do'),
    flag('--data-dir', at(host, ETCD_DATA), 'CIS 1.1.11, 1.1.12: a directory of its own, on a volume of its own'),
    first(
      '--initial-cluster',
      members.map(({ name, address }) => `${name}=https://${address}:${PEER_PORT}`).join(','),
      'the members at the first start; one that joins must name just those that are there, and itself',
    ),
    first(
      '--initial-cluster-state',
      joining ? 'existing' : 'new',
      'a member that joins must not found a cluster of its own',
    ),
    first('--initial-cluster-token', cluster.name, 'members of two clusters never mistake each other for their own'),
    first('--initial-advertise-peer-urls', `https://${host.address}:${PEER_PORT}`, 'where the others find it'),
    flag('--strict-reconfig-check', true, 'refuses a change of members that would lose the quorum'),
    flag('--pre-vote', true, 'a member that comes back does not force an election'),
  ];
}

function listening(subject: Subject, health: string): readonly Flag[] {
  const { host } = subject;
  return [
    flag('--listen-client-urls', etcdUrl(host), 'TLS alone, on the address that its certificate names'),
    flag(
      '--listen-client-http-urls',
      `https://${host.address}:${HTTP_PORT}`,
      'HTTP apart from gRPC: on one port, many answers starve watches (etcd issue 15402)',
    ),
    flag('--advertise-client-urls', etcdUrl(host), 'what clients are told'),
    flag('--listen-peer-urls', `https://${host.address}:${PEER_PORT}`, 'TLS alone, as for clients'),
    flag('--listen-metrics-urls', health, 'metrics and health without a certificate, for this machine alone'),
    flag('--enable-grpc-gateway', false, 'nothing uses the JSON gateway; it would need a certificate to call itself'),
    flag('--metrics', 'extensive', 'latency of each call: what the objectives are measured with'),
    flag('--enable-pprof', false, 'no profiles on a port without authentication'),
  ];
}

function transport(host: SiteHost): readonly Flag[] {
  const pki = (name: string) => at(host, `${ETCD_PKI}/${name}`);
  return [
    flag('--cert-file', pki('server.crt'), 'CIS 2.1'),
    flag('--key-file', pki('server.key'), 'CIS 2.1'),
    flag('--client-cert-auth', true, 'CIS 2.2: who has no certificate of etcd’s authority reads nothing'),
    flag('--trusted-ca-file', pki('ca.crt'), 'CIS 2.7: an authority that signs for etcd’s clients alone'),
    flag('--auto-tls', false, 'CIS 2.3: no certificates that nobody vouches for'),
    flag('--peer-cert-file', pki('peer.crt'), 'CIS 2.4'),
    flag('--peer-key-file', pki('peer.key'), 'CIS 2.4'),
    flag('--peer-client-cert-auth', true, 'CIS 2.5'),
    flag('--peer-trusted-ca-file', pki('peer-ca.crt'), 'CIS 2.7: a client’s certificate makes nobody a member'),
    flag('--peer-auto-tls', false, 'CIS 2.6'),
    flag('--tls-min-version', 'TLS1.2', 'TLS 1.0 and 1.1 are withdrawn (RFC 8996)'),
    flag('--cipher-suites', CIPHER_SUITES.join(','), 'CIS 1.2.29, for etcd too'),
  ];
}

function storage(): readonly Flag[] {
  return [
    flag('--quota-backend-bytes', QUOTA_BYTES, 'the most that etcd suggests; past it etcd takes no more writes'),
    flag('--auto-compaction-mode', 'periodic', 'history that no watch needs any more is dropped'),
    flag('--auto-compaction-retention', '8h', 'a safety net: the API server asks for a compaction every 5 minutes'),
    flag('--snapshot-count', 10_000, 'etcd’s own default: log entries between two snapshots, kept in memory'),
    flag('--heartbeat-interval', 100, 'milliseconds; zones of a region are 1 to 2 apart (etcd, "Tuning")'),
    flag('--election-timeout', 1_000, 'milliseconds; ten heartbeats (etcd, "Tuning")'),
    flag(
      '--feature-gates',
      'InitialCorruptCheck=true,CompactHashCheck=true',
      'a member whose data differs from the others’ is found at its start and after compactions (etcd, "Data corruption")',
    ),
  ];
}
