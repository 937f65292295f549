import { BlockList } from 'node:net';
import fc from 'fast-check';
import { cidrFault, contains, nthAddress, overlaps } from '../../src/model/cidr';

const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }));
const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }));
const given = fc.oneof(v4, v6).map(([address, length]) => `${address}/${length}`);

/** The range that the text was meant for: itself, or what its fault proposes. */
function canonical(text: string): string {
  return /^write `(.*)`$/.exec(cidrFault(text)?.fix ?? '')?.[1] ?? text;
}

test('every address with a length is canonical or told what is', () => {
  fc.assert(
    fc.property(given, (text) => {
      expect(cidrFault(canonical(text))).toBeUndefined();
    }),
  );
});

test("a range holds the addresses that Node's own block list finds in it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.tuple(v4, fc.ipV4()), fc.tuple(v6, fc.ipV6())), ([[address, length], other]) => {
      const family = other.includes(':') ? 'ipv6' : 'ipv4';
      const list = new BlockList();
      list.addSubnet(address, length, family);
      const single = canonical(`${other}/${family === 'ipv6' ? 128 : 32}`);
      expect(contains(canonical(`${address}/${length}`), single)).toBe(list.check(other, family));
    }),
  );
});

test('ranges overlap exactly where one contains the other, whichever comes first', () => {
  fc.assert(
    fc.property(given.map(canonical), given.map(canonical), (a, b) => {
      expect(overlaps(a, b)).toBe(contains(a, b) || contains(b, a));
      expect(overlaps(b, a)).toBe(overlaps(a, b));
      expect(overlaps(a, a)).toBe(true);
    }),
  );
});

test.each([
  ['10.96.0.0/12', 10, '10.96.0.10'],
  ['172.20.0.0/16', 10, '172.20.0.10'],
  ['10.0.0.0/16', 65_535, '10.0.255.255'],
  ['fd00:10:96::/112', 10, 'fd00:10:96::a'],
  ['0.0.0.0/0', 4_294_967_295, '255.255.255.255'],
])('in %s the address number %s is %s', (range, n, address) => {
  expect(nthAddress(range, n)).toBe(address);
});

test('an address beyond the range is an error that says how many there are', () => {
  expect(() => nthAddress('10.0.0.0/29', 10)).toThrow('10.0.0.0/29 has no address number 10: it holds 8');
});

test.each([
  ['10.0.0.5/16', 'write `10.0.0.0/16`'],
  ['10.0.0.0', 'write `10.0.0.0/16`'],
  [' 10.0.0.0/16', 'write `10.0.0.0/16`'],
  ['10.0.0.0/016', 'write `10.0.0.0/16`'],
  ['FD00::/8', 'write `fd00::/8`'],
  ['fd00:0:0:0::/64', 'write `fd00::/64`'],
  ['10.0.0.0/33', 'write a length from /0 to /32'],
  ['010.0.0.0/8', 'write an address and a length, such as `10.0.0.0/16`'],
  ['fe80::1%eth0/64', 'write an address and a length, such as `10.0.0.0/16`'],
  ['ten', 'write an address and a length, such as `10.0.0.0/16`'],
])('%s is refused with what to write instead', (text, fix) => {
  expect(cidrFault(text)?.fix).toBe(fix);
  expect(() => overlaps(text, '10.0.0.0/8')).toThrow(fix);
});
