/** A copy of plain data without the keys that stand there as `undefined`, which would hide what they are laid over. */
export function plainCopy<T>(data: T): T {
  return JSON.parse(JSON.stringify(data)) as T;
}
