import { contains, nthAddress, overlaps } from '../cidr';
import type { Cluster, NodePool } from '../cluster';
import { compareText } from '../finding';
import { gitHostsOf } from '../git-location';
import type { ClusterProps, MailProps, NodePoolProps, PlatformProps } from '../platform.generated';
import { compareQuantities, parseQuantity } from '../quantity';
import { nearest } from '../suggest';
import { databaseProviderOf } from './database-providers';
import type { Findings } from './findings';

/** Kubernetes' own default for Pods a node. Source: kubelet configuration, `maxPods`. */
const PODS_A_NODE = 110;

/** The DNS Service's place in the service range, as kubeadm and EKS have it. */
const DNS_ADDRESS = 10;

/** Ports that an API server listens on: kubeadm's and ours; EKS serves on the standard one. */
const API_SERVER_PORT = { aws: 6443, eks: 443, local: 6443 } as const;

const STORAGE_CLASS = { aws: 'gp3', eks: 'gp3', local: 'local-path' } as const;

/** Those that the drivers of `charts/baseline/` write. */
const STORAGE_CLASSES = { aws: ['gp3', 'gp3-retain'], eks: ['gp3', 'gp3-retain'], local: ['local-path'] } as const;

/** Where a mail server takes mail from whoever signs in (RFC 6409). */
const SUBMISSION_PORT = 587;

/** Copies of controllers and of what votes. Two survive a node, three a node during an update; one machine needs one. */
const REPLICAS = {
  aws: { controller: 2, quorum: 3 },
  eks: { controller: 2, quorum: 3 },
  local: { controller: 1, quorum: 1 },
} as const;

/** Clusters with every default filled in; what contradicts something else becomes a finding. */
export function resolveClusters(props: PlatformProps, file: string, findings: Findings): ReadonlyMap<string, Cluster> {
  for (const [name, cluster] of Object.entries(props.clusters)) checkCluster(name, cluster, file, findings);
  return describeClusters(props);
}

/** Clusters by name, with every default filled in, of a platform whose faults are told elsewhere. */
export function describeClusters(props: PlatformProps): ReadonlyMap<string, Cluster> {
  const sorted = Object.entries(props.clusters).sort(([a], [b]) => compareText(a, b));
  return new Map(sorted.map(([name, cluster]) => [name, describe(name, cluster, props)]));
}

function checkCluster(name: string, cluster: ClusterProps, file: string, findings: Findings): void {
  const at = `clusters.${name}`;
  if (cluster.provider !== 'local') {
    for (const key of ['region', 'accountId', 'storage'] as const) {
      if (cluster[key] !== undefined) continue;
      findings.error(file, {
        rule: 'config/required',
        field: `${at}.${key}`,
        message: `a cluster of provider '${cluster.provider}' needs '${key}'`,
        fix: `add it, or set provider to 'local'`,
      });
    }
  }
  for (const [poolName, pool] of Object.entries(cluster.nodePools))
    checkPool(`${at}.nodePools.${poolName}`, pool, cluster, file, findings);
  if (dnsAddress(cluster.network.serviceCidr) === undefined) {
    findings.error(file, {
      rule: 'config/range',
      field: `${at}.network.serviceCidr`,
      value: cluster.network.serviceCidr,
      message: 'is too small to hold the address of the DNS Service, its tenth',
      fix: 'write a range of 256 addresses or more',
    });
  }
  checkAddresses(at, cluster, file, findings);
  checkLoopback(at, cluster, file, findings);
  RANGES.forEach((one, i) => {
    for (const other of RANGES.slice(i + 1)) {
      if (!overlaps(cluster.network[one], cluster.network[other])) continue;
      findings.error(file, {
        rule: 'config/overlap',
        field: `${at}.network.${one}`,
        value: cluster.network[one],
        message: `overlaps ${other} ${cluster.network[other]}`,
        fix: 'choose ranges that share no address',
      });
    }
  });
}

const RANGES = ['podCidr', 'serviceCidr', 'nodeCidr'] as const;

/** Hosts of a local cluster are addresses of this machine alone; the last that is taken is the fifth host's. */
function checkLoopback(at: string, { provider, controlPlane }: ClusterProps, file: string, findings: Findings): void {
  const range = controlPlane?.addresses;
  if (provider !== 'local' || range === undefined) return;
  const length = Number(range.slice(range.indexOf('/') + 1));
  const inside = !range.includes(':') && contains('127.0.0.0/8', range);
  if (inside && length <= LOOPBACK_RANGE) return;
  findings.error(file, {
    rule: 'config/range',
    field: `${at}.controlPlane.addresses`,
    value: range,
    message: inside
      ? 'has no room for the balancer and five hosts'
      : 'is no range of this machine’s loopback addresses',
    fix: `write a range of length /${LOOPBACK_RANGE} or shorter below 127.0.0.0/8, such as 127.20.0.0/24`,
  });
}

/** Sixteen addresses: the balancer's is the tenth, those of five hosts follow. */
const LOOPBACK_RANGE = 28;

/** Length of the range that Cilium gives each machine for its Pods. Source: its chart, `clusterPoolIPv4MaskSize`. */
const MACHINE_RANGE = 24;

/** The network is set up for IPv4, and where Cilium gives out the addresses every machine takes a range of its own. */
function checkAddresses(at: string, cluster: ClusterProps, file: string, findings: Findings): void {
  for (const range of RANGES) {
    const value = cluster.network[range];
    if (!value.includes(':')) continue;
    findings.error(file, {
      rule: 'config/range',
      field: `${at}.network.${range}`,
      value,
      message: 'is a range of IPv6, which the network of the clusters is not set up for',
      fix: 'write a range of IPv4, such as 10.0.0.0/16',
    });
  }
  const { podCidr } = cluster.network;
  // On EKS, Pods have addresses of the machines' own network.
  if (cluster.provider === 'eks' || podCidr.includes(':')) return;
  const length = Number(podCidr.slice(podCidr.indexOf('/') + 1));
  const room = length > MACHINE_RANGE ? 0 : 2 ** (MACHINE_RANGE - length);
  const machines = Object.values(cluster.nodePools).reduce((sum, pool) => sum + (pool.maximum ?? pool.minimum), 0);
  if (machines <= room) return;
  findings.error(file, {
    rule: 'config/range',
    field: `${at}.network.podCidr`,
    value: podCidr,
    message: `has room for ${room} machines with a /${MACHINE_RANGE} each, and the node pools grow to ${machines}`,
    fix: `write a range of length /${MACHINE_RANGE - Math.ceil(Math.log2(machines))} or shorter`,
  });
}

/** The least that a machine must offer for one container of the default size to run beside the node's agents. */
const SMALLEST_MACHINE = { cpu: '500m', memory: '1Gi' } as const;

function checkPool(at: string, pool: NodePoolProps, cluster: ClusterProps, file: string, findings: Findings): void {
  for (const resource of ['cpu', 'memory'] as const) {
    const [offered, least] = [pool.capacity[resource], SMALLEST_MACHINE[resource]].map((text) => parseQuantity(text));
    if (!offered || !least || compareQuantities(offered, least) >= 0) continue;
    findings.error(file, {
      rule: 'config/range',
      field: `${at}.capacity.${resource}`,
      value: pool.capacity[resource],
      message: 'is too small a machine to run one container of the default size beside its own agents',
      fix: `write ${least.text} or more`,
    });
  }
  if (pool.maximum !== undefined && pool.maximum < pool.minimum) {
    findings.error(file, {
      rule: 'config/range',
      field: `${at}.maximum`,
      value: pool.maximum,
      message: `is below minimum ${pool.minimum}`,
      fix: `write ${pool.minimum} or more`,
    });
  }
  if (cluster.provider !== 'local' && pool.instanceType === undefined) {
    findings.error(file, {
      rule: 'config/required',
      field: `${at}.instanceType`,
      message: `a machine of provider '${cluster.provider}' needs an instance type`,
      fix: `add it, such as 'm7i.2xlarge'`,
    });
  }
}

function describe(name: string, props: ClusterProps, platform: PlatformProps): Cluster {
  const environments = Object.entries(platform.environments)
    .filter(([, environment]) => environment.cluster === name)
    .sort(([a], [b]) => compareText(a, b));
  const domain = props.domain ?? `${name}.${platform.domain}`;
  const { oidc } = platform;
  return {
    name,
    provider: props.provider,
    ...(props.tenant === undefined ? {} : { tenant: props.tenant }),
    ...(props.region === undefined ? {} : { region: props.region }),
    ...(props.accountId === undefined ? {} : { accountId: props.accountId }),
    kubernetesVersion: props.kubernetesVersion,
    production: environments.some(([, environment]) => environment.production === true),
    environments: environments.map(([environment]) => environment),
    databaseProviders: Object.fromEntries(
      environments.map(([environment, one]) => [environment, databaseProviderOf(one, props.provider)]),
    ),
    tenantDomains: [...new Set(environments.flatMap(([, one]) => one.domains ?? [`apps.${domain}`]))].sort(compareText),
    nodePools: Object.entries(props.nodePools)
      .sort(([a], [b]) => compareText(a, b))
      .map(([poolName, pool]) => nodePool(poolName, pool)),
    network: {
      podCidr: props.network.podCidr,
      serviceCidr: props.network.serviceCidr,
      dnsAddress: dnsAddress(props.network.serviceCidr) ?? '',
      nodeCidr: props.network.nodeCidr,
      apiServer: {
        host: props.network.apiServer ?? `api.${domain}`,
        port: API_SERVER_PORT[props.provider],
      },
      apiServerPort: API_SERVER_PORT[props.provider],
    },
    domain,
    ...(props.storage === undefined ? {} : { storage: { ...props.storage } }),
    storageClass: STORAGE_CLASS[props.provider],
    storageClasses: STORAGE_CLASSES[props.provider],
    replicas: REPLICAS[props.provider],
    platform: {
      name: platform.name,
      contact: platform.contact,
      gitops: { url: platform.gitops.url, branch: platform.gitops.branch ?? 'main' },
      gitHosts: gitHostsOf(platform),
      registries: [...platform.registries],
      oidc: {
        issuer: oidc.issuer,
        clientId: oidc.clientId,
        usernameClaim: oidc.usernameClaim ?? 'email',
        groupsClaim: oidc.groupsClaim ?? 'groups',
        groupsPrefix: oidc.groupsPrefix ?? 'oidc:',
        groups: { ...oidc.groups },
      },
      breakGlassGroup: platform.breakGlass.group,
      ...(platform.mail === undefined ? {} : { mail: mailOf(platform.mail) }),
    },
  };
}

function dnsAddress(serviceCidr: string): string | undefined {
  try {
    return nthAddress(serviceCidr, DNS_ADDRESS);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Label and taint of machines that one tenant has for itself. */
const DEDICATED = 'keelson.dev/tenant';

function nodePool(name: string, props: NodePoolProps): NodePool {
  return {
    name,
    minimum: props.minimum,
    maximum: props.maximum ?? props.minimum,
    ...(props.instanceType === undefined ? {} : { instanceType: props.instanceType }),
    capacity: { cpu: props.capacity.cpu, memory: props.capacity.memory, pods: props.capacity.pods ?? PODS_A_NODE },
    labels: { ...props.labels, ...(props.tenant === undefined ? {} : { [DEDICATED]: props.tenant }) },
    taints: [
      ...(props.taints ?? []).map((taint) => ({ ...taint })),
      ...(props.tenant === undefined ? [] : [{ key: DEDICATED, value: props.tenant, effect: 'NoSchedule' as const }]),
    ],
    ...(props.tenant === undefined ? {} : { tenant: props.tenant }),
  };
}

/** Names to choose from that one line has room for. */
const CHOICES = 8;

/** What to write instead of a name that nothing has: the nearest one, or those that there are. */
export function suggest(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  if (near !== undefined) return `write '${near}'`;
  const shown = candidates.slice(0, CHOICES).map((name) => `'${name}'`);
  const more = candidates.length - shown.length;
  return `write one of ${shown.join(', ')}${more > 0 ? ` or ${more} more` : ''}`;
}

function mailOf({ host, from, port = SUBMISSION_PORT, username = from }: MailProps): Cluster['platform']['mail'] {
  return { host, port, from, username };
}
