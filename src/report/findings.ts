// Findings go where errors go: whether that takes colour has nothing to do with the rest of the output.
import { chalkStderr as chalk } from 'chalk';
import type { Finding } from '../model/finding';
import { oneLine } from '../model/show';

/** Characters of a value that a line has room for. */
const VALUE_LENGTH = 60;
/** Characters that a message may have: names and what others throw stand in it, and may be of any length. */
const MESSAGE_LENGTH = 1000;

/** Findings as text for people, one line each, with a count at the end. Empty where there is none. */
export function findingsText(findings: readonly Finding[]): string {
  if (findings.length === 0) return '';
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return [
    ...findings.map(findingLine),
    '',
    `${count(errors, 'error')}, ${count(findings.length - errors, 'warning')}`,
  ].join('\n');
}

/** `file:line: field = value: what is wrong; what to write` */
export function findingLine(finding: Finding): string {
  const { severity, file, line, object, field, value, message, fix } = finding;
  const clean = (text: string) => oneLine(text, MESSAGE_LENGTH);
  const place = chalk.bold(clean(line === undefined ? file : `${file}:${line}`));
  const what = [object && chalk.cyan(clean(object)), field && clean(`${field}${shown(value)}`)]
    .filter(Boolean)
    .join(' ');
  const mark = severity === 'error' ? chalk.red('error') : chalk.yellow('warning');
  return `${place}: ${mark}: ${what ? `${what}: ` : ''}${clean(message)}${fix ? `; ${chalk.green(clean(fix))}` : ''}`;
}

function shown(value: unknown): string {
  if (value === undefined || (typeof value === 'object' && value !== null)) return '';
  const text = JSON.stringify(value) ?? String(value);
  return ` = ${text.length > VALUE_LENGTH ? `${text.slice(0, VALUE_LENGTH)}…` : text}`;
}

/** `1 tenant`, `2 tenants`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
