import type { Finding } from '../model/finding';
import { repositoryKey } from '../model/git-location';
import { parsePath } from '../model/layout';
import { type Faulty, keptTenants } from './keep';
import { namespacesIn } from './namespaces';
import type { Tree } from './tree';

/** A tree without those who take what others still have. */
export interface Untaken {
  readonly tree: Tree;
  /** With those who were left out: what is published of them stays. */
  readonly faulty: Faulty;
  /** An error for each who was left out. */
  readonly findings: readonly Finding[];
}

/** Something that one tenant alone may have. */
interface Holding {
  readonly what: 'host' | 'namespace' | 'repository';
  readonly name: string;
}

/**
 * Leaves out of a tree whoever claims a namespace, host or repository that is published of a tenant whose claim is
 * broken: what that claim says now, nobody can compare, and what it said last stays, so that two would have it. Whoever
 * is left out keeps what is published too, and may thereby stand in the way of the next.
 */
export async function withoutTakers(
  tree: Tree,
  published: Tree,
  faulty: Faulty,
  allowed: readonly string[],
): Promise<Untaken> {
  let result: Untaken = { tree, faulty, findings: [] };
  for (;;) {
    const takers = await takersIn(result, published, allowed);
    if (takers.length === 0) return result;
    const out = new Map(takers.map(({ tenant, finding }) => [tenant, finding.file]));
    result = {
      tree: withoutTenants(result.tree, out),
      faulty: { ...result.faulty, tenants: new Map([...result.faulty.tenants, ...out]) },
      findings: [...result.findings, ...takers.map(({ finding }) => finding)],
    };
  }
}

interface Taker {
  readonly tenant: string;
  readonly finding: Finding;
}

async function takersIn(
  { tree, faulty }: Untaken,
  published: Tree,
  allowed: readonly string[],
): Promise<readonly Taker[]> {
  const paths = [...published.files.keys()].filter(tells);
  const kept = keptTenants(
    tree,
    paths.map((path) => ({ path })),
    faulty,
    allowed,
  );
  if (kept.length === 0) return [];
  const files = new Map(kept.map(({ tenant, file }) => [tenant, file]));
  const places = new Set(kept.flatMap(({ tenant, clusters }) => clusters.map((cluster) => `${cluster}\0${tenant}`)));
  const stays = paths.filter((path) => {
    const { cluster = '', name = '' } = parsePath(path);
    return places.has(`${cluster}\0${name}`);
  });
  await published.load?.(stays);
  const held = new Map<string, string>();
  for (const path of stays) {
    const { name = '' } = parsePath(path);
    for (const key of holdingsIn(path, published).flatMap(keysOf)) held.set(key, held.get(key) ?? name);
  }

  const takers = new Map<string, Taker>();
  for (const [path, id] of tree.files) {
    // What is published as it is was there beside the other.
    if (!tells(path) || published.files.get(path) === id) continue;
    const { name: tenant = '' } = parsePath(path);
    if (takers.has(tenant)) continue;
    for (const holding of holdingsIn(path, tree)) {
      const holder = holderOf(holding, held);
      if (holder === undefined) continue;
      const file = faulty.declared?.get(tenant) ?? path;
      takers.set(tenant, { tenant, finding: takenFinding(tenant, file, holding, holder, files.get(holder) ?? '') });
      break;
    }
  }
  return [...takers.values()];
}

/** Whether a file tells what a tenant has. */
function tells(path: string): boolean {
  const { kind, facet } = parsePath(path);
  return kind === 'tenant' && (facet === 'namespace' || facet === 'delivery');
}

function holdingsIn(path: string, tree: Tree): readonly Holding[] {
  const { facet } = parsePath(path);
  const text = tree.read(path).toString('utf8');
  if (facet === 'delivery') return repositoriesIn(text).map((name) => ({ what: 'repository', name }));
  return namespacesIn(text).flatMap(({ name, hosts }): Holding[] => [
    { what: 'namespace', name },
    ...hosts.map((host): Holding => ({ what: 'host', name: host })),
  ]);
}

/** URLs of the repositories that are deployed from. */
export function repositoriesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/^ *(?:- )?repoURL: '?([^\s']+)'?$/gm)].map(([, url = '']) => url))];
}

/** What of a holding is another's no more: of a host also all names above it, which `above` marks. */
function keysOf(holding: Holding): readonly string[] {
  const { what, name } = holding;
  if (what !== 'host') return [keyOf(holding)];
  return [keyOf(holding), ...domainsAbove(name).map((domain) => `above ${domain}`)];
}

function holderOf(holding: Holding, held: ReadonlyMap<string, string>): string | undefined {
  const { what, name } = holding;
  const own = held.get(keyOf(holding));
  if (own !== undefined || what !== 'host') return own;
  const below = domainsAbove(name).find((domain) => held.has(`host ${domain}`));
  return below === undefined ? held.get(`above ${name}`) : held.get(`host ${below}`);
}

function keyOf({ what, name }: Holding): string {
  return `${what} ${what === 'repository' ? repositoryKey(name) : name}`;
}

function domainsAbove(host: string): readonly string[] {
  const parts = host.split('.');
  return parts.slice(1).map((_, i) => parts.slice(i + 1).join('.'));
}

function takenFinding(unit: string, file: string, { what, name }: Holding, holder: string, broken: string): Finding {
  return {
    rule: 'gitops/taken',
    severity: 'error',
    file,
    value: name,
    message: `${what} '${name}' is published of tenant '${holder}', whose claim (${broken}) is broken: ${unit} is left as it is`,
    fix: `mend ${broken} first: once '${holder}' is published without it, it is free`,
    unit,
  };
}

function withoutTenants(tree: Tree, names: ReadonlyMap<string, string>): Tree {
  const files = [...tree.files].filter(([path]) => {
    const { kind, name = '' } = parsePath(path);
    return kind !== 'tenant' || !names.has(name);
  });
  return { ...tree, files: new Map(files) };
}
