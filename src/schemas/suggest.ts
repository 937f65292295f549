import { distance } from 'fastest-levenshtein';

/** Longer words are not compared: nobody misspells them, and the time grows with the square. */
const LONGEST = 100;

/** The candidate that a person most likely meant by `text`, where one is near enough. Case alone is always near. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length > LONGEST) return undefined;
  const wanted = text.toLowerCase();
  let best: string | undefined;
  let least = Math.max(2, Math.floor(text.length * 0.4)) + 1;
  for (const candidate of candidates) {
    if (candidate.length > LONGEST) continue;
    const steps = distance(wanted, candidate.toLowerCase());
    if (steps < least) [best, least] = [candidate, steps];
  }
  return best;
}
