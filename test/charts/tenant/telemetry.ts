import type { Tree } from '../../../src/gitops/tree';
import { renderPlatform } from '../../../src/render';
import {
  claimFile,
  folderOf,
  localProps,
  objectsIn,
  platformFile,
  told,
  type KubernetesObject,
} from '../../support/platforms';

/** A platform with one cluster on EKS, where every add-on of the cloud is on, and a mail server. */
export const cloudProps = {
  ...localProps,
  mail: { host: 'smtp.example.com', from: 'alerts@example.com' },
  clusters: {
    cloud: {
      provider: 'eks',
      region: 'eu-central-1',
      accountId: '111122223333',
      kubernetesVersion: '1.36.3',
      network: { podCidr: '10.68.0.0/14', serviceCidr: '10.97.0.0/16', nodeCidr: '10.1.0.0/16' },
      nodePools: {
        general: { minimum: 2, maximum: 8, instanceType: 'm7i.xlarge', capacity: { cpu: '3920m', memory: '14Gi' } },
      },
      storage: { backups: 'example-backups', logs: 'example-logs', traces: 'example-traces' },
    },
  },
  environments: { dev: { cluster: 'cloud' }, live: { cluster: 'cloud', production: true } },
};

/** The tree of a platform with these claims: further lines of the spec by the tenant's name. */
export async function renderedClaims(
  claims: Readonly<Record<string, string>>,
  props: object = cloudProps,
): Promise<Tree> {
  const files = Object.fromEntries(
    Object.entries(claims).map(([name, more]) => [`tenants/claims/${name}.yaml`, claimFile(name, more)]),
  );
  const root = folderOf({ 'platform.ts': platformFile(props), ...files });
  const { tree, findings } = await renderPlatform({ root, cache: false, threads: 0 });
  expect(told(findings)).toEqual([]);
  return tree;
}

/** Objects of one facet of a tenant that has one environment, `dev`. */
export function facetOf(tree: Tree, tenant: string, facet: string, environment?: string): readonly KubernetesObject[] {
  const place = environment === undefined ? tenant : `${tenant}/${environment}`;
  return objectsIn(tree, `clusters/cloud/tenants/${place}/${facet}.yaml`);
}
