import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import {
  bootstrapDeclarations,
  type BootstrapPlan,
  ChartMissingError,
  helmCharts,
  type KubeObject,
  planBootstrap,
  readDefinitions,
} from '../../infra/bootstrap';
import { platform } from '../../platform';
import { Platform } from '../../src/model';
import type { PlatformProps } from '../../src/model/platform.generated';
import { renderPlatform, type Rendering } from '../../src/render';
import { checkObject } from '../../src/schemas';

const ROOT = path.resolve(__dirname, '..', '..');
const CLUSTERS = ['local', 'nonproduction', 'production'] as const;

const plans = new Map(CLUSTERS.map((name) => [name, planBootstrap(bootstrapDeclarations(platform), name)]));
const plan = (name: (typeof CLUSTERS)[number]): BootstrapPlan => plans.get(name)!;
const step = (name: (typeof CLUSTERS)[number], stepName: string) =>
  plan(name).steps.find((one) => one.name === stepName)!;
const objects = (name: (typeof CLUSTERS)[number], stepName: string): readonly KubeObject[] => {
  const { content } = step(name, stepName);
  if (content.kind !== 'objects') throw new Error(`${stepName} holds no objects`);
  return content.objects;
};

let rendering: Rendering;
beforeAll(async () => {
  rendering = await renderPlatform({ root: ROOT, cache: false, threads: 0 });
}, 60_000);

const rendered = (file: string): readonly KubeObject[] =>
  loadAll(Buffer.from(rendering.tree.read(file)).toString('utf8')) as KubeObject[];
/** As YAML would bring it: keys without a value are not there. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the plan', () => {
  it('lets people in, makes what the others need, then starts network, names and Argo CD, then hands over', () => {
    expect(plan('local').steps.map(({ name }) => name)).toEqual([
      'access',
      'flow-control',
      'namespaces/cilium',
      'namespaces/coredns',
      'namespaces/argo-cd',
      'definitions/argo-cd',
      'definitions/gateway-api',
      'definitions/kube-prometheus-stack',
      'definitions/cilium',
      'priorities',
      'chart/cilium',
      'chart/coredns',
      'chart/argo-cd',
      'projects',
      'root',
    ]);
  });

  it('starts the controller that initialises machines on AWS, between their network and the first Pod that needs one', () => {
    const charts = plan('production').steps.flatMap(({ name }) => (name.startsWith('chart/') ? [name] : []));
    expect(charts).toEqual(['chart/aws-cloud-controller-manager', 'chart/cilium', 'chart/coredns', 'chart/argo-cd']);
    expect(plan('nonproduction').steps.map(({ name }) => name)).not.toContain('chart/aws-cloud-controller-manager');
  });

  it.each(CLUSTERS)('has the same projects and root Application as the rendered tree of %s', (name) => {
    expect(plain(objects(name, 'projects'))).toEqual(rendered(`clusters/${name}/apps/projects.yaml`));
    expect(plain(objects(name, 'root'))).toEqual(rendered(`clusters/${name}/root.yaml`));
  });

  it.each(CLUSTERS)('installs on %s what Argo CD will adopt: chart, release, namespace and values', (name) => {
    const charts = plan(name).steps.filter(({ content }) => content.kind === 'chart');
    expect(charts.length).toBeGreaterThanOrEqual(3);
    for (const { adoptedBy, content } of charts) {
      if (content.kind !== 'chart') continue;
      const application = rendered(`clusters/${name}/apps/${adoptedBy}.yaml`).find(
        ({ metadata }) => metadata.name === adoptedBy,
      ) as unknown as Application;
      const source = application.spec.sources.find(({ chart }) => chart !== undefined)!;
      expect(plain({ ...content.chart, repository: undefined, releaseName: content.releaseName })).toEqual({
        name: source.chart,
        version: source.targetRevision,
        releaseName: source.helm!.releaseName,
        values: source.helm!.valuesObject,
      });
      expect(content.chart.repository.replace('oci://', '')).toBe(source.repoURL);
      expect(content.namespace).toBe(application.spec.destination.namespace);
    }
  });

  it.each(CLUSTERS)('names, for all that it hands over on %s, an Application that the tree has', (name) => {
    const applications = new Set(
      [...rendering.tree.files.keys()]
        .filter((file) => file.startsWith(`clusters/${name}/apps/`) || file === `clusters/${name}/root.yaml`)
        .flatMap((file) => rendered(file))
        .map(({ metadata }) => metadata.name),
    );
    const adopters = plan(name).steps.flatMap(({ adoptedBy }) => adoptedBy ?? []);
    expect(adopters.filter((one) => !applications.has(one))).toEqual([]);
    // Nothing adopts who may do what and who goes first, nor the Application that everything else hangs on.
    const kept = plan(name).steps.filter(({ adoptedBy }) => adoptedBy === undefined);
    expect(kept.map((one) => one.name)).toEqual(['access', 'flow-control', 'root']);
  });

  it.each(CLUSTERS)(
    'makes the namespaces of %s as the tree has them, those that charts write into beside theirs too',
    (name) => {
      for (const { name: stepName, adoptedBy } of plan(name).steps) {
        if (!stepName.startsWith('namespaces/')) continue;
        const directory = `clusters/${name}/baseline/${adoptedBy}/`;
        const all = [...rendering.tree.files.keys()].filter((file) => file.startsWith(directory)).flatMap(rendered);
        for (const object of objects(name, stepName)) expect(all).toContainEqual(plain(object));
        const namespaces = all.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
        const made = objects(name, stepName).filter(({ kind }) => kind === 'Namespace');
        expect(made.map(({ metadata }) => metadata.name).sort()).toEqual(namespaces.sort());
      }
      expect(objects(name, 'namespaces/cilium').map(({ metadata }) => metadata.name)).toContain('cilium-secrets');
    },
  );

  it.each(CLUSTERS)('holds on %s only objects that their schemas allow', (name) => {
    const all = plan(name).steps.flatMap(({ content }) => (content.kind === 'objects' ? content.objects : []));
    expect(all.length).toBeGreaterThan(15);
    for (const object of all)
      expect({ object: object.metadata.name, problems: checkObject(object) }).toMatchObject({ problems: [] });
  });

  it('makes every priority class that its charts name', () => {
    const classes = objects('production', 'priorities').map(({ metadata }) => metadata.name);
    const named = JSON.stringify(plan('production').steps.filter(({ content }) => content.kind === 'chart'));
    const wanted = [...named.matchAll(/"priorityClassName":"(platform-[^"]+)"/g)].map(([, one]) => one);
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((one) => !classes.includes(one!))).toEqual([]);
  });

  it('says of every step that containers are needed for what does not happen where nodes are simulated', () => {
    for (const { runsOnSimulatedNodes, missingOnSimulatedNodes, content, until } of plan('local').steps) {
      expect(missingOnSimulatedNodes === undefined).toBe(runsOnSimulatedNodes);
      if (content.kind === 'chart' || until === 'running') expect(runsOnSimulatedNodes).toBe(false);
    }
    expect(step('local', 'root').missingOnSimulatedNodes).toContain('no controller of Argo CD runs');
  });

  it("follows what the team's platform says of an add-on", () => {
    const props: PlatformProps = { ...platform.props, addOns: { cilium: { values: { debug: { enabled: true } } } } };
    const tuned = planBootstrap(bootstrapDeclarations(new Platform(props)), 'local');
    expect(tuned.steps.find(({ name }) => name === 'chart/cilium')?.content).toMatchObject({
      chart: { values: { debug: { enabled: true }, kubeProxyReplacement: 'true' } },
    });
  });

  it('is not made from a broken platform, nor for a cluster that there is not', () => {
    const { local } = platform.props.clusters;
    const overlapping = { ...local!, network: { ...local!.network, serviceCidr: local!.network.podCidr } };
    const broken = new Platform({ ...platform.props, clusters: { ...platform.props.clusters, local: overlapping } });
    expect(() => planBootstrap(bootstrapDeclarations(broken), 'local')).toThrow(
      "platform.ts: is broken: run 'keelson verify' to see how",
    );
    expect(() => planBootstrap(bootstrapDeclarations(platform), 'prod')).toThrow(
      "platform.ts: clusters: there is no cluster 'prod': write one of 'local', 'nonproduction', 'production'",
    );
  });
});

describe('access', () => {
  const cluster = (name: string) => {
    const { content } = plan(name as 'local').steps[0]!;
    return content.kind === 'objects' ? content.objects : [];
  };
  const subjectsOf = (objects: readonly KubeObject[], role: string) =>
    objects
      .filter((one) => (one.roleRef as { name: string } | undefined)?.name === role)
      .flatMap((one) => (one.subjects as { kind: string; name: string }[]).map(({ kind, name }) => `${kind} ${name}`));

  it('makes administrators of the certificate group and of the group that signs in, and of nobody else', () => {
    for (const name of CLUSTERS)
      expect(subjectsOf(cluster(name), 'cluster-admin')).toEqual([
        'Group keelson:platform-admins',
        'Group oidc:platform-admins',
      ]);
  });

  it('lets API servers talk to kubelets, and machines renew their own certificate', () => {
    for (const name of ['production', 'local']) {
      const renew = 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient';
      expect(subjectsOf(cluster(name), 'system:kubelet-api-admin')).toEqual(['Group keelson:kubelet-clients']);
      expect(subjectsOf(cluster(name), renew)).toEqual(['Group system:nodes']);
    }
  });

  it('lets machines ask for a first certificate by a token, which a program of the control plane alone approves', () => {
    const first = 'system:certificates.k8s.io:certificatesigningrequests:nodeclient';
    expect(subjectsOf(cluster('production'), 'system:node-bootstrapper')).toEqual([
      'Group system:bootstrappers:keelson',
    ]);
    expect(subjectsOf(cluster('production'), 'keelson:node-approver')).toEqual(['User keelson:join-operator']);
    for (const name of CLUSTERS) expect(subjectsOf(cluster(name), first)).toEqual([]);
    expect(JSON.stringify(cluster('local'))).not.toContain('bootstrap');
  });

  it('shows whoever has not said who he is health and nothing else, and leaves that to EKS where it serves the API', () => {
    const anonymous = (objects: readonly KubeObject[]) =>
      objects.filter((one) => JSON.stringify(one.subjects ?? []).includes('system:unauthenticated'));
    expect(anonymous(cluster('production')).map(({ metadata }) => metadata.name)).toEqual(['keelson:health']);
    expect(cluster('nonproduction').map(({ metadata }) => metadata.name)).toEqual(['keelson:platform-admins']);
  });

  it('gives KWOK the rights of no administrator, and only where it simulates nodes', () => {
    const role = cluster('local').find(
      ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'keelson:kwok',
    );
    expect(role).toBeDefined();
    expect(JSON.stringify(role)).not.toMatch(/"\*"|secrets/);
    expect(JSON.stringify(cluster('production'))).not.toContain('kwok');
  });
});

describe('charts', () => {
  const content = () => {
    const { content } = step('local', 'chart/coredns');
    if (content.kind !== 'chart') throw new Error('no chart');
    return content;
  };
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'keelson-bootstrap-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('says that a packed chart is not in the folder, before Helm is asked for', async () => {
    await expect(helmCharts({ directory: folder })(content(), [])).rejects.toThrow(ChartMissingError);
    await expect(helmCharts({ directory: folder })(content(), [])).rejects.toThrow(
      `coredns-1.47.0.tgz is not in ${folder}`,
    );
  });

  it('says that a repository does not answer', async () => {
    const nowhere = { ...content(), chart: { ...content().chart, repository: 'http://127.0.0.1:1' } };
    await expect(helmCharts()(nowhere, [])).rejects.toThrow(/^http:\/\/127\.0\.0\.1:1 cannot be reached/);
  });
});

describe('definitions', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'keelson-definitions-test-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const repository = async (): Promise<string> => {
    const { execFileSync } = await import('node:child_process');
    const place = path.join(folder, 'upstream');
    await mkdir(path.join(place, 'crds', 'inner'), { recursive: true });
    await writeFile(
      path.join(place, 'crds', 'inner', 'a.yaml'),
      `${JSON.stringify(crd('Boat'))}\n---\n${JSON.stringify(crd('Mast'))}\n`,
    );
    await writeFile(path.join(place, 'elsewhere.yaml'), JSON.stringify(crd('Anchor')));
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
        cwd: place,
        stdio: 'pipe',
      });
    git('init', '--quiet');
    git('config', 'uploadpack.allowFilter', 'true');
    git('add', '.');
    git('commit', '--quiet', '--message', 'one');
    git('tag', 'v1');
    return `file://${place}`;
  };
  const options = () => ({ env: { ...process.env, KEELSON_CACHE: path.join(folder, 'cache') } });

  it('come from the git tag that Argo CD reads, only the wanted kinds, and from the cache when it is gone', async () => {
    const source = { repository: await repository(), revision: 'v1', path: 'crds' };
    const read = () => readDefinitions(source, ['example.com/Boat'], options());
    expect((await read()).map(({ metadata }) => metadata.name)).toEqual(['boats.example.com']);
    await rm(path.join(folder, 'upstream'), { recursive: true });
    expect((await read()).map(({ metadata }) => metadata.name)).toEqual(['boats.example.com']);
  });

  it('are told missing with the reason of every place', async () => {
    const source = { repository: await repository(), revision: 'v1', path: 'crds' };
    await expect(readDefinitions(source, ['example.com/Boat', 'example.com/Anchor'], options())).rejects.toThrow(
      /v1: no definition of example\.com\/Anchor there; Go modules: no definition of example\.com\/Boat, example\.com\/Anchor there/,
    );
    await expect(readDefinitions({ ...source, revision: 'v2' }, ['example.com/Boat'], options())).rejects.toThrow(/v2/);
  });
});

function crd(kind: string): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.toLowerCase()}s.example.com` },
    spec: { group: 'example.com', names: { kind }, versions: [] },
  };
}

interface Application {
  readonly spec: {
    readonly destination: { readonly namespace: string };
    readonly sources: readonly {
      readonly repoURL: string;
      readonly chart?: string;
      readonly targetRevision: string;
      readonly helm?: { readonly releaseName: string; readonly valuesObject: unknown };
    }[];
  };
}
