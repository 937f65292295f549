import type { ObjectChange, TreeDiff, UnitDiff } from './diff';
import { countsLine, fieldLine, harmless, objectName, unitName } from './words';

/** GitHub refuses comments above 65,536 characters; GitLab takes more. */
const longestComment = 65_000;

/** The diff as a comment on a pull request: first what is dangerous, then everything, folded by unit. */
export function toMarkdown(diff: TreeDiff): string {
  const blocks = [
    `### Keelson: ${countsLine(diff.counts)}\n`,
    ...dangerBlocks(diff),
    ...diff.clusters.flatMap(({ cluster, units }) => [
      `#### ${cluster === undefined ? 'Outside the clusters' : `Cluster ${code(cluster)}`}\n`,
      ...units.map(unitBlock),
    ]),
  ];
  let text = '';
  for (const [index, block] of blocks.entries()) {
    if (text.length + block.length > longestComment) {
      return `${text}\n… and ${blocks.length - index} more sections; \`keelson diff\` shows them all.\n`;
    }
    text += `${block}\n`;
  }
  return text;
}

function dangerBlocks({ clusters }: TreeDiff): string[] {
  const lines = clusters.flatMap(({ cluster, units }) =>
    units.flatMap((unit) =>
      unit.objects.flatMap((change) =>
        change.dangers
          .filter(({ level }) => level !== 'notice')
          .map(({ level, reason }) => ({
            level,
            line: `- **${level}** ${code(cluster ?? '')} ${code(objectName(change))}: ${code(reason)}`,
          })),
      ),
    ),
  );
  if (lines.length === 0) return [];
  const worstFirst = [
    ...lines.filter(({ level }) => level === 'critical'),
    ...lines.filter(({ level }) => level === 'high'),
  ];
  const shown = worstFirst.slice(0, 100).map(({ line }) => line);
  if (worstFirst.length > 100) shown.push(`- and ${worstFirst.length - 100} more`);
  return [`#### Dangerous\n\n${shown.join('\n')}\n`];
}

const mostObjects = 50;
const mostFields = 30;

function unitBlock(unit: UnitDiff): string {
  const objects = unit.objects.slice(0, mostObjects).flatMap(objectLines);
  if (unit.objects.length > mostObjects) objects.push(`- and ${unit.objects.length - mostObjects} more objects`);
  const files = unit.files.flatMap(({ action, file, reason, lines }) => [
    `- ${action} ${code(file)} (${code(reason)})`,
    ...lines.map((line) => `  - ${code(line)}`),
  ]);
  const title = unitName(unit).replace(/[^\w .-]/g, '');
  const total = unit.objects.length + unit.files.length;
  const lines = [...objects, ...files].join('\n');
  return `<details><summary>${title}: ${total} ${total === 1 ? 'change' : 'changes'}</summary>\n\n${lines}\n\n</details>\n`;
}

function objectLines(change: ObjectChange): string[] {
  const fields = change.fields.slice(0, mostFields).map((field) => `  - ${code(fieldLine(field))}`);
  const more = change.fields.length - mostFields;
  return [
    `- ${change.action} ${code(objectName(change))}`,
    ...fields,
    ...(more > 0 ? [`  - and ${more} more fields`] : []),
  ];
}

/** As code, so that no name or value can be read as markup. */
function code(text: string): string {
  const safe = harmless(text);
  const runs = safe.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(0, ...runs.map((run) => run.length)) + 1);
  return `${fence}${runs.length > 0 ? ` ${safe} ` : safe}${fence}`;
}
