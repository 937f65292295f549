import { createHash } from 'node:crypto';
import { ApiObject } from 'cdk8s';
import { BACKUPS_NAMESPACE, scratchNamespace } from '../../src/model/names';
import type { TenantEnvironment } from '../../src/model/slices';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { RESTORE_CHECK } from '../restore-check/facts';

const DAY = 24;

/** Minutes that Velero may take snapshots for, beside those of the cluster's own schedules. */
const MINUTES = 60;

/** What says nothing a restore could use. */
const EXCLUDED = ['endpointslices.discovery.k8s.io', 'events', 'events.events.k8s.io', 'leases.coordination.k8s.io'];

/**
 * When an environment is backed up and for how long that is kept, objects and volumes. A tenant that is suspended has
 * its data still; one on its way out is backed up once more at once, before anything goes.
 */
export const facet: TenantFacet = {
  why: 'Objects and volumes of the namespace are backed up as often as the class of its data asks for',
  each: 'environment',
  render(scope, tenant, environment, { addOns }) {
    if (!addOns.includes('velero')) return;
    const { namespace, backup } = environment;
    const labels = tenantLabels(tenant, environment);
    const template = {
      includedNamespaces: [namespace],
      excludedResources: EXCLUDED,
      storageLocation: 'default',
      snapshotVolumes: true,
      snapshotMoveData: true,
      ttl: `${backup.keepDays * DAY}h0m0s`,
    };
    new ApiObject(scope, 'schedule', {
      apiVersion: 'velero.io/v1',
      kind: 'Schedule',
      metadata: {
        name: namespace,
        namespace: BACKUPS_NAMESPACE,
        labels,
        annotations: {
          [RESTORE_CHECK.scratch]: scratchNamespace(namespace),
          [RESTORE_CHECK.rtoHours]: String(backup.rtoHours),
        },
      },
      spec: { schedule: scheduleOf(environment), template: { ...template, metadata: { labels } } },
    });
    if (tenant.state !== 'removed') return;
    new ApiObject(scope, 'last', {
      apiVersion: 'velero.io/v1',
      kind: 'Backup',
      metadata: {
        name: `${namespace}-last`,
        namespace: BACKUPS_NAMESPACE,
        labels,
        // Pruning it would not take the data, and would say that there is none.
        annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' },
      },
      spec: template,
    });
  },
};

/**
 * Cron's words for every so many hours at the most. Minutes and hours follow from the name, so that tenants are spread
 * over the time and stay where they are whoever else comes.
 */
function scheduleOf({ namespace, backup: { everyHours } }: TenantEnvironment): string {
  const spread = createHash('sha256').update(namespace).digest().readUInt32BE();
  const minute = spread % MINUTES;
  const hour = Math.floor(spread / MINUTES) % DAY;
  if (everyHours >= 2 * DAY) return `${minute} ${hour} */${Math.floor(everyHours / DAY)} * *`;
  if (everyHours >= DAY) return `${minute} ${hour} * * *`;
  // From midnight on in equal steps; the last one of a day is the shorter one.
  return everyHours === 1 ? `${minute} * * * *` : `${minute} */${everyHours} * * *`;
}
