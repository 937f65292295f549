import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program of the checker, as its Pods run it. */
export function script(name: 'api' | 'checker' | 'reader'): string {
  return readFileSync(join(__dirname, `${name}.mjs`), 'utf8');
}
