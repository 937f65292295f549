import { styleText } from 'node:util';
import type { DangerLevel } from './danger';
import type { ObjectChange, TreeDiff, UnitDiff } from './diff';
import { countsLine, fieldLine, harmless, objectName, unitName } from './words';

/** How a diff is written for a terminal. */
export interface TextOptions {
  /** Whether ANSI colours are used. */
  readonly colour: boolean;
}

const signs = { added: '+', changed: '~', removed: '-' } as const;
const colours = { added: 'green', changed: 'yellow', removed: 'red' } as const;
const alarms: Record<DangerLevel, 'red' | 'yellow'> = { critical: 'red', high: 'red', notice: 'yellow' };

/** The diff for people at a terminal: by cluster and unit, the dangerous first. Ends with a newline. */
export function toText(diff: TreeDiff, { colour }: TextOptions): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const objectLines = (change: ObjectChange): string[] => [
    paint(colours[change.action], `    ${signs[change.action]} ${harmless(objectName(change))}`),
    ...change.dangers.map(({ level, reason }) => paint(alarms[level], `        ! ${level}: ${harmless(reason)}`)),
    ...change.fields.map((field) => `        ${harmless(fieldLine(field))}`),
  ];
  const unitLines = (unit: UnitDiff): string[] => [
    paint('bold', `  ${harmless(unitName(unit))}`),
    ...unit.objects.flatMap(objectLines),
    ...unit.files.flatMap(({ action, file, reason, lines }) => [
      paint(colours[action], `    ${signs[action]} ${harmless(file)} (${harmless(reason)})`),
      ...lines.map((line) => `        ${harmless(line)}`),
    ]),
  ];
  const lines = diff.clusters.flatMap(({ cluster, units }) => [
    paint('bold', cluster === undefined ? 'outside the clusters' : `cluster ${harmless(cluster)}`),
    ...units.flatMap(unitLines),
    '',
  ]);
  return [...lines, countsLine(diff.counts), ''].join('\n');
}
