import type { Claimant, FieldPath } from './claimant';

/** Parts of a path that proxies read in different ways, so that Gateway API takes none of them. */
const AMBIGUOUS = /\/\/|\/\.\.?(?:\/|$)/;

/** Path prefixes of a claim must mean the same to everyone who reads them. */
export function checkPaths(claimant: Claimant, paths: readonly string[] | undefined, at: FieldPath): void {
  paths?.forEach((path, i) => {
    if (!AMBIGUOUS.test(path)) return;
    claimant.fault([...at, 'paths', i], {
      rule: 'ambiguous-path',
      value: path,
      message: `'${path}' holds an empty part or one of dots, which proxies read in different ways`,
      fix: `write ${new URL(path.replace(/\/{2,}/g, '/'), 'http://example.com').pathname}`,
    });
  });
}
