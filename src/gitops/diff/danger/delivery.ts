import { at, list, newItems, text } from '../values';
import { high, some, type Danger, type Judge } from './danger';

const keeping = /^(Prune|Delete)=(false|confirm)$/;

/** Argo CD (or Helm) may from now on delete what it kept before. */
export const judgeDelivery: Judge = ({ before, after }) => {
  if (!before || !after) return [];
  const dangers = keptDangers(before.body, after.body);
  if (after.kind === 'Application') dangers.push(...applicationDangers(before.body, after.body, 'spec'));
  if (after.kind === 'ApplicationSet') {
    dangers.push(
      ...applicationDangers(at(before.body, 'spec', 'template'), at(after.body, 'spec', 'template'), 'spec'),
    );
    const preserves = (body: unknown): boolean =>
      at(body, 'spec', 'syncPolicy', 'preserveResourcesOnDeletion') === true;
    if (preserves(before.body) && !preserves(after.body)) {
      dangers.push(high('deletes what an Application deployed when the Application goes'));
    }
    const policy = (body: unknown): string => text(at(body, 'spec', 'syncPolicy', 'applicationsSync')) ?? 'sync';
    const keeps = (value: string): boolean => value === 'create-only' || value === 'create-update';
    if (keeps(policy(before.body)) && !keeps(policy(after.body)))
      dangers.push(high('may delete Applications from now on'));
  }
  return dangers;
};

function keptDangers(before: unknown, after: unknown): Danger[] {
  const kept = (body: unknown): string[] => {
    const options = text(at(body, 'metadata', 'annotations', 'argocd.argoproj.io/sync-options')) ?? '';
    const helm =
      at(body, 'metadata', 'annotations', 'helm.sh/resource-policy') === 'keep' ? ['resource-policy keep'] : [];
    return [
      ...options
        .split(',')
        .map((option) => option.trim())
        .filter((option) => keeping.test(option)),
      ...helm,
    ];
  };
  const lost = newItems(kept(after), kept(before));
  return lost.length > 0 ? [high(`may be deleted from now on: loses ${some(lost)}`)] : [];
}

function applicationDangers(before: unknown, after: unknown, spec: string): Danger[] {
  const automated = (body: unknown, field: string): boolean =>
    at(body, spec, 'syncPolicy', 'automated', field) === true;
  const cascades = (body: unknown): boolean =>
    list(at(body, 'metadata', 'finalizers')).some((name) =>
      String(name).startsWith('resources-finalizer.argocd.argoproj.io'),
    );
  const kept = (body: unknown): unknown[] =>
    list(at(body, spec, 'syncPolicy', 'syncOptions')).filter((option) => keeping.test(String(option)));
  const lost = newItems(kept(after), kept(before));
  return [
    ...(automated(after, 'prune') && !automated(before, 'prune')
      ? [high('lets Argo CD delete what vanishes from git (prune)')]
      : []),
    ...(automated(after, 'allowEmpty') && !automated(before, 'allowEmpty')
      ? [high('lets Argo CD delete everything when git is empty (allowEmpty)')]
      : []),
    ...(cascades(after) && !cascades(before)
      ? [high('deletes what it deployed when the Application goes (finalizer)')]
      : []),
    ...(lost.length > 0 ? [high(`loses the sync option ${some(lost)}`)] : []),
  ];
}
