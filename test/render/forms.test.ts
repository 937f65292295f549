import fc from 'fast-check';
import { dump } from 'js-yaml';
import { renderPlatform } from '../../src/render';
import { billing, everyField } from '../support/claims';
import { folderOf, localProps, nothingOn, platformFile, product, textsOf } from '../support/platforms';

const platform = platformFile({
  ...localProps,
  addOns: nothingOn,
  mail: { host: 'mail.example.com', from: 'alerts@example.com' },
});

const yamlOf = (name: string, spec: unknown) =>
  dump({ apiVersion: 'platform.keelson.dev/v2', kind: 'Tenant', metadata: { name }, spec });

/** The tree and what is wrong, without the places in the file, which the forms have not in common. */
async function outcomeOf(file: string, text: string): Promise<object> {
  const root = folderOf({
    'platform.ts': platform,
    'tenants/claims/billing.yaml': yamlOf('billing', billing()),
    [file]: text,
  });
  const { tree, findings } = await renderPlatform({ root, cache: false });
  return {
    texts: textsOf(tree),
    findings: findings.map(({ rule, message }) => [rule, message.replaceAll(file, 'the claim')]).sort(),
  };
}

type Data = { [key: string]: unknown };

/** Every path below an object that ends in a key. */
function paths(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, part]) => [[...path, key], ...paths(part, [...path, key])]);
}

/** The same data without some of its keys, the others in another order. */
function varied(whole: Data, dropped: readonly (readonly string[])[], turned: boolean): Data {
  const copy = JSON.parse(JSON.stringify(whole)) as Data;
  for (const path of dropped) {
    const parent = path.slice(0, -1).reduce<Data | undefined>((part, key) => part?.[key] as Data | undefined, copy);
    if (parent && typeof parent === 'object') delete parent[path.at(-1)!];
  }
  const turn = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).map(([key, part]): [string, unknown] => [key, turn(part)]);
    return Object.fromEntries(turned ? entries.reverse() : entries);
  };
  return turn(copy) as Data;
}

const optional = paths(everyField()).filter((path) => !['owner', 'groups'].includes(path[0]!));

test('Any claim is the same to the byte as YAML and as a construct, in whatever order its fields stand', async () => {
  await fc.assert(
    fc.asyncProperty(fc.subarray(optional), fc.boolean(), async (dropped, turned) => {
      const yaml = await outcomeOf(
        'tenants/claims/shop.yaml',
        yamlOf('shop', varied(everyField() as unknown as Data, dropped, turned)),
      );
      const construct = await outcomeOf(
        'tenants/shop.ts',
        `import { Tenant } from '${product}/src/model';
import { platform } from '../platform';
new Tenant(platform, 'shop', ${JSON.stringify(varied(everyField() as unknown as Data, dropped, !turned))});
`,
      );
      expect(construct).toEqual(yaml);
    }),
    { numRuns: 40, examples: [[[], false]] },
  );
});
