/** The operator of PostgreSQL in the cluster: its Pods, and the ports of its instances that others come to. */
export const CLOUDNATIVE_PG = {
  namespace: 'cnpg-system',
  labels: { 'app.kubernetes.io/instance': 'cloudnative-pg', 'app.kubernetes.io/name': 'cloudnative-pg' },
  /** What an instance tells of its state, and takes orders on. */
  status: 8000,
  metrics: 9187,
  /** Images of the operator and of PostgreSQL. */
  registry: 'ghcr.io/cloudnative-pg',
} as const;
