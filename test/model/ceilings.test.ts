import type { TenantProps } from '../../src/model/claim.generated';
import { resolve } from '../../src/model/resolve';
import { load } from '../../src/render/load';
import { product, told } from '../support/platforms';

const { declarations } = load(product);
if (!declarations) throw new Error('the example platform cannot be loaded');

/** What is told about clusters when so many tenants like this one stand on the example platform, and what is rendered. */
function toldOf(
  count: number,
  props: Partial<TenantProps>,
): { told: readonly string[]; severities: string; tenants: number } {
  const tenants = Array.from({ length: count }, (_, i) => ({
    name: `t${i}`,
    file: `tenants/t${i}.ts`,
    props: { owner: { email: 'a@example.com' }, groups: { developers: 'a' }, ...props },
    checked: true,
  }));
  const { findings: all, units } = resolve({ ...declarations!, tenants });
  const findings = all.filter(({ field }) => field?.startsWith('clusters.'));
  return {
    told: told(findings),
    severities: findings.map(({ severity }) => severity).join(),
    tenants: units.filter(({ slice }) => slice.kind === 'tenant').length,
  };
}

const platformNamespaces = resolve(declarations).clusters.get('nonproduction')!.platformNamespaces.length;
/** Tenants of two environments that fill one cluster to the last of 10,000 namespaces; four are Kubernetes' own. */
const most = Math.floor((10_000 - 4 - platformNamespaces) / 2);

test('Ten thousand namespaces of a cluster are told to nobody, one more to the platform, with the sum', () => {
  const environments = { dev: {}, staging: {} };
  expect(toldOf(most, { environments }).told).toEqual([]);

  const after = toldOf(most + 1, { environments });
  const [all, tenants] = [2 * (most + 1) + platformNamespaces + 4, 2 * (most + 1)];
  expect(after.told).toEqual([
    `platform.ts | clusters.nonproduction | ${all} namespaces are more than the 10000 that Kubernetes is tested with: ` +
      `${tenants} of ${most + 1} tenants, ${platformNamespaces} of add-ons, 4 of Kubernetes | move environments to another cluster`,
  ]);
  // It is a threshold, not a limit: everything is rendered.
  expect(after.severities).toBe('warning');
  expect(after.tenants).toBe(most + 1);
});

test('Clusters are counted apart: what stands on one is no burden of the other', () => {
  expect(toldOf(most, { environments: { dev: {}, staging: {}, prod: {} } }).told).toEqual([]);
});

test('Workloads that claims name need identities, of which Cilium has 65,280', () => {
  const metrics = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ port: 8000 + i, workload: `workload-${i}` }));
  // 32 and 34 workloads in each of 2,000 namespaces.
  expect(toldOf(2000, { environments: { dev: {} }, metrics: metrics(32) }).told).toEqual([]);
  const after = toldOf(2000, { environments: { dev: {} }, metrics: metrics(34) });
  expect(after.told).toEqual([
    expect.stringMatching(
      /^platform\.ts \| clusters\.nonproduction \| 68000 identities are more than the 65280 that Cilium gives out: .* 2000 namespaces \| /,
    ),
  ]);
  expect(after.severities).toBe('error');
  // The same workload, named twice, is one.
  expect(toldOf(2000, { environments: { dev: {} }, metrics: [...metrics(32), ...metrics(32)] }).told).toEqual([]);
});
