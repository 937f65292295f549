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

function scale(digits: bigint, power: number): bigint {
  if (power >= 0) return digits * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (digits + divisor - 1n) / divisor;
}
