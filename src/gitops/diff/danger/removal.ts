import type { TreeObject } from '../objects';
import { critical, groupOf, high, notice, type Danger, type Judge } from './danger';

const losses: Record<string, string> = {
  Namespace: 'deletes the namespace with everything in it',
  PersistentVolumeClaim: 'deletes the volume claim, and with it the data unless its volume is retained',
  PersistentVolume: 'deletes the volume',
  CustomResourceDefinition: 'deletes the kind, and with it every object of that kind in the cluster',
  StatefulSet: 'deletes a stateful workload',
  VolumeSnapshot: 'deletes a snapshot',
  VolumeSnapshotContent: 'deletes a snapshot',
  Application: 'deletes the Application, and with it what it deployed where it cascades',
  ApplicationSet: 'deletes the ApplicationSet with its Applications',
  Schedule: 'deletes a backup schedule',
  BackupStorageLocation: 'deletes the place of the backups',
};

const lowered: Record<string, string> = {
  ResourceQuota: 'removes a quota',
  LimitRange: 'removes default limits',
  PodDisruptionBudget: 'removes a disruption budget',
  Secret: 'deletes a secret',
  ExternalSecret: 'deletes a secret',
  StorageClass: 'deletes a storage class',
  AppProject: 'deletes an AppProject that limits what may be deployed',
};

/** Objects that vanish: what they hold is lost, or what they guarded stands open. */
export const judgeRemoval: Judge = ({ before, after }, context) => {
  if (!before || after || before.kind === 'Document') return [];
  const loss = lossOf(before);
  if (loss) return [loss];
  if (before.namespace !== undefined && context.goneNamespaces.has(before.namespace)) return [];
  const guard = lowered[before.kind];
  return [guard === undefined ? notice(`deletes the ${before.kind}`) : high(guard)];
};

function lossOf(object: TreeObject): Danger | undefined {
  const group = groupOf(object);
  const known = losses[object.kind];
  if (known !== undefined) return critical(known);
  if (group === 'postgresql.cnpg.io' || /Database|Bucket|Postgres|MySQL|MariaDB|Mongo|Redis|Kafka/i.test(object.kind)) {
    return critical('deletes a data store');
  }
  if (/(^|\.)(upbound\.io|crossplane\.io|platform\.keelson\.dev)$/.test(group)) {
    return critical('deletes what this object owns outside the cluster');
  }
  return undefined;
}
