import { isIP } from 'node:net';
import { contains, nthAddress } from '../../src/model/cidr';
import type { Cluster } from '../../src/model/cluster';
import type { AuthorityName } from './host';
import type { Site, SiteHost } from './site';

/** Authorities that sign leaves: all but the root, which signs these only. */
export type IntermediateName = Exclude<AuthorityName, 'root'>;

/** What a certificate may be used for (RFC 5280, extended key usage). */
export type CertificateUsage = 'server' | 'client';

/** Leaves that every control-plane host has one of. */
export type HostComponent =
  | 'apiserver'
  | 'apiserver-etcd-client'
  | 'apiserver-kubelet-client'
  | 'controller-manager'
  | 'controller-manager-serving'
  | 'etcd-operator'
  | 'etcd-peer'
  | 'etcd-server'
  | 'front-proxy-client'
  | 'join-operator'
  | 'scheduler'
  | 'scheduler-serving';

/** Leaves that a cluster has one of; `kwok` on local clusters only. */
export type ClusterComponent = 'admin' | 'kwok';

/** Name of a host's leaf, such as `control-plane-1/apiserver`. */
export function hostCertificate(host: string, component: HostComponent): string {
  return `${host}/${component}`;
}

/** Name of a leaf that the cluster has one of, such as `cluster/admin`. */
export function clusterCertificate(component: ClusterComponent): string {
  return `cluster/${component}`;
}

/** Group of the administrators' certificate; the bootstrap binds it to `cluster-admin`. */
export const ADMIN_GROUP = 'keelson:platform-admins';
/** Group that API servers have towards kubelets; the bootstrap binds it to `system:kubelet-api-admin`. */
export const KUBELET_CLIENT_GROUP = 'keelson:kubelet-clients';
/** Name in the front proxy's certificate: `--requestheader-allowed-names`. */
export const FRONT_PROXY_USER = 'front-proxy-client';
/** User that mints tokens for machines and approves them; the bootstrap binds it to just that. */
export const JOIN_OPERATOR_USER = 'keelson:join-operator';
/** User that KWOK is; the bootstrap binds it to what simulating nodes needs. */
export const KWOK_USER = 'keelson:kwok';

/**
 * Longest life of a service-account token, in hours: `--service-account-max-token-expiration`, with
 * `--service-account-extend-token-expiration=false`. A day, so that a rotation of the keys takes little longer.
 */
export const SERVICE_ACCOUNT_TOKEN_HOURS = 24;
/**
 * Life of the certificates that controller-manager signs for kubelets, in days: `--cluster-signing-duration`. A month:
 * kubelets renew themselves, and one that was away for weeks still comes back.
 */
export const KUBELET_CERTIFICATE_DAYS = 30;

/** Names and addresses that an authority may not go beyond (RFC 5280, name constraints). Ranges are in CIDR form. */
export interface NameConstraints {
  /** @default - any address that is not excluded */
  readonly permittedAddresses?: readonly string[];
  /** @default - none */
  readonly excludedAddresses?: readonly string[];
  /** Each with all names below it; the empty text means every name. @default - none */
  readonly excludedNames?: readonly string[];
}

/** An authority's own certificate. */
export interface AuthorityPlan {
  readonly name: AuthorityName;
  readonly commonName: string;
  /** @default - signs itself */
  readonly issuer?: AuthorityName;
  /** How long it holds. */
  readonly days: number;
  /** How many authorities may stand below it. */
  readonly pathLength: number;
  /** What its leaves may at most be used for. @default - anything */
  readonly usages?: readonly CertificateUsage[];
  readonly constraints?: NameConstraints;
  /**
   * True where it has a second certificate, of the same name and key, that it signed itself. OpenSSL, and with it
   * HAProxy, Python, Ruby and Node.js, follows a chain to a certificate that signed itself unless told otherwise: with
   * this one they need not trust the root, and with it every other authority.
   */
  readonly selfSigned?: boolean;
}

/** One component's certificate. */
export interface CertificatePlan {
  /** By `hostCertificate` or `clusterCertificate`. */
  readonly name: string;
  readonly authority: IntermediateName;
  /** To the API server the common name is a user, the organization its group. */
  readonly subject: { readonly commonName: string; readonly organization?: string };
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  readonly usages: readonly CertificateUsage[];
  readonly days: number;
  /** The one host that needs it. @default - it is the cluster's */
  readonly host?: string;
}

/** Everything that a cluster's secret store must hold. Nothing of it is secret. */
export interface PkiPlan {
  readonly cluster: string;
  /** The root first. */
  readonly authorities: readonly AuthorityPlan[];
  readonly certificates: readonly CertificatePlan[];
  /** True where secrets at rest are encrypted by a key of the store; false where a KMS does it. */
  readonly encryptionKey: boolean;
}

/** Ten years: its key is used once at the start and at rotations, and can lie offline between them. */
const ROOT_DAYS = 3650;
/** Two years: one planned rotation a year leaves a year of slack. */
const INTERMEDIATE_DAYS = 730;
/**
 * Ninety days: nothing here asks a revocation list, so a stolen key is good until it expires. Renewed in the last
 * third, so that a month of failed renewals goes by before anything breaks.
 */
const LEAF_DAYS = 90;

const BOTH: readonly CertificateUsage[] = ['server', 'client'];
const LOOPBACK = '127.0.0.1';

/**
 * The certificates of a cluster's control plane: a root, an intermediate for each purpose, a leaf for each component
 * of each host. Peers trust one intermediate, never the root: siblings under a trusted root would accept each other.
 */
export function pkiPlan(cluster: Cluster, site: Site): PkiPlan {
  if (site.hosts.some(({ name }) => name === 'cluster')) {
    throw new Error('a control-plane host is called `cluster`, as the folder of what all share: name it another way');
  }
  const ranges = hostRanges(cluster, site);
  for (const { name, address } of site.hosts) {
    if (ranges.some((range) => contains(range, `${address}/${isIP(address) === 6 ? 128 : 32}`))) continue;
    throw new Error(
      `the control-plane host ${name} has the address ${address}, for which etcd's authorities may not sign: ` +
        `give it one of ${ranges.join(' or ')}`,
    );
  }
  return {
    cluster: cluster.name,
    authorities: authorities(cluster, site),
    certificates: [
      ...site.hosts.flatMap((host) => hostCertificates(cluster, site, host)),
      ...clusterCertificates(cluster),
    ],
    encryptionKey: site.encryption.kind === 'key',
  };
}

function authorities(cluster: Cluster, site: Site): readonly AuthorityPlan[] {
  const commonName = (name: AuthorityName) => `keelson ${cluster.name} ${name}`.slice(0, 64);
  const { podCidr, serviceCidr } = cluster.network;
  const intermediate = (name: IntermediateName, more: Partial<AuthorityPlan> = {}): AuthorityPlan => ({
    name,
    commonName: commonName(name),
    issuer: 'root',
    days: INTERMEDIATE_DAYS,
    pathLength: 0,
    usages: BOTH,
    ...more,
  });
  const hosts = { permittedAddresses: hostRanges(cluster, site) };
  return [
    { name: 'root', commonName: commonName('root'), days: ROOT_DAYS, pathLength: 1 },
    intermediate('etcd', { constraints: hosts }),
    intermediate('etcd-peer', { constraints: hosts }),
    intermediate('kubernetes', { selfSigned: true }),
    // Its key lies on the hosts, where controller-manager signs for kubelets: it may never stand for the API.
    intermediate('kubelet', {
      constraints: {
        excludedAddresses: [podCidr, serviceCidr],
        excludedNames: ['kubernetes', 'default', 'svc', 'cluster.local', ...apiNames(cluster, site)],
      },
    }),
    // Aggregated APIs believe whatever user this one's clients name: it signs no server at all.
    intermediate('front-proxy', {
      usages: ['client'],
      constraints: { excludedAddresses: ['0.0.0.0/0', '::/0'], excludedNames: [''] },
    }),
  ];
}

/** Where hosts may have addresses. */
function hostRanges(cluster: Cluster, site: Site): readonly string[] {
  return [cluster.network.nodeCidr, site.sharedMachine ? '127.0.0.0/8' : `${LOOPBACK}/32`];
}

function hostCertificates(cluster: Cluster, site: Site, host: SiteHost): readonly CertificatePlan[] {
  const leaf = (
    component: HostComponent,
    authority: IntermediateName,
    usages: readonly CertificateUsage[],
    subject: CertificatePlan['subject'],
    names: Partial<Pick<CertificatePlan, 'dnsNames' | 'addresses'>> = {},
  ): CertificatePlan => ({
    name: hostCertificate(host.name, component),
    authority,
    subject,
    dnsNames: names.dnsNames ?? [],
    addresses: names.addresses ?? [],
    usages,
    days: LEAF_DAYS,
    host: host.name,
  });
  const self = { commonName: host.name };
  const reached = { dnsNames: [host.name, 'localhost'], addresses: unique([host.address, LOOPBACK]) };
  return [
    // Its gateway for JSON would dial the member with this certificate as a client: it is off (`--enable-grpc-gateway=false`).
    leaf('etcd-server', 'etcd', ['server'], self, reached),
    // etcd compares a peer's certificate with the address it calls from: on a shared machine that is loopback's first.
    leaf('etcd-peer', 'etcd-peer', BOTH, self, {
      dnsNames: [host.name],
      addresses: [host.address, ...(site.sharedMachine ? [LOOPBACK] : [])],
    }),
    leaf('etcd-operator', 'etcd', ['client'], { commonName: 'etcd-operator' }),
    leaf('apiserver', 'kubernetes', ['server'], { commonName: 'kube-apiserver' }, apiServerNames(cluster, site, host)),
    leaf('apiserver-etcd-client', 'etcd', ['client'], { commonName: 'kube-apiserver-etcd-client' }),
    leaf('apiserver-kubelet-client', 'kubernetes', ['client'], {
      commonName: 'kube-apiserver-kubelet-client',
      organization: KUBELET_CLIENT_GROUP,
    }),
    leaf('front-proxy-client', 'front-proxy', ['client'], { commonName: FRONT_PROXY_USER }),
    leaf('controller-manager', 'kubernetes', ['client'], { commonName: 'system:kube-controller-manager' }),
    leaf('controller-manager-serving', 'kubernetes', ['server'], self, reached),
    leaf('scheduler', 'kubernetes', ['client'], { commonName: 'system:kube-scheduler' }),
    leaf('scheduler-serving', 'kubernetes', ['server'], self, reached),
    // Simulated nodes do not join.
    ...(site.sharedMachine
      ? []
      : [leaf('join-operator', 'kubernetes', ['client'], { commonName: JOIN_OPERATOR_USER })]),
  ];
}

function clusterCertificates(cluster: Cluster): readonly CertificatePlan[] {
  const client = (component: ClusterComponent, subject: CertificatePlan['subject']): CertificatePlan => ({
    name: clusterCertificate(component),
    authority: 'kubernetes',
    subject,
    dnsNames: [],
    addresses: [],
    usages: ['client'],
    days: LEAF_DAYS,
  });
  return [
    client('admin', { commonName: 'admin', organization: ADMIN_GROUP }),
    ...(cluster.provider === 'local' ? [client('kwok', { commonName: KWOK_USER })] : []),
  ];
}

/** The balancer's name, the host's own, and what Pods call the API by (Kubernetes, "PKI certificates and requirements"). */
function apiServerNames(cluster: Cluster, site: Site, host: SiteHost) {
  const service = 'kubernetes.default.svc';
  const { endpoint } = site;
  return {
    dnsNames: unique([
      host.name,
      ...apiNames(cluster, site),
      'kubernetes',
      'kubernetes.default',
      service,
      `${service}.cluster.local`,
      'localhost',
    ]),
    addresses: unique([
      ...(isIP(endpoint.host) ? [endpoint.host] : []),
      host.address,
      nthAddress(cluster.network.serviceCidr, 1),
      LOOPBACK,
    ]),
  };
}

/** DNS names that clients outside the cluster call the API by. */
function apiNames(cluster: Cluster, site: Site): readonly string[] {
  return unique([site.endpoint.host, cluster.network.apiServer.host].filter((name) => !isIP(name)));
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
