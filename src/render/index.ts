import { join } from 'node:path';
import type { Tree } from '../gitops/tree';
import { compareFindings, compareText, type Finding } from '../model/finding';
import type { PlatformProps } from '../model/platform.generated';
import { resolve } from '../model/resolve';
import type { ResolvedCluster, Unit } from '../model/slices';
import { codeDigest } from './code-digest';
import { type CachedFile, forgetOldStates, RenderCache } from './cache';
import { digest } from './kept';
import { Compiler } from './compiler';
import { type Faults, faultsOf } from './faults';
import { load, userFiles } from './load';
import { renderUnits } from './pool';
import { readme } from './readme';
import { type RenderedFile, renderReadme, renderUnit } from './unit';

export type Stage = 'load' | 'resolve' | 'render';

export interface RenderOptions {
  /** Folder of the platform's repository: it holds platform.ts. */
  readonly root: string;
  /** False renders everything anew and keeps nothing. @default true */
  readonly cache?: boolean;
  /** Threads to render on; 0 for none beside the main one. @default - as the number of units and processors suggest */
  readonly threads?: number;
  /** Told as work goes on: units done of all that must be rendered. */
  readonly progress?: (stage: Stage, done: number, all: number) => void;
}

/** A platform, rendered. */
export interface Rendering {
  readonly tree: Tree;
  /** What is wrong, by file. */
  readonly findings: readonly Finding[];
  /** Who is to blame for it. */
  readonly faults: Faults;
  readonly clusters: readonly string[];
  /** Clusters in a cloud whose outputs nobody has written yet, so that names in their trees are those expected. */
  readonly unprovisioned: readonly string[];
  /** What platform.ts says of its GitOps repository. @default - it is broken */
  readonly gitops?: PlatformProps['gitops'];
  /** Units that are on at least one cluster, in code-unit order. */
  readonly addOns: readonly string[];
  readonly tenants: readonly string[];
  /** Kubernetes objects in the tree. */
  readonly objects: number;
  readonly units: number;
  /** Units taken from the cache. */
  readonly reused: number;
  /** How long each stage took, in milliseconds. */
  readonly milliseconds: Readonly<Record<Stage, number>>;
}

/**
 * The main path from files to tree: runs the team's declarations, resolves them, renders every unit that the cache
 * does not hold, and checks every object on the way. The same repository gives the same tree, byte for byte.
 */
export async function renderPlatform(options: RenderOptions): Promise<Rendering> {
  const { root, cache: caching = true, progress = () => undefined } = options;
  const cacheRoot = join(root, '.keelson', 'cache');
  const clock = stopwatch();

  progress('load', 0, 1);
  const code = caching ? codeDigest() : '';
  const compiler = new Compiler(caching ? cacheRoot : undefined);
  await compiler.ahead(userFiles(root));
  const loaded = load(root, caching ? { directory: cacheRoot, code } : undefined, compiler);
  clock.lap('load');
  if (!loaded.declarations) return nothing(loaded.findings, clock.laps);

  progress('resolve', 0, 1);
  const { findings, clusters, units } = resolve(loaded.declarations);
  clock.lap('resolve');

  const states = join(cacheRoot, 'rendered');
  const cache = caching ? new RenderCache(join(states, code.slice(0, 16))) : undefined;
  const keys = new Map(
    cache
      ? keysOf(
          units.filter((unit) => !unit.own),
          clusters,
          code,
        )
      : [],
  );
  const files: PlacedFile[] = [];
  const problems: Finding[] = [...loaded.findings, ...findings];

  const missing: Unit[] = [];
  for (const unit of units) {
    const cached = unit.own ? undefined : cache?.get(keys.get(unit.id) ?? '');
    if (cached) for (const file of cached) files.push({ file, unit });
    else missing.push(unit);
  }
  const done = (count: number) => progress('render', count, missing.length);
  done(0);
  const own = new Map(
    loaded.declarations.components.filter((one) => one.own).map((one) => [one.component.name, one.component]),
  );
  const ownUnits = missing.filter((unit) => unit.own);
  const rest = missing.filter((unit) => !unit.own);
  const broken: Unit[] = [];
  const rendered = await renderUnits(rest, clusters, done, options.threads);
  for (const [i, unit] of [...rest, ...ownUnits].entries()) {
    const result = rendered[i] ?? renderUnit(unit, clusterOf(unit, clusters), own.get(unit.name));
    problems.push(...result.findings);
    if (result.findings.length > 0) broken.push(unit);
    for (const file of result.files) files.push({ file, unit });
    if (!unit.own && result.findings.length === 0) cache?.put(keys.get(unit.id) ?? '', result.files);
  }
  const { declarations, ofPlatform, ofTenants, unread } = loaded;
  const faults = faultsOf({ declarations, ofPlatform, ofTenants, unread, resolved: findings, units, broken });
  const isGood = (unit: Unit | undefined) => unit?.slice.kind !== 'tenant' || !faults.tenants.has(unit.name);
  const good = faults.tenants.size === 0 ? files : files.filter(({ unit }) => isGood(unit));
  const page = renderReadme(readme(loaded.declarations.platform.props, [...clusters.values()]));
  good.push({ file: page });
  cache?.save();
  if (caching) forgetOldStates(states);
  clock.lap('render');

  return {
    tree: treeOf(good, (unit) => renderUnit(unit, clusterOf(unit, clusters), own.get(unit.name)).files),
    findings: problems.sort(compareFindings),
    faults,
    clusters: [...clusters.keys()],
    unprovisioned: [...clusters.values()]
      .filter(({ provider, provisioned }) => provider !== 'local' && !provisioned)
      .map(({ name }) => name),
    gitops: loaded.declarations.platform.props.gitops,
    addOns: namesOf(units, 'component'),
    tenants: namesOf(units, 'tenant').filter((name) => !faults.tenants.has(name)),
    objects: good.reduce((sum, { file }) => sum + file.objects, 0),
    units: units.length,
    reused: units.length - missing.length,
    milliseconds: clock.laps,
  };
}

interface PlacedFile {
  readonly file: RenderedFile | CachedFile;
  /** @default - it is no unit's: the page at the top */
  readonly unit?: Unit;
}

/** Digest of all that a unit's rendering depends on. */
function keysOf(
  units: readonly Unit[],
  clusters: ReadonlyMap<string, ResolvedCluster>,
  code: string,
): [string, string][] {
  const facts = new Map([...clusters].map(([name, cluster]) => [name, digest(JSON.stringify(cluster))]));
  return units.map((unit) => [
    unit.id,
    digest(`${code}\0${facts.get(unit.cluster)}\0${unit.id}\0${JSON.stringify(unit.slice)}`),
  ]);
}

function treeOf(placed: readonly PlacedFile[], renderAgain: (unit: Unit) => readonly RenderedFile[]): Tree {
  const sorted = [...placed].sort((a, b) => compareText(a.file.path, b.file.path));
  // Made when the first file is read: most runs read few.
  let byPath: ReadonlyMap<string, PlacedFile> | undefined;
  let last: { readonly unit: Unit; readonly files: readonly RenderedFile[] } | undefined;
  return {
    files: new Map(sorted.map(({ file }) => [file.path, file.blob])),
    read(path) {
      byPath ??= new Map(sorted.map((one) => [one.file.path, one]));
      const { file, unit } = byPath.get(path) ?? missing(path);
      const bytes = 'bytes' in file ? file.bytes : file.read();
      if (bytes) return bytes;
      // The cache lost it since it was asked: the unit says it once more. Its files are mostly read one by one.
      if (unit && last?.unit !== unit) last = { unit, files: renderAgain(unit) };
      const again = last?.files.find((one) => one.path === path);
      if (!again || again.blob !== file.blob)
        throw new Error(`${path} cannot be rendered a second time: run again without the cache`);
      return again.bytes;
    },
  };
}

function missing(path: string): never {
  throw new Error(`${path} is not in the tree`);
}

function clusterOf(unit: Unit, clusters: ReadonlyMap<string, ResolvedCluster>): ResolvedCluster {
  const cluster = clusters.get(unit.cluster);
  if (!cluster) throw new Error(`${unit.id}: there is no cluster '${unit.cluster}'`);
  return cluster;
}

function namesOf(units: readonly Unit[], kind: Unit['slice']['kind']): readonly string[] {
  return [...new Set(units.filter(({ slice }) => slice.kind === kind).map(({ name }) => name))].sort(compareText);
}

function nothing(findings: readonly Finding[], milliseconds: Record<Stage, number>): Rendering {
  const tree: Tree = { files: new Map(), read: missing };
  return {
    tree,
    findings,
    faults: { platform: true, tenants: new Map(), unread: [] },
    clusters: [],
    unprovisioned: [],
    addOns: [],
    tenants: [],
    objects: 0,
    units: 0,
    reused: 0,
    milliseconds,
  };
}

function stopwatch(): { laps: Record<Stage, number>; lap(stage: Stage): void } {
  const laps: Record<Stage, number> = { load: 0, resolve: 0, render: 0 };
  let last = performance.now();
  return {
    laps,
    lap(stage) {
      const now = performance.now();
      laps[stage] = now - last;
      last = now;
    },
  };
}
