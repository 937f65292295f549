import type { ErrorObject } from 'ajv';

/** Keywords that judge a value itself and not something inside it. */
const KIND = ['type'];
const CONTENT = ['const', 'enum', 'format', 'pattern'];

/**
 * Ajv tells the faults of every branch of an `anyOf` or `oneOf`. This leaves those of the branch that was meant, or,
 * where none was, the error of the `anyOf` itself.
 *
 * @param resolve follows a `$ref` of the schema
 */
export function settleAlternatives(
  errors: readonly ErrorObject[],
  resolve: (schema: unknown) => unknown,
): readonly ErrorObject[] {
  let settled: ErrorObject[] = [];
  for (const error of errors) {
    // The branches' own errors come before the error of their `anyOf`, so that inner ones are settled already.
    const branches = isAlternative(error)
      ? (error.schema as unknown[]).map((branch) => schemasIn(branch, resolve))
      : [];
    const inBranch = (one: ErrorObject) =>
      (one.instancePath === error.instancePath || one.instancePath.startsWith(`${error.instancePath}/`)) &&
      branches.some((branch) => branch.has(one.parentSchema));
    const own = branches.length === 0 ? [] : settled.filter(inBranch);
    settled = settled.filter((one) => !own.includes(one));
    settled.push(...choose(error, own, branches));
  }
  return settled;
}

function isAlternative(error: ErrorObject): boolean {
  return (error.keyword === 'anyOf' || error.keyword === 'oneOf') && Array.isArray(error.schema);
}

function choose(
  error: ErrorObject,
  own: readonly ErrorObject[],
  branches: readonly ReadonlySet<unknown>[],
): readonly ErrorObject[] {
  const candidates = branches
    .map((branch) => own.filter((one) => branch.has(one.parentSchema)))
    .filter((faults) => faults.length > 0)
    .map((faults) => ({ faults, distance: Math.max(...faults.map((fault) => distance(fault, error))) }));
  const [best, second] = candidates.toSorted((a, b) => a.distance - b.distance || a.faults.length - b.faults.length);
  if (!best) return [error];
  // Of several branches that differ from the value in their very kind, none can be said to be meant.
  if (best.distance >= 2 && second?.distance === best.distance) return [error];
  const tags =
    best.distance === 1 && second?.distance === 1 ? tagError(candidates.flatMap(({ faults }) => faults)) : undefined;
  return tags ? [tags] : best.faults;
}

/** How far a value is from a branch: 3 another type, 2 another content, 1 another tag inside, 0 a fault within. */
function distance(fault: ErrorObject, alternative: ErrorObject): number {
  if (fault.instancePath === alternative.instancePath && fault.propertyName === undefined) {
    return KIND.includes(fault.keyword) ? 3 : CONTENT.includes(fault.keyword) ? 2 : 0;
  }
  const below = fault.instancePath.slice(alternative.instancePath.length + 1);
  return (fault.keyword === 'const' || fault.keyword === 'enum') && !below.includes('/') ? 1 : 0;
}

/** One error that lists what all branches allow as the value of the key that tells them apart. */
function tagError(faults: readonly ErrorObject[]): ErrorObject | undefined {
  const tags = faults.filter((fault) => fault.keyword === 'const' || fault.keyword === 'enum');
  const [first] = tags;
  if (!first || tags.some((tag) => tag.instancePath !== first.instancePath)) return undefined;
  const allowedValues = tags.flatMap((tag): unknown[] => {
    const params = tag.params as { allowedValue?: unknown; allowedValues?: unknown[] };
    return params.allowedValues ?? [params.allowedValue];
  });
  return { ...first, keyword: 'enum', params: { allowedValues } };
}

/** The schema and every schema inside it, references followed. */
function schemasIn(schema: unknown, resolve: (schema: unknown) => unknown): ReadonlySet<unknown> {
  const found = new Set<unknown>();
  const visit = (part: unknown): void => {
    const target = resolve(part);
    if (typeof target !== 'object' || target === null || found.has(target)) return;
    found.add(target);
    Object.values(target).forEach(visit);
  };
  visit(schema);
  return found;
}
