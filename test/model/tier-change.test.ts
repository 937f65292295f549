import { resolve } from '../../src/model/resolve';
import { planTierChange, type TenantPlacement, type TierChange } from '../../src/model/tier-change';
import { load } from '../../src/render/load';
import { claimFile, folderOf, product, told } from '../support/platforms';

/** The example platform with machines for every tier, and one claim. */
function placed(spec: string, clusters = ''): readonly TenantPlacement[] {
  const root = folderOf({
    'platform.ts': `import { platform as example } from '${product}/platform';
import { Platform } from '${product}/src/model';

const { clusters, ...rest } = example.props;
const { production } = clusters;
const machine = { minimum: 1, instanceType: 'm7i.xlarge', capacity: { cpu: '3920m', memory: '14Gi' } };
export const platform = new Platform({
  ...rest,
  clusters: {
    ...clusters,
    production: {
      ...production,
      nodePools: {
        ...production.nodePools,
        safe: { ...machine, labels: { 'keelson.dev/sandbox': 'gvisor' } },
        shop: { ...machine, tenant: 'shop' },
      },
    },
    ${clusters}
  },
} as never);
`,
    'tenants/claims/shop.yaml': claimFile('shop', spec),
  });
  const { declarations, findings } = load(root);
  expect(told(findings)).toEqual([]);
  const resolved = resolve(declarations!);
  expect(told(resolved.findings)).toEqual([]);
  return resolved.units.flatMap(({ cluster, slice }) => (slice.kind === 'tenant' ? [{ cluster, slice }] : []));
}

const lines = (change: TierChange | undefined) =>
  change?.steps.map(
    ({ by, environment, what, restarts }) => `${by} ${environment ?? '*'}${restarts ? ' (restarts)' : ''}: ${what}`,
  ) ?? [];

const prod = (tier: number) => placed(`  tier: ${tier}\n  environments: { prod: {} }\n`);

test('A tier that stays takes nothing', () => {
  expect(planTierChange(prod(1), prod(1))).toBeUndefined();
});

test('From namespaces to sandboxes: what would be refused goes first, what runs is restarted last', () => {
  expect(lines(planTierChange(prod(1), prod(2)))).toEqual([
    expect.stringMatching(
      /^tenant prod \(restarts\): let no container ask for more than 2940m of cpu: .* \(now 5932m\)$/,
    ),
    expect.stringMatching(/^tenant prod \(restarts\): let no container ask for more than 10752Mi of memory/),
    'tenant prod (restarts): let no workload name a runtimeClassName but gvisor',
    'published *: namespaces say tier 2: every new Pod is given the sandbox, and any other runtime is refused',
    'tenant prod (restarts): restart every workload, so that its Pods are made anew under tier 2',
  ]);
});

test('To machines of one’s own and back: the machines are given back when nobody is on them', () => {
  const up = lines(planTierChange(prod(2), prod(3)));
  expect(up).toContain('tenant prod (restarts): let no workload have a nodeSelector that rules out node pool shop');
  expect(up.at(-1)).toContain('under tier 3; volumes follow where the pool has machines in their zone');
  const down = lines(planTierChange(prod(3), prod(1)));
  expect(down).toContain('tenant prod (restarts): let no workload name the priority class tenant-dedicated');
  expect(down).toContain(
    'tenant prod (restarts): take nodeSelector and tolerations of node pool shop out of every workload that names them',
  );
  expect(down.at(-1)).toBe(
    'platform *: give node pool shop of cluster production back when no Pod of the tenant’s runs on it',
  );
});

test('To a virtual cluster: production comes last', () => {
  const both = (tier: number) => placed(`  tier: ${tier}\n  environments: { prod: {}, staging: {} }\n`);
  const steps = planTierChange(both(1), both(4))?.steps ?? [];
  expect(steps.map(({ environment }) => environment)).toEqual([
    undefined,
    'staging',
    'staging',
    'staging',
    'prod',
    'prod',
    'prod',
  ]);
  expect(steps[1]?.what).toContain('a virtual cluster starts in the namespace');
});

test('To a real cluster of one’s own: what is kept elsewhere is restored there and deleted by nobody unasked', () => {
  const sandbox = (tier: number, clusters?: string) =>
    placed(`  tier: ${tier}\n  environments: { sandbox: {} }\n`, clusters);
  const now = sandbox(4, "local: { ...clusters.local, tenant: 'shop' }");
  const before = now.map(({ slice }) => ({ cluster: 'nonproduction', slice: { ...slice, tier: 1 as const } }));
  expect(lines(planTierChange(before, now))).toEqual([
    'published *: namespaces say tier 4: clusters of the tenant’s own',
    'tenant sandbox: restore the last backup of cluster nonproduction on cluster local, where the environment starts empty',
    'tenant sandbox: let names lead to cluster local when what it serves is right',
    expect.stringContaining('platform *: what the tenant holds on cluster nonproduction stays there'),
  ]);
});
