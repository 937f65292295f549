import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadAll } from 'js-yaml';
import { goModule } from '../../../src/engines';
import { CRD_SOURCES } from '../../../src/schemas/sources';
import type { KubeObject } from './api';

const PRODUCT = path.resolve(__dirname, '..', '..', '..');
/** What the product's repository holds that a team writes itself, or that is made on the spot. */
const NOT_COPIED = ['.git', '.keelson', 'addons', 'node_modules', 'platform.ts', 'tenants', 'test'];

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** A platform's whole repository in a folder of its own, as its team has it. */
export interface SyncedPlatform {
  readonly directory: string;
  /** The commit that is published last. */
  commit(): Promise<string>;
  /** The objects of a file of the published tree. */
  published(file: string): Promise<readonly KubeObject[]>;
  /** Changes a file that the team wrote. */
  edit(file: string, change: (text: string) => string): Promise<void>;
  /** Writes another file that the team wrote. */
  write(file: string, text: string): Promise<void>;
  /** Paths of all files of the published tree. */
  files(): Promise<readonly string[]>;
  /** URL of the repository of tenant `payments`. */
  readonly deploy: string;
  /** Commits files to that repository; `undefined` takes one away. */
  merge(files: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** URL of the sample repository of a team. */
  readonly sample: string;
  /** Takes away a file that the team wrote. */
  drop(file: string): Promise<void>;
  /** Runs the command line as a person would. */
  keelson(...args: readonly string[]): Promise<Ended>;
  remove(): Promise<void>;
}

export interface SyncedPlatformOptions {
  /** Address of the Helm repository. @default - the platform has neither `slow` nor `quick` */
  readonly charts?: string;
}

/**
 * A platform with one local cluster that reads its own embedded repository, and whose sources are all on this machine.
 * The charts of the baseline are not, so that three add-ons of the team's own stand for it: `delivery` for Argo CD;
 * `slow`, which brings a kind and a Deployment that nobody runs; `quick`, which needs that kind and so waits for it, and
 * has a chart from the Helm repository at `charts`.
 */
export async function makeSyncedPlatform({ charts }: SyncedPlatformOptions = {}): Promise<SyncedPlatform> {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), 'keelson-synced-')));
  const directory = path.join(root, 'platform');
  for (const name of (await readdir(PRODUCT)).filter((one) => !NOT_COPIED.includes(one))) {
    await cp(path.join(PRODUCT, name), path.join(directory, name), { recursive: true });
  }
  await symlink(path.join(PRODUCT, 'node_modules'), path.join(directory, 'node_modules'));
  const gitops = path.join(directory, '.keelson', 'gitops.git');

  const argoCd = await repository(path.join(root, 'argo-cd'), await definitions('argo-cd'));
  const snapshots = await repository(path.join(root, 'snapshots'), await definitions('external-snapshotter'));
  const deploy = await repository(path.join(root, 'deploy'), { 'deploy/sandbox/greeting.yaml': GREETING });
  const sample = path.join(root, 'hello');
  await cp(path.join(PRODUCT, 'examples', 'team-repository'), sample, { recursive: true });
  await repository(sample, {});
  await write(directory, {
    'platform.ts': platformFile(urlOf(gitops)),
    'addons/delivery.ts': deliveryFile(urlOf(argoCd)),
    ...(charts === undefined
      ? {}
      : { 'addons/slow.ts': slowFile(urlOf(snapshots)), 'addons/quick.ts': quickFile(charts) }),
    'tenants/payments.ts': paymentsFile(urlOf(deploy)),
    'tenants/claims/handbook.yaml': HANDBOOK,
  });
  const published = async (...args: readonly string[]): Promise<string> => {
    const { code, output } = await run('git', ['--git-dir', gitops, ...args], directory);
    if (code !== 0) throw new Error(output);
    return output;
  };
  return {
    directory,
    commit: async () => (await published('rev-parse', 'main')).trim(),
    published: async (file) => loadAll(await published('show', `main:${file}`)) as KubeObject[],
    files: async () => (await published('ls-tree', '-r', '--name-only', 'main')).trim().split('\n'),
    drop: (file) => rm(path.join(directory, file)),
    write: (file, text) => write(directory, { [file]: text }),
    deploy: urlOf(deploy),
    sample: urlOf(sample),
    async merge(files) {
      for (const [name, text] of Object.entries(files)) {
        if (text === undefined) await rm(path.join(deploy, name), { recursive: true });
        else await write(deploy, { [name]: text });
      }
      await commit(deploy);
    },
    async edit(file, change) {
      const text = await readFile(path.join(directory, file), 'utf8');
      await writeFile(path.join(directory, file), change(text));
    },
    keelson: (...args) => run(process.execPath, [path.join(directory, 'bin', 'keelson.cjs'), ...args], directory),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

function urlOf(directory: string): string {
  return pathToFileURL(directory).href;
}

/**
 * The definitions of an add-on's kinds as files of a repository, from the module that the schemas come from, the
 * kustomizations beside them too: Argo CD must not mistake the folder for one.
 */
async function definitions(addOn: string): Promise<Readonly<Record<string, string>>> {
  const { module, version, sum, paths } = CRD_SOURCES.find((source) => source.addOn === addOn)!;
  const directory = path.join(await goModule(module, version, { sum }), paths[0]!);
  const texts = (await readdir(directory)).map(async (name) => [
    `crds/${name}`,
    await readFile(path.join(directory, name), 'utf8'),
  ]);
  return Object.fromEntries(await Promise.all(texts)) as Record<string, string>;
}

async function write(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** A git repository with one commit: of these files, and of what the folder holds already. */
async function repository(directory: string, files: Readonly<Record<string, string>>): Promise<string> {
  await write(directory, files);
  await git(directory, 'init', '--quiet', '--initial-branch=main');
  await commit(directory);
  return directory;
}

async function commit(directory: string): Promise<void> {
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
  await git(directory, 'add', '--all', '.');
  await git(directory, ...identity, 'commit', '--quiet', '-m', 'what changed');
}

async function git(directory: string, ...args: readonly string[]): Promise<void> {
  const { code, output } = await run('git', args, directory);
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${output}`);
}

function run(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error ? (typeof error.code === 'number' ? error.code : 127) : 0, output: stdout + stderr });
    });
  });
}

function platformFile(url: string): string {
  const off = readdirSync(path.join(PRODUCT, 'charts', 'baseline')).map(
    (file) => `'${file.replace(/\.ts$/, '')}': false,`,
  );
  return `import { Platform } from './src/model';

export const platform = new Platform({
  name: 'synced',
  domain: 'example.com',
  contact: 'platform@example.com',
  gitops: { url: '${url}' },
  registries: ['registry.example.com'],
  oidc: {
    issuer: 'https://login.example.com',
    clientId: 'kubernetes',
    groups: { admins: 'platform-admins', oncall: 'platform-oncall', auditors: 'auditors' },
  },
  breakGlass: { group: 'platform-break-glass' },
  clusters: {
    local: {
      provider: 'local',
      kubernetesVersion: '1.36.3',
      network: { podCidr: '10.244.0.0/16', serviceCidr: '10.98.0.0/16', nodeCidr: '10.200.0.0/24' },
      nodePools: { machine: { minimum: 1, capacity: { cpu: '4', memory: '12Gi' } } },
    },
  },
  environments: { sandbox: { cluster: 'local' }, prod: { cluster: 'local', production: true } },
  addOns: {
    ${off.join('\n    ')}
  },
});
`;
}

function deliveryFile(definitions: string): string {
  return `import { defineComponent } from '../charts/component';

export const component = defineComponent({
  name: 'delivery',
  summary: 'Stands for Argo CD, which runs beside the cluster',
  providers: ['local'],
  role: 'gitops',
  declare: () => ({
    namespace: { name: 'argocd', level: 'restricted' },
    workloads: {},
    crds: {
      source: { repository: '${definitions}', revision: 'main', path: 'crds' },
      kinds: ['argoproj.io/Application', 'argoproj.io/ApplicationSet', 'argoproj.io/AppProject'],
    },
    priorityClass: 'platform-critical',
  }),
});
`;
}

function slowFile(definitions: string): string {
  return `import { k8s } from 'cdk8s-plus-28';
import { defineComponent } from '../charts/component';

export const component = defineComponent({
  name: 'slow',
  summary: 'Brings a kind, and is not ready by itself',
  providers: ['local'],
  declare: () => ({
    namespace: { name: 'slow', level: 'restricted' },
    workloads: {},
    crds: {
      source: { repository: '${definitions}', revision: 'main', path: 'crds' },
      kinds: ['snapshot.storage.k8s.io/VolumeSnapshotClass'],
    },
    priorityClass: 'platform-standard',
  }),
  resources(scope, { namespace }) {
    const labels = { app: 'slow' };
    new k8s.KubeDeployment(scope, 'slow', {
      metadata: { name: 'slow', namespace },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'slow',
                image: 'registry.example.com/slow:1.0.0',
                securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              },
            ],
          },
        },
      },
    });
  },
});
`;
}

/** Version of its chart that `quick` asks for at first, which is not there: 1.2.3 is. */
export const WRONG_VERSION = '1.2.4';

/** Values of every form, as they must come to the chart. */
export const VALUES = {
  list: [1, 'two', { three: 3 }, []],
  nested: { empty: {}, text: '', flag: false, share: 0.5, large: 9007199254740991 },
  odd: '{{ .Release.Name }} $x: "on" # ü',
};

function quickFile(charts: string): string {
  return `import { ApiObject } from 'cdk8s';
import { defineComponent } from '../charts/component';

export const component = defineComponent({
  name: 'quick',
  summary: 'Makes an object of a kind that another add-on brings',
  providers: ['local'],
  declare: () => ({
    chart: { repository: '${charts}', name: 'parcel', version: '${WRONG_VERSION}', values: ${JSON.stringify(VALUES)} },
    namespace: { name: 'quick', level: 'restricted' },
    workloads: {},
    needs: ['snapshot.storage.k8s.io/VolumeSnapshotClass'],
    after: [{ component: 'slow', why: 'makes the snapshots' }],
    priorityClass: 'platform-standard',
  }),
  resources(scope) {
    new ApiObject(scope, 'class', {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotClass',
      metadata: { name: 'quick' },
      driver: 'quick.example.com',
      deletionPolicy: 'Delete',
    });
  },
});
`;
}

const GREETING = `apiVersion: v1
kind: ConfigMap
metadata:
  name: greeting
data:
  text: good morning
`;

const HANDBOOK = `apiVersion: platform.keelson.dev/v2
kind: Tenant
metadata:
  name: handbook
spec:
  owner:
    email: people@example.com
  groups:
    developers: people-operations
`;

function paymentsFile(deploy: string): string {
  return `import { Tenant } from '../src/model';
import { platform } from '../platform';

export const payments = new Tenant(platform, 'payments', {
  owner: { email: 'payments@example.com', team: 'Payments' },
  groups: { developers: 'payments-developers', admins: 'payments-leads', viewers: 'payments-readers' },
  environments: { sandbox: { quota: { cpu: '8', memory: '16Gi', storage: '20Gi', pods: 20 } } },
  repositories: [{ url: '${deploy}' }],
});
`;
}
