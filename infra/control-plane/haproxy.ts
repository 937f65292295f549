import type { Cluster } from '../../src/model/cluster';
import type { Host } from './host';
import { at, directory, file, PKI, publicFile } from './paths';
import type { Site, SiteHost } from './site';

const CONFIGURATION = '/etc/haproxy/haproxy.cfg';
/** Health and metrics of HAProxy itself. */
const HEALTH_PORT = 8404;

/**
 * A host that balances between the API servers. It passes connections on and never sees into them: certificates are
 * the API servers' own, and its trust file is for the health checks alone.
 */
export function loadBalancer(cluster: Cluster, site: Site, host: SiteHost): Host {
  const trust = at(host, `${PKI}/ca.crt`);
  const configuration = at(host, CONFIGURATION);
  return {
    name: host.name,
    role: 'load-balancer',
    address: host.address,
    directories: [
      directory(host, '/etc/haproxy'),
      directory(host, '/etc/kubernetes', '0755'),
      directory(host, PKI, '0755'),
    ],
    files: [
      file(host, CONFIGURATION, haproxyConfiguration(cluster, site, host, trust)),
      publicFile(host, `${PKI}/ca.crt`, { kind: 'self-signed-trust', authorities: ['kubernetes'] }),
    ],
    units: [
      {
        name: 'haproxy',
        description: 'HAProxy: balances between the API servers',
        program: 'haproxy',
        flags: [
          { name: '-db', why: 'stays in the foreground: who supervises it sees it end (HAProxy, "Management guide")' },
          { name: '-f', why: 'the next argument is its configuration' },
          { name: configuration, why: 'its configuration' },
        ],
        user: 'root',
        after: [],
        health: { url: `http://${host.address}:${HEALTH_PORT}/healthz` },
        restartOn: [configuration, trust],
        writes: [],
      },
    ],
  };
}

/**
 * Every second each server is asked twice. One that is not live, or does not answer, is down, and its connections are
 * cut, so that clients go elsewhere at once. One that is live and not ready is stopping: it gets no new connections and
 * ends its old ones itself. A server that starts again before it was found to be down would get connections while it
 * does not know anybody's rights yet, and answer 403 (measured: it may take a second to listen). So a refused connection
 * says the same as two failed checks, and the second follows soon after the first.
 */
function haproxyConfiguration(cluster: Cluster, site: Site, host: SiteHost, trust: string): string {
  const check = (path: string, expectation: string) => [
    '    http-check connect default',
    `    http-check send meth GET uri ${path} ver HTTP/1.1 hdr Host kubernetes hdr Connection close`,
    `    http-check expect ${expectation}`,
  ];
  return [
    'global',
    '    log stdout format raw local0 info',
    '    maxconn 4000',
    // On a machine of its own it starts as root, for its port, and then becomes somebody who may do nothing.
    ...(host.root === '' ? ['    user haproxy', '    group haproxy'] : []),
    '',
    'defaults',
    '    mode tcp',
    // A server that refuses a connection costs a client nothing: the next is tried.
    '    retries 3',
    '    option redispatch 1',
    '    timeout connect 2s',
    '    timeout check 3s',
    // A watch may be silent for long, a shell in a container too; whether both ends live is TCP’s to ask.
    '    timeout client 24h',
    '    timeout server 24h',
    '    option clitcpka',
    '    option srvtcpka',
    '',
    'frontend api',
    '    log global',
    '    option tcplog',
    '    option dontlognull',
    `    bind ${host.address}:${site.endpoint.port}`,
    '    default_backend api-servers',
    '',
    'frontend health',
    '    mode http',
    '    timeout client 10s',
    `    bind ${host.address}:${HEALTH_PORT}`,
    '    monitor-uri /healthz',
    '    http-request use-service prometheus-exporter if { path /metrics }',
    '    http-request return status 404',
    '',
    'backend api-servers',
    '    log global',
    '    balance leastconn',
    '    option httpchk',
    ...check('/livez', 'status 200'),
    ...check('/readyz', 'error-status L7OKC status 200'),
    `    default-server check check-ssl verify required ca-file ${escaped(trust)} verifyhost kubernetes check-sni kubernetes inter 1s fastinter 200ms downinter 1s fall 2 rise 1 observe layer4 error-limit 1 on-error mark-down on-marked-down shutdown-sessions`,
    ...site.hosts.map(({ name, address }) => `    server ${name} ${address}:${cluster.network.apiServerPort}`),
    '',
  ].join('\n');
}

/** A word of HAProxy's configuration, whatever it holds. Source: HAProxy, "Quoting and escaping". */
function escaped(word: string): string {
  return word.replaceAll(/[\s#'"\\]/g, '\\$&');
}
