import fc from 'fast-check';
import {
  bytesFault,
  compareQuantities,
  coresFault,
  formatQuantity,
  parseQuantity,
  quantityFault,
} from '../../src/model/quantity';

const nano = 1_000_000_000n;

/** Amounts in billionths, worked out by hand from Kubernetes' documentation. */
const known: [string | number, bigint][] = [
  ['0', 0n],
  ['1', nano],
  [3, 3n * nano],
  [0.5, nano / 2n],
  ['100m', nano / 10n],
  ['1n', 1n],
  ['7u', 7_000n],
  ['1k', 1_000n * nano],
  ['1Ki', 1_024n * nano],
  ['1.5Gi', 1_610_612_736n * nano],
  ['2E', 2n * 10n ** 18n * nano],
  ['2E3', 2_000n * nano],
  ['12e-3', 12_000_000n],
  ['1Ei', 2n ** 60n * nano],
  ['-5M', -5n * 10n ** 6n * nano],
  ['+.5', nano / 2n],
  ['5.', 5n * nano],
  ['0.1n', 1n],
];

test.each(known)('%s is read exactly', (text, value) => {
  expect(parseQuantity(text)?.value).toBe(value);
});

test.each(['', '10GB', '1 Gi', 'Gi', '1K', '1mi', '1e', '--1', '1.2.3', '0x10', '1e1.5', 'NaN', '１'])(
  '%j is no quantity',
  (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  },
);

const suffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

test('a thousand of one suffix is one of the next, and 1024 for binary ones', () => {
  const law = (list: string[], factor: number) =>
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 15n), fc.integer({ min: 0, max: list.length - 2 }), (n, i) => {
        const small = parseQuantity(`${n * BigInt(factor)}${list[i]}`);
        expect(small?.value).toBe(parseQuantity(`${n}${list[i + 1]}`)?.value);
      }),
    );
  law(suffixes.slice(0, 10), 1000);
  law(['', ...suffixes.slice(10)], 1024);
});

test('the order follows the amount, never the text', () => {
  const amount = fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.constantFrom(...suffixes));
  fc.assert(
    fc.property(amount, amount, ([n, s], [m, t]) => {
      const a = parseQuantity(`${n}${s}`)!;
      const b = parseQuantity(`${m}${t}`)!;
      expect(Math.sign(compareQuantities(a, b))).toBe(-Math.sign(compareQuantities(b, a)) + 0);
      if (s === t) expect(Math.sign(compareQuantities(a, b)) + 0).toBe(Math.sign(n - m) + 0);
    }),
  );
});

test.each([
  ['10GB', 'write `10G` (10^9) or `10Gi` (2^30)'],
  ['512mb', 'write `512M` (10^6) or `512Mi` (2^20)'],
  ['8K', 'write `8k` (10^3) or `8Ki` (2^10)'],
  ['2gib', 'write `2Gi`'],
  ['1,5', 'write `1.5`'],
  ['1,000', 'write `1000`'],
  ['1 Gi', 'write `1Gi`'],
  ['2 cores', 'write `2`'],
  ['500 millicores', 'write `500m`'],
  ['-1', 'write zero or more'],
  ['20E', 'write at most `9223372036854775807`'],
])('%s is refused with what to write instead', (text, fix) => {
  expect(quantityFault(text)?.fix).toBe(fix);
});

test('whatever is written is either accepted or told with a reason, and what is proposed is accepted', () => {
  const text = fc.tuple(
    fc.constantFrom('0', '1', '12', '1.5', '1,5', '1,000', '-3', '.5', '1_0', 'x', ''),
    fc.constantFrom('', ' '),
    fc.constantFrom(
      ...suffixes.filter((suffix) => !suffix.startsWith('E')),
      'B',
      'GB',
      'gb',
      'GiB',
      'mb',
      'K',
      'kib',
      'cores',
      'vCPU',
      'e3',
      'E3',
      'q',
    ),
  );
  fc.assert(
    fc.property(text, (parts) => {
      const fault = quantityFault(parts.join(''));
      expect(fault === undefined).toBe(/^\+?[\d.]/.test(parts[0]) && parseQuantity(parts.join('')) !== undefined);
      if (!fault) return;
      expect(fault.message).not.toBe('');
      for (const [, proposal = ''] of fault.fix?.matchAll(/`([^`]+)`/g) ?? []) {
        expect(quantityFault(proposal)).toBeUndefined();
      }
    }),
  );
});

test('memory in thousandths of a byte and cores in bytes are refused, since nobody means them', () => {
  expect(bytesFault('512m')?.fix).toBe('write `512M` (10^6) or `512Mi` (2^20)');
  expect(bytesFault('0.5')).toBeDefined();
  expect(bytesFault('1.5Gi')).toBeUndefined();
  expect(coresFault('2Gi')?.message).toBe('`2Gi` counts bytes, not cores');
  expect(coresFault('0.0005')?.message).toBe('`0.0005` is finer than a thousandth of a core');
  expect(coresFault('250m')).toBeUndefined();
});

test.each([
  ['1.5', 'decimal', '1500m'],
  ['1024Mi', 'binary', '1Gi'],
  ['1.5Gi', 'binary', '1536Mi'],
  ['1000', 'binary', '1k'],
  ['0', 'binary', '0'],
  ['-2e3', 'decimal', '-2k'],
] as const)('%s is written %s as %s', (text, style, canonical) => {
  expect(formatQuantity(parseQuantity(text)!.value, style)).toBe(canonical);
});

test('what is written reads back as the same amount', () => {
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 28n), 10n ** 28n), fc.constantFrom('decimal', 'binary'), (value, style) => {
      expect(parseQuantity(formatQuantity(value, style))?.value).toBe(value);
    }),
  );
});
