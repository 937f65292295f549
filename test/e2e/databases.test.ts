import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { getEngine } from '../../src/engines';
import { run } from '../../src/engines/run';
import { databaseIdentifier } from '../../src/model/database';
import { renderPlatform, type Rendering } from '../../src/render';
import { databaseCrd } from '../../src/schemas/generate/composite';
import { Api, installCrds, messageOf, type KubeObject } from './support/api';
import { startComposer, type Composed, type Composer } from './support/composition';
import { startControlPlane, type ControlPlane } from './support/control-plane';

jest.setTimeout(600_000);

const REPOSITORY = path.resolve(__dirname, '..', '..');
const GROUP = 'sg-0123456789abcdef0';
let rendering: Rendering;
let composer: Composer;
let plane: ControlPlane;
let api: Api;

interface Database extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Fields of composed objects are looked into as a reader of YAML would. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Loose = KubeObject & { readonly spec: any; readonly data?: any; readonly metadata: any };

beforeAll(async () => {
  rendering = await renderPlatform({ root: REPOSITORY, cache: false });
  [composer, plane] = await Promise.all([startComposer(), startControlPlane()]);
  await installCrds(
    plane,
    new Set([
      'apiextensions.crossplane.io/v2 CompositeResourceDefinition',
      'apiextensions.crossplane.io/v1 Composition',
      'platform.keelson.dev/v1 Database',
      'postgresql.cnpg.io/v1 Cluster',
      'postgresql.cnpg.io/v1 ScheduledBackup',
      'rds.aws.m.upbound.io/v1beta1 Instance',
    ]),
  );
  api = await Api.of(plane);
  for (const name of ['payments-prod', 'payments-dev', 'payments-sandbox'])
    await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
});

afterAll(async () => {
  await composer?.stop();
  await plane?.stop();
});

function compositionOf(cluster: string): KubeObject {
  const text = rendering.tree.read(`clusters/${cluster}/baseline/databases/resources.yaml`).toString('utf8');
  return (loadAll(text) as KubeObject[]).find(({ kind }) => kind === 'Composition')!;
}

/** The composition of a cluster that is provisioned: its security group is known. */
function provisioned(cluster: string): KubeObject {
  const text = JSON.stringify(compositionOf(cluster)).replace(
    '\\"securityGroup\\":\\"\\"',
    `\\"securityGroup\\":\\"${GROUP}\\"`,
  );
  return JSON.parse(text) as KubeObject;
}

function namespace(
  environment: string,
  labels: Record<string, string> = { tenant: 'payments', environment },
): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `payments-${environment}`, ...{ labels } } };
}

function database(environment: string, spec: object = {}, apiVersion = 'platform.keelson.dev/v1'): Database {
  return {
    apiVersion,
    kind: 'Database',
    metadata: { name: 'orders', namespace: `payments-${environment}`, uid: '0f0f0f0f-1111-2222-3333-444444444444' },
    spec: {
      engine: 'postgres',
      version: '17',
      size: 'medium',
      storage: '1Ti',
      highAvailability: true,
      onDelete: 'keep',
      ...spec,
    },
  };
}

const one = (composed: Composed, kind: string): Loose => {
  const found = composed.resources.filter((object) => object.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} of ${kind}: ${composed.failure ?? ''}`);
  return found[0] as Loose;
};
const decoded = ({ data }: Loose) =>
  Object.fromEntries(
    Object.entries(data as Record<string, string>).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]),
  );

/** What the API server says to every composed object, as Crossplane would send it. */
async function refusals(composed: Composed): Promise<readonly string[]> {
  const answers = await Promise.all(
    composed.resources.map(async (object) => {
      const { status, body } = await api.apply(sent(object));
      return status < 300 ? [] : [`${object.kind}: ${messageOf(body)}`];
    }),
  );
  return answers.flat();
}

/** Without what a server gives: the owner is none that this one knows. */
function sent({ metadata, ...rest }: KubeObject): KubeObject {
  const {
    ownerReferences: _owner,
    uid: _uid,
    resourceVersion: _version,
    ...kept
  } = metadata as Record<string, unknown>;
  return { ...rest, metadata: kept } as unknown as KubeObject;
}

describe('a database of an environment whose provider is RDS', () => {
  const compose = (spec: object = {}, observed: readonly KubeObject[] = []) =>
    composer.compose({
      composite: database('prod', spec),
      composition: provisioned('production'),
      required: [namespace('prod')],
      observed,
    });

  it('is an instance that no one outside reaches, encrypted, in the cluster’s own subnets, and a Secret', async () => {
    const composed = await compose();
    expect(composed.resources.map(({ kind }) => kind).sort()).toEqual(['Instance', 'Secret']);
    const { spec, metadata } = one(composed, 'Instance');
    expect(metadata.namespace).toBe('payments-prod');
    expect(spec.forProvider).toMatchObject({
      identifier: databaseIdentifier('production', 'payments-prod', 'orders'),
      region: 'eu-central-1',
      engine: 'postgres',
      engineVersion: '17',
      instanceClass: 'db.m7g.large',
      allocatedStorage: 1024,
      storageEncrypted: true,
      publiclyAccessible: false,
      multiAz: true,
      dbSubnetGroupName: 'production-database',
      vpcSecurityGroupIds: [GROUP],
      passwordSecretRef: { name: 'orders-database', key: 'password' },
      tags: { tenant: 'payments', environment: 'prod' },
    });
    expect(await refusals(composed)).toEqual([]);
  });

  it.each([
    ['keep', { policies: ['Observe', 'Create', 'Update', 'LateInitialize'], protection: true, skip: false }],
    ['snapshot', { policies: ['*'], protection: false, skip: false }],
    ['delete', { policies: ['*'], protection: false, skip: true }],
  ])('treats its data on deletion as asked: %s', async (onDelete, { policies, protection, skip }) => {
    const { spec } = one(await compose({ onDelete }), 'Instance');
    expect(spec.managementPolicies).toEqual(policies);
    expect(spec.forProvider.deletionProtection).toBe(protection);
    expect(spec.forProvider.skipFinalSnapshot).toBe(skip);
    expect(spec.forProvider.finalSnapshotIdentifier).toMatch(
      /^production-payments-prod-orders-[0-9a-f]{8}-final-0f0f0f0f$/,
    );
  });

  it('keeps its password from run to run, and says where it is as soon as that is known', async () => {
    const first = await compose();
    const secret = one(first, 'Secret');
    expect(Object.keys(decoded(secret)).sort()).toEqual(['database', 'password', 'port', 'username']);
    expect(decoded(secret)['password']).toMatch(/^[0-9A-Za-z]{40}$/);
    const address = 'production-payments-prod-orders.abc.eu-central-1.rds.amazonaws.com';
    const running = { ...one(first, 'Instance'), status: { atProvider: { address } } };
    const second = await compose({}, [running, secret]);
    const { password, host, uri } = decoded(one(second, 'Secret'));
    expect(password).toBe(decoded(secret)['password']);
    expect(host).toBe(address);
    expect(uri).toBe(`postgresql://app:${password}@${address}:5432/app?sslmode=require`);
    expect(second.composite.status).toMatchObject({ host: address, port: 5432, secretName: 'orders-database' });
  });

  it('is not made where the security group is not known, and says what to do', async () => {
    const { failure } = await composer.compose({
      composite: database('prod'),
      composition: compositionOf('production'),
      required: [namespace('prod')],
    });
    expect(failure).toContain('run pulumi up and keelson outputs');
  });
});

describe('a database of an environment whose provider is the cluster', () => {
  const compose = (spec: object = {}, observed: readonly KubeObject[] = []) =>
    composer.compose({
      composite: database('dev', spec),
      composition: compositionOf('nonproduction'),
      required: [namespace('dev')],
      observed,
    });

  it('is a Cluster of CloudNativePG, its nightly backups, and a Secret that it takes its password from', async () => {
    const composed = await compose();
    expect(composed.resources.map(({ kind }) => kind).sort()).toEqual(['Cluster', 'ScheduledBackup', 'Secret']);
    const { spec, metadata } = one(composed, 'Cluster');
    expect(metadata).toMatchObject({ name: 'database-orders', namespace: 'payments-dev' });
    expect(spec).toMatchObject({
      instances: 2,
      imageCatalogRef: { kind: 'ClusterImageCatalog', name: 'keelson-postgres', major: 17 },
      resources: { requests: { cpu: '2', memory: '8Gi' }, limits: { cpu: '2', memory: '8Gi' } },
      storage: { size: '1Ti', storageClass: 'gp3-retain' },
      bootstrap: { initdb: { database: 'app', owner: 'app', secret: { name: 'orders-database' } } },
      postgresql: { parameters: { shared_buffers: '2048MB' } },
      enableSuperuserAccess: false,
    });
    const { host } = decoded(one(composed, 'Secret'));
    expect(host).toBe('database-orders-rw.payments-dev.svc');
    expect(await refusals(composed)).toEqual([]);
  });

  it('stays on the class of volumes that it was made on, whatever is asked for later', async () => {
    const made = one(await compose({ onDelete: 'delete' }), 'Cluster');
    expect(made.spec.storage.storageClass).toBe('gp3');
    expect(one(await compose({ onDelete: 'keep' }, [made]), 'Cluster').spec.storage.storageClass).toBe('gp3');
  });

  it('has no snapshots on a cluster that can take none', async () => {
    const composed = await composer.compose({
      composite: database('sandbox', { size: 'small' }),
      composition: compositionOf('local'),
      required: [namespace('sandbox')],
    });
    expect(composed.resources.map(({ kind }) => kind).sort()).toEqual(['Cluster', 'Secret']);
    expect(one(composed, 'Cluster').spec.backup).toBeUndefined();
    expect(await refusals(composed)).toEqual([]);
  });

  it('keeps data by default where the first version of the kind made it', async () => {
    const classOf = async (spec: object) => {
      const composite = database('dev', { ...spec, onDelete: undefined });
      const composed = await composer.compose({
        composite,
        composition: compositionOf('nonproduction'),
        required: [namespace('dev')],
      });
      return one(composed, 'Cluster').spec.storage.storageClass as string;
    };
    expect(await classOf({})).toBe('gp3-retain');
    expect(await classOf({ keepOnDelete: true })).toBe('gp3-retain');
    expect(await classOf({ keepOnDelete: false })).toBe('gp3');
  });
});

describe('which of both it is', () => {
  it('follows from the label of the namespace, and from nothing in the Database', async () => {
    const composite = database('dev', { provider: 'rds', crossplane: { compositionRef: { name: 'other' } } });
    const labelled = { ...composite, metadata: { ...composite.metadata, labels: { environment: 'prod' } } };
    const composed = await composer.compose({
      composite: labelled,
      composition: compositionOf('nonproduction'),
      required: [namespace('dev')],
    });
    expect(one(composed, 'Cluster').metadata.name).toBe('database-orders');
  });

  it.each([
    ['a namespace of no tenant', [namespace('dev', {})], 'is no environment of a tenant'],
    [
      'a namespace of an environment that stands elsewhere',
      [namespace('dev', { environment: 'prod' })],
      'is no environment',
    ],
    ['a namespace that cannot be read', [], 'cannot be read'],
  ])('cannot be told in %s: what is there already stays as it is', async (_, required, message) => {
    const composition = compositionOf('nonproduction');
    const composite = database('dev');
    const { resources } = await composer.compose({ composite, composition, required: [namespace('dev')] });
    const composed = await composer.compose({ composite, composition, required, observed: resources });
    expect(composed.failure).toContain(message);
    expect(composed.deleted).toEqual([]);
  });

  it('does not move a database when the platform changes its mind: its data would go with what is taken away', async () => {
    const composite = database('dev');
    const composition = provisioned('nonproduction');
    const { resources } = await composer.compose({ composite, composition, required: [namespace('dev')] });
    const moved = JSON.parse(
      JSON.stringify(composition).replace('\\"dev\\":\\"cluster\\"', '\\"dev\\":\\"rds\\"'),
    ) as KubeObject;
    const composed = await composer.compose({
      composite,
      composition: moved,
      required: [namespace('dev')],
      observed: resources,
    });
    expect(composed.failure).toContain('move its data to a new database first');
    expect(composed.deleted).toEqual([]);
    // Without anything there yet it is the other kind.
    const anew = await composer.compose({ composite, composition: moved, required: [namespace('dev')] });
    expect(one(anew, 'Instance').spec.forProvider.engine).toBe('postgres');
  });
});

describe('the contract', () => {
  const apply = async (object: Database) => {
    const { status, body } = await api.apply(sent(object) as Database);
    return status < 300 ? 'accepted' : messageOf(body);
  };

  it('is a definition that the API server takes, and that Crossplane composes by one Composition', async () => {
    const text = rendering.tree.read('clusters/production/baseline/databases/resources.yaml').toString('utf8');
    const objects = loadAll(text) as Loose[];
    const definition = objects.find(({ kind }) => kind === 'CompositeResourceDefinition')!;
    expect(definition.spec).toMatchObject({ scope: 'Namespaced', enforcedCompositionRef: { name: 'database' } });
    for (const object of [definition, compositionOf('production')]) {
      const { status, body } = await api.apply(object);
      expect([status < 300, messageOf(body)]).toEqual([true, expect.anything()]);
    }
  });

  it('lets a database grow, and neither shrink, nor go back a version, nor become another engine', async () => {
    expect(await apply(database('dev', { storage: '20Gi', version: '16' }))).toBe('accepted');
    expect(await apply(database('dev', { storage: '1Ti', version: '17' }))).toBe('accepted');
    expect(await apply(database('dev', { storage: '1000Gi' }))).toContain('the storage of a database cannot shrink');
    expect(await apply(database('dev', { version: '16' }))).toContain('cannot go down');
    expect(await apply(database('dev', { engine: 'mysql' }))).toContain('spec.engine');
  });

  it.each([
    [{ storage: '9Gi' }, 'write 10Gi or more'],
    [{ storage: '5Ti' }, 'write 4Ti or less'],
    [{ storage: '20000Mi' }, 'spec.storage'],
    [{ storage: '-20Gi' }, 'spec.storage'],
    [{ version: '14' }, 'spec.version'],
    [{ size: 'huge' }, 'spec.size'],
    [{ backupRetentionDays: 36 }, 'spec.backupRetentionDays'],
    [{ onDelete: 'forget' }, 'spec.onDelete'],
    [{ provider: 'rds' }, '.spec.provider: field not declared in schema'],
  ])('refuses %j', async (spec, message) => {
    const object = database('sandbox', spec);
    expect(await apply({ ...object, metadata: { ...object.metadata, name: 'refused' } })).toContain(message);
  });

  it('reads and writes what its first version wrote, and loses nothing between the two', async () => {
    const old = {
      ...database('prod', { keepOnDelete: false, onDelete: undefined }, 'platform.keelson.dev/v1alpha1'),
    };
    expect(await apply(old)).toBe('accepted');
    // As Crossplane does, which knows the stored version alone.
    const read = await api.get<Database>('platform.keelson.dev/v1', 'Database', 'orders', 'payments-prod');
    expect(read?.spec).toMatchObject({ keepOnDelete: false, storage: '1Ti' });
    const { status } = await api.apply(
      { ...sent({ ...old, apiVersion: 'platform.keelson.dev/v1' }), spec: { ...old.spec, onDelete: 'snapshot' } },
      'migration',
    );
    expect(status).toBe(200);
    const back = await api.get<Database>('platform.keelson.dev/v1alpha1', 'Database', 'orders', 'payments-prod');
    expect(back?.spec).toMatchObject({ keepOnDelete: false, onDelete: 'snapshot', storage: '1Ti' });
  });

  it('has both versions served, the newest stored and the first one deprecated', () => {
    expect(
      databaseCrd().spec.versions.map(({ name, served, storage, deprecated }) => [name, served, storage, deprecated]),
    ).toEqual([
      ['v1', true, true, undefined],
      ['v1alpha1', true, false, true],
    ]);
  });
});

describe('Argo CD', () => {
  const health = (conditions: readonly object[]) =>
    healthOf(
      { ...database('dev'), status: { conditions } },
      rendering.tree.read('clusters/production/apps/argo-cd.yaml').toString('utf8'),
    );

  it.each([
    [[], 'Progressing'],
    [
      [
        { type: 'Synced', status: 'True' },
        { type: 'Ready', status: 'False' },
      ],
      'Progressing',
    ],
    [
      [
        { type: 'Synced', status: 'False', message: 'no security group' },
        { type: 'Ready', status: 'True' },
      ],
      'Degraded',
    ],
    [
      [
        { type: 'Synced', status: 'True' },
        { type: 'Ready', status: 'True' },
      ],
      'Healthy',
    ],
  ])('takes a database with %j as %s', async (conditions, status) => {
    expect(await health(conditions)).toContain(`STATUS: ${status}`);
  });
});

/** What Argo CD says of an object's health, by the checks that its own Application gives it. */
async function healthOf(object: object, application: string): Promise<string> {
  const { spec } = loadAll(application).find((one) => (one as KubeObject).metadata.name === 'argo-cd') as Loose;
  const { cm } = spec.sources
    ? spec.sources.find((one: { helm?: unknown }) => one.helm).helm.valuesObject.configs
    : spec.source.helm.valuesObject.configs;
  const folder = await mkdtemp(path.join(tmpdir(), 'keelson-health-'));
  try {
    const key = 'resource.customizations.health.platform.keelson.dev_Database';
    const labels = { 'app.kubernetes.io/part-of': 'argocd' };
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'argocd-cm', labels },
      data: { [key]: cm[key] },
    };
    await writeFile(path.join(folder, 'cm.yaml'), JSON.stringify(config));
    await writeFile(path.join(folder, 'object.yaml'), JSON.stringify(object));
    return await run(
      await getEngine('argocd'),
      [
        'admin',
        'settings',
        'resource-overrides',
        'health',
        path.join(folder, 'object.yaml'),
        '--argocd-cm-path',
        path.join(folder, 'cm.yaml'),
      ],
      { env: { ...process.env, ARGOCD_BINARY_NAME: 'argocd' } },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
