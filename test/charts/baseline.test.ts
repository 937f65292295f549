import type { Cluster, Provider } from '../../src/model/cluster';
import type { Component, ComponentDeclaration, JsonObject } from '../../src/model/component';
import { resolve } from '../../src/model/resolve';
import componentSchema from '../../src/model/schema/component.schema.json';
import { validateShape } from '../../src/model/validate';
import { renderPlatform, type Rendering } from '../../src/render';
import { load } from '../../src/render/load';
import { baselineNames, objectsIn, product, told } from '../support/platforms';

/** The example has one cluster of each provider. */
const { declarations } = load(product);
if (!declarations) throw new Error('the example platform cannot be loaded');
const clusters = new Map([...resolve(declarations).clusters.values()].map((cluster) => [cluster.provider, cluster]));
const components = declarations.components.map(({ component }) => component);

type Declared = [title: string, component: Component, cluster: Cluster, declaration: ComponentDeclaration];
const declared: Declared[] = components.flatMap((component) =>
  component.providers.map((provider: Provider): Declared => {
    const cluster = clusters.get(provider);
    if (!cluster) throw new Error(`the example has no cluster of provider ${provider}`);
    return [`${component.name} on ${provider}`, component, cluster, component.declare(cluster)];
  }),
);

test('Every file of the baseline is an add-on of its name, with a sentence for people', () => {
  expect(components.map(({ name }) => name).sort()).toEqual([...baselineNames].sort());
  for (const { summary, providers } of components) {
    expect(summary).toMatch(/^[A-Z].{10,120}[^.]$/);
    expect(providers.length).toBeGreaterThan(0);
  }
});

describe.each(declared)('%s', (_, component, cluster, declaration) => {
  test('is plain data of the right shape, the same each time it is asked', () => {
    expect(validateShape(componentSchema, declaration, { file: component.name })).toEqual([]);
    expect(JSON.stringify(component.declare(cluster))).toBe(JSON.stringify(declaration));
  });

  test('pins what it installs, and installs something', () => {
    const { chart, manifests, crds } = declaration;
    expect(Boolean(chart ?? manifests ?? crds ?? component.resources ?? declaration.sources)).toBe(true);
    if (chart) expect(chart.version).toMatch(/^v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?$/);
    for (const source of [manifests, crds?.source]) {
      // A tag with a number in it or a commit: what a branch is called moves.
      if (source) expect(source.revision).toMatch(/\d+\.\d+|^[0-9a-f]{40}$/);
    }
  });

  test('selects Pods by labels that tell its workloads apart', () => {
    const labels = Object.values(declaration.workloads).map((workload) => JSON.stringify(workload.labels));
    expect(labels).not.toContain('{}');
    expect(new Set(labels).size).toBe(labels.length);
  });

  test('serves no port under two names, and is scraped on none that is served to others only', () => {
    for (const { serves = {} } of Object.values(declaration.workloads)) {
      const ports = Object.values(serves).map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`);
      expect(ports).toEqual([...new Set(ports)]);
    }
  });

  test('asks for no more than a namespace that is restricted, or says why', () => {
    const { namespace, exceptions = [] } = declaration;
    if ('level' in namespace && namespace.level !== 'restricted') expect(namespace.reason.length).toBeGreaterThan(20);
    for (const { what, reason } of exceptions) {
      expect(what.length).toBeGreaterThan(3);
      expect(reason.length).toBeGreaterThan(20);
    }
  });

  test('writes no privileged container into a restricted namespace', () => {
    const { namespace, chart } = declaration;
    if (!chart || !('level' in namespace) || namespace.level !== 'restricted') return;
    const loose = everyObject(chart.values).filter(
      (values) =>
        values['privileged'] === true ||
        values['allowPrivilegeEscalation'] === true ||
        values['runAsNonRoot'] === false ||
        values['hostNetwork'] === true ||
        values['hostPID'] === true,
    );
    expect(loose).toEqual([]);
  });

  test('has memory limits of what it requests or more, and no request without a limit of memory', () => {
    for (const { requests, limits } of everyObject(declaration.chart?.values ?? {})) {
      if (!isObject(requests) || !isObject(limits)) continue;
      if (requests['memory'] !== undefined) expect(limits['memory']).toBeDefined();
    }
  });

  test('leaves no network policy or monitor to its chart, or says why', () => {
    const reasons = (declaration.exceptions ?? []).map(({ what }) => what.toLowerCase()).join('\n');
    const left = everyObject(declaration.chart?.values ?? {}).flatMap((values) =>
      ['networkPolicy', 'serviceMonitor', 'podMonitor', 'servicemonitor', 'podmonitor'].filter((key) => {
        const own = values[key];
        return isObject(own) && own['enabled'] === true && !reasons.includes(key.toLowerCase());
      }),
    );
    expect(left).toEqual([]);
  });
});

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every object in chart values, at any depth. */
function everyObject(value: unknown): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(everyObject);
  return isObject(value) ? [value, ...Object.values(value).flatMap(everyObject)] : [];
}

describe('The example platform', () => {
  let rendering: Rendering;

  beforeAll(async () => {
    rendering = await renderPlatform({ root: product, cache: false, threads: 0 });
  });

  test('has no finding', () => {
    expect(told(rendering.findings)).toEqual([]);
    expect(rendering.clusters).toEqual(['local', 'nonproduction', 'production']);
    expect(rendering.tenants).toEqual(['handbook', 'payments', 'recommendations']);
  });

  test('has every add-on of the baseline on one cluster at least', () => {
    expect(rendering.addOns).toEqual([...baselineNames].sort());
  });

  test('has one Application for each add-on that installs something, all under the root', () => {
    for (const cluster of rendering.clusters) {
      const apps = [...rendering.tree.files.keys()].filter((path) => path.startsWith(`clusters/${cluster}/apps/`));
      const names = apps
        .flatMap((path) => objectsIn(rendering.tree, path))
        .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
      expect(new Set(names).size).toBe(names.length);
      const [root] = objectsIn(rendering.tree, `clusters/${cluster}/root.yaml`);
      expect(root?.spec.source.path).toBe(`clusters/${cluster}/apps`);
    }
  });

  test('has an Application for each directory beside a chart, and no directory without one', () => {
    for (const cluster of rendering.clusters) {
      const paths = [...rendering.tree.files.keys()];
      const directories = new Set(
        paths
          .flatMap((path) => /^(clusters\/[^/]+\/baseline\/[^/]+)\//.exec(path)?.[1] ?? [])
          .filter((path) => path.startsWith(`clusters/${cluster}/`)),
      );
      const sources = paths
        .filter((path) => path.startsWith(`clusters/${cluster}/apps/`))
        .flatMap((path) => objectsIn(rendering.tree, path))
        .flatMap(({ spec }) => (spec?.sources ?? []) as { path?: string }[])
        .flatMap(({ path }) => (path?.startsWith('clusters/') ? [path] : []));
      expect(new Set(sources)).toEqual(directories);
    }
  });

  test('has YAML that people can read: the usual order, no anchors, a newline at the end', () => {
    for (const path of rendering.tree.files.keys()) {
      const text = rendering.tree.read(path).toString('utf8');
      expect(text.endsWith('\n')).toBe(true);
      expect(text.endsWith('\n\n')).toBe(false);
      if (!path.endsWith('.yaml')) continue;
      expect(path).not.toMatch(/\d+-|\/\d/);
      for (const object of objectsIn(rendering.tree, path)) {
        expect(Object.keys(object).slice(0, 3)).toEqual(['apiVersion', 'kind', 'metadata']);
        expect(Object.keys(object.metadata)[0]).toBe('name');
      }
    }
  });
});
