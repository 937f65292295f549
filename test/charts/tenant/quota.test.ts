import fc from 'fast-check';
import { TENANT_KINDS } from '../../../charts/tenant-kinds';
import { parseQuantity } from '../../../src/model/quantity';
import { renderPlatform } from '../../../src/render';
import type { Tree } from '../../../src/gitops/tree';
import {
  claimFile,
  folderOf,
  localProps,
  objectIn,
  objectsIn,
  product,
  smallPlatform,
  told,
} from '../../support/platforms';
import { anyCapacity, anyQuota } from '../../support/quotas';

type Amounts = Readonly<Record<string, string>>;
interface LimitItem {
  readonly type: string;
  readonly min?: Amounts;
  readonly defaultRequest: Amounts;
  readonly default: Amounts;
  readonly max: Amounts;
  readonly maxLimitRequestRatio: Amounts;
}

async function rendered(claims: Readonly<Record<string, string>>, props: object = {}): Promise<Tree> {
  const files = Object.fromEntries(
    Object.entries(claims).map(([name, more]) => [`tenants/claims/${name}.yaml`, claimFile(name, more)]),
  );
  const { tree, findings } = await renderPlatform({ root: folderOf(smallPlatform(files, props)), cache: false });
  expect(told(findings)).toEqual([]);
  return tree;
}

const fileOf = (tenant: string): string => `clusters/laptop/tenants/${tenant}/quota.yaml`;
const hardOf = (tree: Tree, tenant: string, quota: string, file = fileOf(tenant)): Amounts =>
  objectIn(tree, file, 'ResourceQuota', quota).spec.hard as Amounts;
const containersOf = (tree: Tree, tenant: string): LimitItem =>
  (objectIn(tree, fileOf(tenant), 'LimitRange').spec.limits as LimitItem[]).find(({ type }) => type === 'Container')!;

/** In billionths, as the product reads quantities too. */
const amount = (text: string | undefined): bigint => {
  const value = text === undefined ? undefined : parseQuantity(text);
  if (!value) throw new Error(`no quantity: ${text}`);
  return value.value;
};

test('The smallest claim is bounded in compute, disks, volumes, objects, and gets no way in of its own', async () => {
  const tree = await rendered({ shop: '' });
  expect(hardOf(tree, 'shop', 'compute')).toMatchObject({
    'requests.cpu': '4',
    'requests.memory': '8Gi',
    'limits.memory': '8Gi',
    'requests.storage': '50Gi',
    'limits.ephemeral-storage': '50Gi',
    pods: '50',
  });
  const objects = hardOf(tree, 'shop', 'objects');
  expect(objects).toMatchObject({
    'services.loadbalancers': '0',
    'services.nodeports': '0',
    'count/ingresses.networking.k8s.io': '0',
  });
  for (const resource of ['configmaps', 'secrets', 'services', 'persistentvolumeclaims', 'count/jobs.batch']) {
    expect(Number(objects[resource])).toBeGreaterThan(0);
  }
});

test('Every kind that a team may bring is counted, so that none fills etcd', async () => {
  const tree = await rendered({ shop: '' });
  const counted = ['compute', 'objects'].flatMap((quota) => Object.keys(hardOf(tree, 'shop', quota)));
  const kinds = Object.entries(TENANT_KINDS).flatMap(([group, ofGroup]) =>
    Object.values(ofGroup).map((resource) => (group === '' ? resource : `${resource}.${group}`)),
  );
  expect(kinds.length).toBeGreaterThan(10);
  expect(kinds.filter((kind) => !counted.includes(kind) && !counted.includes(`count/${kind}`))).toEqual([]);
});

test('What is granted is granted: load balancers with the port that each takes, node ports, a class of storage', async () => {
  const tree = await rendered({
    shop: "  environments: { sandbox: { quota: { loadBalancers: 2, nodePorts: 1, storage: 40Gi, storageClasses: { local-path: '10Gi' } } } }\n",
  });
  expect(hardOf(tree, 'shop', 'objects')).toMatchObject({ 'services.loadbalancers': '2', 'services.nodeports': '3' });
  expect(hardOf(tree, 'shop', 'compute')['requests.storage']).toBe('40Gi');
  expect(hardOf(tree, 'shop', 'storage-classes')).toEqual({
    'local-path.storageclass.storage.k8s.io/requests.storage': '10Gi',
    'standard.storageclass.storage.k8s.io/requests.storage': '0',
  });
});

let example: Promise<Tree> | undefined;

/** A tenant on every cluster of the example platform, rendered once. */
function onTheExample(): Promise<Tree> {
  return (example ??= renderTheExample());
}

async function renderTheExample(): Promise<Tree> {
  const files = {
    'platform.ts': `export { platform } from '${product}/platform';`,
    'tenants/claims/shop.yaml': claimFile('shop', '  environments: { dev: {}, prod: {}, sandbox: {} }\n'),
  };
  const { tree, findings } = await renderPlatform({ root: folderOf(files), cache: false });
  expect(told(findings)).toEqual([]);
  return tree;
}

/** What the add-ons of a cluster bring of a kind. */
function namesOf(kind: string, cluster: string, tree: Tree): readonly string[] {
  return [...tree.files.keys()]
    .filter((path) => path.startsWith(`clusters/${cluster}/baseline/`))
    .flatMap((path) => objectsIn(tree, path))
    .filter((object) => object.kind === kind)
    .map(({ metadata }) => metadata.name);
}

test('Every class of storage that the platform writes on a cluster is bounded on it, others are at zero', async () => {
  const tree = await onTheExample();
  for (const cluster of ['production', 'nonproduction', 'local']) {
    const classes = namesOf('StorageClass', cluster, tree).map(
      (name) => `${name}.storageclass.storage.k8s.io/requests.storage`,
    );
    expect(classes.length).toBeGreaterThan(0);
    const hard = hardOf(tree, 'shop', 'storage-classes', `clusters/${cluster}/tenants/shop/quota.yaml`);
    for (const key of classes) expect(amount(hard[key])).toBeGreaterThan(0n);
    const others = Object.keys(hard).filter((key) => !classes.includes(key));
    expect(others.map((key) => hard[key])).toEqual(others.map(() => '0'));
  }
});

describe('PriorityClasses', () => {
  const scopeOf = (tree: Tree, file: string) => {
    const { spec } = objectIn(tree, file, 'ResourceQuota', 'priority');
    expect(spec.hard).toEqual({ pods: '0' });
    return spec.scopeSelector.matchExpressions as readonly { operator: string; values: readonly string[] }[];
  };

  test('of production are for production, those of the platform and of Kubernetes for no tenant', async () => {
    const tree = await onTheExample();
    const classes = namesOf('PriorityClass', 'production', tree);
    expect(classes).toContain('tenant-production');
    const mayHave = (cluster: string) => {
      const [scope] = scopeOf(tree, `clusters/${cluster}/tenants/shop/quota.yaml`);
      expect(scope).toMatchObject({ scopeName: 'PriorityClass', operator: 'NotIn' });
      return scope!.values;
    };
    // Whoever is above these pushes out the platform or another's production.
    expect(mayHave('production')).toContain('tenant-production');
    expect(mayHave('nonproduction')).not.toContain('tenant-production');
    for (const cluster of ['production', 'nonproduction']) {
      expect(mayHave(cluster).filter((name) => !classes.includes(name))).toEqual([]);
      expect(mayHave(cluster).filter((name) => !name.startsWith('tenant-'))).toEqual([]);
      expect(mayHave(cluster)).toContain('tenant-standard');
    }
  });

  test('are those of Kubernetes alone where the platform has none, and no tenant gets them', async () => {
    const [scope] = scopeOf(await rendered({ shop: '' }), fileOf('shop'));
    expect(scope).toMatchObject({ operator: 'In', values: ['system-cluster-critical', 'system-node-critical'] });
  });
});

test.each(['suspended', 'removed'])(
  'A tenant that is %s starts no Pod, and keeps room for what it holds',
  async (state) => {
    const before = await rendered({ shop: '' });
    const after = await rendered({ shop: `  state: ${state}\n` });
    expect(hardOf(before, 'shop', 'compute').pods).toBe('50');
    expect(hardOf(after, 'shop', 'compute')).toEqual({ ...hardOf(before, 'shop', 'compute'), pods: '0' });
    expect(hardOf(after, 'shop', 'objects')).toEqual(hardOf(before, 'shop', 'objects'));
  },
);

describe('Whatever is claimed', () => {
  test('Kubernetes takes the limits, the default container fits quota and ratio, the largest quota and machine', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyQuota, { minLength: 40, maxLength: 60 }), anyCapacity, async (quotas, machine) => {
        const laptop = {
          ...localProps.clusters.laptop,
          nodePools: { machine: { minimum: 1, capacity: machine } },
        };
        const claims = Object.fromEntries(
          quotas.map((one, i) => [`t${i}`, `  environments: { sandbox: { quota: ${JSON.stringify(one)} } }\n`]),
        );
        const tree = await rendered(claims, { clusters: { laptop } });
        for (const tenant of Object.keys(claims)) {
          const faults = [
            ...refusedByKubernetes(containersOf(tree, tenant)),
            ...unfit(containersOf(tree, tenant), hardOf(tree, tenant, 'compute'), machine),
          ];
          if (faults.length > 0) throw new Error(`${claims[tenant]}${JSON.stringify(machine)}: ${faults.join('; ')}`);
        }
      }),
      { numRuns: 8 },
    );
  }, 300_000);

  const good: LimitItem = {
    type: 'Container',
    min: { cpu: '10m' },
    defaultRequest: { cpu: '50m' },
    default: { cpu: '500m' },
    max: { cpu: '1' },
    maxLimitRequestRatio: { cpu: '50' },
  };
  test.each<[string, Partial<LimitItem>, Amounts, Amounts]>([
    ['a default above the maximum', { default: { cpu: '2' } }, { 'requests.cpu': '4' }, { cpu: '4' }],
    ['a smallest request beyond the ratio', { min: { cpu: '5m' } }, { 'requests.cpu': '4' }, { cpu: '4' }],
    ['a default beyond the ratio', { maxLimitRequestRatio: { cpu: '9' } }, { 'requests.cpu': '4' }, { cpu: '4' }],
    ['a minimum that leaves no ratio', { min: { cpu: '500m' } }, { 'requests.cpu': '4' }, { cpu: '4' }],
    ['a largest container that no machine holds', { max: { cpu: '5' } }, { 'requests.cpu': '8' }, { cpu: '4' }],
    ['a largest container beyond the quota', { max: { cpu: '3' } }, { 'requests.cpu': '2' }, { cpu: '4' }],
    ['a default container beyond the quota', {}, { 'requests.cpu': '40m' }, { cpu: '4' }],
  ])('%s would be noticed', (_, defect, hard, machine) => {
    const faultsOf = (item: LimitItem, quotaHard: Amounts) => [
      ...refusedByKubernetes(item),
      ...unfit(item, quotaHard, machine),
    ];
    expect(faultsOf(good, { 'requests.cpu': '4' })).toEqual([]);
    expect(faultsOf({ ...good, ...defect }, hard)).not.toEqual([]);
  });
});

/** Kubernetes' own rules: validation of LimitRange in `pkg/apis/core/validation`, and what LimitRanger asks of a Pod. */
function refusedByKubernetes(item: LimitItem): readonly string[] {
  const faults: string[] = [];
  for (const resource of Object.keys(item.max)) {
    const order = [item.min, item.defaultRequest, item.default, item.max]
      .map((amounts) => amounts?.[resource])
      .filter((text) => text !== undefined);
    const sorted = order.every((text, i) => i === 0 || amount(order[i - 1]) <= amount(text));
    if (!sorted) faults.push(`${resource}: ${order.join(' > ')}`);
    const ratio = item.maxLimitRequestRatio[resource];
    if (ratio === undefined) continue;
    const [least, request, limit, most] = order;
    if (amount(limit) > (amount(request) * amount(ratio)) / 1_000_000_000n) faults.push(`${resource}: beyond ratio`);
    // LimitRanger fills in the default limit for whoever says a request alone.
    if (amount(limit) > (amount(least) * amount(ratio)) / 1_000_000_000n)
      faults.push(`${resource}: the smallest request is refused with the default limit`);
    if (amount(most) < (amount(least) * amount(ratio)) / 1_000_000_000n)
      faults.push(`${resource}: ratio above max/min`);
  }
  return faults;
}

/** What does not fit: a container asks for `requests` and `limits`, one that says a limit alone requests as much. */
function unfit(item: LimitItem, hard: Amounts, machine: Amounts): readonly string[] {
  const faults: string[] = [];
  const fits = (what: string, size: string | undefined, room: string | undefined) => {
    if (size === undefined || room === undefined || amount(size) <= amount(room)) return;
    faults.push(`${what}: ${size} is more than ${room}`);
  };
  for (const resource of Object.keys(item.max)) {
    fits(`default request of ${resource}`, item.defaultRequest[resource], hard[`requests.${resource}`]);
    fits(`default limit of ${resource}`, item.default[resource], hard[`limits.${resource}`]);
    fits(`largest request of ${resource}`, item.max[resource], hard[`requests.${resource}`]);
    fits(`largest limit of ${resource}`, item.max[resource], hard[`limits.${resource}`]);
    fits(`largest ${resource} on a machine`, item.max[resource], machine[resource]);
  }
  return faults;
}
