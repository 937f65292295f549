import { compareText, type Finding } from '../model/finding';
import type { Product } from './lock';
import { type FieldChange, type Manifest, mergeManifests } from './manifest';
import { insteadOf, PACKAGE_FILE } from './ownership';
import { threeWay } from './three-way';
import { compareVersions } from './version';

export interface FileChange {
  readonly path: string;
  readonly action: 'add' | 'change' | 'remove';
}

/** The platform's repository as it is. */
export interface Ours {
  /** As in `Product`. */
  readonly files: ReadonlyMap<string, string>;
  readonly manifest: Manifest;
}

/** What an upgrade would do, and what stands against it. */
export interface Plan {
  /** In the order of their paths. */
  readonly files: readonly FileChange[];
  /** Of package.json; those that are taken. */
  readonly fields: readonly FieldChange[];
  /** What package.json becomes. */
  readonly manifest: Manifest;
  /** Errors are conflicts; warnings tell what stays changed here. */
  readonly findings: readonly Finding[];
}

export interface PlanOptions {
  /** Paths, and fields such as `package.json#dependencies.cdk8s`, whose changes here may be lost. */
  readonly overwrite: readonly string[];
  /** Let the version go back. */
  readonly downgrade: boolean;
  /** What on the disk is in the way of a new file: the path of something that is not going away. */
  readonly obstacle: (path: string, leaving: ReadonlySet<string>) => string | undefined;
}

/** Compares what the product was, is here and shall be. Both products hold the product's files alone. */
export function makePlan(base: Product, ours: Ours, theirs: Product, options: PlanOptions): Plan {
  const findings: Finding[] = [];
  const overwrite = new Set(options.overwrite);
  const used = new Set<string>();
  const keelson = `Keelson ${theirs.version}`;
  if (compareVersions(theirs.version, base.version) < 0 && !options.downgrade) {
    const message = `${keelson} is older than ${base.version}, which is here`;
    findings.push(error('upgrade/downgrade', PACKAGE_FILE, message, 'name a newer one with --to, or pass --downgrade'));
  }

  const files: FileChange[] = [];
  for (const path of [...new Set([...base.files.keys(), ...theirs.files.keys()])].sort(compareText)) {
    const [from, here, there] = [base, ours, theirs].map((side) => side.files.get(path));
    const verdict = threeWay(from, here, there);
    if (verdict === 'same') continue;
    if (verdict === 'take' || overwrite.has(path)) {
      used.add(path);
      files.push({ path, action: here === undefined ? 'add' : there === undefined ? 'remove' : 'change' });
    } else {
      findings.push(
        localChange(path, { claimed: from === undefined, gone: there === undefined, here, verdict, keelson }),
      );
    }
  }
  const leaving = new Set(files.filter(({ action }) => action === 'remove').map(({ path }) => path));
  for (const { path } of files.filter(({ action }) => action === 'add')) {
    const obstacle = options.obstacle(path, leaving);
    if (obstacle === undefined) continue;
    const what = obstacle === path ? 'stands' : `${obstacle} stands`;
    findings.push(
      error('upgrade/claimed', path, `${what} where ${keelson} has a file of its own`, `move ${obstacle} away`),
    );
  }

  const fieldNames = new Set(
    options.overwrite
      .filter((one) => one.startsWith(`${PACKAGE_FILE}#`))
      .map((one) => one.slice(PACKAGE_FILE.length + 1)),
  );
  const { manifest, changes } = mergeManifests(base.manifest, ours.manifest, theirs.manifest, fieldNames);
  for (const { field, ours: value, theirs: other, verdict } of changes) {
    if (verdict === 'take') used.add(`${PACKAGE_FILE}#${field}`);
    else findings.push(fieldChange(field, value, other, verdict, keelson));
  }
  for (const path of overwrite) {
    if (used.has(path)) continue;
    const message = 'is no product file or field that was changed here';
    findings.push(error('upgrade/overwrite', path, message, 'leave it out of --overwrite, or correct the path'));
  }
  return { files, fields: changes.filter(({ verdict }) => verdict === 'take'), manifest, findings };
}

function localChange(
  path: string,
  about: {
    readonly claimed: boolean;
    readonly gone: boolean;
    readonly here: string | undefined;
    readonly verdict: 'keep' | 'conflict';
    readonly keelson: string;
  },
): Finding {
  const lose = `pass --overwrite ${path} to lose it`;
  if (about.claimed) {
    const message = `is yours, and ${about.keelson} has a file of its own there`;
    return error('upgrade/claimed', path, message, `move yours to another path, or ${lose}`);
  }
  const what = about.here === undefined ? 'was removed here' : 'is a file of Keelson that was changed here';
  const instead = insteadOf(path);
  if (about.verdict === 'keep') {
    const message = `${what}, and stays so: ${about.keelson} has no change to it`;
    return { ...error('upgrade/changed-here', path, message, instead), severity: 'warning' };
  }
  const there = about.gone ? `${about.keelson} no longer has it` : `${about.keelson} changes it too`;
  return error('upgrade/conflict', path, `${what}, and ${there}`, `${instead}; then ${lose} here`);
}

function fieldChange(
  field: string,
  ours: unknown,
  theirs: unknown,
  verdict: 'keep' | 'conflict',
  keelson: string,
): Finding {
  const base = { file: PACKAGE_FILE, field, value: ours };
  const there = theirs === undefined ? 'does not have it' : `has ${JSON.stringify(theirs)}`;
  if (verdict === 'keep') {
    const message = `was changed here, and stays so; ${keelson} ${there}, as before`;
    const fix = 'take it back, unless the difference is meant';
    return { ...base, rule: 'upgrade/changed-here', severity: 'warning', message, fix };
  }
  const fix = `pass --overwrite '${PACKAGE_FILE}#${field}' to take Keelson's`;
  return {
    ...base,
    rule: 'upgrade/conflict',
    severity: 'error',
    message: `was set here, and ${keelson} ${there}`,
    fix,
  };
}

function error(rule: string, file: string, message: string, fix: string): Finding {
  return { rule, severity: 'error', file, message, fix };
}
