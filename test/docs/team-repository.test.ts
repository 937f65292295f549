import { execFile } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { TENANT_KINDS } from '../../charts/tenant-kinds';
import { treeFromDirectory } from '../../src/gitops/tree';
import { renderPlatform } from '../../src/render';
import { verifyTree } from '../../src/verify';
import { folderOf, objectsIn, product, smallPlatform, told } from '../support/platforms';

const run = promisify(execFile);
const SAMPLE = join(product, 'examples', 'team-repository');
const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;
const OTHER = `sha256:${'0123456789abcdef'.repeat(4)}`;

const text = (path: string) => readFileSync(join(SAMPLE, path), 'utf8');

/** A copy of the repository, to be written to. */
function copy(): string {
  const root = folderOf({});
  cpSync(SAMPLE, root, { recursive: true });
  return root;
}

describe.each(ENVIRONMENTS)('What a team deploys to %s', (environment) => {
  const tree = treeFromDirectory(join(SAMPLE, 'deploy', environment));
  const objects = objectsIn(tree, 'manifest.yaml');

  test('is valid', () => {
    const { findings, objects: count } = verifyTree(tree);
    expect(count).toBeGreaterThan(2);
    // The namespace is what Argo CD gives them.
    expect(findings.filter(({ field }) => field !== 'metadata.namespace')).toEqual([]);
  });

  test('is of kinds that a team may bring', () => {
    for (const { apiVersion, kind } of objects) {
      const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
      expect(Object.keys(TENANT_KINDS[group] ?? {})).toContain(kind);
    }
  });

  test('is an image by its digest, the same one everywhere', async () => {
    const { stdout } = await run(join(SAMPLE, '.github', 'get-digest.sh'), [environment]);
    for (const path of [
      `deploy/${environment}/manifest.yaml`,
      `kustomize/deploy/${environment}/kustomization.yaml`,
      `helm/deploy/${environment}/values.yaml`,
    ]) {
      expect(text(path)).toContain(stdout.trim());
    }
  });
});

test('Promotion writes the digest of one environment to another, and nothing else', async () => {
  const root = copy();
  const script = (name: string, ...args: string[]) => run(join(root, '.github', name), args);
  const before = readFileSync(join(root, 'deploy/prod/manifest.yaml'), 'utf8');
  await script('set-digest.sh', 'prod', OTHER);
  expect((await script('get-digest.sh', 'prod')).stdout).toBe(`${OTHER}\n`);
  const after = readFileSync(join(root, 'deploy/prod/manifest.yaml'), 'utf8');
  expect(after).toBe(before.replace(/sha256:[0-9a-f]{64}/, OTHER));
  expect((await script('get-digest.sh', 'dev')).stdout).not.toBe(`${OTHER}\n`);
});

test.each(['latest', '', `${OTHER}0`, 'sha256:x/;e id', `${OTHER}\nsha256:`])(
  'What is no digest is not written: %j',
  async (digest) => {
    const root = copy();
    const before = readFileSync(join(root, 'deploy/prod/manifest.yaml'), 'utf8');
    await expect(run(join(root, '.github', 'set-digest.sh'), ['prod', digest])).rejects.toThrow('is no digest');
    expect(readFileSync(join(root, 'deploy/prod/manifest.yaml'), 'utf8')).toBe(before);
  },
);

interface Workflow {
  readonly permissions: object;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions: Readonly<Record<string, string>>;
        readonly steps: readonly { readonly uses?: string; readonly run?: string; readonly with?: object }[];
      }
    >
  >;
}

test('The image is pushed by digest, signed, and has what is in it and who built it attached, before anything runs it', () => {
  const { permissions, jobs } = load(text('.github/workflows/release.yaml')) as Workflow;
  expect(permissions).toEqual({});
  const { image, dev } = jobs;
  // Who builds cannot write to the repository, and who writes has no identity to sign with.
  expect(image?.permissions).not.toHaveProperty('packages');
  expect(image?.permissions).toMatchObject({ contents: 'read', 'id-token': 'write' });
  expect(dev?.permissions).toEqual({ contents: 'write' });
  expect(dev).toMatchObject({ needs: 'image' });
  const uses = image!.steps.map((step) => step.uses?.split('@')[0] ?? '');
  const build = uses.indexOf('docker/build-push-action');
  expect(JSON.stringify(image!.steps[build]?.with)).toContain('push-by-digest=true');
  expect(uses.indexOf('anchore/sbom-action')).toBeGreaterThan(build);
  expect(uses.indexOf('actions/attest-build-provenance')).toBeGreaterThan(build);
  const signing = image!.steps.find((step) => step.run?.includes('cosign sign'))?.run ?? '';
  expect(signing).toContain('cosign sign --yes "$IMAGE@$DIGEST"');
  expect(signing).toContain('cosign attest --yes --type spdxjson');
});

test('What comes from outside stands in no script: a branch or an input cannot write commands', () => {
  for (const file of ['release', 'promote']) {
    const { jobs } = load(text(`.github/workflows/${file}.yaml`)) as Workflow;
    for (const { steps } of Object.values(jobs)) {
      for (const step of steps) expect(step.run ?? '').not.toContain('${{');
    }
  }
});

test('Production gets what ran in staging, by a pull request', () => {
  const { jobs } = load(text('.github/workflows/promote.yaml')) as Workflow;
  expect(jobs['propose']).toMatchObject({ env: { FROM: "${{ inputs.to == 'prod' && 'staging' || 'dev' }}" } });
  const script = jobs['propose']!.steps.map((step) => step.run ?? '').join('\n');
  expect(script).toContain('gh pr create');
  expect(script).not.toContain('git push origin main');
});

test('The claim that its README shows deploys it', async () => {
  const claim = /```yaml\n# (tenants\/claims\/\S+\.yaml).*\n([^`]+)```/.exec(text('README.md'));
  const [, path = '', yaml = ''] = claim ?? [];
  const environments = Object.fromEntries(
    ENVIRONMENTS.map((name) => [name, { cluster: 'laptop', production: name === 'prod' }]),
  );
  const { tree, findings } = await renderPlatform({
    root: folderOf(smallPlatform({ [path]: yaml }, { environments })),
    cache: false,
  });
  expect(told(findings)).toEqual([]);
  const [set] = objectsIn(tree, 'clusters/laptop/tenants/hello/delivery.yaml').filter(
    ({ kind }) => kind === 'ApplicationSet',
  );
  expect(set?.spec.generators[0].git.directories).toEqual(
    ['dev', 'prod', 'staging'].map((name) => ({ path: `deploy/${name}` })),
  );
});
