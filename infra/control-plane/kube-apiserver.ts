import { AUDIT_LOG_DIRECTORY } from '../../src/model/control-plane-metrics';
import { ADMISSION_PLUGINS, admissionConfiguration } from './admission';
import { auditPolicy } from './audit-policy';
import { authenticationConfiguration } from './authentication';
import { type Component, ownApiServer, type Subject } from './component';
import { etcdUrl } from './etcd';
import { flag } from './flags';
import type { Flag, HostFile, Material } from './host';
import { ENCRYPTION_CONFIGURATION, encryption } from './kms';
import { at, directory, file, KUBERNETES, PKI, publicFile } from './paths';
import { FRONT_PROXY_USER, hostCertificate, type HostComponent, SERVICE_ACCOUNT_TOKEN_HOURS } from './pki';
import type { SiteHost } from './site';
import { tlsFlags } from './tls';

/**
 * Seconds that a server which is to stop goes on serving while it says that it is not ready: what the balancer before
 * it takes to notice. HAProxy asks every second; a cloud's balancer asks every 10 s, twice.
 */
const DRAIN = { haproxy: 5, cloud: 30 };
/** One request in a thousand asks its client to connect anew, and perhaps to another server. */
const GOAWAY_CHANCE = 0.001;

/** The API server. */
export function kubeApiServer(subject: Subject): Component {
  const { cluster, site, host } = subject;
  const kms = encryption(site, host);
  const pki = (name: string) => at(host, `${PKI}/${name}`);
  return {
    directories: [...kms.directories, directory(host, '/var/log/kubernetes'), directory(host, AUDIT_LOG_DIRECTORY)],
    files: [
      ...certificates(host),
      ...kms.files,
      file(host, `${KUBERNETES}/audit-policy.yaml`, auditPolicy(cluster)),
      file(host, `${KUBERNETES}/authentication.yaml`, authenticationConfiguration(cluster)),
      file(host, `${KUBERNETES}/admission.yaml`, admissionConfiguration(cluster.kubernetesVersion)),
    ],
    units: [
      ...kms.units,
      {
        name: 'kube-apiserver',
        description: 'Kubernetes API server',
        program: 'kube-apiserver',
        flags: [
          ...serving(subject),
          ...storage(host),
          ...authentication(subject),
          ...authorization(host),
          ...audit(host),
          ...towardsNodes(host),
          ...capacity(subject),
        ],
        user: 'root',
        after: ['etcd', ...kms.units.map(({ name }) => name)],
        health: { url: `${ownApiServer(subject)}/readyz`, trust: pki('ca.crt') },
        // Its certificates, whom it trusts as clients and who people are is read anew when it changes. How it encrypts
        // could be, within a minute: a restart, drained as any other, says when every server has the new key.
        restartOn: [
          pki('etcd/ca.crt'),
          pki('kubelet-ca.crt'),
          pki('sa.key'),
          pki('sa.pub'),
          at(host, ENCRYPTION_CONFIGURATION),
          at(host, `${KUBERNETES}/audit-policy.yaml`),
          at(host, `${KUBERNETES}/admission.yaml`),
        ],
        writes: [at(host, AUDIT_LOG_DIRECTORY)],
      },
    ],
  };
}

function certificates(host: SiteHost): readonly HostFile[] {
  const pair = (name: string, component: HostComponent): readonly HostFile[] => {
    const certificate = hostCertificate(host.name, component);
    return [
      publicFile(host, `${PKI}/${name}.crt`, { kind: 'certificate', certificate }),
      file(host, `${PKI}/${name}.key`, { kind: 'key', certificate }),
    ];
  };
  const trust = (name: string, ...authorities: Extract<Material, { kind: 'trust' }>['authorities']): HostFile =>
    publicFile(host, `${PKI}/${name}`, { kind: 'trust', authorities });
  return [
    ...pair('apiserver', 'apiserver'),
    ...pair('apiserver-kubelet-client', 'apiserver-kubelet-client'),
    ...pair('apiserver-etcd-client', 'apiserver-etcd-client'),
    ...pair('front-proxy-client', 'front-proxy-client'),
    trust('ca.crt', 'kubernetes'),
    trust('client-ca.crt', 'kubernetes', 'kubelet'),
    trust('kubelet-ca.crt', 'kubelet'),
    trust('front-proxy-ca.crt', 'front-proxy'),
    trust('etcd/ca.crt', 'etcd'),
    file(host, `${PKI}/sa.key`, { kind: 'service-account-signing-key' }),
    file(host, `${PKI}/sa.pub`, { kind: 'service-account-verification-keys' }),
  ];
}

function serving({ cluster, site, host }: Subject): readonly Flag[] {
  return [
    flag('--bind-address', host.address, 'the one address that its certificate names for this host'),
    flag('--secure-port', cluster.network.apiServerPort, 'the only port: there is none without TLS'),
    flag('--advertise-address', host.address, 'what the Service `kubernetes` sends Pods to'),
    ...(site.sharedMachine
      ? [flag('--endpoint-reconciler-type', 'none', 'a loopback address may not be an endpoint')]
      : [flag('--endpoint-reconciler-type', 'lease', 'a server that is gone leaves the Service by itself')]),
    flag('--tls-cert-file', at(host, `${PKI}/apiserver.crt`), 'CIS 1.2.24'),
    flag('--tls-private-key-file', at(host, `${PKI}/apiserver.key`), 'CIS 1.2.24'),
    ...tlsFlags(),
    flag('--service-cluster-ip-range', cluster.network.serviceCidr, 'addresses of Services, as the platform says'),
    flag('--profiling', false, 'CIS 1.2.15'),
    flag('--request-timeout', '1m', 'CIS 1.2.20: Kubernetes’ own default, said so that it stays'),
  ];
}

function storage(host: SiteHost): readonly Flag[] {
  return [
    flag(
      '--etcd-servers',
      etcdUrl(host),
      'its own member alone: one that hangs then takes one server out of the balancer, and not a part of the requests of all; adding a host restarts nobody',
    ),
    flag('--etcd-cafile', at(host, `${PKI}/etcd/ca.crt`), 'CIS 1.2.26'),
    flag('--etcd-certfile', at(host, `${PKI}/apiserver-etcd-client.crt`), 'CIS 1.2.23'),
    flag('--etcd-keyfile', at(host, `${PKI}/apiserver-etcd-client.key`), 'CIS 1.2.23'),
    flag('--encryption-provider-config', at(host, ENCRYPTION_CONFIGURATION), 'CIS 1.2.27, 1.2.28'),
  ];
}

function authentication({ site, host }: Subject): readonly Flag[] {
  const { serviceAccountIssuer: issuer } = site;
  return [
    flag('--client-ca-file', at(host, `${PKI}/client-ca.crt`), 'CIS 1.2.25: components, and kubelets'),
    flag(
      '--authentication-config',
      at(host, `${KUBERNETES}/authentication.yaml`),
      'CIS 1.2.1, 3.1.1: people come by the issuer’s tokens; anonymous is who asks for health alone',
    ),
    flag('--enable-bootstrap-token-auth', true, 'a new kubelet asks for its first certificate by a token of an hour'),
    flag('--service-account-issuer', issuer, 'who signs for Pods; clouds that trust it find its keys there'),
    flag('--service-account-jwks-uri', `${issuer}/openid/v1/jwks`, 'where whoever trusts the issuer finds its keys'),
    flag('--service-account-signing-key-file', at(host, `${PKI}/sa.key`), 'the one key that signs now'),
    flag('--service-account-key-file', at(host, `${PKI}/sa.pub`), 'CIS 1.2.22: all keys that still hold'),
    flag('--service-account-lookup', true, 'CIS 1.2.21: tokens of what was deleted end'),
    flag(
      '--service-account-max-token-expiration',
      `${SERVICE_ACCOUNT_TOKEN_HOURS}h`,
      'a day: a rotation of the keys waits as long before the old one is dropped',
    ),
    flag('--service-account-extend-token-expiration', false, 'CIS 1.2.30: an hour is an hour, not a year'),
    flag('--requestheader-client-ca-file', at(host, `${PKI}/front-proxy-ca.crt`), 'who may speak for others'),
    flag('--requestheader-allowed-names', FRONT_PROXY_USER, 'not whoever else its authority may sign'),
    flag('--requestheader-username-headers', 'X-Remote-User', 'Kubernetes, "Configure the Aggregation Layer"'),
    flag('--requestheader-group-headers', 'X-Remote-Group', 'Kubernetes, "Configure the Aggregation Layer"'),
    flag('--requestheader-uid-headers', 'X-Remote-Uid', 'Kubernetes, "Configure the Aggregation Layer"'),
    flag('--requestheader-extra-headers-prefix', 'X-Remote-Extra-', 'Kubernetes, "Configure the Aggregation Layer"'),
    flag('--proxy-client-cert-file', at(host, `${PKI}/front-proxy-client.crt`), 'how aggregated APIs know it'),
    flag('--proxy-client-key-file', at(host, `${PKI}/front-proxy-client.key`), 'how aggregated APIs know it'),
  ];
}

function authorization(host: SiteHost): readonly Flag[] {
  return [
    flag('--authorization-mode', 'Node,RBAC', 'CIS 1.2.6, 1.2.7, 1.2.8'),
    flag('--enable-admission-plugins', ADMISSION_PLUGINS.join(','), 'CIS 1.2.3, 1.2.9, 1.2.14'),
    flag('--admission-control-config-file', at(host, `${KUBERNETES}/admission.yaml`), 'CIS 1.2.9, 5.2.1'),
    flag('--allow-privileged', true, 'network and storage agents need it; Pod Security decides who (CIS 5.2.2)'),
  ];
}

function audit(host: SiteHost): readonly Flag[] {
  return [
    flag('--audit-policy-file', at(host, `${KUBERNETES}/audit-policy.yaml`), 'CIS 3.2.1, 3.2.2'),
    flag(
      '--audit-log-path',
      at(host, `${AUDIT_LOG_DIRECTORY}/audit.log`),
      'CIS 1.2.16; shipped off the cluster from there',
    ),
    flag('--audit-log-maxage', 30, 'CIS 1.2.17, in days'),
    flag('--audit-log-maxbackup', 10, 'CIS 1.2.18; files are shipped long before an eleventh'),
    flag('--audit-log-maxsize', 100, 'CIS 1.2.19, in megabytes'),
    flag('--audit-log-mode', 'blocking', 'an answer that was given was written down (Kubernetes, "Auditing")'),
    flag('--audit-log-truncate-enabled', true, 'one huge request does not stop the log'),
  ];
}

function towardsNodes(host: SiteHost): readonly Flag[] {
  return [
    flag('--kubelet-certificate-authority', at(host, `${PKI}/kubelet-ca.crt`), 'CIS 1.2.5'),
    flag('--kubelet-client-certificate', at(host, `${PKI}/apiserver-kubelet-client.crt`), 'CIS 1.2.4'),
    flag('--kubelet-client-key', at(host, `${PKI}/apiserver-kubelet-client.key`), 'CIS 1.2.4'),
    flag('--kubelet-preferred-address-types', 'InternalIP', 'kubelets’ certificates name addresses; names need DNS'),
    flag(
      '--enable-aggregator-routing',
      true,
      'webhooks and aggregated APIs are reached at their Pods: hosts are in the Pods’ network, and nothing here depends on what serves Services',
    ),
  ];
}

/** What one server takes on. Who of all goes first is said by objects (`flowControlObjects`). */
function capacity({ site }: Subject): readonly Flag[] {
  const drain = site.loadBalancer ? DRAIN.haproxy : DRAIN.cloud;
  return [
    flag('--enable-priority-and-fairness', true, 'one client that asks too much waits, the others do not'),
    flag('--max-requests-inflight', 400, 'Kubernetes’ default: with the next, the seats that priority levels share'),
    flag('--max-mutating-requests-inflight', 200, 'Kubernetes’ default'),
    flag('--event-ttl', '1h', 'Kubernetes’ default: events are most of what is written'),
    ...(site.hosts.length > 1
      ? [flag('--goaway-chance', GOAWAY_CHANCE, 'clients spread again after a server came back')]
      : []),
    flag('--shutdown-delay-duration', `${drain}s`, 'it serves until the balancer has seen that it is not ready'),
    flag('--shutdown-send-retry-after', true, 'what comes too late is told to try again (429), not cut off'),
  ];
}
