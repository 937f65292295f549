import { renderPlatform } from '../../../src/render';
import { guardrailPath, tenantPath } from '../../../src/model/layout';
import { checkObject } from '../../../src/schemas';
import { judge } from '../../support/guardrails';
import { MACHINES, tierPlatform } from '../../support/tier-platform';
import {
  claimFile,
  type Files,
  folderOf,
  objectIn,
  objectsIn,
  told,
  type KubernetesObject,
} from '../../support/platforms';
import type { Tree } from '../../../src/gitops/tree';

async function treeOf(platform: string, claims: Files): Promise<Tree> {
  const { tree, findings } = await renderPlatform({
    root: folderOf({ 'platform.ts': platform, ...claims }),
    cache: false,
  });
  expect(told(findings)).toEqual([]);
  return tree;
}

const claim = (name: string, more: string): Files => ({ [`tenants/claims/${name}.yaml`]: claimFile(name, more) });

describe('Tier 2', () => {
  let tree: Tree;
  beforeAll(async () => {
    tree = await treeOf(tierPlatform(MACHINES), claim('wiki', '  tier: 2\n  environments: { prod: {} }\n'));
  });

  test('is forced by a guardrail that goes by the namespace, which has no pool of its own', () => {
    const { metadata } = objectIn(tree, tenantPath('production', 'wiki', 'namespace'), 'Namespace');
    expect(metadata.labels).toMatchObject({ tier: '2' });
    expect(metadata.labels).not.toHaveProperty(['keelson.dev/node-pool']);
    const binding = objectIn(
      tree,
      guardrailPath('production', 'sandboxed-runtime'),
      'ValidatingAdmissionPolicyBinding',
    );
    expect(binding.spec.validationActions).toEqual(['Deny']);
    expect(binding.spec.matchResources.namespaceSelector.matchExpressions).toContainEqual({
      key: 'tier',
      operator: 'In',
      values: ['2'],
    });
  });

  test('runs on shared machines that have the sandbox, never on those that are a tenant’s alone', () => {
    const { scheduling } = objectIn(
      tree,
      'clusters/production/baseline/gvisor/resources.yaml',
      'RuntimeClass',
    ) as unknown as { scheduling: { tolerations: { key: string }[] } };
    expect(scheduling.tolerations.map(({ key }) => key)).toEqual(['sandbox']);
  });

  test('has the largest container of the sandbox’s machines', () => {
    const limits = objectIn(tree, tenantPath('production', 'wiki', 'quota'), 'LimitRange').spec.limits as {
      max: { memory: string };
    }[];
    // Three quarters of 29Gi; the pool with the most memory has 60Gi.
    expect(limits[0]?.max.memory).toBe('22272Mi');
  });

  test('has no guardrail where there is no gVisor', () => {
    expect(objectsIn(tree, guardrailPath('nonproduction', 'sandboxed-runtime'))).toEqual([]);
  });
});

describe('Tier 3', () => {
  let tree: Tree;
  beforeAll(async () => {
    tree = await treeOf(
      tierPlatform(MACHINES),
      claim('shop', '  tier: 3\n  environments: { prod: {}, staging: {} }\n'),
    );
  });

  const pod = (spec: object): KubernetesObject =>
    ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [], ...spec } }) as never;
  const answers = (guardrail: string, labels: Readonly<Record<string, string>>, spec: object) =>
    judge(objectIn(tree, guardrailPath('production', guardrail), 'ValidatingAdmissionPolicy'), {
      title: '',
      operation: 'CREATE',
      request: { what: '', labels },
      object: pod(spec) as never,
    });
  const onOwn = {
    nodeSelector: { 'keelson.dev/sandbox': 'gvisor', 'keelson.dev/tenant': 'shop' },
    tolerations: [{ key: 'keelson.dev/tenant', value: 'shop' }],
  };

  test('has its Pods on its own machines and nowhere else', () => {
    const labels = objectIn(tree, tenantPath('production', 'shop', 'namespace'), 'Namespace').metadata.labels ?? {};
    expect(labels).toMatchObject({ tier: '3', 'keelson.dev/node-pool': 'shop' });
    expect(answers('dedicated-nodes', labels, onOwn)).toEqual([]);
    expect(answers('node-placement', labels, onOwn)).toEqual([]);
    expect(answers('dedicated-nodes', labels, { ...onOwn, nodeSelector: {} })).toEqual([
      expect.stringContaining('run on node pool shop'),
    ]);
    expect(answers('dedicated-nodes', labels, { ...onOwn, tolerations: [] })).toEqual([
      expect.stringContaining('let `tolerations` name its taints'),
    ]);
  });

  test('has nobody else on them', () => {
    for (const nodePool of ['general', 'memory', 'safe']) {
      const labels = { tier: '1', 'keelson.dev/node-pool': nodePool };
      expect(answers('node-placement', labels, onOwn)).toEqual([
        expect.stringContaining('the taints of their own node pool alone'),
      ]);
    }
    expect(answers('node-placement', { tier: '2' }, { ...onOwn, runtimeClassName: 'gvisor' })).toHaveLength(1);
  });

  test('has more machines bought by Karpenter when its Pods wait, within the bounds of its pool', () => {
    const pools = objectsIn(tree, 'clusters/nonproduction/baseline/karpenter/resources.yaml').filter(
      ({ kind }) => kind === 'NodePool',
    );
    expect(pools.map(({ metadata }) => metadata.name)).toEqual(['general', 'dedicated-shop']);
    const { template, limits } = pools[1]!.spec;
    expect(template.metadata.labels).toEqual({ 'keelson.dev/tenant': 'shop' });
    expect(template.spec.taints).toEqual([{ key: 'keelson.dev/tenant', value: 'shop', effect: 'NoSchedule' }]);
    expect(template.spec.requirements).toContainEqual({
      key: 'node.kubernetes.io/instance-type',
      operator: 'In',
      values: ['m7i.2xlarge'],
    });
    expect(limits).toEqual({ nodes: 3 });
    expect(pools[0]!.spec.template.spec).not.toHaveProperty('taints');
  });
});

describe('Tier 4 on a shared cluster', () => {
  const path = tenantPath('nonproduction', 'shop', 'tier');
  let tree: Tree;
  beforeAll(async () => {
    tree = await treeOf(
      tierPlatform(''),
      claim('shop', '  tier: 4\n  environments: { prod: {}, staging: {}, dev: {} }\n'),
    );
  });

  const applications = (cluster: string) =>
    objectsIn(tree, tenantPath(cluster, 'shop', 'tier')).filter(({ kind }) => kind === 'Application');

  test('is a virtual cluster for each environment, inside of its namespace', () => {
    expect(applications('nonproduction').map(({ metadata }) => metadata.name)).toEqual([
      'virtual-shop-dev',
      'virtual-shop-staging',
    ]);
    const project = objectIn(tree, path, 'AppProject');
    expect(project.spec.destinations).toEqual(
      ['shop-dev', 'shop-staging'].map((namespace) => ({ server: 'https://kubernetes.default.svc', namespace })),
    );
    expect(project.spec.clusterResourceWhitelist).toEqual([]);
    for (const { spec } of applications('nonproduction')) {
      expect(spec.project).toBe(project.metadata.name);
      expect(project.spec.sourceRepos).toContain(spec.source.repoURL);
      const values = spec.source.helm.valuesObject;
      // Nothing that would need rights beyond the namespace, nothing that undercuts what holds in it.
      expect(values.rbac.clusterRole.enabled).toBe(false);
      expect(
        Object.values(values.sync.fromHost as Record<string, { enabled: boolean }>).map((one) => one.enabled),
      ).not.toContain(true);
      expect(
        Object.values(values.policies as Record<string, { enabled: boolean }>).map((one) => one.enabled),
      ).not.toContain(true);
    }
  });

  test('has a control plane that Pod Security, quota and limits of its namespace let in', () => {
    for (const [cluster, environment] of [
      ['nonproduction', 'dev'],
      ['production', undefined],
    ] as const) {
      const application = applications(cluster)[0]!;
      const { controlPlane } = application.spec.source.helm.valuesObject;
      const file = tenantPath(cluster, 'shop', 'quota', environment);
      const [container] = objectIn(tree, file, 'LimitRange').spec.limits;
      const parts = [
        { ...controlPlane.statefulSet, replicas: controlPlane.statefulSet.highAvailability.replicas },
        { ...controlPlane.coredns, ...controlPlane.coredns.deployment },
        ...(controlPlane.backingStore.etcd
          ? [{ ...controlPlane.backingStore.etcd.deploy.statefulSet, replicas: 3 }]
          : []),
      ];
      expect(parts).toHaveLength(cluster === 'production' ? 3 : 2);
      for (const { resources, security, replicas } of parts) {
        const template = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'a', namespace: 'shop-dev' },
          spec: {
            securityContext: security.podSecurityContext,
            containers: [{ name: 'a', image: 'a', resources, securityContext: security.containerSecurityContext }],
          },
        };
        expect(checkObject(template)).toEqual([]);
        expect(security.containerSecurityContext).toMatchObject({
          runAsNonRoot: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          seccompProfile: { type: 'RuntimeDefault' },
        });
        expect(replicas).toBeGreaterThan(0);
        expect(ratio(resources, 'cpu')).toBeLessThanOrEqual(Number(container.maxLimitRequestRatio.cpu));
        expect(ratio(resources, 'memory')).toBeLessThanOrEqual(Number(container.maxLimitRequestRatio.memory));
      }
    }
  });

  test('signs people in as the platform does, and in production they read', () => {
    const values = (cluster: string) => applications(cluster)[0]!.spec.source.helm.valuesObject;
    for (const cluster of ['production', 'nonproduction']) {
      expect(values(cluster).controlPlane.distro.k8s.apiServer.extraArgs).toEqual(
        expect.arrayContaining([
          '--oidc-issuer-url=https://login.example.com/realms/staff',
          '--oidc-groups-prefix=oidc:',
        ]),
      );
    }
    const role = (cluster: string) =>
      JSON.parse(values(cluster).experimental.deploy.vcluster.manifests) as { roleRef: object; subjects: object[] };
    expect(role('production')).toMatchObject({
      roleRef: { name: 'view' },
      subjects: [{ name: 'oidc:shop-developers' }],
    });
    expect(role('nonproduction')).toMatchObject({ roleRef: { name: 'cluster-admin' } });
  });

  test('lets its API server reach the real one, and its Pods their own: nobody else, and no more', () => {
    const cilium = objectsIn(tree, path).filter(({ kind }) => kind === 'CiliumNetworkPolicy');
    expect(cilium).toHaveLength(2);
    for (const { spec } of cilium) {
      expect(spec.endpointSelector).toEqual({ matchLabels: { app: 'vcluster', release: 'virtual' } });
      expect(spec).not.toHaveProperty('ingress');
      const reached = (spec.egress as { toEntities?: string[]; toFQDNs?: object[] }[]).flatMap(
        ({ toEntities = [], toFQDNs = [] }) => [...toEntities, ...toFQDNs],
      );
      expect(reached).toEqual(['kube-apiserver', { matchName: 'login.example.com' }]);
    }
    for (const { spec } of objectsIn(tree, path).filter(({ kind }) => kind === 'NetworkPolicy')) {
      for (const { from = [], to = [] } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
        for (const peer of [...from, ...to]) expect(Object.keys(peer)).toEqual(['podSelector']);
      }
    }
  });
});

test('Tier 4 on a cluster of its own has no virtual one, and nobody else is on it', async () => {
  const platform = tierPlatform("local: { ...local, tenant: 'shop' }");
  const tree = await treeOf(platform, {
    ...claim('shop', '  tier: 4\n  environments: { sandbox: {} }\n'),
    // Every environment but those of production and those of others.
    ...claim('wiki', ''),
  });
  const paths = [...tree.files.keys()];
  expect(paths.some((path) => path.startsWith('clusters/local/tenants/shop/'))).toBe(true);
  expect(paths.filter((path) => path.endsWith('/tier.yaml'))).toEqual([]);
  expect(paths.filter((path) => path.startsWith('clusters/local/tenants/wiki/'))).toEqual([]);
  expect(paths.some((path) => path.startsWith('clusters/nonproduction/tenants/wiki/'))).toBe(true);
});

test('Without a tier of its own a tenant has no file about it', async () => {
  const tree = await treeOf(tierPlatform(''), claim('wiki', '  environments: { prod: {}, dev: {} }\n'));
  expect([...tree.files.keys()].filter((path) => path.endsWith('/tier.yaml'))).toEqual([]);
});

function ratio(resources: { requests: Record<string, string>; limits: Record<string, string> }, name: string): number {
  return number(resources.limits[name]!) / number(resources.requests[name]!);
}

function number(quantity: string): number {
  const [, digits, suffix] = /^(\d+)(m|Mi|Gi)?$/.exec(quantity)!;
  return Number(digits) * { m: 0.001, Mi: 2 ** 20, Gi: 2 ** 30, '': 1 }[suffix ?? '']!;
}
