import { k8s } from 'cdk8s-plus-28';
import { prioritiesOf } from '../../src/model/priorities';
import type { ResolvedCluster, TenantEnvironment, TenantSlice } from '../../src/model/slices';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';

/**
 * Objects that cost the control plane or the cloud something, and how many of each a namespace may hold: several times
 * what a team of a hundred Pods has, the platform's own objects in the namespace included, and few enough that no
 * tenant fills etcd or slows what lists them.
 */
const OBJECTS = {
  configmaps: '200',
  'count/controllerrevisions.apps': '600',
  'count/cronjobs.batch': '50',
  'count/deployments.apps': '100',
  'count/externalsecrets.external-secrets.io': '200',
  'count/horizontalpodautoscalers.autoscaling': '100',
  'count/httproutes.gateway.networking.k8s.io': '200',
  // A way in from outside goes through the platform's gateway.
  'count/ingresses.networking.k8s.io': '0',
  'count/jobs.batch': '200',
  'count/networkpolicies.networking.k8s.io': '500',
  'count/poddisruptionbudgets.policy': '150',
  // A Deployment keeps ten old ones unless told otherwise, and nothing else bounds what it is told.
  'count/replicasets.apps': '1200',
  'count/scaledjobs.keda.sh': '50',
  'count/scaledobjects.keda.sh': '100',
  'count/serviceaccounts': '100',
  'count/statefulsets.apps': '50',
  'count/triggerauthentications.keda.sh': '100',
  persistentvolumeclaims: '50',
  secrets: '300',
  services: '100',
} as const;

/** Pods that have ended stay until their Job goes: one for each Job, and as many again as may run. */
const ENDED_PODS = 200;

/**
 * Disk of the machine that a container may fill, in GiB: what it gets unasked, and the most. Whoever fills it has
 * everybody's Pods evicted. None is requested, since simulated machines offer none.
 */
const DISK = { default: 1, maximum: 10 } as const;

/** StorageClasses that come with a cluster though the platform offers them not. */
const NOT_OFFERED = { aws: [], eks: ['gp2'], local: ['standard'] } as const;

/** PriorityClasses that a cluster has whatever is on it. */
const OF_KUBERNETES = ['system-cluster-critical', 'system-node-critical'] as const;

/** What the namespace may ask for, and what a container may. */
export const facet: TenantFacet = {
  each: 'environment',
  why: 'one tenant cannot take what others need, and a container without limits gets some',
  render(scope, tenant, environment, cluster) {
    const labels = tenantLabels(tenant, environment);
    const { namespace, quota, limits } = environment;
    // Stopped: whatever asks for a Pod is refused, whoever it is, and nothing that holds data goes.
    const pods = tenant.state === 'active' ? quota.pods : 0;
    const addQuota = (name: string, spec: Omit<k8s.ResourceQuotaSpec, 'hard'>, hard: Record<string, string>) =>
      new k8s.KubeResourceQuota(scope, name, {
        metadata: { name, namespace, labels },
        spec: { ...spec, hard: quantities(hard) },
      });
    addQuota(
      'compute',
      {},
      {
        'requests.cpu': quota.cpu,
        'requests.memory': quota.memory,
        'limits.memory': quota.memory,
        'limits.ephemeral-storage': `${quota.pods * DISK.default}Gi`,
        'requests.storage': quota.storage,
        pods: String(pods),
        'count/pods': String(2 * quota.pods + ENDED_PODS),
      },
    );
    addQuota('storage-classes', {}, ofClasses(quota, cluster));
    addQuota(
      'objects',
      {},
      {
        ...OBJECTS,
        'services.loadbalancers': String(quota.loadBalancers),
        // A load balancer takes a port of every machine too.
        'services.nodeports': String(quota.nodePorts + quota.loadBalancers),
      },
    );
    addQuota(
      'priority',
      { scopeSelector: { matchExpressions: [foreignPriorities(tenant, environment, cluster)] } },
      { pods: '0' },
    );
    const disk = Math.min(DISK.maximum, quota.pods * DISK.default);
    new k8s.KubeLimitRange(scope, 'containers', {
      metadata: { name: 'containers', namespace, labels },
      spec: {
        limits: [
          {
            type: 'Container',
            min: quantities(limits.minimum),
            defaultRequest: quantities({ ...limits.defaultRequest, 'ephemeral-storage': '0' }),
            default: quantities({ ...limits.default, 'ephemeral-storage': `${DISK.default}Gi` }),
            max: quantities({ ...limits.maximum, 'ephemeral-storage': `${disk}Gi` }),
            maxLimitRequestRatio: quantities(limits.ratio),
          },
          // Told at once, and not by a quota that says how much is left.
          { type: 'PersistentVolumeClaim', max: quantities({ storage: quota.storage }) },
        ],
      },
    });
  },
};

/** Pods whose PriorityClass is not one of the environment's: they would push out those of others. */
function foreignPriorities(
  { tier }: TenantSlice,
  { production }: TenantEnvironment,
  { addOns }: ResolvedCluster,
): k8s.ScopedResourceSelectorRequirement {
  const scopeName = 'PriorityClass';
  // Without the platform's classes Pods have none at all, which `NotIn` would select too.
  if (!addOns.includes('priority-classes')) return { scopeName, operator: 'In', values: [...OF_KUBERNETES] };
  return { scopeName, operator: 'NotIn', values: [...prioritiesOf(tier, production)] };
}

/** Volumes of each class that there is. */
function ofClasses(quota: TenantEnvironment['quota'], cluster: ResolvedCluster): Record<string, string> {
  const ofClass = (name: string) => `${name}.storageclass.storage.k8s.io/requests.storage`;
  return {
    ...Object.fromEntries(
      cluster.storageClasses.map((name) => [ofClass(name), quota.storageClasses[name] ?? quota.storage]),
    ),
    ...Object.fromEntries(NOT_OFFERED[cluster.provider].map((name) => [ofClass(name), '0'])),
  };
}

function quantities(amounts: Readonly<Record<string, string>>): Record<string, k8s.Quantity> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, k8s.Quantity.fromString(amount)]));
}
