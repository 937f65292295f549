import type { AwsOutputs } from '../../infra/aws';
import { collectGraph, type Graph, mockAws } from './support/aws-graph';
import { ASSERTIONS } from './support/aws-assertions';
import { MUTANTS } from './support/aws-mutants';
import { CLUSTER, describeAwsProps, IDENTITIES } from './support/aws-props';
import { all, field, list, one, text } from './support/aws-query';

let graph: Graph;
let outputs: AwsOutputs;
/** Nobody depends on it, nobody comes from outside, five hosts run a chosen image. */
let other: Graph;

beforeAll(async () => {
  await mockAws('production');
  const { declareAws } = require('../../infra/aws') as typeof import('../../infra/aws');
  graph = await collectGraph(() => (outputs = declareAws(describeAwsProps())));
  const { controlPlane } = describeAwsProps();
  other = await collectGraph(() =>
    declareAws(
      describeAwsProps({
        cluster: { ...CLUSTER, production: false },
        controlPlane: { ...controlPlane, hosts: 5, allowedSources: [] },
        image: 'ami-0fedcba9876543210',
      }),
    ),
  );
}, 180_000);

describe('the example’s cluster in AWS', () => {
  test.each(Object.entries(ASSERTIONS))('%s', (_, assertion) => {
    expect(assertion(graph)).toEqual([]);
  });
});

describe('a planted defect is told by one assertion and no other', () => {
  test.each(MUTANTS.map((mutant) => [mutant.defect, mutant] as const))('%s', (_, { caughtBy, plant }) => {
    const broken = plant(graph);
    const caught = Object.entries(ASSERTIONS).flatMap(([name, assertion]) =>
      assertion(broken).map((violation) => `${name}: ${violation}`),
    );
    expect(caught).not.toEqual([]);
    expect(caught.filter((line) => !line.startsWith(`${caughtBy}: `))).toEqual([]);
  });

  test('each assertion has one', () => {
    const caught = new Set(MUTANTS.map(({ caughtBy }) => caughtBy));
    expect(Object.keys(ASSERTIONS).filter((name) => !caught.has(name))).toEqual([]);
  });
});

describe('a cluster that is described in another way', () => {
  test('has no public balancer and no way in where no source is allowed', () => {
    expect(all(other, 'LoadBalancer').map(({ name }) => name)).toEqual(['api-internal']);
    expect(all(other, 'SecurityGroupIngressRule').filter((rule) => field(rule, 'cidrIpv4') !== undefined)).toEqual([]);
    expect(one(other, 'Record', 'api-external')).toBeUndefined();
  });

  test('has five hosts over three zones, each waiting for the one before', () => {
    const zones = [1, 2, 3, 4, 5].map((host) =>
      text(one(other, 'Volume', `control-plane-${host}-etcd`), 'availabilityZone'),
    );
    expect(zones).toEqual(['eu-central-1a', 'eu-central-1b', 'eu-central-1c', 'eu-central-1a', 'eu-central-1b']);
    for (const host of [2, 3, 4, 5]) {
      const before = one(other, 'ssm:Association', `control-plane-${host - 1}-ready`)!;
      expect(one(other, 'Instance', `control-plane-${host}`)!.options.dependsOn).toContain(before.id);
    }
    expect(all(other, 'TargetGroupAttachment')).toHaveLength(5);
  });

  test('is not protected where nobody depends on it', () => {
    expect(other.nodes.filter(({ options }) => options.protect)).toEqual([]);
    expect(field(one(other, 'LoadBalancer', 'api-internal'), 'enableDeletionProtection')).toBe(false);
  });

  test('replaces hosts for a chosen image, and for no other', () => {
    expect(one(other, 'Instance', 'control-plane-1')!.options.ignoreChanges).toEqual([]);
    expect(text(one(other, 'Instance', 'control-plane-1'), 'ami')).toBe('ami-0fedcba9876543210');
    expect(one(graph, 'Instance', 'control-plane-1')!.options.ignoreChanges).toEqual(['ami']);
  });
});

describe('what others get', () => {
  test('is known without the cloud where it can be', () => {
    expect(outputs).toMatchObject({
      apiServer: 'https://api.production.harbour.example.com:6443',
      issuer: 'https://oidc.production.harbour.example.com',
      databaseSubnetGroup: 'production-database',
      buckets: {
        backups: 'harbour-production-backups',
        logs: 'harbour-production-logs',
        traces: 'harbour-production-traces',
        records: 'harbour-production-records-111122223333',
      },
    });
    expect(Object.keys(outputs.roles).sort()).toEqual(IDENTITIES.map(({ role }) => role).sort());
  });

  test('names the name servers and the addresses that the cluster calls from', async () => {
    const value = <T>(output: { apply: (done: (value: T) => void) => unknown }) =>
      new Promise<T>((resolve) => output.apply(resolve));
    expect(await value(outputs.nameServers)).toHaveLength(2);
    expect(await value(outputs.egressAddresses)).toHaveLength(3);
    expect(list(one(graph, 'NetworkInterface', 'control-plane-1'), 'privateIps')).toEqual(['10.0.0.10']);
  });
});
