import chalk from 'chalk';
import type { UpgradeResult } from '.';
import { PACKAGE_FILE } from './ownership';
import { short } from './repository';

/** Lines of changes that a terminal is given; `--json` has them all. */
const MOST_LINES = 60;

const MARKS = { add: chalk.green('+'), change: chalk.yellow('~'), remove: chalk.red('-') } as const;

/** An upgrade's plan, or what was done, for people. Findings are printed elsewhere. */
export function upgradeText(result: UpgradeResult): string {
  const { outcome, source, from, to, files, fields } = result;
  const title = `Keelson ${from.version} (${short(from.revision)}) → ${to.version} (${short(to.revision)}) from ${source}`;
  if (outcome === 'current')
    return `${chalk.green('✔')} Nothing to do: this is Keelson ${to.version} (${short(to.revision)}).`;
  const lines = [
    ...files.map(({ action, path }) => `  ${MARKS[action]} ${path}`),
    ...fields.map(({ field, ours, theirs }) => {
      const mark = ours === undefined ? MARKS.add : theirs === undefined ? MARKS.remove : MARKS.change;
      return `  ${mark} ${PACKAGE_FILE} ${field}: ${shown(ours)} → ${shown(theirs)}`;
    }),
  ];
  const shownLines = lines.slice(0, MOST_LINES);
  if (lines.length > MOST_LINES) shownLines.push(`  … and ${lines.length - MOST_LINES} more (--json has them all)`);
  const counts = (['add', 'change', 'remove'] as const).map(
    (action) => `${files.filter((file) => file.action === action).length} ${WORDS[action]}`,
  );
  const sum = `Files: ${counts.join(', ')}. Fields of ${PACKAGE_FILE}: ${fields.length}.`;
  return [chalk.bold(title), '', ...shownLines, ...(lines.length > 0 ? [''] : []), sum, '', ...ENDINGS[outcome]].join(
    '\n',
  );
}

const WORDS = { add: 'added', change: 'changed', remove: 'removed' } as const;

const ENDINGS = {
  planned: ['Nothing was changed. Pass --yes to do it.'],
  refused: [chalk.red('Nothing was changed: see the errors.')],
  upgraded: [
    `${chalk.green('✔')} Done. Nothing is committed yet.`,
    '',
    'Next:',
    '  npm install     to fetch what package.json now names and renew package-lock.json',
    '  npm test        to see that it holds',
    '  keelson diff    to see what it changes on the clusters',
    '  git add . && git commit',
  ],
} as const;

function shown(value: unknown): string {
  return value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);
}
