import { isDeepStrictEqual } from 'node:util';

/**
 * What an upgrade does with one value (undefined: there is none), given what both sides started from:
 * `same` where both sides agree, `take` where only Keelson changed it, `keep` where only the team did,
 * `conflict` where both did, each in its own way.
 */
export function threeWay<T>(base: T | undefined, ours: T | undefined, theirs: T | undefined): Verdict {
  if (isDeepStrictEqual(ours, theirs)) return 'same';
  if (isDeepStrictEqual(ours, base)) return 'take';
  return isDeepStrictEqual(theirs, base) ? 'keep' : 'conflict';
}

export type Verdict = 'same' | 'take' | 'keep' | 'conflict';
