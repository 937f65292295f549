import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../src/model/finding';
import { resolve } from '../../src/model/resolve';
import { load } from '../../src/render/load';

/** A folder a platform with one fault; `expected.txt` is what its owner reads, one line a fault. */
const FAULTS: Readonly<Record<string, number>> = {
  valid: 0,
  'several-faults': 10,
  'connection-on-another-port': 2,
  'claim-faults-in-each-environment': 4,
};
const folder = join(__dirname, '../fixtures/broken');
const cases = readdirSync(folder).sort();

function findingsOf(name: string): readonly Finding[] {
  const { declarations, findings } = load(join(folder, name));
  return [...findings, ...(declarations ? resolve(declarations).findings : [])];
}

function told({ file, line, field, message, fix }: Finding): string {
  return [`${file}${line === undefined ? '' : `:${line}`}`, field, message, fix].filter(Boolean).join(' | ');
}

test('there are broken platforms to check', () => {
  expect(cases.length).toBeGreaterThan(80);
  expect(cases).toContain('valid');
});

test.each(cases)('%s', (name) => {
  const expected = join(folder, name, 'expected.txt');
  expect(existsSync(expected)).toBe(true);
  const lines = findingsOf(name).map((finding) => `${told(finding)}\n`);
  expect(lines.join('')).toBe(readFileSync(expected, 'utf8'));
  expect(lines).toHaveLength(FAULTS[name] ?? 1);
  expect(lines.join('')).not.toMatch(/hunter2|ghp_/);
});
