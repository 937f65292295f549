import { treeFromGit } from './git-tree';
import { withStore } from './store';
import { resolveTarget, type Target } from './target';
import { treeFromFiles, type Tree } from './tree';

/** What a branch holds. */
export interface Published {
  readonly tree: Tree;
  /** @default - nothing is published yet; the tree is empty */
  readonly commit?: string;
}

/** The published tree of a target. Throws a `PublishError` where the repository can't be reached. */
export async function readPublished(target: Target): Promise<Published> {
  return withStore(resolveTarget(target), async (store, run) => {
    const commit = await store.head(run);
    return commit === undefined
      ? { tree: treeFromFiles(new Map()) }
      : { tree: treeFromGit(store.gitDir, commit), commit };
  });
}
