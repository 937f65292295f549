import * as pulumi from '@pulumi/pulumi';
import { declareBootstrap } from '../../infra/bootstrap/resources';
import { collectGraph, type Graph, mockAws } from './support/aws-graph';
import { DEFINITIONS, EKS_CLUSTER, EKS_PLAN } from './support/eks-props';

class Kubernetes extends pulumi.ProviderResource {
  constructor() {
    super('kubernetes', 'production', {});
  }
}

class Machines extends pulumi.CustomResource {
  constructor(dependsOn: readonly pulumi.Resource[]) {
    super('test:machines:Machines', 'machines', {}, { dependsOn: [...dependsOn] });
  }
}

/** The whole bootstrap, with machines that join when there is a network. */
function program(): void {
  const common = {
    provider: new Kubernetes(),
    definitions: DEFINITIONS,
    host: { expected: EKS_CLUSTER.network.apiServer.host, is: pulumi.output('real.eks.amazonaws.com') },
  };
  const network = declareBootstrap(EKS_PLAN, { ...common, part: 'before-machines', after: [] });
  const machines = new Machines(network);
  declareBootstrap(EKS_PLAN, { ...common, part: 'with-machines', after: [machines] });
}

let graph: Graph;
beforeAll(async () => {
  await mockAws('production');
  graph = await collectGraph(program);
}, 60_000);

const ofStep = (name: string) => graph.nodes.filter((node) => node.name === name || node.name.startsWith(`${name}/`));
const order = () => [
  ...EKS_PLAN.steps
    .slice(0, EKS_PLAN.steps.findIndex(({ name }) => name === 'chart/cilium') + 1)
    .map(({ name }) => name),
  'machines',
  ...EKS_PLAN.steps.slice(EKS_PLAN.steps.findIndex(({ name }) => name === 'chart/cilium') + 1).map(({ name }) => name),
];

describe('the bootstrap as resources of Pulumi', () => {
  it('declares every step, each after all of the one before it, and machines after the network', () => {
    const steps = order();
    expect(steps.slice(-5)).toEqual(['machines', 'chart/coredns', 'chart/argo-cd', 'projects', 'root']);
    for (const [i, name] of steps.entries()) {
      expect({ name, resources: ofStep(name).length > 0 }).toEqual({ name, resources: true });
      const before = i === 0 ? [] : ofStep(steps[i - 1]!).map(({ id }) => id);
      for (const { options } of ofStep(name)) expect([...options.dependsOn].sort()).toEqual([...before].sort());
    }
  });

  it('makes once, and forgets on removal, what Argo CD adopts; keeps the rest as it is described', () => {
    for (const { name, adoptedBy } of EKS_PLAN.steps)
      for (const node of ofStep(name)) {
        const { ignoreChanges, retainOnDelete } = node.options;
        const made =
          adoptedBy === undefined
            ? { ignoreChanges: [], retainOnDelete: false }
            : { ignoreChanges: ['*'], retainOnDelete: true };
        expect({ name: node.name, ignoreChanges, retainOnDelete }).toEqual({ name: node.name, ...made });
      }
  });

  it('owns adopted objects in the name of Argo CD, and patches those that Kubernetes makes itself', () => {
    const annotations = (name: string) =>
      (graph.nodes.find((node) => node.name === name)?.inputs['metadata'] as { annotations?: Record<string, string> })
        .annotations ?? {};
    expect(annotations('projects/AppProject/argocd/platform')).toMatchObject({
      'pulumi.com/patchFieldManager': 'argocd-controller',
    });
    expect(annotations('root/Application/argocd/root')).toEqual({});
    const patched = graph.nodes.filter(({ type }) => type.endsWith('Patch'));
    expect(patched.map(({ type, name }) => [type, name])).toEqual([
      ['kubernetes:core/v1:NamespacePatch', 'namespaces/coredns/Namespace/kube-system'],
    ]);
    const forced = graph.nodes.filter(({ inputs }) =>
      JSON.stringify(inputs).includes('"pulumi.com/patchForce":"true"'),
    );
    expect(forced.map(({ name }) => name).sort()).toEqual([
      'namespaces/argo-cd/ServiceAccount/argocd/default',
      'namespaces/cilium/ServiceAccount/cilium/default',
      'namespaces/coredns/Namespace/kube-system',
      'namespaces/coredns/ServiceAccount/kube-system/default',
    ]);
  });

  it('installs charts as the tree has them, with the real host of the API in the place of the expected one', () => {
    for (const { name, content } of EKS_PLAN.steps) {
      if (content.kind !== 'chart') continue;
      const { inputs } = graph.nodes.find((node) => node.name === name)!;
      expect(inputs).toMatchObject({
        name: content.releaseName,
        namespace: content.namespace,
        chart: content.chart.name,
        version: content.chart.version,
        repositoryOpts: { repo: content.chart.repository },
        skipCrds: true,
        skipAwait: name === 'chart/cilium',
      });
      const real = JSON.stringify(content.chart.values).replaceAll(
        `"${EKS_CLUSTER.network.apiServer.host}"`,
        '"real.eks.amazonaws.com"',
      );
      expect(inputs['values']).toEqual(JSON.parse(real));
    }
    const cilium = graph.nodes.find(({ name }) => name === 'chart/cilium');
    expect(cilium?.inputs['values']).toMatchObject({ k8sServiceHost: 'real.eks.amazonaws.com' });
  });

  it('refuses a plan whose definitions were not read', () => {
    const provider = {
      definitions: new Map(),
      provider: undefined as never,
      part: 'before-machines' as const,
      after: [],
    };
    const definitions = EKS_PLAN.steps.filter(({ content }) => content.kind === 'definitions');
    const only = { cluster: 'production', steps: definitions, machinesAfter: definitions.at(-1)!.name };
    expect(() => declareBootstrap(only, provider)).toThrow(/^definitions\/argo-cd: its definitions were not read/);
  });
});
