import type { PlannedObject } from './state-plan';
import type { Survey, SurveyedTenant } from './survey';

/** What removing a tenant means for what it holds, beyond the objects that Keelson writes. */
export interface Removal {
  /** What holds data and stays, a line each. */
  readonly stays: readonly string[];
  /** In which order it happens. */
  readonly order: readonly string[];
  /** What would hang, and on what it waits. */
  readonly hangs: readonly string[];
  /** What a person types once the data may go. Nothing else deletes it. */
  readonly commands: readonly string[];
}

/**
 * How data of a tenant outlives it, and what deletes it at last. `objects` are those that it still has once it is
 * removed: some stand in namespaces of the platform's, which nobody deletes.
 */
export function removalOf(
  tenant: SurveyedTenant,
  objects: readonly PlannedObject[],
  survey: Pick<Survey, 'clusters'>,
): Removal {
  const { name, places } = tenant;
  const stays: string[] = [];
  const hangs: string[] = [];
  const commands: string[] = [];
  for (const { cluster, environment } of places) {
    const { namespace, databases, backup, quota } = environment;
    const kubectl = `kubectl --context ${cluster}`;
    stays.push(`namespace ${namespace} on ${cluster}, with its volumes, secrets and whatever the team deployed`);
    for (const database of databases) {
      const fate = {
        keep: 'its data stays even after that',
        snapshot: 'a last snapshot is taken first',
        delete: 'its data goes with it',
      };
      stays.push(
        `database ${namespace}/${database.name}; deleted with the namespace: ${fate[database.onDelete]} (onDelete: ${database.onDelete})`,
      );
    }
    if (survey.clusters.get(cluster)?.addOns.includes('velero')) {
      stays.push(`backups of ${namespace}, each for ${backup.keepDays} days from when it was taken`);
      commands.push(
        `velero --kubecontext ${cluster} backup create ${namespace}-last --include-namespaces ${namespace} --wait`,
      );
    }
    hangs.push(`namespace ${namespace}: stays Terminating until the last object in it has lost its finalizers`);
    if (databases.length > 0) {
      hangs.push(
        `databases of ${namespace}: wait for Crossplane, its provider and the cloud, all of which must still run`,
      );
    }
    if (quota.loadBalancers > 0) {
      hangs.push(`load balancers of ${namespace}: wait for the cloud's controller to take them down`);
    }
    commands.push(
      `${kubectl} -n ${namespace} get persistentvolumeclaims${databases.length > 0 ? ',databases.platform.keelson.dev' : ''}`,
    );
    commands.push(`${kubectl} delete namespace ${namespace}`);
  }
  const own = new Set(places.map(({ cluster, environment }) => `${cluster}/${environment.namespace}`));
  for (const { cluster, kind, name: full } of objects) {
    const [namespace = '', object] = full.split('/');
    if (object === undefined || own.has(`${cluster}/${namespace}`)) continue;
    commands.push(`kubectl --context ${cluster} -n ${namespace} delete ${kind} ${object}`);
  }
  hangs.push('volume claims: wait (kubernetes.io/pvc-protection) until no Pod uses them any more');
  return {
    stays,
    order: [
      `first commit, \`state: removed\`: Argo CD stops deploying ${name}, its hosts and its network to others close, no new Pod starts`,
      `${endsPods(tenant, survey)}; data stays where it is`,
      `second commit, without the claim: the directory and Argo CD's Application tenant-${name} go; whatever is in the namespaces stays, and belongs to nobody`,
      'a person deletes the namespaces, by the commands below; that is the only step that loses data',
    ],
    hangs,
    commands,
  };
}

/** What becomes of Pods that run while their tenant is stopped. */
export function endsPods({ places }: SurveyedTenant, { clusters }: Pick<Survey, 'clusters'>): string {
  const all = [...new Set(places.map(({ cluster }) => cluster))];
  const off = all.filter((cluster) => !clusters.get(cluster)?.addOns.includes('suspension'));
  const ended = 'Kyverno ends the Pods that run, within a minute or two';
  if (off.length === 0) return ended;
  const left = `those that run on ${off.join(', ')} run on until somebody deletes them, since add-on 'suspension' is off there`;
  return off.length < all.length ? `${ended}; ${left}` : left;
}
