import type { Tree } from '../../src/gitops/tree';
import { renderPlatform } from '../../src/render';
import { claimFile, type Files, folderOf, product, told } from './platforms';

/** A `platform.ts` of the example's clusters, without its tenants; `more` are fields over its own, as TypeScript. */
export function exampleFile(more = ''): string {
  return `import { platform as example } from '${product}/platform';
import { Platform } from '${product}/src/model';

export const platform = new Platform({ ...example.props, ${more} });
`;
}

/**
 * The example's clusters with claims of these names: `local` has no mesh, `nonproduction` (EKS) and `production` (AWS)
 * have one. The claims must be right.
 */
export async function renderExample(claims: Readonly<Record<string, string>>, more: Files = {}): Promise<Tree> {
  const root = folderOf({
    'platform.ts': exampleFile(),
    ...Object.fromEntries(
      Object.entries(claims).map(([name, text]) => [`tenants/claims/${name}.yaml`, claimFile(name, text)]),
    ),
    ...more,
  });
  const { tree, findings } = await renderPlatform({ root, cache: false, threads: 0 });
  expect(told(findings.filter(({ file }) => /^(?:tenants|platform|clusters)/.test(file)))).toEqual([]);
  return tree;
}
