const mostLines = 20;

/** The lines that differ between two texts, at most 20: between the beginning and the end that both share. */
export function diffLines(before: string | undefined, after: string | undefined): string[] {
  const old = before === undefined ? [] : before.split('\n');
  const now = after === undefined ? [] : after.split('\n');
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start++;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const lines = [
    ...old.slice(start, old.length - end).map((line) => `-${line}`),
    ...now.slice(start, now.length - end).map((line) => `+${line}`),
  ];
  const more = lines.length - mostLines;
  return more > 0 ? [...lines.slice(0, mostLines), `… ${more} more lines`] : lines;
}
