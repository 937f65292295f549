import { parsePath } from '../model/layout';
import { repositoriesIn } from './holdings';
import { namespacesIn } from './namespaces';
import type { Plan } from './plan';
import type { Tree } from './tree';

/** What two tenants have in common that are the same one under another name. */
interface Traits {
  readonly owners: Set<string>;
  readonly repositories: Set<string>;
}

/**
 * The new tenant that a vanished one seems to have become: it has the same owner or the same repository. Asked only
 * where a tenant vanishes that must not, so that it may read files.
 */
export function renamedTo(
  tenant: string,
  plan: Plan,
  tree: Tree,
): { readonly name: string; readonly by: string } | undefined {
  const before = traitsOf(plan.removed, tenant, (path) => plan.before.get(path) ?? '');
  const changed = new Set(plan.changed.map((path) => parsePath(path).name));
  const names = new Set(
    plan.added.map(parsePath).flatMap(({ kind, name }) => (kind === 'tenant' && name ? [name] : [])),
  );
  for (const name of names) {
    if (name === tenant || changed.has(name)) continue;
    const after = traitsOf(plan.added, name, (path) => tree.read(path).toString('utf8'));
    const repository = [...before.repositories].find((one) => after.repositories.has(one));
    if (repository !== undefined) return { name, by: `repository ${repository}` };
    const owner = [...before.owners].find((one) => after.owners.has(one));
    if (owner !== undefined) return { name, by: `owner ${owner}` };
  }
  return undefined;
}

function traitsOf(paths: readonly string[], tenant: string, read: (path: string) => string): Traits {
  const traits: Traits = { owners: new Set(), repositories: new Set() };
  for (const path of paths) {
    const { kind, name, facet } = parsePath(path);
    if (kind !== 'tenant' || name !== tenant) continue;
    if (facet === 'namespace') for (const { owner } of namespacesIn(read(path))) if (owner) traits.owners.add(owner);
    if (facet === 'delivery') for (const url of repositoriesIn(read(path))) traits.repositories.add(url);
  }
  return traits;
}
