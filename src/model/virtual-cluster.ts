/** Add-on that must be on where tenants of tier 4 have no cluster of machines of their own. */
export const VIRTUAL_CLUSTERS = 'vcluster';

/** Amounts of one container of a virtual cluster's control plane, as Kubernetes quantities. */
export interface VirtualAmounts {
  readonly cpu: string;
  /** At the most; within the ratios of requests to limits that every namespace of a tenant has. */
  readonly cpuLimit: string;
  readonly memory: string;
  readonly memoryLimit: string;
}

/**
 * What a virtual cluster takes of its environment's quota before its tenant runs anything: the API server and what
 * copies its Pods to the real cluster (`api`), its own DNS, its database. In production three of each that votes.
 */
export const VIRTUAL_CONTROL_PLANE = {
  api: { cpu: '200m', cpuLimit: '2', memory: '512Mi', memoryLimit: '2Gi' },
  dns: { cpu: '50m', cpuLimit: '500m', memory: '64Mi', memoryLimit: '170Mi' },
  database: { cpu: '100m', cpuLimit: '1', memory: '512Mi', memoryLimit: '512Mi' },
  /** Volume of each copy of the database. */
  storage: '5Gi',
} as const satisfies Record<'api' | 'dns' | 'database', VirtualAmounts> & { readonly storage: string };

/** Copies of each. Outside of production the API server keeps its data itself, on one volume. */
export function virtualReplicas(production: boolean): {
  readonly api: number;
  readonly dns: number;
  readonly database: number;
} {
  return production ? { api: 3, dns: 2, database: 3 } : { api: 1, dns: 1, database: 0 };
}
