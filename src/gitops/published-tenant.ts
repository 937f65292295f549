import { parsePath } from '../model/layout';
import { namespacesIn } from './namespaces';
import type { Tree } from './tree';

/** What is published of a tenant: nothing, or the state of its namespaces; `mixed` where they are not in the same. */
export type PublishedState = 'nothing' | 'active' | 'suspended' | 'removed' | 'mixed';

/** Looks a tenant up in a published tree. */
export async function publishedState(tree: Tree, tenant: string): Promise<PublishedState> {
  const paths = [...tree.files.keys()].filter((path) => {
    const { kind, name, facet } = parsePath(path);
    return kind === 'tenant' && name === tenant && facet === 'namespace';
  });
  await tree.load?.(paths);
  const states = new Set(
    paths.flatMap((path) => namespacesIn(tree.read(path).toString('utf8'))).map(({ state = 'active' }) => state),
  );
  const [state] = states;
  if (state === undefined) return 'nothing';
  return states.size > 1 || (state !== 'suspended' && state !== 'removed' && state !== 'active') ? 'mixed' : state;
}
