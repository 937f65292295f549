const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Matches one piece of RE2 syntax that JavaScript writes differently, a literal letter, or the ends of groups and classes. */
const PIECE =
  /\\Q([\s\S]*?)(?:\\E|$)|\\[pP][A-Z]|\\[zA]|\\[\s\S]|\[:(\^?)(\w+):\]|\(\?P<|\(\?i\)|\(\?i:|\(\?s\)|[A-Za-z]|[\s\S]/g;

/**
 * Compiles a pattern in Go's RE2 syntax, which the API server uses, as a JavaScript regular expression.
 * Gives `undefined` for what JavaScript can't express, so that a caller can say that it was not checked.
 */
export function compileRe2(pattern: string): RegExp | undefined {
  const translated = translate(pattern);
  // With `u` a dot is a whole character, as in Go; but then needless escapes, which RE2 allows, are errors.
  for (const flags of ['u', '']) {
    try {
      return new RegExp(translated, flags);
    } catch {
      continue;
    }
  }
  return undefined;
}

function translate(pattern: string): string {
  let inClass = false;
  let ignoreCase = false;
  const outer: boolean[] = [];
  return pattern.replace(PIECE, (piece, quoted?: string, negated?: string, posix?: string) => {
    if (quoted !== undefined) return quoted.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    if (posix !== undefined && inClass && !negated && POSIX[posix]) return POSIX[posix];
    if (/^\\[pP]/.test(piece)) return piece.length === 3 ? `${piece.slice(0, 2)}{${piece[2]}}` : piece;
    if (piece === '\\z') return '$';
    if (piece === '\\A') return '^';
    if (piece === '(?P<') return enter('(?<');
    if (piece === '(?i:') return enter('(?:', true);
    if (piece === '(?i)') {
      ignoreCase = true;
      return '';
    }
    if (piece === '[' && !inClass) inClass = true;
    else if (piece === ']' && inClass) inClass = false;
    else if (piece === '(' && !inClass) return enter('(');
    else if (piece === ')' && !inClass) ignoreCase = outer.pop() ?? false;
    else if (ignoreCase && /^[A-Za-z]$/.test(piece) && !inClass)
      return `[${piece.toLowerCase()}${piece.toUpperCase()}]`;
    return piece;
  });

  function enter(text: string, ignore = ignoreCase): string {
    outer.push(ignoreCase);
    ignoreCase = ignore;
    return text;
  }
}
