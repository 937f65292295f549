import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { load as parseYaml, loadAll } from 'js-yaml';
import { renderPlatform, type Rendering } from '../../src/render';
import { folderOf, product, smallPlatform, textsOf } from '../support/platforms';

const golden = join(product, 'test', 'fixtures', 'golden');
const facts = JSON.parse(readFileSync(join(golden, 'facts.json'), 'utf8')) as Record<string, Facts>;

/** What a claim gave when it was written, and must give as long as it is read. */
interface Facts {
  readonly namespaces: readonly string[];
  readonly owners: readonly string[];
  readonly groups: readonly string[];
  readonly quotas: readonly string[];
  /** URL, path and revision of its repository. */
  readonly sources: readonly string[];
}

interface Written {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Record<string, string>;
  };
  readonly spec?: { readonly hard?: Record<string, string>; readonly sourceRepos?: readonly string[] };
  readonly subjects?: readonly { readonly kind: string; readonly name: string }[];
}

/** The claims of one version, rendered together. */
function rendered(version: string): Promise<Rendering> {
  const files = readdirSync(join(golden, version)).map((file): [string, string] => [
    `tenants/claims/${file}`,
    readFileSync(join(golden, version, file), 'utf8'),
  ]);
  return renderPlatform({ root: folderOf(smallPlatform(Object.fromEntries(files))), cache: false });
}

function factsOf({ tree }: Rendering, tenant: string): Facts {
  const paths = [...tree.files.keys()].filter((path) => path.startsWith(`clusters/laptop/tenants/${tenant}/`));
  const objects = paths.flatMap((path) => loadAll(tree.read(path).toString('utf8')) as Written[]);
  const of = (kind: string) => objects.filter((one) => one.kind === kind);
  const delivery = paths
    .filter((path) => path.endsWith('/delivery.yaml'))
    .map((path) => tree.read(path).toString('utf8'));
  const sorted = (values: readonly string[]) => [...values].sort();
  return {
    namespaces: sorted(of('Namespace').map(({ metadata }) => metadata.name)),
    owners: of('Namespace').map(({ metadata }) => metadata.annotations?.['keelson.dev/owner'] ?? ''),
    groups: sorted([
      ...new Set(
        of('RoleBinding')
          .flatMap(({ subjects = [] }) => subjects)
          .filter(({ kind, name }) => kind === 'Group' && name.includes(tenant))
          .map(({ name }) => name),
      ),
    ]),
    quotas: sorted(
      of('ResourceQuota')
        .filter(({ metadata }) => metadata.name === 'compute')
        .map(({ metadata, spec: { hard = {} } = {} }) =>
          [
            metadata.namespace,
            hard['requests.cpu'],
            hard['requests.memory'],
            hard['requests.storage'],
            hard['pods'],
          ].join(' '),
        ),
    ),
    sources: (facts[tenant]?.sources ?? []).filter((word) => delivery.some((text) => text.includes(word))),
  };
}

const versions = readdirSync(golden, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test.each(versions)('Claims of %s are read and give what they always gave', async (version) => {
  const rendering = await rendered(version);
  expect(rendering.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  const names = readdirSync(join(golden, version)).map((file) => file.replace('.yaml', ''));
  for (const name of names) expect({ name, ...factsOf(rendering, name) }).toEqual({ name, ...facts[name] });
  const old = rendering.findings.filter(({ rule }) => rule === 'config/old-version');
  expect(old.map(({ message }) => message)).toEqual(
    version === 'v1' ? names.map(() => 'version platform.keelson.dev/v1 of claims is read until 2027-11-30') : [],
  );
});

test('A claim of v1 gives the tree of the same claim in v2, byte for byte', async () => {
  const [one, two] = [textsOf((await rendered('v1')).tree), textsOf((await rendered('v2')).tree)];
  const own = (texts: ReadonlyMap<string, string>, name: string) =>
    [...texts].filter(([path]) => path.includes(`/tenants/${name}/`));
  for (const name of ['smallest', 'everything']) {
    expect(own(one, name).length).toBeGreaterThan(4);
    expect(own(one, name)).toEqual(own(two, name));
  }
});

describe('The published schema', () => {
  const path = join(product, 'src/model/schema/claim.schema.json');
  const schema = JSON.parse(readFileSync(path, 'utf8')) as object;
  // As an editor would: it knows the standard and none of our formats.
  const editor = () => new Ajv({ strict: false, validateFormats: false, allErrors: true });

  test('is a JSON Schema of draft-07', () => {
    expect(schema).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#' });
    expect(editor().validateSchema(schema)).toBe(true);
    expect(editor().validateSchema({ ...schema, type: 'claim' })).toBe(false);
  });

  test('is where the first line of a claim says, and takes the claims that are there', () => {
    const claims = join(product, 'tenants', 'claims');
    const validate = editor().compile(schema);
    for (const file of readdirSync(claims)) {
      const text = readFileSync(join(claims, file), 'utf8');
      const [, named = ''] = /^# yaml-language-server: \$schema=(.+)$/m.exec(text) ?? [];
      expect(join(claims, named)).toBe(path);
      expect(validate(parseYaml(text)) || validate.errors).toBe(true);
    }
    for (const file of readdirSync(join(golden, 'v2')))
      expect(validate(parseYaml(readFileSync(join(golden, 'v2', file), 'utf8'))) || validate.errors).toBe(true);
    expect(validate({ apiVersion: 'platform.keelson.dev/v2', kind: 'Tenant', metadata: { name: 'x' } })).toBe(false);
  });
});
