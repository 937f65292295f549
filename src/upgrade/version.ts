/** Orders two semantic versions (semver.org, item 11; build metadata is ignored). What is none counts as 0.0.0. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [parse(a), parse(b)];
  for (const [at, number] of one.core.entries()) {
    const difference = number - (other.core[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (one.pre.length === 0 || other.pre.length === 0) return other.pre.length - one.pre.length;
  for (const [at, part] of one.pre.entries()) {
    const difference = comparePart(part, other.pre[at]);
    if (difference !== 0) return difference;
  }
  return one.pre.length - other.pre.length;
}

function comparePart(a: string, b: string | undefined): number {
  if (b === undefined) return 1;
  const [one, other] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (one && other) return Number(a) - Number(b);
  if (one !== other) return one ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function parse(version: string): { readonly core: readonly number[]; readonly pre: readonly string[] } {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(version);
  if (!match) return { core: [0, 0, 0], pre: [] };
  return { core: match.slice(1, 4).map(Number), pre: match[4]?.split('.') ?? [] };
}
