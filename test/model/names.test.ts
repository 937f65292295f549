import fc from 'fast-check';
import {
  labelFault,
  labelKeyFault,
  labelValueFault,
  reservedNamespace,
  subdomainFault,
  suffixedLabelFault,
  toLabel,
} from '../../src/model/names';

/** The patterns that Kubernetes' own validation uses, as its documentation gives them. */
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const nearly = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'z', '0', '-', '.', '_', 'A', ' ', 'ü', '/', '\n'), maxLength: 70 }),
  fc.string({ maxLength: 70 }),
);

test('a DNS label is exactly what Kubernetes takes for one', () => {
  fc.assert(
    fc.property(nearly, (text) => {
      expect(labelFault(text) === undefined).toBe(label.test(text) && text.length <= 63);
    }),
  );
});

test('a DNS name is exactly what Kubernetes takes for one', () => {
  fc.assert(
    fc.property(nearly, (text) => {
      const valid = text.length <= 253 && text.split('.').every((part) => label.test(part) && part.length <= 63);
      expect(subdomainFault(text) === undefined).toBe(valid);
    }),
  );
});

test('a label value is exactly what Kubernetes takes for one', () => {
  fc.assert(
    fc.property(nearly, (text) => {
      expect(labelValueFault(text) === undefined).toBe(labelValue.test(text) && text.length <= 63);
    }),
  );
});

test('what a fault proposes is itself without fault', () => {
  fc.assert(
    fc.property(nearly, fc.constantFrom(labelFault, subdomainFault, labelKeyFault, labelValueFault), (text, check) => {
      const proposal = /^write `(.*)`$/s.exec(check(text)?.fix ?? '')?.[1];
      if (proposal !== undefined) expect(check(proposal)).toBeUndefined();
    }),
  );
  expect(toLabel('Zahlungen & Übersicht')).toBe('zahlungen-ubersicht');
});

test.each([
  ['Payments', 'has upper-case letters', 'write `payments`'],
  ['pay_ments', 'must not contain `_`', 'write `pay-ments`'],
  ['-payments', 'starts with a dash', 'write `payments`'],
  ['payments-', 'ends with a dash', 'write `payments`'],
  ['a'.repeat(70), 'is 70 characters long, 7 more than the 63 allowed', `write \`${'a'.repeat(63)}\``],
])('%s is told to be wrong because it %s', (text, reason, fix) => {
  expect(labelFault(text)).toEqual({ message: `\`${text}\` is not a DNS label: it ${reason}`, fix });
});

test('several reasons are told at once', () => {
  expect(labelFault('-Pay_ments')?.message).toBe(
    '`-Pay_ments` is not a DNS label: it must not contain `_` and has upper-case letters and starts with a dash',
  );
});

test('a name that is too long only with its suffix is told how short it must be', () => {
  const name = 'a'.repeat(60);
  expect(suffixedLabelFault(name, '-staging')?.fix).toBe(`shorten \`${name}\` to at most 55 characters`);
  expect(suffixedLabelFault('payments', '-staging')).toBeUndefined();
});

test.each([
  ['app.kubernetes.io/name', true],
  ['name', true],
  ['a/b/c', false],
  ['/name', false],
  ['Example.com/name', false],
  ['example.com/', false],
  [`example.com/${'n'.repeat(64)}`, false],
])('label key %s: %s', (key, valid) => {
  expect(labelKeyFault(key) === undefined).toBe(valid);
});

test("namespaces of Kubernetes' own are reserved, and no others", () => {
  expect(['default', 'kube-system', 'kube-public', 'kube-anything'].map(reservedNamespace)).toEqual([
    'default',
    'kube-*',
    'kube-*',
    'kube-*',
  ]);
  expect(['payments-prod', 'default-dev', 'kubernetes'].map(reservedNamespace)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
