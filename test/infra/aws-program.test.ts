import type * as pulumi from '@pulumi/pulumi';
import { platform } from '../../platform';
import { bootstrapDeclarations, planBootstrap } from '../../infra/bootstrap';
import { describeControlPlane } from '../../src/model/control-plane';
import { outputsFile, type ClusterOutputs } from '../../src/model/outputs';
import { tenantRoles } from '../../infra/tenant-roles';
import { ASSERTIONS } from './support/aws-assertions';
import { collectGraph, type Graph, mockAws } from './support/aws-graph';
import { product } from '../support/platforms';
import { CLUSTER, engines, OFFICE } from './support/aws-props';

let graph: Graph;
let outputs: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  await mockAws('production');
  const { awsProgram } = require('../../infra/aws/program') as typeof import('../../infra/aws/program');
  const declarations = bootstrapDeclarations(platform);
  const plan = planBootstrap(declarations, CLUSTER.name);
  const definitions = new Map(
    plan.steps.flatMap(({ name, content }) => (content.kind === 'definitions' ? [[name, []] as const] : [])),
  );
  const controlPlane = { ...describeControlPlane(platform.props.clusters.production!), allowedSources: OFFICE };
  graph = await collectGraph(async () => {
    outputs = await awsProgram(declarations, CLUSTER, controlPlane, tenantRoles(product, CLUSTER), {
      definitions: () => Promise.resolve(definitions),
      engines: () => Promise.resolve(engines),
    });
  });
}, 120_000);

const named = (type: string) => graph.nodes.filter((node) => node.type === type);

test('holds all that is asked of a cluster in AWS', () => {
  // Kubernetes has kinds of the same names.
  const cloud = { nodes: graph.nodes.filter(({ type }) => !type.startsWith('kubernetes:')) };
  const broken = Object.entries(ASSERTIONS).flatMap(([name, assertion]) =>
    assertion(cloud).map((violation) => `${name}: ${JSON.stringify(violation)}`),
  );
  expect(broken).toEqual([]);
});

test('gives every host its own keys, and waits with its machine until they are there', () => {
  const hosts = named('keelson:aws:HostSecret');
  expect(hosts.map(({ name }) => name)).toEqual(['control-plane-1', 'control-plane-2', 'control-plane-3']);
  for (const { name: host, inputs } of hosts) {
    const { files } = inputs['inputs'] as { files: { path: string; material: { certificate?: string } }[] };
    const foreign = files.filter(
      ({ material: { certificate } }) =>
        certificate !== undefined && !certificate.startsWith(`${host}/`) && !certificate.startsWith('cluster/'),
    );
    expect({ host, foreign }).toEqual({ host, foreign: [] });
    const machine = named('aws:ec2/instance:Instance').find((node) => node.name === host);
    expect(machine?.options.dependsOn).toContain(`keelson:aws:HostSecret::${host}`);
  }
});

test('nothing that Pulumi is told is a key or a certificate, but for the one that it keeps encrypted', () => {
  const told = graph.nodes
    .filter(({ type }) => type !== 'pulumi:providers:kubernetes')
    .map(({ inputs }) => JSON.stringify(inputs))
    .join('\n');
  expect(told).not.toMatch(/-----BEGIN|LS0tLS1CRUdJTi/);
  expect(told).not.toMatch(/PRIVATE KEY/);
});

test('lets administrators in with a certificate of minutes, and does the rest as one of them', () => {
  const providers = named('pulumi:providers:kubernetes');
  const configOf = (name: string) =>
    JSON.stringify(providers.find((node) => node.name === name)?.inputs['kubeconfig']).replaceAll('\\', '');
  expect(configOf('kubernetes-bootstrap')).toContain('"credential","production","--bootstrap"');
  expect(configOf('kubernetes-admin')).toContain('"credential","production"]');
  const access = graph.nodes.filter(({ name }) => name.startsWith('access/'));
  expect(access.length).toBeGreaterThan(0);
});

test.each([
  ['the control plane is well', 'ssm/association:Association::control-plane-3-ready'],
  ['there are machines', 'autoscaling/group:Group::pool-system'],
  ['its name leads there, and the cloud controller has its role', 'iam/role:Role::role-aws-cloud-controller-manager'],
])('talks to the API when %s', (_, needed) => {
  const providers = named('pulumi:providers:kubernetes');
  expect(providers).toHaveLength(2);
  for (const { options } of providers) expect(options.dependsOn).toContain(`aws:${needed}`);
});

test('the cloud controller finds the API before there is a network, which waits for it', () => {
  const { inputs } = graph.nodes.find(({ name }) => name === 'chart/aws-cloud-controller-manager')!;
  const { env } = inputs['values'] as { env: { name: string; value: string }[] };
  const of = (wanted: string) => env.find(({ name }) => name === wanted)?.value;
  expect([of('KUBERNETES_SERVICE_HOST'), of('KUBERNETES_SERVICE_PORT')]).toEqual([
    'api.production.harbour.example.com',
    '6443',
  ]);
});

test('its outputs are the file that rendering reads', async () => {
  const known = await new Promise<ClusterOutputs>((resolve) => {
    (outputs['outputs'] as pulumi.Output<ClusterOutputs>).apply(resolve);
  });
  expect(outputsFile(CLUSTER, known)).toMatchObject({
    metadata: { name: 'production' },
    outputs: {
      buckets: expect.objectContaining(CLUSTER.storage) as unknown,
      issuer: expect.stringMatching(/^https:/) as unknown,
    },
  });
});
