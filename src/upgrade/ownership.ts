import data from './ownership.json';

/** Who owns what in a platform's repository, as `ownership.json` says. */
export interface Ownership {
  /** Paths that are the team's: a folder ends in `/`, and `*` stands for anything within a name. */
  readonly team: readonly string[];
}

/** Where that file stands in a Keelson, so that the newer one's is read too. */
export const OWNERSHIP_FILE = 'src/upgrade/ownership.json';

/** The manifest that the product and the team share by field. */
export const PACKAGE_FILE = 'package.json';

/** Reads a Keelson's `ownership.json`; undefined where the text is none. */
export function parseOwnership(text: string): Ownership | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const team = (value as { team?: unknown } | null)?.team;
  return Array.isArray(team) && team.every((one) => typeof one === 'string') ? { team } : undefined;
}

/** Whether a path is the product's, given that Keelson ships a file there. */
export function productOwns(ownership: Ownership, path: string): boolean {
  return path !== PACKAGE_FILE && !ownership.team.some((pattern) => matches(pattern, path));
}

/** Where a change to a product's file should live instead. */
export function insteadOf(path: string): string {
  const entry = data.instead.find((one) => path.startsWith(one.path));
  return entry?.fix ?? 'offer the change to Keelson, so that every team has it';
}

function matches(pattern: string, path: string): boolean {
  if (pattern.endsWith('/')) return path.startsWith(pattern);
  const expression = pattern.split('*').map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${expression.join('[^/]*')}$`).test(path);
}
