import { product, folderOf } from './platforms';

/**
 * A platform that guardrails are tried on: the example's clusters with every add-on that a guardrail waits for, and
 * one more, `old`, like `production` but of the version before the API server could fill anything in.
 */
export function guardrailPlatform(): string {
  return folderOf({
    'platform.ts': `import { platform as example } from '${product}/platform';
import { Platform } from '${product}/src/model';

const { clusters, ...rest } = example.props;
const sandboxed = {
  minimum: 1,
  instanceType: 'm7i.2xlarge',
  capacity: { cpu: '7910m', memory: '29Gi' },
  labels: { 'keelson.dev/pool': 'sandboxed', 'keelson.dev/sandbox': 'gvisor' },
  taints: [{ key: 'keelson.dev/pool', value: 'sandboxed', effect: 'NoSchedule' }],
};
const production = {
  ...clusters.production,
  nodePools: { ...clusters.production.nodePools, sandboxed },
};
export const platform = new Platform({
  ...rest,
  addOns: { gvisor: true },
  clusters: {
    ...clusters,
    production,
    old: {
      ...production,
      kubernetesVersion: '1.35.2',
      network: { podCidr: '10.72.0.0/14', serviceCidr: '10.100.0.0/16', nodeCidr: '10.2.0.0/16' },
      storage: { backups: 'harbour-old-backups', logs: 'harbour-old-logs', traces: 'harbour-old-traces' },
    },
  },
} as never);
`,
  });
}
