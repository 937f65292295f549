import { product } from './platforms';

/** A `platform.ts` of the example's clusters; `clusters` is what is changed of them, as TypeScript. */
export function tierPlatform(clusters: string): string {
  return `import { platform as example } from '${product}/platform';
import { Platform } from '${product}/src/model';

const { clusters, ...rest } = example.props;
const { production, nonproduction, local } = clusters;
const machine = { minimum: 1, maximum: 4, instanceType: 'm7i.2xlarge', capacity: { cpu: '7910m', memory: '29Gi' } };
export const platform = new Platform({ ...rest, clusters: { production, nonproduction, local, ${clusters} } } as never);
`;
}

/** Machines for every tier: `safe`, which have the sandbox and are shared, and `shop`, which are that tenant's alone. */
export const MACHINES = `production: { ...production, nodePools: {
  ...production.nodePools,
  safe: {
    ...machine,
    labels: { 'keelson.dev/sandbox': 'gvisor' },
    taints: [{ key: 'sandbox', value: 'gvisor', effect: 'NoSchedule' }],
  },
  shop: { ...machine, tenant: 'shop', labels: { 'keelson.dev/sandbox': 'gvisor' } },
} },
nonproduction: { ...nonproduction, nodePools: { ...nonproduction.nodePools, shop: { ...machine, tenant: 'shop' } } }`;
