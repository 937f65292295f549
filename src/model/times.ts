import type { Fault } from './fault';
import { show } from './show';

const EXAMPLE = 'write five fields such as `0 22 * * 5` (Fridays at 22:00)';

/** A field of a schedule. */
interface Field {
  readonly what: string;
  readonly from: number;
  readonly to: number;
  /** Names that stand for the numbers from `from` on. @default - none */
  readonly names?: readonly string[];
}

/** The fields that Argo CD's parser takes, in their order. A Sunday is 0 there, never 7. */
const FIELDS: readonly Field[] = [
  { what: 'minute', from: 0, to: 59 },
  { what: 'hour', from: 0, to: 23 },
  { what: 'day of the month', from: 1, to: 31 },
  {
    what: 'month',
    from: 1,
    to: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  { what: 'day of the week', from: 0, to: 6, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
];

/** Why the text is no schedule of five fields. */
export function cronFault(text: string): Fault | undefined {
  const message = `${show(text)} is not a schedule`;
  const parts = text.split(' ');
  if (parts.length !== FIELDS.length || parts.includes('')) {
    return { message: `${message} of five fields with one blank between`, fix: EXAMPLE };
  }
  const wrong = FIELDS.find((field, i) => !isField(parts[i] ?? '', field));
  if (!wrong) return undefined;
  return {
    message: `${message}: its ${wrong.what} is no value, range, list or step from ${wrong.from} to ${wrong.to}`,
    fix: EXAMPLE,
  };
}

/** Why the text names no time zone of the IANA database. */
export function timeZoneFault(text: string): Fault | undefined {
  const fault = { message: `${show(text)} is not a time zone`, fix: 'write one such as `Europe/Berlin` or `UTC`' };
  // An offset such as `+01:00` is one to JavaScript only.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(text)) return fault;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return undefined;
  } catch {
    return fault;
  }
}

function isField(text: string, field: Field): boolean {
  return text.split(',').every((part) => {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    if (step !== undefined && Number(step) === 0) return false;
    if (range === '*') return true;
    const [first = NaN, last = first, ...rest] = range.split('-').map((one) => numberOf(one, field));
    return rest.length === 0 && first >= field.from && first <= last && last <= field.to;
  });
}

function numberOf(text: string, { from, names = [] }: Field): number {
  const place = names.indexOf(text.toUpperCase());
  if (place >= 0) return from + place;
  return /^\d{1,2}$/.test(text) ? Number(text) : NaN;
}
