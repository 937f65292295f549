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

const ESCAPES: Readonly<Record<string, string>> = { '\\A': '^', '\\z': '$', '\\a': '\\x07' };

/** One piece of RE2 syntax: a quotation, an escape, a POSIX class, the start of a group, or one character. */
const PIECE = /\\Q([\s\S]*?)(?:\\E|$)|\\[pP][A-Z]|\\[\s\S]|\[:(\w+):\]|\(\?P<|\(\?i\)|\(\?i:|[\s\S]/g;

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

/** Rewrites what the two syntaxes write differently: anchors, Unicode classes, names, POSIX classes, `(?i)` in the middle. */
function translate(pattern: string): string {
  let ignoreCase = false;
  const outer: boolean[] = [];
  // The content of the class that is being read, with and without its letters in the other case.
  let inside: { text: string; other: string } | undefined;

  const enter = (text: string, ignore = ignoreCase): string => {
    outer.push(ignoreCase);
    ignoreCase = ignore;
    return text;
  };
  const inClass = (open: { text: string; other: string }, piece: string, posix: string | undefined): string => {
    if (piece === ']' && open.text !== '' && open.text !== '^') {
      inside = undefined;
      return `${open.text}${ignoreCase ? open.other : ''}]`;
    }
    const text = posix ? (POSIX[posix] ?? piece) : piece === ']' ? '\\]' : (ESCAPES[piece] ?? unicode(piece));
    open.other += piece === '^' && open.text === '' ? '' : text.length === 1 ? otherCase(text) : text;
    open.text += text;
    return '';
  };

  return pattern.replace(PIECE, (piece, quoted?: string, posix?: string) => {
    if (inside) return inClass(inside, piece, posix);
    if (quoted !== undefined) return quoted.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    switch (piece) {
      case '[':
        inside = { text: '', other: '' };
        return piece;
      case '(':
        return enter(piece);
      case '(?P<':
        return enter('(?<');
      case '(?i:':
        return enter('(?:', true);
      case '(?i)':
        ignoreCase = true;
        return '';
      case ')':
        ignoreCase = outer.pop() ?? false;
        return piece;
      default:
        if (ignoreCase && otherCase(piece) !== piece) return `[${piece}${otherCase(piece)}]`;
        return ESCAPES[piece] ?? unicode(piece);
    }
  });
}

/** `\pL` as `\p{L}`. */
function unicode(piece: string): string {
  return /^\\[pP].$/.test(piece) ? `${piece.slice(0, 2)}{${piece[2]}}` : piece;
}

/** A letter in its other case, and all else as it is. */
function otherCase(piece: string): string {
  if (!/^[A-Za-z]$/.test(piece)) return piece;
  return piece === piece.toLowerCase() ? piece.toUpperCase() : piece.toLowerCase();
}
