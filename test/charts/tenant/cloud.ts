import type { Tree } from '../../../src/gitops/tree';
import { renderPlatform } from '../../../src/render';
import { platform } from '../../../platform';
import { claimFile, folderOf, platformFile, told } from '../../support/platforms';

/** The example platform with one more tenant, `search`: `prod` on machines in AWS, `dev` on EKS, `sandbox` here. */
export async function withSearch(more: string): Promise<Tree> {
  const root = folderOf({
    'platform.ts': platformFile(platform.props),
    'tenants/claims/search.yaml': claimFile('search', `  environments: { prod: {}, dev: {}, sandbox: {} }\n${more}`),
  });
  const { tree, findings } = await renderPlatform({ root, cache: false });
  expect(told(findings)).toEqual([]);
  return tree;
}

/** A file of one of the environments. */
export function fileOf(environment: 'prod' | 'dev' | 'sandbox', facet: string): string {
  const cluster = { prod: 'production', dev: 'nonproduction', sandbox: 'local' }[environment];
  return `clusters/${cluster}/tenants/search/${facet}.yaml`;
}
