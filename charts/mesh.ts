import type { ResolvedCluster, TenantConnection, TenantEnvironment, TenantSlice } from '../src/model/slices';

/** Port that Pods in the mesh take each other's connections on, whichever they were made to. */
export const HBONE = 15008;

/** Name of the proxy that judges requests to a namespace's Services, and of the account that it calls their Pods as. */
export const WAYPOINT = 'waypoint';

/** Labels that istiod gives the proxy's Pods. */
export const WAYPOINT_PODS = { 'gateway.networking.k8s.io/gateway-name': WAYPOINT } as const;

/**
 * Whether a tenant's Pods are in the mesh: everywhere that there is one, but for sandboxed containers. Those take
 * packets from the Pod's interface by themselves, past the rules that lead them through ztunnel.
 */
export function isInMesh(tenant: TenantSlice, cluster: ResolvedCluster): boolean {
  return tenant.tier !== 2 && cluster.addOns.includes('ztunnel') && cluster.addOns.includes('istiod');
}

/** Labels that bring a namespace's Pods into the mesh; none where they are not in it. */
export function meshLabels(tenant: TenantSlice, cluster: ResolvedCluster): Record<string, string> {
  return isInMesh(tenant, cluster) ? { 'istio.io/dataplane-mode': 'ambient' } : {};
}

/** Whether a connection is told by methods or paths and not by its port alone. */
export function isByRequest({ methods, paths }: TenantConnection): boolean {
  return methods !== undefined || paths !== undefined;
}

/**
 * Connections that come through the namespace's waypoint, where both ends are in the mesh: those by request, and all
 * others to the same port of the same Pods, since whoever calls a Service that has a waypoint is led through it.
 */
export function throughWaypoint(
  tenant: TenantSlice,
  { connections: { from } }: TenantEnvironment,
  cluster: ResolvedCluster,
): readonly TenantConnection[] {
  if (tenant.state !== 'active' || !isInMesh(tenant, cluster)) return [];
  const meshed = from.filter(({ sandboxed }) => !sandboxed);
  const place = ({ workload = '', port }: TenantConnection) => `${port} ${workload}`;
  const judged = new Set(meshed.filter(isByRequest).map(place));
  return meshed.filter((one) => judged.has(place(one)));
}
