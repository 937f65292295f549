import fc from 'fast-check';
import { readStamp, stamp } from '../../src/gitops/stamp';

const path = fc.constantFrom('clusters/prod/root.yaml', 'README.md');

test('what was stamped reads as intact, whatever it holds', () => {
  fc.assert(
    fc.property(path, fc.string({ unit: 'binary' }), (file, body) => {
      const text = Buffer.from(stamp(file, body), 'utf8').toString('utf8');
      expect(readStamp(text)).toBe('intact');
    }),
  );
});

test('any change below the stamp reads as edited', () => {
  fc.assert(
    fc.property(path, fc.string(), fc.string(), (file, body, other) => {
      fc.pre(body !== other);
      const text = stamp(file, body);
      expect(readStamp(text.slice(0, text.length - body.length) + other)).toBe('edited');
    }),
  );
});

test('a file without a stamp is foreign, even when it speaks of one', () => {
  const text = stamp('a.yaml', 'kind: X\n');
  expect(readStamp('')).toBe('foreign');
  expect(readStamp('kind: X\n')).toBe('foreign');
  expect(readStamp(`kind: X\n${text}`)).toBe('foreign');
  expect(readStamp(text.replace(/[0-9a-f]{64}/, 'abc'))).toBe('foreign');
});

test('line ends changed by a tool read as edited', () => {
  expect(readStamp(stamp('a.yaml', 'kind: X\n').replaceAll('\n', '\r\n'))).toBe('edited');
});

test('the stamp is a comment of its file', () => {
  expect(stamp('a.yaml', 'kind: X\n')).toMatch(
    /^# Rendered by Keelson \(sha256:[0-9a-f]{64}\)\. Change .*\nkind: X\n$/,
  );
  expect(stamp('README.md', '# Hello\n')).toMatch(/^<!-- Rendered by Keelson .* -->\n# Hello\n$/);
});
