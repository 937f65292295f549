import { distance } from 'fastest-levenshtein';
import { compareText } from './finding';

/** Longer words are not typing errors, and comparing them costs the product of the lengths. */
const LONGEST = 100;

/**
 * The candidate that a person most likely meant by `word`, or undefined where none is near: two edits in
 * five characters are still near, three are the most. Case, dashes and underscores do not count.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  const plain = simplify(word);
  let best: { candidate: string; edits: number } | undefined;
  for (const candidate of candidates) {
    const edits = distance(plain, simplify(candidate));
    if (edits > Math.min(3, Math.ceil(Math.min(plain.length, candidate.length) * 0.4))) continue;
    // Equal distances go by name, so that the order of candidates changes nothing.
    if (!best || edits < best.edits || (edits === best.edits && compareText(candidate, best.candidate) < 0)) {
      best = { candidate, edits };
    }
  }
  return best?.candidate;
}

function simplify(word: string): string {
  return word.toLowerCase().replace(/[-_]/g, '');
}
