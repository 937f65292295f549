import type { UnitKind } from '../model/layout';
import type { Kept } from './keep';
import type { Action, FileCounts, PublishSummary, UnitChange } from './summary';

/** What a commit's trailers say. */
export interface Provenance {
  /** Revision of the platform's source, with `-dirty` where files differed from it; `unknown` outside git. */
  readonly source: string;
  /** Version of Keelson. */
  readonly version: string;
  /** Each safeguard that was overridden, such as `remove tenant/payments`. */
  readonly overridden: readonly string[];
  /** Tenants whose earlier version stays. */
  readonly kept: readonly Kept[];
}

const subjectLength = 72;
const mostNames = 50;
const actions: readonly Action[] = ['added', 'changed', 'removed'];
const plurals: Record<UnitKind, [string, string]> = {
  tenant: ['tenant', 'tenants'],
  'add-on': ['add-on', 'add-ons'],
  guardrail: ['guardrail', 'guardrails'],
  cluster: ['cluster', 'clusters'],
  other: ['other file', 'other files'],
};

/** The commit message: a subject of at most 72 characters, what happened on each cluster, and the trailers. */
export function commitMessage(summary: PublishSummary, provenance: Provenance): string {
  const trailers = [`Source-Revision: ${provenance.source}`, `Keelson-Version: ${provenance.version}`];
  const overridden = provenance.overridden.slice(0, mostNames).map((what) => `Overridden: ${what}`);
  const more = provenance.overridden.length - mostNames;
  if (more > 0) overridden.push(`Overridden: ${more} more`);
  const kept = provenance.kept.slice(0, mostNames).map(({ tenant, file }) => `Kept: tenant/${tenant} (${file})`);
  if (provenance.kept.length > mostNames) kept.push(`Kept: ${provenance.kept.length - mostNames} more`);
  return [subject(summary), '', ...body(summary), '', ...trailers, ...overridden, ...kept, ''].join('\n');
}

function subject({ units }: PublishSummary): string {
  const parts: string[] = [];
  for (const kind of Object.keys(plurals) as UnitKind[]) {
    const byName = new Map<string, Set<Action>>();
    for (const unit of units) {
      if (unit.kind !== kind) continue;
      const name = unit.name ?? unit.cluster ?? '';
      byName.set(name, (byName.get(name) ?? new Set()).add(unit.action));
    }
    for (const action of actions) {
      // On several clusters at once a unit counts once; where its fates differ, it has changed.
      const count =
        kind === 'other'
          ? units.filter((unit) => unit.kind === kind).reduce((sum, { files }) => sum + files[action], 0)
          : [...byName.values()].filter((fates) => (fates.size > 1 ? 'changed' : [...fates][0]) === action).length;
      if (count > 0) parts.push(`${count} ${plurals[kind][count === 1 ? 0 : 1]} ${action}`);
    }
  }
  let text = '';
  for (const [index, part] of parts.entries()) {
    const longer = text === '' ? `Publish: ${part}` : `${text}, ${part}`;
    const rest = index < parts.length - 1 ? ', more'.length : 0;
    if (longer.length + rest > subjectLength) return `${text}, more`;
    text = longer;
  }
  return text;
}

function body({ units }: PublishSummary): string[] {
  const lines: string[] = [];
  let cluster: string | undefined;
  for (const [index, unit] of units.slice(0, mostNames).entries()) {
    const heading = unit.cluster ?? 'Outside the clusters';
    if (index === 0 || heading !== cluster) lines.push(`${heading}:`);
    cluster = heading;
    lines.push(`- ${unitLine(unit)}`);
  }
  if (units.length > mostNames) lines.push(`and ${(units.length - mostNames).toLocaleString('en')} more`);
  return lines;
}

function unitLine({ kind, name, action, files }: UnitChange): string {
  if (kind === 'other') return `other files ${fileCounts(files)}`;
  const what = kind === 'cluster' ? 'the cluster itself' : `${kind} ${name}`;
  return `${what} ${action} ${fileCounts(files, action)}`;
}

/** Such as `(3 files)` where all went the way of their unit, else `(1 added, 2 changed files)`. */
function fileCounts(files: FileCounts, action?: Action): string {
  const present = actions.filter((each) => files[each] > 0);
  const total = files.added + files.changed + files.removed;
  const noun = total === 1 ? 'file' : 'files';
  if (present.length === 1 && present[0] === action) return `(${total} ${noun})`;
  return `(${present.map((each) => `${files[each]} ${each}`).join(', ')} ${noun})`;
}
