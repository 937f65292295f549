import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { load as parseYaml, loadAll } from 'js-yaml';
import type { Tree } from '../../src/gitops/tree';
import type { Finding } from '../../src/model/finding';

/** Folder that the product stands in. */
export const product = resolve(__dirname, '..', '..');

/** Files by path. */
export type Files = Readonly<Record<string, string>>;

/** Names of the baseline's add-ons. */
export const baselineNames = readdirSync(join(product, 'charts', 'baseline')).map((file) => file.replace(/\.ts$/, ''));

// Cold starts on a busy machine take a while; no test here judges time.
jest.setTimeout(120_000);

const made: string[] = [];

/** A new folder that holds these files, in the order in which they are named. Removed when the test file ends. */
export function folderOf(files: Files): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'keelson-test-')));
  made.push(root);
  addFiles(root, files);
  return root;
}

export function addFiles(root: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

afterAll(() => {
  for (const root of made) rmSync(root, { recursive: true, force: true });
});

/** Props of a platform with one local cluster, on which `sandbox` and `live`, a production environment, stand. */
export const localProps = {
  name: 'example',
  domain: 'example.com',
  contact: 'platform@example.com',
  gitops: { url: 'https://git.example.com/platform/gitops.git' },
  registries: ['registry.example.com'],
  oidc: {
    issuer: 'https://login.example.com',
    clientId: 'kubernetes',
    groups: { admins: 'platform-admins', oncall: 'platform-oncall', auditors: 'auditors' },
  },
  breakGlass: { group: 'break-glass' },
  clusters: {
    laptop: {
      provider: 'local',
      kubernetesVersion: '1.36.3',
      network: { podCidr: '10.244.0.0/16', serviceCidr: '10.98.0.0/16', nodeCidr: '10.200.0.0/24' },
      nodePools: { machine: { minimum: 1, capacity: { cpu: '4', memory: '12Gi' } } },
    },
  },
  environments: { sandbox: { cluster: 'laptop' }, live: { cluster: 'laptop', production: true } },
};

/** Every add-on of the baseline switched off. */
export const nothingOn = Object.fromEntries(baselineNames.map((name) => [name, false]));

/** A `platform.ts` that declares these props. */
export function platformFile(props: object = localProps): string {
  return `import { Platform } from '${product}/src/model';

export const platform = new Platform(${JSON.stringify(props)} as never);
`;
}

/** A `tenants/<name>.ts`; `more` is what stands after the groups, as TypeScript. */
export function tenantFile(name: string, more = ''): string {
  return `import { Tenant } from '${product}/src/model';
import { platform } from '../platform';

new Tenant(platform, '${name}', {
  owner: { email: '${name}@example.com' },
  groups: { developers: '${name}-developers' },
  ${more}
});
`;
}

/** A `tenants/claims/<name>.yaml`; `more` is further lines of its spec, indented by two. */
export function claimFile(name: string, more = ''): string {
  return `apiVersion: platform.keelson.dev/v2
kind: Tenant
metadata:
  name: ${name}
spec:
  owner:
    email: ${name}@example.com
  groups:
    developers: ${name}-developers
${more}`;
}

/** Claims of `count` tenants. */
export function claimFiles(count: number): Files {
  const names = Array.from({ length: count }, (_, i) => `team-${String(i).padStart(4, '0')}`);
  return Object.fromEntries(names.map((name) => [`tenants/claims/${name}.yaml`, claimFile(name)]));
}

/** An `addons/<name>.ts`: `declaration` is the object that `declare` gives, `more` other fields, as TypeScript. */
export function addOnFile(name: string, declaration: string, more = ''): string {
  return `import { ApiObject } from 'cdk8s';
import { defineComponent } from '${product}/charts/component';

export const component = defineComponent({
  name: '${name}',
  summary: 'For a test',
  providers: ['local'],
  ${more}
  declare: (cluster) => (${declaration}),
});
`;
}

/** Fields that every declaration has; `more` overrides them. */
export function declaration(name: string, more: string): string {
  return `{
    namespace: { name: '${name}', level: 'restricted' },
    priorityClass: 'platform-standard',
    workloads: {},
    ${more}
  }`;
}

/** The least that a cluster needs, as own add-ons: a network, names, and somebody who applies the tree. */
export const smallStack: Files = {
  'addons/net.ts': addOnFile(
    'net',
    declaration(
      'net',
      `workloads: { agent: { labels: { app: 'net' }, hostNetwork: true, reaches: [{ to: 'api-server' }] } },
    crds: {
      source: { repository: 'https://git.example.com/net.git', revision: 'v1.0.0', path: 'crds' },
      kinds: ['cilium.io/CiliumNetworkPolicy'],
    },`,
    ),
    `role: 'network',`,
  ),
  'addons/names.ts': addOnFile(
    'names',
    declaration(
      'names',
      `workloads: { server: {
      labels: { app: 'names' },
      serves: { dns: { port: 53, protocol: 'UDP', to: ['cluster', 'nodes'] }, tcp: { port: 53, to: ['cluster', 'nodes'] } },
      reaches: [{ to: 'api-server' }],
    } },`,
    ),
    `role: 'dns',`,
  ),
  'addons/cd.ts': addOnFile(
    'cd',
    declaration(
      'cd',
      `crds: {
      source: { repository: 'https://git.example.com/cd.git', revision: 'v1.0.0', path: 'crds' },
      kinds: ['argoproj.io/Application', 'argoproj.io/ApplicationSet', 'argoproj.io/AppProject'],
    },`,
    ),
    `role: 'gitops',`,
  ),
};

/** Files of a platform with one local cluster and nothing on it but the small stack. */
export function smallPlatform(files: Files = {}, props: object = {}): Files {
  return { 'platform.ts': platformFile({ ...localProps, addOns: nothingOn, ...props }), ...smallStack, ...files };
}

/** A Kubernetes object, as tests look into it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // What a test looks for is a matter of its kind.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly spec: any;
}

/** All objects of a file of the tree; none where there is no such file. */
export function objectsIn(tree: Tree, path: string): readonly KubernetesObject[] {
  return tree.files.has(path) ? (loadAll(tree.read(path).toString('utf8')) as KubernetesObject[]) : [];
}

/** The one object of a kind and name in a file. */
export function objectIn(tree: Tree, path: string, kind: string, name?: string): KubernetesObject {
  const found = objectsIn(tree, path).filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  if (found.length !== 1 || !found[0]) throw new Error(`${path} holds ${found.length} of ${kind} ${name ?? ''}`);
  return found[0];
}

/** One document of YAML. */
export function yaml(text: string): unknown {
  return parseYaml(text);
}

/** All text of a tree. */
export function textsOf(tree: Tree): ReadonlyMap<string, string> {
  return new Map([...tree.files.keys()].map((path) => [path, tree.read(path).toString('utf8')]));
}

/** Findings as lines. */
export function told(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ file, line, field, message, fix }) =>
    [`${file}${line === undefined ? '' : `:${line}`}`, field, message, fix].filter(Boolean).join(' | '),
  );
}
