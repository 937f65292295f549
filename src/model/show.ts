/** Shapes of credentials that people paste into configuration by mistake. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  /\bgh[opsur]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}|\bxox[abeoprs]-[\w-]{10,}/,
  /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}/,
  /:\/\/[^\s/@]*:[^\s/@]*@/,
  // A user alone is an account with SSH, elsewhere as often a token.
  /(?<!\bssh):\/\/[^\s/@]+@/i,
  // A long run of mixed letters and digits is more often a key than a name.
  /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/=_-]{32,}$/,
];
const SECRET_KEYS = /passw(?:or)?d|passphrase|secret|token|credential|private.?key|access.?key|api.?key/i;

/** Characters that would break a line, move the cursor or turn the direction of a terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** True for text that looks like a credential, or that stands under a key which names one. */
export function looksSecret(text: string, key?: string): boolean {
  return (key !== undefined && SECRET_KEYS.test(key)) || SECRETS.some((secret) => secret.test(text));
}

/** The text on one line of at most `limit` characters. @param limit - 80 characters unless told */
export function oneLine(text: string, limit = 80): string {
  // Cut before escaping: a megabyte is never walked through.
  const cut = text.length > limit ? text.slice(0, limit) : text;
  const line = cut.replace(UNPRINTABLE, (character) => ESCAPES[character] ?? `\\u{${codePoint(character)}}`);
  return cut.length < text.length ? `${line}… (${text.length} characters)` : line;
}

/** A value as messages quote it: short, on one line, and without what looks like a credential. */
export function show(value: unknown): string {
  if (value === '') return 'an empty string';
  if (typeof value === 'string')
    return looksSecret(value) ? 'the value (not shown: a secret?)' : `\`${oneLine(value)}\``;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  return `\`${String(value)}\``;
}

/** `a`, `b` or `c`; long lists are cut and counted. */
export function showList(values: readonly unknown[], last = 'or', limit = 20): string {
  const shown = values.slice(0, limit).map(show);
  if (values.length > limit) return `${shown.join(', ')} and ${values.length - limit} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} ${last} ${shown.at(-1)}`;
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}
