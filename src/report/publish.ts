import { isAbsolute, relative } from 'node:path';
import chalk from 'chalk';
import { count } from './findings';

/** What a rendering and a publish were; the parts of them that people read. */
interface Rendered {
  readonly clusters: readonly string[];
  readonly addOns: readonly string[];
  readonly tenants: readonly string[];
  readonly objects: number;
  readonly units: number;
  readonly reused: number;
  readonly findings: readonly { readonly severity: string }[];
}

interface Published {
  readonly outcome: 'published' | 'unchanged' | 'refused';
  readonly changed: boolean;
  readonly repository: string;
  readonly branch: string;
  readonly commit?: string;
  readonly summary: { readonly files: { readonly added: number; readonly changed: number; readonly removed: number } };
  readonly kept: readonly { readonly tenant: string }[];
  readonly findings: readonly { readonly severity: string }[];
}

type Milliseconds = Readonly<Record<'load' | 'resolve' | 'render' | 'publish' | 'all', number>>;

/** The end of a publish: what there is, what was committed, how long it took and what to do next. */
export function publishText(rendered: Rendered, published: Published, times: Milliseconds, dryRun: boolean): string {
  const findings = [...rendered.findings, ...published.findings];
  const rows: [string, string][] = [
    ['clusters', `${rendered.clusters.length}  ${chalk.dim(list(rendered.clusters))}`],
    ['add-ons', `${rendered.addOns.length}  ${chalk.dim(list(rendered.addOns))}`],
    ['tenants', `${rendered.tenants.length}  ${chalk.dim(list(rendered.tenants))}`],
    ['objects', `${rendered.objects}, each checked against its schema`],
    ...(published.kept.length === 0
      ? []
      : [
          ['kept', `${published.kept.length}  ${chalk.yellow(list(published.kept.map(({ tenant }) => tenant)))}`] as [
            string,
            string,
          ],
        ]),
    ['findings', findings.length === 0 ? chalk.green('none') : chalk.yellow(String(findings.length))],
    ['commit', commit(published, dryRun)],
    ['time', timesText(times, rendered)],
  ];
  const table = rows.map(([name, value]) => `  ${chalk.bold(name.padEnd(9))} ${value}`).join('\n');
  return `${table}\n\n${next(published, dryRun)}`;
}

function commit({ outcome, changed, commit, repository, branch, summary }: Published, dryRun: boolean): string {
  const { added, changed: edited, removed } = summary.files;
  const files = `${count(added, 'file')} added, ${edited} changed, ${removed} removed`;
  const where = `${branch} of ${shorter(repository)}`;
  if (outcome === 'refused') return chalk.red(`refused: nothing was committed to ${where}`);
  if (dryRun && changed) return `none, as asked: would be ${files} on ${where}`;
  if (!changed) return `none: nothing changed on ${where}${commit ? ` (at ${commit.slice(0, 12)})` : ''}`;
  return `${chalk.green(commit?.slice(0, 12) ?? '')} on ${where}: ${files}`;
}

function timesText(times: Milliseconds, { units, reused }: Rendered): string {
  const stages = (['load', 'resolve', 'render', 'publish'] as const)
    .map((stage) => `${stage} ${seconds(times[stage])}`)
    .join(', ');
  return `${seconds(times.all)}  ${chalk.dim(`${stages}; ${reused} of ${count(units, 'unit')} from the cache`)}`;
}

function next({ outcome, changed, repository, branch }: Published, dryRun: boolean): string {
  if (outcome === 'refused') return 'Mend or name what is listed above, and publish again.';
  if (dryRun) return 'Next: npx keelson publish, without --dry-run.';
  if (!changed) return 'Next: change platform.ts or tenants/, then: npx keelson diff';
  const embedded = repository.endsWith('.keelson/gitops.git');
  return [
    'Next:',
    ...(embedded
      ? [`  git clone --branch ${branch} ${shorter(repository)} tree    to look at what Argo CD would read`]
      : []),
    '  npx keelson tenant new search --owner search@example.com --group search-developers',
    '  npx keelson diff    to see what a change of yours does, before you publish it',
  ].join('\n');
}

/** A path below the current folder, as people would type it; anything else as it is. */
function shorter(repository: string): string {
  const path = isAbsolute(repository) ? relative(process.cwd(), repository) : repository;
  return path.startsWith('..') ? repository : path;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 6).join(', ');
  return names.length > 6 ? `${shown} and ${names.length - 6} more` : shown;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 9950 ? 2 : 1)} s`;
}
