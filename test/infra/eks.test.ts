import * as pulumi from '@pulumi/pulumi';
import type { EksOutputs } from '../../infra/eks';
import outputsSchema from '../../src/model/schema/outputs.schema.json';
import { outputsFile } from '../../src/model/outputs';
import { validateShape } from '../../src/model/validate';
import { collectGraph, type Graph, mockAws } from './support/aws-graph';
import { EKS_ASSERTIONS } from './support/eks-assertions';
import { OFFICE } from './support/aws-props';
import {
  ADMINISTRATOR,
  DEFINITIONS,
  describeEksProps,
  EKS_CLUSTER,
  EKS_DECLARATIONS,
  EKS_IDENTITIES,
} from './support/eks-props';

let graph: Graph;
let made: EksOutputs;

const declare = async (more: Parameters<typeof describeEksProps>[0] = {}): Promise<Graph> => {
  const { declareEks } = require('../../infra/eks') as typeof import('../../infra/eks');
  return collectGraph(() => {
    made = declareEks(describeEksProps(more));
  });
};
const value = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => void output.apply(resolve));

beforeAll(async () => {
  await mockAws('production');
  graph = await declare();
}, 60_000);

describe('a cluster on EKS', () => {
  test.each(Object.entries(EKS_ASSERTIONS))('%s', (_, assertion) => {
    expect(assertion(graph)).toEqual([]);
  });
});

/** Changes one field of the first resource of a type whose name fits. */
const change =
  (type: string, name: RegExp, path: string, to: unknown) =>
  (nodes: MutableNode[]): void => {
    const node = find(nodes, type, name);
    const keys = path.split('.');
    const last = keys.pop()!;
    const parent = keys.reduce<Record<string, unknown>>(
      (part, key) => part[key] as Record<string, unknown>,
      node.inputs,
    );
    parent[last] = to;
  };
/** Replaces text in a field. */
const replace =
  (type: string, name: RegExp, path: string, from: string | RegExp, to: string) =>
  (nodes: MutableNode[]): void => {
    const node = find(nodes, type, name);
    const before = String(node.inputs[path]);
    expect(before.replace(from, to)).not.toBe(before);
    node.inputs[path] = before.replace(from, to);
  };
const remove =
  (type: string, name: RegExp) =>
  (nodes: MutableNode[]): void =>
    void nodes.splice(nodes.indexOf(find(nodes, type, name)), 1);
const option =
  (type: string, name: RegExp, options: object) =>
  (nodes: MutableNode[]): void =>
    void Object.assign(find(nodes, type, name).options, options);

type MutableNode = { type: string; name: string; inputs: Record<string, unknown>; options: object };

function find(nodes: MutableNode[], type: string, name: RegExp): MutableNode {
  const found = nodes.find((node) => node.type.endsWith(`:${type}`) && name.test(node.name));
  if (!found) throw new Error(`the graph has no ${type} ${String(name)}`);
  return found;
}

const wide = '{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';
const trust = '{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}]}';

/** Defects, each with the assertion that must find it. */
const DEFECTS: readonly (readonly [string, string, (nodes: MutableNode[]) => void])[] = [
  ['actions of policies are written out', 's3:*', change('RolePolicy', /velero/, 'policy', wide)],
  [
    'every resource is allowed only where AWS has none to name',
    'RunInstances anywhere',
    replace('RolePolicy', /karpenter$/, 'policy', /"arn:aws:ec2:[^"]*subnet\/\*"/, '"*"'),
  ],
  ['every bucket is encrypted', 'none', remove('BucketServerSideEncryptionConfiguration', /./)],
  ['keys get new material every year, and an alias', 'never', change('Key', /secrets/, 'enableKeyRotation', false)],
  ['machines have IMDSv2, one hop', 'IMDSv1', change('LaunchTemplate', /./, 'metadataOptions.httpTokens', 'optional')],
  [
    'subnets lie in three zones, alike and apart',
    'two zones',
    change('Subnet', /private-3/, 'availabilityZone', 'eu-central-1a'),
  ],
  ['every private subnet has a way out through its own zone', 'none', remove('Route', /private-2/)],
  [
    'databases have no way out',
    'one',
    change('RouteTableAssociation', /database-1/, 'routeTableId', 'aws:ec2/routeTable:RouteTable::public'),
  ],
  ['services of AWS are reached from inside', 'not STS', remove('VpcEndpoint', /sts/)],
  [
    'every way through is open at both ends',
    'one end',
    remove('SecurityGroupEgressRule', /^control-plane-to-worker-tcp-10250/),
  ],
  [
    'buckets are closed to the public, versioned and refuse plain HTTP',
    'open',
    remove('BucketPublicAccessBlock', /backups/),
  ],
  ['nothing in a bucket stays for ever by neglect', 'everything', remove('BucketLifecycleConfiguration', /logs/)],
  ['the month has a limit', 'none', remove('Budget', /./)],
  ['traffic is logged', 'refusals only', change('FlowLog', /./, 'trafficType', 'REJECT')],
  ['no other account can be meant', 'any', (nodes) => change('aws', /./, 'allowedAccountIds', undefined)(nodes)],
  [
    'the network makes interfaces, in subnets of its own alone',
    'anywhere',
    replace('RolePolicy', /^role-cilium-operator$/, 'policy', /"ec2:Vpc":/g, '"ec2:Region":'),
  ],
  [
    'the network makes interfaces, in subnets of its own alone',
    'nowhere',
    replace('RolePolicy', /^role-cilium-operator$/, 'policy', '"ec2:CreateNetworkInterface"', '"ec2:DescribeTags"'),
  ],
  ['what protects backups is locked', 'no lock', remove('BucketObjectLockConfiguration', /backups/)],
  [
    'everything that can be is tagged with its cluster and its name',
    'a queue is not',
    change('Queue', /./, 'tags', {}),
  ],
  [
    'the API is reached from inside, and from outside by the allowed sources alone',
    'the world',
    change('Cluster', /control-plane/, 'vpcConfig.publicAccessCidrs', ['0.0.0.0/0']),
  ],
  [
    'the API is reached from inside, and from outside by the allowed sources alone',
    'AWS’ default',
    change('Cluster', /control-plane/, 'vpcConfig.publicAccessCidrs', undefined),
  ],
  [
    'the API is reached from inside, and from outside by the allowed sources alone',
    'not inside',
    change('Cluster', /control-plane/, 'vpcConfig.endpointPrivateAccess', false),
  ],
  [
    'nothing else comes in from outside',
    'the office',
    change('SecurityGroupIngressRule', /worker-to-worker-tcp/, 'referencedSecurityGroupId', undefined),
  ],
  [
    'secrets are encrypted with the cluster’s key, which its role may use',
    'in clear',
    change('Cluster', /control-plane/, 'encryptionConfig', undefined),
  ],
  [
    'secrets are encrypted with the cluster’s key, which its role may use',
    'no right',
    remove('RolePolicy', /role-control-plane/),
  ],
  [
    'every log of the control plane is kept, encrypted, in a group that is there before it',
    'no audit',
    change('Cluster', /control-plane/, 'enabledClusterLogTypes', ['api']),
  ],
  [
    'every log of the control plane is kept, encrypted, in a group that is there before it',
    'comes later',
    option('Cluster', /control-plane/, { dependsOn: [] }),
  ],
  [
    'who comes in is said by access entries, and only the provisioner is an administrator by one',
    'aws-auth',
    change('Cluster', /control-plane/, 'accessConfig.authenticationMode', 'API_AND_CONFIG_MAP'),
  ],
  [
    'who comes in is said by access entries, and only the provisioner is an administrator by one',
    'another',
    change('AccessPolicyAssociation', /./, 'principalArn', 'arn:aws:iam::111122223333:root'),
  ],
  [
    'who comes in is said by access entries, and only the provisioner is an administrator by one',
    'masters',
    change('AccessEntry', /administrator/, 'kubernetesGroups', ['system:masters']),
  ],
  [
    'people sign in at the platform’s issuer under the names of every other cluster',
    'no prefix',
    change('IdentityProviderConfig', /./, 'oidc.groupsPrefix', undefined),
  ],
  [
    'the control plane brings no add-on that the tree has too, and no version that costs more',
    'two networks',
    change('Cluster', /control-plane/, 'bootstrapSelfManagedAddons', true),
  ],
  [
    'the control plane brings no add-on that the tree has too, and no version that costs more',
    'extended',
    change('Cluster', /control-plane/, 'upgradePolicy', undefined),
  ],
  [
    'each node pool has its managed group, over all zones, that drains one machine at a time',
    'no pool',
    remove('NodeGroup', /memory/),
  ],
  [
    'each node pool has its managed group, over all zones, that drains one machine at a time',
    'no taint',
    change('NodeGroup', /memory/, 'taints', []),
  ],
  [
    'each node pool has its managed group, over all zones, that drains one machine at a time',
    'one zone',
    change('NodeGroup', /general/, 'subnetIds', ['one']),
  ],
  [
    'machines of groups are behind the workers’ group, with encrypted disks, and nobody comes by SSH',
    'AWS’ key',
    change('LaunchTemplate', /general/, 'blockDeviceMappings.0.ebs.kmsKeyId', undefined),
  ],
  [
    'machines of groups are behind the workers’ group, with encrypted disks, and nobody comes by SSH',
    'SSH',
    change('NodeGroup', /general/, 'remoteAccess', { ec2SshKey: 'mine' }),
  ],
  [
    'machines join when they have a way out, AWS’ policies and a network that gives Pods addresses',
    'at once',
    option('NodeGroup', /general/, { dependsOn: [] }),
  ],
  [
    'API servers reach kubelets and webhooks, machines reach the API',
    'no webhook',
    remove('SecurityGroupIngressRule', /^control-plane-to-worker-tcp-(?!10250)/),
  ],
  [
    'roles of add-ons trust the one ServiceAccount that the tree gives them to',
    'another',
    replace('Role', /velero/, 'assumeRolePolicy', 'velero', 'default'),
  ],
  [
    'roles of add-ons trust the one ServiceAccount that the tree gives them to',
    'any audience',
    replace('Role', /velero/, 'assumeRolePolicy', 'sts.amazonaws.com"', 'x"'),
  ],
  [
    'roles of tenants are handed out by Pod Identity to the one ServiceAccount',
    'anybody',
    change('Role', /payments/, 'assumeRolePolicy', trust),
  ],
  [
    'roles of tenants are handed out by Pod Identity to the one ServiceAccount',
    'another',
    change('PodIdentityAssociation', /./, 'serviceAccount', 'default'),
  ],
  [
    'roles of tenants are handed out by Pod Identity to the one ServiceAccount',
    'any account of the cluster',
    replace('Role', /ledger/, 'assumeRolePolicy', 'RequestTag/kubernetes-service-account', 'PrincipalTag/x'),
  ],
  [
    'stores of tenants are read by the token of the one ServiceAccount',
    'every token of the cluster',
    replace('Role', /secret-store/, 'assumeRolePolicy', 'sub"', 'x"'),
  ],
  [
    'stores of tenants are read by the token of the one ServiceAccount',
    'secrets of others',
    replace('RolePolicy', /secret-store/, 'policy', '/payments/prod/tenant', ''),
  ],
  [
    'Karpenter finds its queue, its machines’ role and its subnets by the names in the tree',
    'another queue',
    change('Queue', /./, 'name', 'karpenter'),
  ],
  [
    'Karpenter finds its queue, its machines’ role and its subnets by the names in the tree',
    'no entry',
    remove('AccessEntry', /karpenter/),
  ],
  [
    'Karpenter finds its queue, its machines’ role and its subnets by the names in the tree',
    'no notice',
    remove('EventTarget', /spot/),
  ],
  [
    'Karpenter finds its queue, its machines’ role and its subnets by the names in the tree',
    'blind to sick machines',
    replace('RolePolicy', /^role-karpenter$/, 'policy', '"ec2:DescribeInstanceStatus",', ''),
  ],
  [
    'what cannot be made again is protected',
    'the control plane',
    option('Cluster', /control-plane/, { protect: false }),
  ],
];

describe('a defect is found', () => {
  test.each(DEFECTS)('%s: %s', (name, _, plant) => {
    const nodes = structuredClone(graph.nodes) as unknown as MutableNode[];
    plant(nodes);
    expect(EKS_ASSERTIONS[name]!({ nodes } as unknown as Graph)).not.toEqual([]);
  });

  test('by every assertion', () => {
    const planted = new Set(DEFECTS.map(([name]) => name));
    expect(Object.keys(EKS_ASSERTIONS).filter((name) => !planted.has(name))).toEqual([]);
  });
});

describe('what is known of it', () => {
  test('is the file beside platform.ts: its host, issuer, roles, buckets, keys and zone', async () => {
    await declare();
    const outputs = await value(made.outputs);
    expect(validateShape(outputsSchema, withReal(outputsFile(EKS_CLUSTER, outputs)), { file: 'outputs' })).toEqual([]);
    expect(outputs).toMatchObject({
      api: { host: '0a1b2c3d.gr7.eu-central-1.eks.amazonaws.com', port: 443 },
      issuer: 'https://oidc.eks.eu-central-1.amazonaws.com/id/0A1B2C3D',
      buckets: EKS_CLUSTER.storage,
      // What databases in RDS are reached through.
      network: { databaseSecurityGroup: expect.stringContaining('group-database') as string },
    });
    expect(EKS_IDENTITIES.addOns.map(({ role }) => role).filter((role) => outputs.roles?.[role] === undefined)).toEqual(
      [],
    );
  }, 60_000);

  test('is what the stack declares, whose bootstrap comes before and after its machines', async () => {
    pulumi.runtime.setAllConfig({ 'keelson:budget': '900', 'keelson:administrators': `["${ADMINISTRATOR}"]` });
    const { eksProgram } = require('../../infra/eks/program') as typeof import('../../infra/eks/program');
    const controlPlane = { hosts: 0, allowedSources: OFFICE };
    let outputs: Readonly<Record<string, unknown>> = {};
    const whole = await collectGraph(async () => {
      outputs = await eksProgram(EKS_DECLARATIONS, EKS_CLUSTER, controlPlane, { workloads: [], stores: [] }, () =>
        Promise.resolve(DEFINITIONS),
      );
    });
    for (const [name, assertion] of Object.entries(EKS_ASSERTIONS))
      if (!/^(?:roles|stores) of tenants/.test(name))
        expect({ name, found: assertion(whole) }).toEqual({ name, found: [] });
    const coredns = whole.nodes.find(({ name }) => name === 'chart/coredns');
    expect(coredns?.options.dependsOn).toContain('aws:eks/nodeGroup:NodeGroup::pool-system');
    const provider = whole.nodes.find(({ type }) => type === 'pulumi:providers:kubernetes');
    expect(provider?.inputs['kubeconfig']).toContain(
      '"get-token","--region","eu-central-1","--cluster-name","production"',
    );
    expect(await value(outputs['outputs'] as EksOutputs['outputs'])).toMatchObject({ api: { port: 443 } });
  }, 60_000);

  test('leaves the API without a public endpoint where no range is allowed', async () => {
    const closed = await declare({ controlPlane: { allowedSources: [] } });
    const cluster = closed.nodes.find(({ type }) => type === 'aws:eks/cluster:Cluster');
    expect(cluster?.inputs['vpcConfig']).toMatchObject({ endpointPublicAccess: false, endpointPrivateAccess: true });
  }, 60_000);
});

/** Ids of the mocks are none that AWS would give. */
function withReal(file: ReturnType<typeof outputsFile>): unknown {
  return JSON.parse(
    JSON.stringify(file)
      .replace(/aws:ec2\/vpc:Vpc::vpc/g, 'vpc-0a1b2c3d')
      .replace(/aws:ec2\/securityGroup:SecurityGroup::group-database/g, 'sg-0a1b2c3d')
      .replace(/aws:route53\/zone:Zone::zone/g, 'Z0123456789ABC')
      .replace(/arn:aws:mock:[^"]*iam\/role:Role\//g, 'arn:aws:iam::111122223333:role/')
      .replace(/arn:aws:mock:[^"]*kms\/key:Key\/[a-z-]+/g, 'arn:aws:kms:eu-central-1:111122223333:key/0d1f6f2c')
      .replace(/,"egress":\["198\.51\.100\.1","198\.51\.100\.1","198\.51\.100\.1"\]/, ''),
  ) as unknown;
}
