/** Whether something of a claim is for an environment: it is for all where it names none. */
export function isIn(one: { readonly environments?: readonly string[] }, environment: string): boolean {
  return one.environments === undefined || one.environments.includes(environment);
}
