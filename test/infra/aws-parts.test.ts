import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addressPlan, hostAddress } from '../../infra/aws/address-plan';
import { bucketName } from '../../infra/aws/buckets';
import { budgetLimit } from '../../infra/aws/budget';
import { estimateCost, PRICES } from '../../infra/aws/cost';
import { DISKS } from '../../infra/aws/machines';
import { clusterEngines, engineFiles } from '../../infra/aws/engines';
import { encodeHostSecret } from '../../infra/aws/host-secret';
import { policyDocument, UNRESTRICTED } from '../../infra/aws/iam';
import type { Resource } from '@pulumi/pulumi';
import { awsScope } from '../../infra/aws/scope';
import { networkEdges } from '../../infra/aws/security-groups';
import { awsSite } from '../../infra/aws/site';
import { addOnIdentities, grantIdentities } from '../../infra/aws/workload-identities';
import { WORKLOAD_POLICIES, type WorkloadPlaces } from '../../infra/aws/workload-policies';
import { bootstrapDeclarations } from '../../infra/bootstrap';
import { activeComponents } from '../../infra/components';
import { describeHosts } from '../../infra/control-plane';
import { pkiPlan } from '../../infra/control-plane/pki';
import { FolderStore } from '../../infra/secrets/folder-store';
import { ensurePki } from '../../infra/secrets/issue';
import { materialise } from '../../infra/secrets/materialise';
import { platform } from '../../platform';
import { overlaps } from '../../src/model/cidr';
import type { Cluster } from '../../src/model/cluster';
import { describeControlPlane } from '../../src/model/control-plane';
import { CLUSTER, IDENTITIES } from './support/aws-props';

const controlPlane = describeControlPlane(platform.props.clusters.production!);
const withNodes = (nodeCidr: string): Cluster => ({ ...CLUSTER, network: { ...CLUSTER.network, nodeCidr } });

describe('addresses', () => {
  test.each(['10.0.0.0/16', '172.16.64.0/18', '192.168.0.0/22'])('subnets of %s share no address', (range) => {
    const { publicSubnets, privateSubnets, databaseSubnets } = addressPlan(withNodes(range));
    const all = [...publicSubnets, ...privateSubnets, ...databaseSubnets];
    expect(all).toHaveLength(9);
    all.forEach((one, i) =>
      all.slice(i + 1).forEach((other) => expect([one, other, overlaps(one, other)]).toEqual([one, other, false])),
    );
  });

  test('hosts take turns over the zones', () => {
    const plan = addressPlan(CLUSTER);
    expect([0, 1, 2, 3, 4].map((host) => hostAddress(plan, host))).toEqual([
      '10.0.0.10',
      '10.0.64.10',
      '10.0.128.10',
      '10.0.0.11',
      '10.0.64.11',
    ]);
  });

  test.each(['10.0.0.0/15', '10.0.0.0/24'])('%s is refused with what to write', (range) => {
    expect(() => addressPlan(withNodes(range))).toThrow(
      /production\.network\.nodeCidr: '.*'.* write a range from \/16 to \/22/,
    );
  });
});

describe('policies', () => {
  test('refuse a wildcard in an action, and every resource where one can be named', () => {
    expect(() => policyDocument([{ actions: ['s3:Get*'], resources: ['arn:aws:s3:::x'] }])).toThrow(
      /write out each action/,
    );
    expect(() => policyDocument([{ actions: ['s3:GetObject'], resources: ['*'] }])).toThrow(/name the resources/);
  });

  test('every exception says what it gives away', () => {
    expect(Object.entries(UNRESTRICTED).filter(([action, why]) => action.includes('*') || why.length < 10)).toEqual([]);
  });

  test('there is one for each identity of the add-ons and none for nobody', () => {
    expect(Object.keys(WORKLOAD_POLICIES).sort()).toEqual(IDENTITIES.map(({ role }) => role).sort());
  });

  test('the disks’ driver sees how many disks a machine takes, and whether one is ill', () => {
    const scope = awsScope(CLUSTER, undefined as unknown as Resource);
    const actions = WORKLOAD_POLICIES['aws-ebs-csi-driver']!({ scope } as WorkloadPlaces).flatMap((one) => one.actions);
    expect(actions).toEqual(expect.arrayContaining(['ec2:DescribeInstanceTypes', 'ec2:DescribeVolumeStatus']));
  });

  test('external-dns reads no zone that it may not', () => {
    const dns = activeComponents(bootstrapDeclarations(platform), CLUSTER).find(({ name }) => name === 'external-dns');
    expect(dns?.declaration.chart?.values).toMatchObject({
      extraArgs: expect.arrayContaining(['--aws-zone-type=public']) as string[],
    });
  });

  test('an add-on without one is told by its name', () => {
    const identity = { role: 'mail', namespace: 'mail', serviceAccount: 'mail', description: 'The add-on mail' };
    expect(() => grantIdentities([identity], {} as WorkloadPlaces)).toThrow(
      /The add-on mail acts as role 'mail', and nothing says what that may do/,
    );
    expect(grantIdentities([identity], {} as WorkloadPlaces, { mail: () => [] })).toEqual([
      { ...identity, statements: [] },
    ]);
    expect(addOnIdentities([])).toEqual([]);
  });
});

describe('names and ways', () => {
  test('a bucket’s name that S3 does not take is told', () => {
    const long = { ...CLUSTER, name: 'a'.repeat(50) };
    expect(() => bucketName({ cluster: long, accountId: '111122223333' }, 'assets')).toThrow(/S3 allows 63/);
    expect(bucketName({ cluster: CLUSTER, accountId: '111122223333' }, 'logs')).toBe('harbour-production-logs');
  });

  test('a cluster whose add-ons could read the secrets of hosts is refused', () => {
    const parent = undefined as unknown as Resource;
    expect(() => awsScope({ ...CLUSTER, name: 'keelson' }, parent)).toThrow(/name it another way/);
    expect(() => awsScope({ ...CLUSTER, region: undefined } as unknown as Cluster, parent)).toThrow(
      /production\.region/,
    );
    expect(awsScope(CLUSTER, parent).region).toBe('eu-central-1');
  });

  test('without allowed sources nobody comes from outside', () => {
    const edges = networkEdges(CLUSTER, [], []);
    expect(
      edges.filter(
        ({ from, to }) => typeof from !== 'string' || from === 'public-balancer' || to === 'public-balancer',
      ),
    ).toEqual([]);
  });

  test('a source by IPv6 is refused, as no balancer has such an address', () => {
    expect(() => networkEdges(CLUSTER, ['192.0.2.0/24', 'fd00::/8'], [])).toThrow(
      /allowedSources: 'fd00::\/8' is a range of IPv6/,
    );
  });

  test('a GitOps repository by SSH opens its port, and none else', () => {
    const gitops = { url: 'ssh://git@git.example.com:7999/platform/gitops.git', branch: 'main' };
    const cluster = { ...CLUSTER, platform: { ...CLUSTER.platform, gitops } };
    const ports = (of: Cluster) =>
      new Set(
        networkEdges(of, [], [])
          .filter(({ to }) => to === 'world')
          .map((edge) => edge.ports[0]),
      );
    expect(ports(cluster)).toEqual(new Set([443, 7999]));
    expect(ports(CLUSTER)).toEqual(new Set([443]));
  });
});

test('real keys and certificates of a host fit into its secret with room for a rotation', async () => {
  const site = awsSite(CLUSTER, controlPlane);
  const folder = mkdtempSync(path.join(tmpdir(), 'keelson-secrets-'));
  try {
    const store = await FolderStore.open(path.join(folder, 'store'));
    await ensurePki(pkiPlan(CLUSTER, site), store, new Date('2027-01-01T00:00:00Z'));
    for (const host of describeHosts(CLUSTER, site)) {
      const files = new Map<string, Buffer>();
      for (const { path: file, content } of host.files) {
        if (typeof content !== 'string') files.set(file, await materialise(content, store));
      }
      expect(files.size).toBeGreaterThan(20);
      expect(encodeHostSecret(files).length).toBeLessThan(65_536 / 2);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

describe('engines', () => {
  test('are all that units and pools run', () => {
    const sandboxed = { ...CLUSTER.nodePools[0]!, labels: { 'keelson.dev/sandbox': 'gvisor' } };
    const names = clusterEngines(CLUSTER, controlPlane);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['etcd', 'kube-apiserver', 'kubelet', 'aws-encryption-provider']));
    expect(names).not.toContain('runsc');
    expect(clusterEngines({ ...CLUSTER, nodePools: [sandboxed] }, controlPlane)).toContain('runsc');
  });

  test('are taken from where somebody says, with the digest of what is there', async () => {
    const [file] = await engineFiles(['aws-encryption-provider'], { 'aws-encryption-provider': __filename });
    const sha256 = createHash('sha256').update(readFileSync(__filename)).digest('hex');
    expect(file).toEqual({ name: 'aws-encryption-provider', sha256, source: __filename });
  });

  test('that Keelson does not have are named, all at once', async () => {
    await expect(engineFiles(['etcd', 'runsc', 'aws-encryption-provider'])).rejects.toThrow(
      /run runsc, aws-encryption-provider, which Keelson cannot fetch: .*keelson:engines/,
    );
  });

  test('of another kind of machine are of no use', async () => {
    const mac = { platform: 'darwin', arch: 'arm64' };
    await expect(engineFiles(['etcd'], {}, mac)).rejects.toThrow(/this one is darwin on arm64/);
    await expect(engineFiles(['etcd'], { etcd: __filename }, mac)).resolves.toHaveLength(1);
  });
});

describe('cost', () => {
  test('is the sum of its lines, and grows with the pools', () => {
    const { lines, minimum, maximum } = estimateCost(CLUSTER, controlPlane);
    const line = (text: string) => lines.find(({ item }) => item.includes(text))!;
    expect(minimum).toBeCloseTo(lines.reduce((sum, { quantity, each }) => sum + quantity * each, 0));
    const general = PRICES.instances['m7i.2xlarge']!.hourly * 730 + DISKS.machine * PRICES.disk.price;
    const memory = PRICES.instances['r7i.2xlarge']!.hourly * 730 + DISKS.machine * PRICES.disk.price;
    expect(maximum - minimum).toBeCloseTo(9 * general + 5 * memory);
    expect(line('pool general').quantity).toBe(3);
    expect(line('interface endpoint').quantity).toBe(36);
    expect(lines.filter(({ item }) => item.includes('public address'))).toEqual([]);
  });

  test('counts the public balancer where sources are allowed', () => {
    const { lines } = estimateCost(CLUSTER, { ...controlPlane, allowedSources: ['192.0.2.0/24'] });
    expect(lines.find(({ item }) => item.includes('balancer'))?.quantity).toBe(2);
  });

  test('has no hole for a machine without a known price', () => {
    const pools = [{ ...CLUSTER.nodePools[0]!, instanceType: 'x9z.large' }];
    expect(() => estimateCost({ ...CLUSTER, nodePools: pools }, controlPlane)).toThrow(/no price of 'x9z\.large'/);
  });

  test('a budget leaves room for use', () => {
    expect(budgetLimit(1000)).toBe(1300);
  });
});
