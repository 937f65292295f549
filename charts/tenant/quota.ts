import { k8s } from 'cdk8s-plus-28';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';

/** Objects that cost the control plane or the cloud something, and how many of each a namespace may hold. */
const OBJECTS = {
  configmaps: '200',
  'count/cronjobs.batch': '50',
  'count/deployments.apps': '100',
  'count/ingresses.networking.k8s.io': '0',
  'count/jobs.batch': '200',
  'count/statefulsets.apps': '50',
  persistentvolumeclaims: '50',
  secrets: '200',
  services: '100',
  // A way in from outside goes through the platform's gateway.
  'services.loadbalancers': '0',
  'services.nodeports': '0',
} as const;

/** How far a container's limit may be above its request: more would be a promise that the machine cannot keep. */
const RATIO = { cpu: '10', memory: '4' } as const;

/** What the namespace may ask for, and what a container may. */
export const facet: TenantFacet = {
  each: 'environment',
  render(scope, tenant, { namespace, quota, limits, ...environment }, _cluster) {
    const labels = tenantLabels(tenant, { namespace, quota, limits, ...environment });
    const addQuota = (name: string, hard: Record<string, string>) =>
      new k8s.KubeResourceQuota(scope, name, {
        metadata: { name, namespace, labels },
        spec: { hard: quantities(hard) },
      });
    addQuota('compute', {
      'requests.cpu': quota.cpu,
      'requests.memory': quota.memory,
      'limits.memory': quota.memory,
      'requests.storage': quota.storage,
      pods: String(quota.pods),
    });
    addQuota('objects', OBJECTS);
    new k8s.KubeLimitRange(scope, 'containers', {
      metadata: { name: 'containers', namespace, labels },
      spec: {
        limits: [
          {
            type: 'Container',
            defaultRequest: quantities(limits.defaultRequest),
            default: quantities(limits.default),
            max: quantities(limits.maximum),
            maxLimitRequestRatio: quantities(RATIO),
          },
        ],
      },
    });
  },
};

function quantities(amounts: Readonly<Record<string, string>>): Record<string, k8s.Quantity> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, k8s.Quantity.fromString(amount)]));
}
