import type { ResolvedCluster, TenantEnvironment, TenantSlice } from '../../slices';
import type { Findings } from '../findings';

/**
 * Namespaces that Kubernetes is tested with in one cluster; above, it keeps working and its objectives of latency are
 * nobody's promise. Source: sig-scalability, `configs-and-limits/thresholds.md`.
 */
const NAMESPACES = 10_000;

/** `default`, `kube-node-lease`, `kube-public` and `kube-system`. */
const OF_KUBERNETES = 4;

/**
 * Identities that Cilium gives out in one cluster: those from 256 to 65,535. A Pod that gets none has no network.
 * Source: Cilium's documentation, Security Identities, cluster-local range.
 */
const IDENTITIES = 65_280;

/**
 * Bytes that one object may have in etcd, where it is not told otherwise: Cilium keeps all that a Gateway serves in
 * one. Source: etcd's documentation, `--max-request-bytes`.
 */
const OBJECT_BYTES = 1_572_864;

/**
 * Bytes that a host takes of it beside four times its name: a filter chain with its certificate, a virtual host and a
 * backend. Source: what Cilium 1.20's own tests expect it to write for a host with a certificate of its own, as JSON.
 */
const HOST_BYTES = 2_160;

/**
 * What all tenants together take of a cluster, against what it has: told once a cluster, to the platform, since no
 * tenant alone is at fault.
 */
export function checkCeilings(
  placed: readonly { readonly cluster: string; readonly slice: TenantSlice }[],
  clusters: ReadonlyMap<string, ResolvedCluster>,
  file: string,
  findings: Findings,
): void {
  const sums = new Map<
    string,
    { tenants: number; namespaces: number; identities: number; hosts: number; bytes: number }
  >();
  for (const { cluster, slice } of placed) {
    let sum = sums.get(cluster);
    if (!sum) sums.set(cluster, (sum = { tenants: 0, namespaces: 0, identities: 0, hosts: 0, bytes: 0 }));
    sum.tenants++;
    sum.namespaces += slice.environments.length;
    for (const environment of slice.environments) {
      sum.identities += identitiesOf(slice, environment);
      for (const host of new Set(environment.hosts.map((one) => one.host))) {
        sum.hosts++;
        sum.bytes += HOST_BYTES + 4 * host.length;
      }
    }
  }
  for (const [name, { tenants, namespaces, identities, hosts, bytes }] of sums) {
    const cluster = clusters.get(name);
    const field = `clusters.${name}`;
    const own = cluster?.platformNamespaces.length ?? 0;
    const all = namespaces + own + OF_KUBERNETES;
    if (all > NAMESPACES) {
      findings.warning(file, {
        rule: 'config/namespaces-of-cluster',
        field,
        value: all,
        message: `${all} namespaces are more than the ${NAMESPACES} that Kubernetes is tested with: ${namespaces} of ${tenants} tenants, ${own} of add-ons, ${OF_KUBERNETES} of Kubernetes`,
        fix: 'move environments to another cluster',
      });
    }
    if (bytes > OBJECT_BYTES) {
      findings.warning(file, {
        rule: 'config/hosts-of-cluster',
        field,
        value: hosts,
        message: `${hosts} hosts take about ${bytes} bytes of the one object that Cilium makes of a Gateway, and etcd takes ${OBJECT_BYTES}`,
        fix: 'move environments with hosts to another cluster: above the limit the gateway learns of no change any more',
      });
    }
    if (cluster?.addOns.includes('cilium') && identities > IDENTITIES) {
      findings.error(file, {
        rule: 'config/identities-of-cluster',
        field,
        value: identities,
        message: `${identities} identities are more than the ${IDENTITIES} that Cilium gives out: one for each workload that a claim names and at least one for each of ${namespaces} namespaces`,
        fix: 'move environments to another cluster: Pods without an identity get no network',
      });
    }
  }
}

/**
 * Identities that an environment takes at the least. Cilium gives one to all Pods of a namespace with the same labels:
 * so one for each workload that the claim names and for each database in the cluster, and one where it names none.
 */
function identitiesOf({ metrics }: TenantSlice, environment: TenantEnvironment): number {
  const { hosts, connections, identities, databases, databaseProvider } = environment;
  const workloads = new Set<string | undefined>([
    ...metrics.map(({ workload }) => workload),
    ...hosts.map(({ workload }) => workload),
    ...connections.from.map(({ workload }) => workload),
    ...connections.to.map(({ caller }) => caller),
    ...identities.flatMap((one) => one.workloads),
  ]);
  workloads.delete(undefined);
  return Math.max(1, workloads.size) + (databaseProvider === 'cluster' ? databases.length : 0);
}
