import { stripVTControlCharacters } from 'node:util';

/** Rows with their columns below each other, two spaces apart, indented by two. The last column is never padded. */
export function padded(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  const width = (text: string) => stripVTControlCharacters(text).length;
  for (const row of rows) row.forEach((text, i) => (widths[i] = Math.max(widths[i] ?? 0, width(text))));
  return rows
    .map((row) => {
      const cells = row.map((text, i) => text + ' '.repeat(i === row.length - 1 ? 0 : (widths[i] ?? 0) - width(text)));
      return `  ${cells.join('  ')}`.trimEnd();
    })
    .join('\n');
}
