import type { Fault } from './fault';
import { show } from './show';

/**
 * Kubernetes' resource quantities, exactly.
 * Grammar: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

/** An amount such as `500m`, `2Gi` or `1e3`. */
export interface Quantity {
  /** The amount in billionths, the finest that Kubernetes keeps. */
  readonly value: bigint;
  /** As it was written. */
  readonly text: string;
}

const grammar = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d{1,3}))?$/;

const decimal: Record<string, number> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

/** Billionths in one. */
const one = 1_000_000_000n;
/** Kubernetes counts up to a signed 64-bit integer and silently takes that for anything above. */
const most = (2n ** 63n - 1n) * one;
/** More characters than any real amount has. */
const longest = 40;

const units = Object.keys({ ...decimal, ...binary });
const binaryUnits = Object.entries(binary)
  .map(([suffix, bits]) => [suffix, one << bits] as const)
  .reverse();
const decimalUnits = [...Object.entries(decimal), ['', 0] as const]
  .sort(([, a], [, b]) => b - a)
  .map(([suffix, power]) => [suffix, 10n ** BigInt(9 + power)] as const);

/**
 * Reads a quantity; whatever is finer than a billionth is rounded away from zero, as Kubernetes does.
 * Returns undefined for text that Kubernetes would refuse, such as `10GB` or `1 Gi`.
 */
export function parseQuantity(text: string | number): Quantity | undefined {
  const written = String(text);
  const match = grammar.exec(written);
  if (!match) return undefined;
  const [, sign, whole = '', part = match[4] ?? '', , suffix = '', exponent] = match;
  const digits = BigInt(whole + part);
  const power = 9 - part.length + (exponent === undefined ? (decimal[suffix] ?? 0) : Number(exponent));
  const value = scale(digits << (binary[suffix] ?? 0n), power);
  return { value: sign === '-' ? -value : value, text: written };
}

/** Orders by amount: negative, zero or positive, whatever the suffixes. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/**
 * The shortest exact form of an amount in billionths, with the largest suffix that leaves a whole number: `decimal` for
 * cores and pieces (`1500m`), `binary` for bytes (`1536Mi`; what is no multiple of 1,024 comes out decimal).
 */
export function formatQuantity(value: bigint, style: 'decimal' | 'binary' = 'decimal'): string {
  if (value < 0n) return `-${formatQuantity(-value, style)}`;
  if (value === 0n) return '0';
  const suffixes = style === 'binary' && value % (one << 10n) === 0n ? binaryUnits : decimalUnits;
  const [suffix, unit] = suffixes.find(([, amount]) => value % amount === 0n) ?? ['n', 1n];
  return `${value / unit}${suffix}`;
}

/** Why the text is no amount that anybody can ask for; undefined where it is one. */
export function quantityFault(text: string): Fault | undefined {
  const amount = readAmount(text);
  return typeof amount === 'bigint' ? undefined : amount;
}

/** Why the text is no amount of memory or storage: a quantity of whole bytes. `512m` is half a byte, and never meant. */
export function bytesFault(text: string): Fault | undefined {
  const amount = readAmount(text);
  if (typeof amount !== 'bigint') return amount;
  if (amount % one === 0n) return undefined;
  const digits = /^\+?([\d.]+)m$/.exec(text)?.[1];
  return {
    message: `${show(text)} is not a whole number of bytes${digits ? ': `m` stands for thousandths' : ''}`,
    fix: digits ? `write \`${digits}M\` (10^6) or \`${digits}Mi\` (2^20)` : 'write a whole number, such as `512Mi`',
  };
}

/** Why the text is no number of cores: a quantity in whole thousandths, the finest that a container may ask for. */
export function coresFault(text: string): Fault | undefined {
  const amount = readAmount(text);
  if (typeof amount !== 'bigint') return amount;
  if (text.endsWith('i')) return { message: `${show(text)} counts bytes, not cores`, fix: 'write cores, such as `4`' };
  if (amount % 1_000_000n === 0n) return undefined;
  return { message: `${show(text)} is finer than a thousandth of a core`, fix: 'write whole `m`, such as `250m`' };
}

function scale(digits: bigint, power: number): bigint {
  if (power >= 0) return digits * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (digits + divisor - 1n) / divisor;
}

function readAmount(text: string): bigint | Fault {
  if (text === '') return { message: 'the quantity is empty', fix: 'write a number, such as `500m` or `2Gi`' };
  if (text.length > longest) return { message: `${show(text)} is too long for a quantity`, fix: 'use a suffix' };
  const amount = parseQuantity(text)?.value;
  if (amount === undefined) return { message: `${show(text)} is not a Kubernetes quantity`, fix: correction(text) };
  if (text.startsWith('-')) return { message: `${show(text)} is negative`, fix: 'write zero or more' };
  if (amount <= most) return amount;
  return { message: `${show(text)} is more than Kubernetes counts`, fix: `write at most \`${most / one}\`` };
}

/** What the writer of a malformed quantity most likely meant. */
function correction(text: string): string {
  const general = `write a number with at most one of ${units.join(' ')}`;
  const compact = text.replace(/[\s_]/g, '');
  if (/^-[\d.]/.test(compact)) return 'write zero or more';
  const number = /^\d{1,3}(?:,\d{3})+(?![\d,])/.test(compact) ? compact.replaceAll(',', '') : compact.replace(',', '.');
  const match = /^\+?(\d+\.?\d*|\.\d+)([a-z]*)$/i.exec(number);
  if (!match) return general;
  const [, digits = '', unit = ''] = match;
  // `M` is a million and `m` a thousandth: only what is spelled right keeps its case.
  if (unit === '' || units.includes(unit)) return `write \`${digits}${unit}\``;
  if (/^(?:b|bytes?|v?cpus?|cores?)$/i.test(unit)) return `write \`${digits}\``;
  if (/^(?:milli|m(?:illi)?-?(?:cpus?|cores?))$/i.test(unit)) return `write \`${digits}m\``;
  const bytes = /^([kmgtpe])(i?)(?:b|bytes?)?$/i.exec(unit);
  if (!bytes) return general;
  const letter = (bytes[1] ?? '').toUpperCase();
  const power = 'KMGTPE'.indexOf(letter) + 1;
  const binary = `\`${digits}${letter}i\``;
  if (bytes[2]) return `write ${binary}`;
  return `write \`${digits}${letter === 'K' ? 'k' : letter}\` (10^${3 * power}) or ${binary} (2^${10 * power})`;
}
