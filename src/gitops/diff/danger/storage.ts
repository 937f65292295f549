import { compareQuantities, parseQuantity } from '../../../model/quantity';
import { diffFields } from '../fields';
import { at, text } from '../values';
import { critical, groupOf, high, some, type Danger, type Judge } from './danger';

/** Changes to where data lies. */
export const judgeStorage: Judge = ({ before, after }) => {
  if (!before || !after) return [];
  const changed = (...path: string[]): string[] =>
    diffFields(at(before.body, ...path), at(after.body, ...path), path.join('.')).map((field) => field.path);
  switch (after.kind) {
    case 'PersistentVolumeClaim': {
      const size = shrinks(before.body, after.body, 'spec', 'resources', 'requests', 'storage');
      return [...size, ...mention(changed('spec'), 'changes the volume claim')];
    }
    case 'PersistentVolume':
      return [
        ...retention(before.body, after.body, 'spec', 'persistentVolumeReclaimPolicy'),
        ...mention(changed('spec'), 'changes the volume'),
      ];
    case 'StorageClass': {
      const fields = [
        'provisioner',
        'parameters',
        'volumeBindingMode',
        'allowedTopologies',
        'mountOptions',
        'reclaimPolicy',
      ];
      return [
        ...retention(before.body, after.body, 'reclaimPolicy'),
        ...mention(
          fields.flatMap((field) => changed(field)),
          'changes the storage class',
        ),
      ];
    }
    case 'VolumeSnapshotClass':
      return retention(before.body, after.body, 'deletionPolicy');
    case 'StatefulSet':
      return mention(changed('spec', 'volumeClaimTemplates'), 'changes volume claims, which Kubernetes refuses');
    case 'Schedule':
    case 'BackupStorageLocation':
      return groupOf(after) === 'velero.io' ? mention(changed('spec'), 'changes backups') : [];
    case 'Cluster':
      return groupOf(after) === 'postgresql.cnpg.io' ? databaseDangers(before.body, after.body) : [];
    default:
      return [];
  }
};

function databaseDangers(before: unknown, after: unknown): Danger[] {
  const instances = [at(before, 'spec', 'instances'), at(after, 'spec', 'instances')].map(Number);
  const fewer = (instances[1] ?? 0) < (instances[0] ?? 0);
  const backup = at(before, 'spec', 'backup') !== undefined && at(after, 'spec', 'backup') === undefined;
  return [
    ...shrinks(before, after, 'spec', 'storage', 'size'),
    ...(fewer ? [high(`runs ${instances[1]} database instances instead of ${instances[0]}`)] : []),
    ...(backup ? [critical('ends the backups of a database')] : []),
  ];
}

function shrinks(before: unknown, after: unknown, ...path: string[]): Danger[] {
  const [old, now] = [text(at(before, ...path)), text(at(after, ...path))];
  const [a, b] = [parseQuantity(old ?? ''), parseQuantity(now ?? '')];
  return a && b && compareQuantities(b, a) < 0 ? [critical(`shrinks a volume from ${a.text} to ${b.text}`)] : [];
}

function retention(before: unknown, after: unknown, ...path: string[]): Danger[] {
  const deletes = at(after, ...path) === 'Delete' && at(before, ...path) !== 'Delete';
  return deletes ? [critical('deletes data with its claim from now on')] : [];
}

function mention(fields: readonly string[], what: string): Danger[] {
  return fields.length > 0 ? [high(`${what}: ${some(fields)}`)] : [];
}
