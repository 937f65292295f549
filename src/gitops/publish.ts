import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../model/finding';
import { checkPaths } from './check-paths';
import { readIdentity, writeCommit } from './commit';
import { explain } from './explain';
import type { GitRun } from './git';
import { treeFromGit } from './git-tree';
import { lastPublication } from './history';
import { withoutTakers } from './holdings';
import { type Faulty, type Kept, keptFindings, withAges } from './keep';
import { commitMessage } from './message';
import { planPublish, type Conflict, type Overwrite } from './plan';
import { PublishError } from './publish-error';
import { judgeRemovals } from './removals';
import type { Run } from './run';
import { isStale, type Source } from './source';
import { withStore, type Store } from './store';
import { summarise, type PublishSummary } from './summary';
import { resolveTarget, type Target } from './target';
import type { Tree } from './tree';

/** How a tree is published. */
export interface PublishOptions {
  /** Version of Keelson, for the commit's trailer. */
  readonly version: string;
  /** The platform's own repository. @default - unknown: no check for a stale source */
  readonly source?: Source;
  /** What may vanish: `tenant/<name>`, `cluster/<name>`, `share`. @default - nothing that needs naming */
  readonly allowRemove?: readonly string[];
  /** Files whose hand-made changes are overwritten; `all` leaves out files that Keelson never wrote. @default - none */
  readonly overwrite?: Overwrite;
  /** Publish even where the published source is newer. @default false */
  readonly allowStale?: boolean;
  /** Tenants that the tree lacks because their claims are broken: what is published of them stays. @default - none */
  readonly faulty?: Faulty;
  /** Share of all published objects that may vanish without `share` being named, 0 to 1. @default 0.1 */
  readonly maxRemovedShare?: number;
  /** Work everything out and commit nothing. @default false */
  readonly dryRun?: boolean;
  /** Called as the work goes on; `done` and `total` are files, where they are counted. */
  readonly onProgress?: (step: PublishStep, done?: number, total?: number) => void;
}

export type PublishStep = 'fetch' | 'compare' | 'write' | 'push';

/** What became of a publish. */
export interface PublishResult {
  /** `refused`: nothing was committed, the findings say why. */
  readonly outcome: 'published' | 'unchanged' | 'refused';
  /** Whether the branch moved (with `dryRun`: would have). */
  readonly changed: boolean;
  /** The repository, without credentials. */
  readonly repository: string;
  readonly branch: string;
  /** The commit that the branch now points to. @default - the branch does not exist */
  readonly commit?: string;
  /** The commit that it pointed to before. @default - the branch did not exist */
  readonly previous?: string;
  readonly summary: PublishSummary;
  /** Tenants whose published version stays, because their claims are broken. */
  readonly kept: readonly Kept[];
  /** Errors where it was refused, or where a tenant was left out; warnings otherwise. */
  readonly findings: readonly Finding[];
}

/** Fewer vanished objects than this never need to be named as a share. */
const removalFloor = 20;

const mostAttempts = 20;

/** Attempts in a row that find the branch where it was, and can't move it. */
const mostStandstills = 6;

/**
 * Commits a tree to a branch, on top of what is there: all of it or nothing. What people did by hand, and large
 * removals, are refused until they are named.
 * Throws a `PublishError` where the repository can't be reached or written.
 */
export async function publish(tree: Tree, target: Target, options: PublishOptions): Promise<PublishResult> {
  const resolved = resolveTarget(target);
  const { label, branch } = resolved;
  const faults = checkPaths(tree.files);
  if (faults.length > 0) {
    const files = { added: 0, changed: 0, removed: 0 };
    const summary = { files, units: [] };
    return { outcome: 'refused', changed: false, repository: label, branch, summary, kept: [], findings: faults };
  }
  return withStore(resolved, async (store, run) => {
    let lastHead: string | undefined;
    let standstill = 0;
    for (let attempt = 1; ; attempt++) {
      const result = await attemptPublish(tree, store, run, { label, branch }, options);
      if ('outcome' in result) return result;
      // Where nobody moved the branch, something else keeps it from moving.
      standstill = attempt > 1 && result.head === lastHead ? standstill + 1 : 0;
      lastHead = result.head;
      if (standstill === mostStandstills) throw explain(result.said, label);
      if (attempt === mostAttempts) {
        const message = `other publishers moved the branch ${mostAttempts} times while this one was at work`;
        throw new PublishError('gitops/race', label, message, 'see who publishes there, and publish again');
      }
      // Apart from one another, so that each has its turn.
      await sleep(Math.random() * Math.min(2000, 50 * 2 ** attempt));
    }
  });
}

/** An attempt that came too late. */
interface LostRace {
  /** What it was built upon. */
  readonly head: string | undefined;
  readonly said: GitRun;
}

/** One attempt: everything is worked out anew on what is published now. */
async function attemptPublish(
  rendered: Tree,
  store: Store,
  run: Run,
  { label, branch }: { label: string; branch: string },
  options: PublishOptions,
): Promise<PublishResult | LostRace> {
  const { source, onProgress } = options;
  onProgress?.('fetch');
  const head = await store.head(run);
  onProgress?.('compare');
  const last = head === undefined ? undefined : await lastPublication(run.scratch, head);
  const { overwrite = [], allowRemove = [] } = options;
  const all = { tree: rendered, faulty: options.faulty, findings: [] };
  const {
    tree,
    faulty,
    findings: taken,
  } = options.faulty && head !== undefined && (options.faulty.tenants.size > 0 || options.faulty.unread.length > 0)
    ? await withoutTakers(rendered, treeFromGit(run.scratch, head), options.faulty, allowRemove)
    : all;
  const plan = await planPublish(tree, run.scratch, head, last, {
    overwrite,
    allowRemove,
    ...(faulty === undefined ? {} : { faulty }),
  });
  const summary = summarise(plan, tree);
  const kept = head === undefined ? [] : await withAges(plan.kept, run.scratch, head);
  const stays = faulty === undefined ? [] : keptFindings(kept, faulty);
  const at = head === undefined ? {} : { previous: head, commit: head };
  const base = { repository: label, branch, summary, kept, ...at };
  if (plan.added.length + plan.changed.length + plan.removed.length === 0) {
    return { ...base, outcome: 'unchanged', changed: false, findings: [...taken, ...stays] };
  }

  const limits = { share: options.maxRemovedShare ?? 0.1, floor: removalFloor };
  const removals = judgeRemovals(plan, tree, allowRemove, limits);
  const stale = source && last?.source !== undefined ? await isStale(source, last.source) : false;
  const told = [
    ...plan.conflicts.map(conflictFinding),
    ...removals.refused,
    ...staleFindings(stale, last?.source, options),
  ];
  const findings = [...told, ...taken, ...stays];
  if (told.some(({ severity }) => severity === 'error')) {
    return { ...base, outcome: 'refused', changed: false, findings };
  }
  if (options.dryRun) return { ...base, outcome: 'unchanged', changed: true, findings };

  const overridden = [
    ...removals.named.map((name) => `remove ${name}`),
    ...plan.overridden.map(({ path, reason }) => `overwrite ${path} (${reason})`),
    ...(stale === true ? ['stale source'] : []),
  ];
  const revision = source ? `${source.revision}${source.dirty ? '-dirty' : ''}` : 'unknown';
  const message = commitMessage(summary, { source: revision, version: options.version, overridden, kept });
  const identity = await readIdentity(source?.directory ?? process.cwd());
  const total = plan.added.length + plan.changed.length;
  onProgress?.('write', 0, total);
  const parent = head === undefined ? {} : { parent: head };
  const commit = await writeCommit(run, tree, plan, { ...parent, message, identity, label }, (done) =>
    onProgress?.('write', done, total),
  );
  onProgress?.('push');
  const said = await store.move(run, commit, head);
  if (said) return { head, said };
  return { ...base, outcome: 'published', changed: true, commit, findings };
}

const conflictTexts: Record<Conflict['reason'], string> = {
  foreign: 'Keelson never wrote this file, and would overwrite it',
  edited: 'somebody edited this rendered file by hand',
  reverted: 'somebody set this rendered file back to an earlier state',
  deleted: 'somebody deleted this rendered file by hand',
  'in the way': 'this file stands where the tree needs a directory, or the other way round',
};

function conflictFinding({ path, reason }: Conflict): Finding {
  const message = conflictTexts[reason];
  const fix =
    reason === 'in the way'
      ? 'move it to another place in the GitOps repository'
      : reason === 'foreign'
        ? `move it to another place, or pass --overwrite ${path}`
        : `bring the change into the platform's source, or pass --overwrite ${path} to drop it`;
  return { rule: `gitops/${reason.replaceAll(' ', '-')}`, severity: 'error', file: path, message, fix };
}

function staleFindings(stale: boolean | 'unknown', published: string | undefined, options: PublishOptions): Finding[] {
  if (stale === false || published === undefined) return [];
  const file = '';
  const short = published.slice(0, 12);
  if (stale === 'unknown') {
    const message = `the published source ${short} is not in this repository, so it may be newer than yours`;
    return [
      { rule: 'gitops/stale', severity: 'warning', file, message, fix: 'run git fetch in the platform repository' },
    ];
  }
  if (options.allowStale) return [];
  const message = `the published source ${short} is newer than ${options.source?.revision.slice(0, 12)}, which you are publishing`;
  return [
    { rule: 'gitops/stale', severity: 'error', file, message, fix: 'pull and publish again, or pass --allow-stale' },
  ];
}
