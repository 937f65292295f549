import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrapDeclarations, planBootstrap } from '../../infra/bootstrap';
import { describeClusters } from '../../src/model/resolve/clusters';
import { Platform } from '../../src/model';
import type { ClusterOutputs, OutputsFile } from '../../src/model/outputs';
import { writeOutputs } from '../../src/model/outputs-files';
import type { PlatformProps } from '../../src/model/platform.generated';
import { renderPlatform } from '../../src/render';
import { keelson } from '../cli/support/keelson';
import { props as fixture } from '../fixtures/broken/valid/platform';
import { folderOf, objectIn, platformFile } from '../support/platforms';

const FILE = 'clusters/production.outputs.json';
const RUN = 'run pulumi up --stack production && keelson outputs production';

const props = fixture as PlatformProps;
const clusterOf = (from: PlatformProps = props) => describeClusters(from).get('production')!;
const role = (name: string) => `arn:aws:iam::111122223333:role/boundary/production-${name}`;

/** Roles that add-ons of the cluster act as: those that rendering then says are missing. */
let roles: readonly string[];

/** Outputs that hold, of a place that chose its own host and put its roles below a path. */
const good = (): ClusterOutputs => ({
  api: { host: 'keelson-production-0a1b.elb.eu-central-1.amazonaws.com', port: 6443 },
  issuer: 'https://oidc.production.example.com',
  network: { ...ranges(props.clusters['production']!.network), vpc: 'vpc-0a1b2c3d' },
  buckets: { backups: 'example-backups', logs: 'example-logs', traces: 'example-traces' },
  roles: Object.fromEntries(roles.map((name) => [name, role(name)])),
  zones: { 'production.example.com': 'Z0123456789ABC' },
});

function ranges({ podCidr, serviceCidr, nodeCidr }: { podCidr: string; serviceCidr: string; nodeCidr: string }) {
  return { podCidr, serviceCidr, nodeCidr };
}

/** A platform whose production cluster has these outputs. */
function platformWith(outputs: ClusterOutputs = good(), over: PlatformProps = props): string {
  const root = folderOf({ 'platform.ts': platformFile(over) });
  expect(writeOutputs(root, clusterOf(), outputs)).toMatchObject({ file: FILE, changed: true, findings: [] });
  return root;
}

/** Changes a platform's file of outputs by hand. */
function edit(root: string, change: (file: OutputsFile) => object): string {
  const path = join(root, FILE);
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as OutputsFile)));
  return root;
}

const render = (root: string) => renderPlatform({ root, cache: false, threads: 0 });
const findingsOf = async (root: string) => (await render(root)).findings;

beforeAll(async () => {
  const root = folderOf({ 'platform.ts': platformFile(props) });
  roles = [];
  writeOutputs(root, clusterOf(), { ...good(), roles: {} });
  roles = (await findingsOf(root)).map(({ field = '' }) => field.replace('outputs.roles.', ''));
});

describe('outputs that hold', () => {
  it('stand in the tree in the place of what was expected', async () => {
    const expected = await render(folderOf({ 'platform.ts': platformFile(props) }));
    expect(expected).toMatchObject({ findings: [], unprovisioned: ['production'] });
    const given = await render(platformWith());
    expect(given).toMatchObject({ findings: [], unprovisioned: [] });
    const cilium = (one: typeof given) =>
      objectIn(one.tree, 'clusters/production/apps/cilium.yaml', 'Application', 'cilium').spec.sources[0].helm
        .valuesObject;
    expect(cilium(expected).k8sServiceHost).toBe('api.production.example.com');
    expect(cilium(given).k8sServiceHost).toBe('keelson-production-0a1b.elb.eu-central-1.amazonaws.com');
    const velero = (one: typeof given) => one.tree.read('clusters/production/apps/velero.yaml').toString();
    expect(velero(expected)).toContain('arn:aws:iam::111122223333:role/production-velero');
    expect(velero(given)).toContain(role('velero'));
    const issuer = (one: typeof given) =>
      objectIn(one.tree, 'clusters/production/baseline/cert-manager/resources.yaml', 'ClusterIssuer').spec.acme
        .solvers[0].dns01.route53;
    expect(issuer(expected)).toEqual({ region: 'eu-central-1' });
    expect(issuer(given)).toEqual({ region: 'eu-central-1', hostedZoneID: 'Z0123456789ABC' });
    // Nothing of another cluster changes.
    for (const [file, blob] of expected.tree.files)
      if (file.startsWith('clusters/laptop/')) expect(given.tree.files.get(file)).toBe(blob);
  });

  it('are the same bytes when they are written again, whatever the order of what a stack gave', () => {
    const root = platformWith();
    const shuffled = { ...good(), roles: Object.fromEntries(Object.entries(good().roles!).reverse()) };
    expect(writeOutputs(root, clusterOf(), shuffled)).toMatchObject({ changed: false, findings: [] });
  });

  it('stay fresh while versions, node pools and add-ons change', async () => {
    const { production } = props.clusters;
    const grown = { ...production!, kubernetesVersion: '1.35.2', addOns: { velero: false, 'restore-check': false } };
    expect(
      await findingsOf(platformWith(good(), { ...props, clusters: { ...props.clusters, production: grown } })),
    ).toEqual([]);
  });

  it('give the bootstrap the same values as the tree', () => {
    const root = platformWith();
    const steps = planBootstrap(bootstrapDeclarations(new Platform(props), root), 'production').steps;
    expect(steps.find(({ name }) => name === 'chart/cilium')?.content).toMatchObject({
      chart: { values: { k8sServiceHost: 'keelson-production-0a1b.elb.eu-central-1.amazonaws.com' } },
    });
  });
});

describe('outputs that do not hold are findings that name file, field and command', () => {
  const changed = (part: object): PlatformProps => ({
    ...props,
    clusters: { ...props.clusters, production: { ...props.clusters['production']!, ...part } },
  });

  it.each([
    [
      'the network',
      { network: { podCidr: '10.68.0.0/14', serviceCidr: '10.96.0.0/16', nodeCidr: '10.0.0.0/16' } },
      /stale.*network\.podCidr is now 10\.68\.0\.0\/14/,
    ],
    [
      'a bucket',
      { storage: { backups: 'other-backups', logs: 'example-logs', traces: 'example-traces' } },
      /stale.*buckets\.backups is now other-backups/,
    ],
    ['the region', { region: 'eu-west-1' }, /stale/],
    ['the account', { accountId: '999900001111' }, /stale/],
    ['the domain', { domain: 'live.example.com' }, /stale/],
    [
      "the API's host",
      { network: { ...ranges(fixture.clusters.production.network), apiServer: 'k8s.example.com' } },
      /stale/,
    ],
  ])('where platform.ts says otherwise than when it was provisioned: %s', async (_, part, message) => {
    const findings = await findingsOf(platformWith(good(), changed(part)));
    expect(findings).toEqual([
      {
        rule: 'outputs/stale',
        severity: 'error',
        file: FILE,
        field: 'description',
        message: expect.stringMatching(message) as string,
        fix: RUN,
      },
    ]);
  });

  it('and keep nobody from provisioning anew, which is what mends them', () => {
    const stale = changed({ domain: 'live.example.com' });
    const root = platformWith(good(), stale);
    const steps = planBootstrap(bootstrapDeclarations(new Platform(stale), root), 'production').steps;
    expect(steps.find(({ name }) => name === 'chart/cilium')?.content).toMatchObject({
      chart: { values: { k8sServiceHost: 'api.live.example.com' } },
    });
  });

  it('where an add-on acts as a role that was not provisioned', async () => {
    const { velero: _velero, ...rest } = good().roles!;
    expect(await findingsOf(platformWith({ ...good(), roles: rest }))).toEqual([
      expect.objectContaining({
        rule: 'outputs/missing',
        file: FILE,
        field: 'outputs.roles.velero',
        message: "is missing: velero acts as it on cluster 'production'",
        fix: RUN,
      }),
    ]);
  });

  it('where a whole part is missing that a cluster in a cloud has', async () => {
    const { roles: _roles, buckets: _buckets, ...rest } = good();
    expect((await findingsOf(platformWith(rest))).map(({ field, rule }) => [rule, field])).toEqual([
      ['outputs/missing', 'outputs.buckets'],
      ['outputs/missing', 'outputs.roles'],
    ]);
  });

  it('where a value was edited by hand, or is of another account', async () => {
    const root = edit(platformWith(), (file) => ({
      ...file,
      outputs: {
        ...file.outputs,
        network: { ...file.outputs.network, nodeCidr: '10.9.0.0/16' },
        roles: { ...file.outputs.roles, velero: 'arn:aws:iam::999900001111:role/production-velero' },
      },
    }));
    expect(await findingsOf(root)).toEqual([
      expect.objectContaining({
        rule: 'outputs/contradiction',
        field: 'outputs.network.nodeCidr',
        value: '10.9.0.0/16',
      }),
      expect.objectContaining({ rule: 'outputs/contradiction', field: 'outputs.roles.velero' }),
    ]);
  });

  it('one each for unknown fields, missing fields and wrong types, all at once', async () => {
    const root = edit(platformWith(), (file) => ({
      ...file,
      colour: 'blue',
      outputs: {
        ...file.outputs,
        issuer: undefined,
        api: { host: 'api.example.com', port: '6443' },
        keys: { volumes: 'mine' },
      },
    }));
    expect((await findingsOf(root)).map(({ rule, file, field }) => [rule, file, field]).sort()).toEqual([
      ['config/pattern', FILE, 'outputs.keys.volumes'],
      ['config/required', FILE, 'outputs.issuer'],
      ['config/type', FILE, 'outputs.api.port'],
      ['config/unknown-key', FILE, 'colour'],
    ]);
  });

  it('where the file is of another cluster, of none, no JSON, or named as nobody reads it', async () => {
    const renamed = edit(platformWith(), (file) => ({ ...file, metadata: { name: 'laptop' } }));
    expect(await findingsOf(renamed)).toEqual([
      expect.objectContaining({ rule: 'outputs/name', field: 'metadata.name' }),
    ]);

    const root = folderOf({
      'platform.ts': platformFile(props),
      'clusters/prodution.outputs.json': '{}',
      'clusters/production.outputs.json': '{ "apiVersion": ',
      'clusters/production.json': '{}',
      'clusters/notes.md': 'ours',
      'clusters/production/root.yaml': 'a rendered tree',
    });
    expect((await findingsOf(root)).map(({ rule, file }) => [rule, file])).toEqual([
      ['config/misplaced', 'clusters/production.json'],
      ['outputs/syntax', 'clusters/production.outputs.json'],
      ['outputs/unknown-cluster', 'clusters/prodution.outputs.json'],
    ]);
  });
});

describe('keelson', () => {
  const stackOutput = (outputs: unknown) => JSON.stringify({ kubeconfig: '/somewhere', outputs });

  it("outputs writes what the stack gave, says so the second time, and refuses what is not a cluster's", () => {
    const root = folderOf({
      'platform.ts': platformFile(props),
      'given.json': stackOutput(good()),
      'bad.json': stackOutput({ ...good(), api: { host: 'api' } }),
      'none.json': '{}',
    });
    const run = (cluster: string, file: string) =>
      keelson(['outputs', cluster, '--from', join(root, file), '--root', root]);
    expect(run('production', 'given.json')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${FILE} written`) as string,
    });
    expect(run('production', 'given.json')).toMatchObject({ code: 0, stdout: `${FILE} says so already\n` });
    const before = readFileSync(join(root, FILE), 'utf8');
    expect(run('production', 'bad.json')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('outputs.api') as string,
    });
    expect(run('production', 'none.json')).toMatchObject({
      code: 2,
      stderr: "keelson: stack 'production' has no output 'outputs': run pulumi up --stack production\n",
    });
    expect(run('staging', 'given.json')).toMatchObject({
      code: 2,
      stderr: "keelson: platform.ts has no cluster 'staging': name one of laptop, production\n",
    });
    expect(readFileSync(join(root, FILE), 'utf8')).toBe(before);
  });

  it('publishes expected names beside the platform, and nowhere that a cluster reads', () => {
    const root = folderOf({ 'platform.ts': platformFile(props) });
    const away = folderOf({});
    const publish = (...args: readonly string[]) => keelson(['publish', '--root', root, ...args]);
    expect(publish()).toMatchObject({ code: 0, stderr: '' });
    const { execFileSync } = jest.requireActual<typeof import('node:child_process')>('node:child_process');
    execFileSync('git', ['init', '--quiet', '--bare', away]);
    const refused = publish('--to', away);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain(
      `${FILE}: error: is not there, so that nobody knows what provisioning cluster 'production' gave; ${RUN}, or pass --allow-expected`,
    );
    expect(publish('--to', away, '--allow-expected')).toMatchObject({ code: 0 });
    writeOutputs(root, clusterOf(), good());
    expect(publish('--to', away)).toMatchObject({ code: 0, stderr: '' });
    rmSync(join(root, FILE));
    expect(publish('--to', away)).toMatchObject({ code: 1 });
  });
});
