import fc from 'fast-check';
import { compareQuantities, parseQuantity } from '../../src/model/quantity';

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
