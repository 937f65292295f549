import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { labelFault } from '../../src/model/names';
import type { TenantConnection, TenantEnvironment, TenantSlice, WorkloadName } from '../../src/model/slices';
import type { JsonObject } from '../component';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { HBONE, isByRequest, isInMesh, throughWaypoint, WAYPOINT } from '../mesh';
import { GATEWAY_API } from '../shared-gateway';
import { byWorkload, grouped, nameOf, podLabels } from '../tenant-policies';

/** Whoever comes without an identity: past the mesh, in plain text. */
const NOBODY = { notPrincipals: ['*'] };

/**
 * What network policies cannot tell in the mesh, where every connection arrives on one port: who may call which port,
 * by identity, and which requests. Plain text is taken only on ports that somebody outside of the mesh calls, the
 * gateway, Prometheus and sandboxed tenants; the network's policies say who comes there.
 */
export const facet: TenantFacet = {
  each: 'environment',
  why: 'in the mesh all traffic comes on one port, so that who may call what is told by identity',
  render(scope, tenant, environment, cluster) {
    if (!isInMesh(tenant, cluster)) return;
    const { namespace } = environment;
    const labels = tenantLabels(tenant, environment);
    const add: Add = (kind, name, spec) =>
      new ApiObject(scope, `${kind}-${name}`, {
        apiVersion: 'security.istio.io/v1',
        kind,
        metadata: { name, namespace, labels },
        spec,
      });
    const judged = throughWaypoint(tenant, environment, cluster);
    // Through the waypoint others come as its own account: it is no way around what they may do.
    const own = { namespaces: [namespace], ...(judged.length > 0 ? { notPrincipals: [principal(namespace)] } : {}) };
    allow(add, 'inside', undefined, [{ from: [{ source: own }] }]);
    const plain = byWorkload(tenant.state === 'active' ? plainPorts(tenant, environment) : []);
    addStrictness(add, plain);
    for (const [workload, some] of plain) {
      allow(add, nameOf('plain-text', workload), workload, [
        { from: [{ source: NOBODY }], to: [{ operation: { ports: numbers(some) } }] },
      ]);
    }
    if (tenant.state === 'active') addTenants(add, environment);
    if (judged.length > 0) addWaypoint(scope, add, environment, labels, judged);
  },
};

type Add = (kind: 'AuthorizationPolicy' | 'PeerAuthentication', name: string, spec: JsonObject) => void;

interface PlainPort {
  readonly workload?: string;
  readonly port: number;
}

/** Ports that are called from outside of the mesh. */
function plainPorts(tenant: TenantSlice, { hosts, connections }: TenantEnvironment): readonly PlainPort[] {
  const at = (port: number, workload: WorkloadName): PlainPort => ({
    port,
    ...(workload === undefined ? {} : { workload }),
  });
  return [
    ...hosts.map(({ targetPort, workload }) => at(targetPort, workload)),
    ...tenant.metrics.map(({ port, workload }) => at(port, workload)),
    ...connections.from.filter(({ sandboxed }) => sandboxed).map(({ port, workload }) => at(port, workload)),
  ];
}

/**
 * Identities everywhere but on those ports. Istio takes exceptions of a port only for Pods that labels select: where
 * one is for every Pod, the same is said by refusing plain text on all other ports.
 */
function addStrictness(add: Add, plain: ReadonlyMap<WorkloadName, readonly PlainPort[]>): void {
  if (plain.has(undefined)) {
    add('PeerAuthentication', 'default', { mtls: { mode: 'PERMISSIVE' } });
    add('AuthorizationPolicy', 'no-plain-text', {
      action: 'DENY',
      rules: [{ from: [{ source: NOBODY }], to: [{ operation: { notPorts: numbers([...plain.values()].flat()) } }] }],
    });
    return;
  }
  add('PeerAuthentication', 'default', { mtls: { mode: 'STRICT' } });
  for (const [workload, some] of plain) {
    add('PeerAuthentication', nameOf('plain-text', workload), {
      selector: { matchLabels: { ...podLabels(workload) } },
      mtls: { mode: 'STRICT' },
      portLevelMtls: Object.fromEntries(numbers(some).map((port) => [port, { mode: 'PERMISSIVE' }])),
    });
  }
}

/** Other tenants, each on the ports that both sides named. Those that are judged by request come by the waypoint. */
function addTenants(add: Add, { connections }: TenantEnvironment): void {
  const direct = connections.from.filter((one) => !one.sandboxed && !isByRequest(one));
  for (const [{ tenant, workload }, some] of grouped(direct, (one) => `${one.tenant} ${one.workload ?? ''}`)) {
    allow(add, nameOf(`from-${tenant}`, workload), workload, [
      {
        from: [{ source: { namespaces: [...new Set(some.map((one) => one.namespace))] } }],
        to: [{ operation: { ports: numbers(some) } }],
      },
    ]);
  }
}

/**
 * The proxy that reads requests, what it lets through, and what it may call: the ports that are judged, and no others.
 * A Service is led through it by the label `istio.io/use-waypoint: waypoint`; without that, calls to it are refused.
 */
function addWaypoint(
  scope: Construct,
  add: Add,
  { namespace }: TenantEnvironment,
  labels: Record<string, string>,
  judged: readonly TenantConnection[],
): void {
  new ApiObject(scope, 'waypoint', {
    apiVersion: GATEWAY_API,
    kind: 'Gateway',
    metadata: { name: WAYPOINT, namespace, labels: { ...labels, 'istio.io/waypoint-for': 'service' } },
    spec: {
      gatewayClassName: 'istio-waypoint',
      listeners: [{ name: 'mesh', port: HBONE, protocol: 'HBONE', allowedRoutes: { namespaces: { from: 'Same' } } }],
    },
  });
  for (const [workload, some] of byWorkload(judged)) {
    allow(add, nameOf('by-waypoint', workload), workload, [
      { from: [{ source: { principals: [principal(namespace)] } }], to: [{ operation: { ports: numbers(some) } }] },
    ]);
  }
  const proxy = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: WAYPOINT };
  add('AuthorizationPolicy', 'requests-inside', {
    targetRefs: [proxy],
    action: 'ALLOW',
    rules: [{ from: [{ source: { namespaces: [namespace] } }] }],
  });
  for (const [one, some] of grouped(judged, ({ tenant, ...other }) => `${tenant} ${serviceOf(other) ?? ''}`)) {
    const service = serviceOf(one);
    add('AuthorizationPolicy', nameOf(`requests-from-${one.tenant}`, service), {
      targetRefs: [service === undefined ? proxy : { group: '', kind: 'Service', name: service }],
      action: 'ALLOW',
      rules: some.map(({ namespace: from, methods, paths }) => ({
        from: [{ source: { namespaces: [from] } }],
        ...(methods || paths
          ? {
              to: [
                {
                  operation: {
                    ...(methods ? { methods: [...methods] } : {}),
                    ...(paths ? { paths: paths.flatMap(pathsBelow) } : {}),
                  },
                },
              ],
            }
          : {}),
      })),
    });
  }
}

/** The Service that a connection is called by. A label may hold more than a Service's name can. */
function serviceOf({ service, workload }: Pick<TenantConnection, 'service' | 'workload'>): string | undefined {
  return service ?? (workload !== undefined && !labelFault(workload) ? workload : undefined);
}

/** A prefix as Istio writes it: it ends at a part of the path, as it does at the gateway. */
function pathsBelow(prefix: string): string[] {
  const path = prefix.replace(/\/$/, '');
  return path === '' ? ['/*'] : [path, `${path}/*`];
}

function allow(add: Add, name: string, workload: WorkloadName, rules: readonly JsonObject[]): void {
  add('AuthorizationPolicy', name, {
    ...(workload === undefined ? {} : { selector: { matchLabels: { ...podLabels(workload) } } }),
    action: 'ALLOW',
    rules: [...rules],
  });
}

function principal(namespace: string): string {
  return `cluster.local/ns/${namespace}/sa/${WAYPOINT}`;
}

/** Each port once, as text, the smallest first. */
function numbers(ports: readonly { readonly port: number }[]): string[] {
  return [...new Set(ports.map(({ port }) => port))].sort((a, b) => a - b).map(String);
}
