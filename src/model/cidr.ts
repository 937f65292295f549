import { isIPv4, isIPv6 } from 'node:net';
import type { Fault } from './fault';
import { show } from './show';

/** A range of addresses: its first address as a number, and how many leading bits all share. */
interface Range {
  readonly family: 4 | 6;
  readonly base: bigint;
  readonly prefix: number;
}

/**
 * Why the text is no range in its canonical form, such as `10.0.0.0/16` or `fd00::/48`: malformed, host bits set, or
 * not in the shortest spelling.
 */
export function cidrFault(text: string): Fault | undefined {
  const range = read(text);
  return 'base' in range ? undefined : range;
}

/** True where every address of `inner` is one of `outer`. Throws an Error where one of them is no canonical range. */
export function contains(outer: string, inner: string): boolean {
  return covers(parse(outer), parse(inner));
}

/** True where the two ranges share an address. Throws an Error where one of them is no canonical range. */
export function overlaps(a: string, b: string): boolean {
  const [left, right] = [parse(a), parse(b)];
  // Ranges are nested or apart: there is no third way to share an address.
  return covers(left, right) || covers(right, left);
}

/**
 * The nth address after the range's first (0), such as 10 for the DNS Service of a service range. Throws a RangeError
 * where the range is too small, an Error where it is no canonical range.
 */
export function nthAddress(cidr: string, n: number): string {
  const range = parse(cidr);
  const size = 1n << BigInt(bitsOf(range.family) - range.prefix);
  if (n >= size) throw new RangeError(`${cidr} has no address number ${n}: it holds ${size}`);
  return formatAddress(range.family, range.base + BigInt(n));
}

function parse(text: string): Range {
  const range = read(text);
  if ('base' in range) return range;
  throw new Error(range.fix ? `${range.message}; ${range.fix}` : range.message);
}

function read(text: string): Range | Fault {
  const message = `${show(text)} is not an address range`;
  const [address = '', length, ...rest] = text.trim().split('/');
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes('%') ? 6 : undefined;
  if (!family || rest.length > 0) return { message, fix: 'write an address and a length, such as `10.0.0.0/16`' };
  const longest = bitsOf(family);
  if (length === undefined)
    return { message: `${message}: it has no length`, fix: `write ${show(`${address}/${longest / 2}`)}` };
  if (!/^\d{1,3}$/.test(length) || Number(length) > longest) {
    return {
      message: `${message}: \`/${length.slice(0, 20)}\` is no length`,
      fix: `write a length from /0 to /${longest}`,
    };
  }
  const given: Range = { family, base: parseAddress(family, address), prefix: Number(length) };
  const range: Range = { ...given, base: network(given, given.prefix) };
  const canonical = `${formatAddress(family, range.base)}/${range.prefix}`;
  if (canonical === text) return range;
  const reason =
    range.base === given.base ? 'is not in its shortest form' : 'has host bits set, so that it names one address';
  return { message: `${show(text)} ${reason}`, fix: `write ${show(canonical)}` };
}

function bitsOf(family: 4 | 6): 32 | 128 {
  return family === 4 ? 32 : 128;
}

function covers(outer: Range, inner: Range): boolean {
  return outer.family === inner.family && outer.prefix <= inner.prefix && network(inner, outer.prefix) === outer.base;
}

function network(range: Range, prefix: number): bigint {
  const free = BigInt(bitsOf(range.family) - prefix);
  return (range.base >> free) << free;
}

function parseAddress(family: 4 | 6, address: string): bigint {
  if (family === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail = ''] = compress(address).split('::');
  const front = head ? head.split(':') : [];
  const back = tail ? tail.split(':') : [];
  const zeros = Array<string>(8 - front.length - back.length).fill('0');
  return [...front, ...zeros, ...back].reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n);
}

function formatAddress(family: 4 | 6, address: bigint): string {
  const parts = family === 4 ? [24n, 16n, 8n, 0n] : [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n];
  if (family === 4) return parts.map((shift) => (address >> shift) & 255n).join('.');
  return compress(parts.map((shift) => ((address >> shift) & 65535n).toString(16)).join(':'));
}

/** The shortest spelling (RFC 5952) of an IPv6 address, all in hexadecimal: the one that URLs are normalised to. */
function compress(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
