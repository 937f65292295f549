/**
 * What stands on the namespaces of tenants for guardrails to read: policies are one a cluster, never one a tenant, so
 * that what differs from tenant to tenant is told by its namespaces, which no tenant can change.
 */
export const TENANT_NAMESPACE = {
  /** Label: the tenant's name. Guardrails hold wherever it stands. */
  tenant: 'tenant',
  /** Label: name of the environment. */
  environment: 'environment',
  /** Label: the tenant's tier, `1` to `4`. */
  tier: 'tier',
  /** Label: `true` in a production environment, else `false`. */
  production: 'keelson.dev/production',
  /** Label: node pool that all of its Pods run on. Absent where it is left to the scheduler. */
  nodePool: 'keelson.dev/node-pool',
  /** Annotations: copies of a workload that an autoscaler may ask for, at the least and at the most. */
  autoscalingMinimum: 'keelson.dev/autoscaling-minimum',
  autoscalingMaximum: 'keelson.dev/autoscaling-maximum',
  /** Annotation: hosts that its routes may have, with commas between them. */
  hosts: 'keelson.dev/hosts',
  /**
   * Annotation, with the name of a ServiceAccount that acts as a role of the cloud after it: the workloads that may run
   * as it, by commas. Empty where no Pod may.
   */
  identityPrefix: 'identity.keelson.dev/',
  /** Annotation: names of its SecretStores, by commas. Absent where it has none. */
  secretStores: 'keelson.dev/secret-stores',
  /** Label: `true` where the tenant is suspended or on its way out. Absent while it is active. */
  stopped: 'keelson.dev/stopped',
  /** Annotation: `suspended` or `removed`. Absent while the tenant is active. */
  state: 'keelson.dev/state',
} as const;
