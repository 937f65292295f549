import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { git } from '../gitops/git';
import type { Finding, Severity } from '../model/finding';
import type { Manifest } from './manifest';
import { obstacleTo, Stage, WAY_BACK } from './apply';
import { type Lock, LOCK_FILE, lockText, parseLock, type Product } from './lock';
import { type Ownership, PACKAGE_FILE, productOwns } from './ownership';
import { type FileChange, makePlan, type Ours, type Plan } from './plan';
import { commitOf, filesIn, ownershipAt, parseManifest, productAt, short } from './repository';
import { commonCommit, fetch, resolveSource, type Source, withScratch } from './source';
import { UpgradeError } from './upgrade-error';

export interface UpgradeOptions {
  /** The platform's folder, in a git work tree. */
  readonly root: string;
  /** Git URL or folder of the newer Keelson. @default - where the last upgrade came from */
  readonly from?: string;
  /** Its tag or branch. @default - what it has checked out, or its default branch */
  readonly to?: string;
  /** Its tag or branch that the platform's repository started from. @default - as recorded, or as the history tells */
  readonly base?: string;
  /** Change files. @default false: plan only */
  readonly write?: boolean;
  /** Paths, and fields such as `package.json#dependencies.cdk8s`, whose changes here may be lost. @default - none */
  readonly overwrite?: readonly string[];
  /** Let the version go back. @default false */
  readonly downgrade?: boolean;
  /** Told before each stage. @default - nobody */
  readonly onProgress?: (stage: 'fetch' | 'compare' | 'write') => void;
}

export interface UpgradeResult {
  /** `current`: nothing to do. `planned`: nothing was written. `refused`: nothing was, and the findings say why. */
  readonly outcome: 'current' | 'planned' | 'refused' | 'upgraded';
  /** The Keelson that is newer, without credentials. */
  readonly source: string;
  readonly from: { readonly version: string; readonly revision: string };
  readonly to: { readonly version: string; readonly revision: string };
  readonly files: Plan['files'];
  readonly fields: Plan['fields'];
  readonly findings: readonly Finding[];
}

/** Takes a newer Keelson into a platform's repository: a plan, and with `write` the files, all of them or none. */
export async function upgrade(options: UpgradeOptions): Promise<UpgradeResult> {
  const root = resolve(options.root);
  await checkRepository(root);
  const lock = readLock(root, options.base === undefined);
  const source = await sourceOf(options, lock, root);
  return withScratch(async (scratch) => {
    options.onProgress?.('fetch');
    const history = lock === undefined && options.base === undefined;
    const revision = await fetch(scratch, source, options.to ?? 'HEAD', 'to', history);
    options.onProgress?.('compare');
    const ownership = await ownershipAt(scratch, revision, source.label);
    const theirs = await productAt(scratch, revision, ownership, source.label);
    const ours: Ours = { files: await filesIn(root, scratch), manifest: readManifest(root) };
    const base = await baseOf(options, lock, root, scratch, source, ownership, revision);
    const plan = makePlan(base, ours, theirs, {
      overwrite: options.overwrite ?? [],
      downgrade: options.downgrade ?? false,
      obstacle: (path, leaving) => obstacleTo(root, path, leaving),
    });
    const findings = [...source.findings, ...plan.findings];
    const done = (outcome: UpgradeResult['outcome']): UpgradeResult => ({
      outcome,
      source: source.label,
      from: { version: base.version, revision: base.revision },
      to: { version: theirs.version, revision: theirs.revision },
      files: plan.files,
      fields: plan.fields,
      findings,
    });
    const isError = ({ severity }: Finding): boolean => severity === 'error';
    const idle = plan.files.length === 0 && plan.fields.length === 0 && !findings.some(isError);
    const recorded = isDeepStrictEqual(base.files, theirs.files) && isDeepStrictEqual(base.manifest, theirs.manifest);
    if (idle && recorded) return done('current');
    findings.push(...(await uncommitted(root, options.write ? 'error' : 'warning')));
    if (findings.some(isError)) return done('refused');
    if (!options.write) return done('planned');
    await write(root, scratch, plan, { ...theirs, source: source.recorded }, () => options.onProgress?.('write'));
    return done('upgraded');
  });
}

/** Makes everything ready aside, and puts it in place at once. */
async function write(root: string, scratch: string, plan: Plan, lock: Lock, ready: () => void): Promise<void> {
  const pathsOf = (not: FileChange['action']): string[] =>
    plan.files.filter(({ action }) => action !== not).map(({ path }) => path);
  const [leaving, written] = [pathsOf('add'), pathsOf('remove')];
  const stage = Stage.open(root);
  try {
    const index = { GIT_INDEX_FILE: join(scratch, 'index') };
    await git(['-C', scratch, 'read-tree', lock.revision], { env: index });
    await git(
      [
        '--git-dir',
        scratch,
        '--work-tree',
        stage.after,
        '-c',
        'core.autocrlf=false',
        'checkout-index',
        '-z',
        '--stdin',
      ],
      { env: index, input: written.map((path) => `${path}\0`).join(''), cwd: stage.after },
    );
    const own: [string, string][] = [[LOCK_FILE, lockText(lock)]];
    if (plan.fields.length > 0) own.unshift([PACKAGE_FILE, `${JSON.stringify(plan.manifest, null, 2)}\n`]);
    for (const [path, text] of own) writeFileSync(join(stage.after, path), text);
    ready();
    // The record comes last: it says that everything before it is there.
    const ownPaths = own.map(([path]) => path);
    const present = ownPaths.filter((path) => existsSync(join(root, path)));
    stage.apply([...leaving, ...present], [...written, ...ownPaths]);
  } finally {
    stage.close();
  }
}

async function checkRepository(root: string): Promise<void> {
  if (existsSync(root) && (await commitOf(root, 'HEAD')) !== undefined) return;
  const fix = 'name the platform with --root, or commit it first: git is the way back';
  throw new UpgradeError('upgrade/no-repository', root, 'is no git repository with a commit', fix);
}

function readManifest(root: string): Manifest {
  const manifest = parseManifest(readText(root, PACKAGE_FILE));
  if (manifest) return manifest;
  throw new UpgradeError('upgrade/no-platform', root, `has no ${PACKAGE_FILE}`, 'name the platform with --root');
}

function readLock(root: string, needed: boolean): Lock | undefined {
  const text = readText(root, LOCK_FILE);
  const lock = text === undefined ? undefined : parseLock(text);
  if (text === undefined || lock || !needed) return lock;
  const fix = 'take back its last good state with git, or name the Keelson that is here with --base';
  throw new UpgradeError('upgrade/record', LOCK_FILE, 'is no record of an upgrade', fix);
}

function readText(root: string, path: string): string | undefined {
  const place = join(root, path);
  return existsSync(place) ? readFileSync(place, 'utf8') : undefined;
}

async function sourceOf(options: UpgradeOptions, lock: Lock | undefined, root: string): Promise<Source> {
  if (options.from !== undefined) return resolveSource(options.from, process.cwd(), root);
  if (lock) return resolveSource(lock.source, root, root);
  const fix = 'name its git URL or folder with --from';
  throw new UpgradeError('upgrade/no-source', LOCK_FILE, 'is not there to say where Keelson comes from', fix);
}

/** The Keelson that is here. What the newer one hands over to the team stays as it is, and so counts no more. */
async function baseOf(
  options: UpgradeOptions,
  lock: Lock | undefined,
  root: string,
  scratch: string,
  source: Source,
  ownership: Ownership,
  revision: string,
): Promise<Product> {
  if (options.base !== undefined) {
    const named = await fetch(scratch, source, options.base, 'base', false);
    return productAt(scratch, named, ownership, source.label);
  }
  if (lock) {
    return { ...lock, files: new Map([...lock.files].filter(([path]) => productOwns(ownership, path))) };
  }
  const common = await commonCommit(scratch, root, revision);
  if (common !== undefined) return productAt(scratch, common, ownership, source.label);
  throw new UpgradeError(
    'upgrade/no-base',
    root,
    `has neither ${LOCK_FILE} nor history in common with ${source.label} (${short(revision)})`,
    'name the tag that it was copied from with --base',
  );
}

/** Anything uncommitted is refused: with a clean tree, git has a safe way back from whatever happens. */
async function uncommitted(root: string, severity: Severity): Promise<readonly Finding[]> {
  const status = await git([
    '-C',
    root,
    '--no-optional-locks',
    'status',
    '--porcelain',
    '--untracked-files=normal',
    '--',
    '.',
  ]);
  const lines = status.toString('utf8').split('\n').filter(Boolean);
  if (lines.length === 0) return [];
  const names = lines.slice(0, 5).map((line) => line.slice(3));
  const more = lines.length > names.length ? ` and ${lines.length - names.length} more` : '';
  const unmended = existsSync(join(root, '.keelson', 'upgrade', 'pid'));
  return [
    {
      rule: 'upgrade/uncommitted',
      severity,
      file: root,
      message: `has changes that are not committed: ${names.join(', ')}${more}`,
      fix: unmended
        ? `an upgrade was killed here: ${WAY_BACK} brings back the last commit`
        : 'commit or stash them first',
    },
  ];
}
