import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { everyField } from '../support/claims';
import type { Finding } from '../../src/model/finding';
import { validateShape } from '../../src/model/validate';

interface Schema {
  readonly type?: string;
  readonly $ref?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly propertyNames?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}
type Data = { [key: string]: unknown };
type Path = readonly (string | number)[];

const load = (name: string) =>
  JSON.parse(readFileSync(join(__dirname, '../../src/model/schema', `${name}.schema.json`), 'utf8')) as Schema;
const platformSchema = load('platform');
const claimSchema = load('claim');

const platform = (): Data => ({
  name: 'example',
  domain: 'example.com',
  contact: 'platform@example.com',
  gitops: { url: 'https://git.example.com/platform/gitops.git', branch: 'main', publishTo: 'embedded' },
  registries: ['registry.example.com', 'ghcr.io/example'],
  oidc: {
    issuer: 'https://login.example.com',
    clientId: 'kubernetes',
    groupsPrefix: 'oidc:',
    groups: { admins: 'platform-admins', oncall: 'platform-oncall', auditors: 'auditors' },
  },
  breakGlass: { group: 'break-glass' },
  clusters: {
    prod: {
      provider: 'aws',
      region: 'eu-central-1',
      accountId: '111122223333',
      kubernetesVersion: '1.36.3',
      network: { podCidr: '10.244.0.0/16', serviceCidr: '10.96.0.0/12', nodeCidr: '10.0.0.0/16' },
      nodePools: {
        general: {
          minimum: 3,
          maximum: 9,
          instanceType: 'm7i.2xlarge',
          capacity: { cpu: '8', memory: '32Gi', pods: 110 },
          labels: { 'example.com/pool': 'general' },
          taints: [{ key: 'dedicated', value: 'general', effect: 'NoSchedule' }],
        },
      },
      storage: { backups: 'example-backups', logs: 'example-logs', traces: 'example-traces' },
      addOns: { karpenter: false, loki: { version: '6.0.0', values: { anything: { goes: [null, 1, 'here'] } } } },
    },
  },
  environments: { prod: { cluster: 'prod', production: true }, dev: { cluster: 'prod' } },
});

const claim = (): Data => ({
  apiVersion: 'platform.keelson.dev/v2',
  kind: 'Tenant',
  metadata: { name: 'payments' },
  spec: everyField(),
});

const check = (schema: object, value: unknown) => validateShape(schema, value, { file: 'platform.ts' });

/** The only finding there is. */
function only(findings: readonly Finding[]): Finding {
  expect(findings).toHaveLength(1);
  return findings[0]!;
}

/** The finding about `example` with the field at `path` set to a value, or taken away. */
function planted(path: string, value: unknown): Finding {
  const whole = platform();
  const keys = path.split('/');
  const parent = keys.slice(0, -1).reduce<Data>((part, key) => part[key] as Data, whole);
  if (value === undefined) delete parent[keys.at(-1)!];
  else parent[keys.at(-1)!] = value;
  return only(check(platformSchema, whole));
}

test('what is valid has no finding', () => {
  expect(check(platformSchema, platform())).toEqual([]);
  expect(check(claimSchema, claim())).toEqual([]);
});

test('a key that nobody knows is told with the one that was meant', () => {
  expect(planted('clusters/prod/nodePools/general/minimun', 3)).toEqual({
    rule: 'config/unknown-key',
    severity: 'error',
    file: 'platform.ts',
    field: 'clusters.prod.nodePools.general.minimun',
    message: 'unknown key `minimun`',
    fix: 'remove it, or write one of `minimum`, `maximum`, `instanceType`, `capacity`, `labels`, `taints` or `tenant`',
  });
});

test('a required key that is misspelled is one fault, not an unknown key and a missing one', () => {
  const whole = platform();
  const { domain, ...rest } = whole;
  expect(only(check(platformSchema, { ...rest, domian: domain }))).toMatchObject({
    rule: 'config/unknown-key',
    field: 'domian',
    fix: 'write `domain`',
  });
});

test('a missing key is told with what it holds', () => {
  expect(planted('clusters/prod/network/podCidr', undefined)).toMatchObject({
    rule: 'config/required',
    field: 'clusters.prod.network.podCidr',
    message: '`podCidr` is missing',
    fix: 'add it: addresses of Pods',
  });
});

test.each([
  ['domain', 'Example_Corp.com', 'config/format', 'write `example-corp.com`'],
  ['clusters/prod/provider', 'asw', 'config/value', 'write `aws`'],
  ['clusters/prod/nodePools/general/capacity/memory', '10GB', 'config/format', 'write `10G` (10^9) or `10Gi` (2^30)'],
  ['clusters/prod/nodePools/general/capacity/cpu', 8, 'config/type', "put it in quotes: `'8'`"],
  ['clusters/prod/nodePools/general/minimum', '3', 'config/type', 'write `3` without quotes'],
  ['clusters/prod/nodePools/general/minimum', 0, 'config/range', 'write `1` or more'],
  ['clusters/prod/nodePools/general/capacity/pods', 300, 'config/range', 'write `250` or less'],
  ['environments/prod/production', 'yes', 'config/type', 'write `true` without quotes'],
  ['environments/dev', null, 'config/type', 'write an object with `cluster`'],
  ['registries', 'ghcr.io', 'config/type', 'write a list, even of one'],
  ['registries', [], 'config/length', 'add one'],
  ['clusters', {}, 'config/length', 'add one'],
  ['name', '', 'config/format', 'write a DNS label'],
  ['name', 'a'.repeat(25), 'config/length', 'shorten it to 20'],
  ['oidc/clientId', '', 'config/length', 'write a value'],
  ['gitops/publishTo', 'embeded', 'config/value', 'write `embedded`'],
  ['gitops/publishTo', 'github.com/a/b', 'config/value', 'write `https://github.com/a/b`'],
  ['clusters/prod/addOns/karpenter', 'off', 'config/value', 'write `false` without quotes'],
  ['clusters/prod/addOns/karpenter', 'maybe', 'config/value', 'write one of these'],
  ['clusters/prod/addOns/loki', { version: 'latest' }, 'config/format', 'write all three numbers, such as `1.2.3`'],
  ['clusters/prod/addOns/loki', { verson: '6.0.0' }, 'config/unknown-key', 'write `version`'],
])('%s: %j', (path, value, rule, fix) => {
  expect(planted(path, value)).toMatchObject({ rule, fix });
});

test('faults inside lists and under odd keys say where they are', () => {
  expect(planted('registries', ['ghcr.io', 'https://ghcr.io'])).toMatchObject({
    field: 'registries[1]',
    value: 'https://ghcr.io',
  });
  expect(planted('registries', ['ghcr.io', 'quay.io', 'ghcr.io'])).toMatchObject({
    rule: 'config/duplicate',
    field: 'registries[2]',
    message: 'repeats `ghcr.io`',
  });
  expect(planted('clusters/prod/nodePools/general/labels', { 'a b/c': 'd' })).toMatchObject({
    field: 'clusters.prod.nodePools.general.labels["a b/c"]',
    fix: 'write `a-b`',
  });
});

test('a name that is a key is judged like any other', () => {
  const whole = platform();
  const finding = only(check(platformSchema, { ...whole, environments: { Prod: { cluster: 'prod' } } }));
  expect(finding).toMatchObject({ rule: 'config/format', field: 'environments.Prod', fix: 'write `prod`' });
});

test('all faults are told at once', () => {
  const whole = platform();
  const findings = check(platformSchema, {
    ...whole,
    domain: 'a_b.c',
    contact: 'nobody',
    registries: ['x y'],
    extra: 1,
  });
  expect(findings.map(({ field }) => field).sort()).toEqual(['contact', 'domain', 'extra', 'registries[0]']);
});

test('a finding has the place in the file where one is known', () => {
  const whole = claim();
  const spec = { ...(whole.spec as Data), owner: { email: 'nobody' } };
  const lineOf = (path: Path) => (path.join('.') === 'owner.email' ? 7 : undefined);
  const props = { ...claimSchema.definitions!.TenantProps!, definitions: claimSchema.definitions };
  const finding = only(validateShape(props, spec, { file: 'tenants/claims/payments.yaml', prefix: 'spec', lineOf }));
  expect(finding).toMatchObject({ file: 'tenants/claims/payments.yaml', field: 'spec.owner.email', line: 7 });
});

describe('branches that a tag tells apart', () => {
  const schema = {
    anyOf: [
      {
        type: 'object',
        additionalProperties: false,
        required: ['kind', 'size'],
        properties: { kind: { const: 'box' }, size: { type: 'integer' } },
      },
      {
        type: 'object',
        additionalProperties: false,
        required: ['kind', 'radius'],
        properties: { kind: { const: 'ball' }, radius: { type: 'integer' } },
      },
    ],
  };

  test('are judged by the branch of the tag', () => {
    expect(only(check(schema, { kind: 'ball', radius: 'x' }))).toMatchObject({ rule: 'config/type', field: 'radius' });
    expect(only(check(schema, { kind: 'box' }))).toMatchObject({ rule: 'config/required', field: 'size' });
  });

  test('are all named where the tag is none of them', () => {
    expect(only(check(schema, { kind: 'bal', radius: 1 }))).toMatchObject({
      field: 'kind',
      message: '`bal` is not one of `box` or `ball`',
      fix: 'write `ball`',
    });
  });
});

describe('what is no plain data', () => {
  class Money {
    readonly amount = 1;
  }
  const loop: Data = {};
  loop.self = { again: [loop] };
  const deep = Array.from({ length: 100_000 }).reduce<unknown>((inner) => ({ inner }), 1);
  // Thirty lines of YAML aliases spell a thousand million values.
  const bomb = Array.from({ length: 30 }).reduce<unknown>((inner) => [inner, inner], 'x');

  test.each<[string, unknown, string, string]>([
    ['a function', () => 1, '', 'is a function, not plain data'],
    ['an instance of a class', new Money(), '', 'is an instance of Money, not plain data'],
    ['a date', new Date(0), '', 'is an instance of Date, not plain data'],
    ['a map', new Map(), '', 'is an instance of Map, not plain data'],
    ['undefined in a list', { list: [1, undefined] }, '.list[1]', 'is undefined, which no list may hold'],
    ['a hole in a list', { list: [, 1] }, '.list[0]', 'is undefined, which no list may hold'], // eslint-disable-line no-sparse-arrays
    ['NaN', { number: NaN }, '.number', 'is NaN, which JSON cannot hold'],
    ['infinity', Infinity, '', 'is Infinity, which JSON cannot hold'],
    ['a big integer', 1n, '', 'is a bigint, not plain data'],
    ['a symbol', Symbol('x'), '', 'is a symbol, not plain data'],
    ['a symbol as a key', { [Symbol('x')]: 1 }, '["Symbol(x)"]', 'has a symbol as its key'],
    [
      'a key that changes prototypes',
      JSON.parse('{"__proto__": {"admin": true}}'),
      '.__proto__',
      '`__proto__` is not allowed as a key',
    ],
    [
      'an accessor',
      Object.defineProperty({}, 'now', { get: () => 1, enumerable: true }),
      '.now',
      'is computed when it is read',
    ],
    ['a cycle', loop, '.self.again[0]', 'contains itself'],
  ])('%s', (_, values, field, message) => {
    const finding = planted('clusters/prod/addOns/loki', { values: { it: values } });
    expect(finding).toMatchObject({
      rule: 'config/plain-data',
      field: `clusters.prod.addOns.loki.values.it${field}`,
      message,
    });
  });

  test('nesting without end and aliases of aliases are refused at once', () => {
    expect(planted('clusters/prod/addOns/loki', { values: { deep } }).message).toMatch(/nested deeper than 64 levels/);
    expect(planted('clusters/prod/addOns/loki', { values: { bomb } }).message).toMatch(/more than the 200000 allowed/);
  });

  test('other faults beside it are told too', () => {
    const whole = platform();
    expect(check(platformSchema, { ...whole, domain: () => 'example.com', contact: 'nobody' })).toMatchObject([
      { rule: 'config/plain-data', field: 'domain' },
      { rule: 'config/format', field: 'contact' },
    ]);
  });

  test('a key that is undefined is one that is not there', () => {
    expect(check(claimSchema, { ...claim(), extra: undefined })).toMatchObject([{ rule: 'config/unknown-key' }]);
    const whole = claim();
    expect(check(claimSchema, { ...whole, spec: { ...(whole.spec as Data), repositories: undefined } })).toEqual([]);
  });
});

describe('what is printed', () => {
  const secrets = [
    'https://deploy:hunter2hunter2@git.example.com/x.git',
    'https://hunter2hunter2@git.example.com/x.git',
    'ghp_0123456789abcdefghijklmnopqrstuvwxyz',
    '-----BEGIN RSA PRIVATE KEY-----\nhunter2',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2ln',
    'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY123',
  ];

  test.each(secrets)('never shows a credential, whatever field it was put in: %s', (secret) => {
    for (const path of [
      'gitops/url',
      'gitops/publishTo',
      'domain',
      'clusters/prod/provider',
      'clusters/prod/nodePools/general/capacity/cpu',
    ]) {
      expect(JSON.stringify(planted(path, secret))).not.toContain(secret.slice(8, 30));
    }
    expect(JSON.stringify(planted('password', secret))).not.toContain(secret.slice(8, 30));
  });

  test('is short and on one line', () => {
    for (const value of ['x'.repeat(1_000_000), 'a\nb\u001b[31m\u202e', ['y'.repeat(1_000_000)]]) {
      const text = Object.values(planted('clusters/prod/provider', value)).join(' ');
      expect(text.length).toBeLessThan(1000);
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
    expect(JSON.stringify(planted(`clusters/prod/${'k'.repeat(100_000)}`, 1)).length).toBeLessThan(2000);
  });
});

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,18}$/);
const quantity = fc
  .tuple(fc.integer({ min: 1, max: 900 }), fc.constantFrom('', 'M', 'Gi', 'Ti'))
  .map((parts) => parts.join(''));
const some = <T>(value: fc.Arbitrary<T>) =>
  fc.dictionary(name, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
const cidr = fc.integer({ min: 0, max: 255 }).map((part) => `10.${part}.0.0/16`);

/** Valid platforms of many forms. */
const anyPlatform = fc.record({
  name,
  domain: name.map((label) => `${label}.example.com`),
  contact: name.map((label) => `${label}@example.com`),
  gitops: fc.record(
    {
      url: fc.constantFrom('https://git.example.com/a.git', 'git@h.example:a/b'),
      publishTo: fc.constantFrom('embedded', 'file:///srv/x.git'),
    },
    { requiredKeys: ['url'] },
  ),
  registries: fc.uniqueArray(
    name.map((label) => `${label}.example.com/apps`),
    { minLength: 1, maxLength: 3 },
  ),
  oidc: fc.record({
    issuer: fc.constant('https://login.example.com'),
    clientId: name,
    groups: fc.record({ admins: name, oncall: name, auditors: name }),
  }),
  breakGlass: fc.record({ group: name }),
  clusters: some(
    fc.record(
      {
        provider: fc.constantFrom('aws', 'eks', 'local'),
        kubernetesVersion: fc.constantFrom('1.34.1', '1.36.3'),
        accountId: fc.constant('111122223333'),
        network: fc.record({ podCidr: cidr, serviceCidr: cidr, nodeCidr: cidr }),
        nodePools: some(
          fc.record(
            {
              minimum: fc.integer({ min: 1, max: 1000 }),
              maximum: fc.integer({ min: 1, max: 1000 }),
              instanceType: fc.constant('m7i.large'),
              capacity: fc.record({ cpu: fc.constantFrom('4', '500m'), memory: quantity }),
              taints: fc.array(fc.record({ key: name, effect: fc.constantFrom('NoSchedule', 'NoExecute') }), {
                maxLength: 2,
              }),
            },
            { requiredKeys: ['minimum', 'capacity'] },
          ),
        ),
        addOns: fc.dictionary(
          name,
          fc.oneof(
            fc.boolean(),
            fc.record({ values: fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true }) }),
          ),
          { maxKeys: 2 },
        ),
      },
      { requiredKeys: ['provider', 'kubernetesVersion', 'network', 'nodePools'] },
    ),
  ),
  environments: some(fc.record({ cluster: name, production: fc.boolean() }, { requiredKeys: ['cluster'] })),
});

interface Plant {
  readonly path: Path;
  readonly what: string;
  readonly value: unknown;
}

/** Every single fault that the schema gives a name to, at every place of a valid value. */
function faultsOf(root: Schema, schema: Schema, value: unknown, path: Path = []): Plant[] {
  if (schema.$ref)
    return faultsOf(
      root,
      schema.$ref
        .split('/')
        .slice(1)
        .reduce((part, key) => (part as Data)[key] as Schema, root),
      value,
      path,
    );
  if (schema.anyOf) {
    const branch = schema.anyOf.find(({ $ref }) => ($ref !== undefined) === (typeof value === 'object'));
    return typeof value === 'object' ? faultsOf(root, branch!, value, path) : [{ path, what: 'no branch', value: 5 }];
  }
  const plants: Plant[] = [{ path, what: 'type', value: schema.type === 'array' ? {} : ['x'] }];
  const add = (what: string, bad: unknown) => plants.push({ path, what, value: bad });
  if (schema.format) add('format', 'no *: good');
  if (schema.pattern) add('pattern', new RegExp(schema.pattern).test('-no *: good') ? 'two\nlines' : '-no *: good');
  if (schema.uniqueItems && Array.isArray(value)) add('repeated', [...(value as unknown[]), value[0]]);
  if (schema.minItems) add('nothing', []);
  if (schema.propertyNames?.format)
    plants.push({ path: [...path, 'no *: good'], what: 'name', value: Object.values(value as Data)[0] });
  if (schema.enum) add('enum', 'nothing');
  if (schema.const !== undefined) add('const', 'nothing');
  if (schema.minimum !== undefined) add('minimum', schema.minimum - 1);
  if (schema.maximum !== undefined) add('maximum', schema.maximum + 1);
  if (schema.maxLength !== undefined) add('length', 'a'.repeat(schema.maxLength + 1));
  if (typeof value !== 'object' || value === null) return plants;
  if (schema.additionalProperties === false) plants.push({ path: [...path, 'zzzzzz'], what: 'unknown key', value: 1 });
  for (const [key, part] of Object.entries(value)) {
    const index = Array.isArray(value) ? Number(key) : key;
    if (schema.required?.includes(key)) plants.push({ path: [...path, key], what: 'missing', value: undefined });
    const inner = schema.items ?? schema.properties?.[key] ?? schema.additionalProperties;
    if (typeof inner === 'object') plants.push(...faultsOf(root, inner, part, [...path, index]));
  }
  return plants;
}

function withPlant(whole: unknown, { path, value }: Plant): unknown {
  if (path.length === 0) return value;
  const copy = structuredClone(whole);
  const parent = path.slice(0, -1).reduce<Data>((part, key) => part[key] as Data, copy as Data);
  if (value === undefined) delete parent[path.at(-1)!];
  else parent[path.at(-1)!] = value;
  return copy;
}

test('a valid platform has no finding, and any one fault planted in it has exactly one, at its place', () => {
  fc.assert(
    fc.property(anyPlatform, fc.nat(), (whole, pick) => {
      expect(check(platformSchema, whole)).toEqual([]);
      const plants = faultsOf(platformSchema, platformSchema, whole);
      const plant = plants[pick % plants.length]!;
      const repeated = plant.what === 'repeated' ? [(plant.value as unknown[]).length - 1] : [];
      expect(only(check(platformSchema, withPlant(whole, plant))).field ?? '').toBe(
        [...plant.path, ...repeated]
          .map((key) => (typeof key === 'number' ? `[${key}]` : /^[\w$-]+$/.test(key) ? `.${key}` : `["${key}"]`))
          .join('')
          .slice(1),
      );
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['platform', platformSchema, platform],
  ['claim', claimSchema, claim],
] as const)(
  'every fault that can be planted in the %s has exactly one finding that says what to do',
  (_, schema, valid) => {
    const plants = faultsOf(schema, schema, valid());
    expect(plants.length).toBeGreaterThan(50);
    for (const plant of plants) {
      const findings = check(schema, withPlant(valid(), plant));
      expect([plant, findings]).toEqual([
        plant,
        [expect.objectContaining({ severity: 'error', fix: expect.any(String) as string })],
      ]);
    }
  },
);

test('the claim with every field has every field', () => {
  const missing = (schema: Schema, value: unknown, path: string): string[] => {
    const name = schema.$ref?.split('/').at(-1);
    if (name) return missing(claimSchema.definitions![name]!, value, path);
    const parts = Array.isArray(value) ? value : Object.values((value ?? {}) as Data);
    const inner =
      schema.items ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
    // Of several entries each may say something else.
    if (inner?.properties ?? inner?.$ref) return missing(inner!, Object.assign({}, ...parts), `${path}.*`);
    return Object.entries(schema.properties ?? {}).flatMap(([key, one]) => {
      const part = (value as Data | undefined)?.[key];
      return part === undefined ? [`${path}.${key}`] : missing(one, part, `${path}.${key}`);
    });
  };
  expect(missing(claimSchema.definitions!.TenantProps!, everyField(), 'spec')).toEqual([]);
  expect(missing(claimSchema.definitions!.TenantProps!, { ...everyField(), metrics: undefined }, 'spec')).toEqual([
    'spec.metrics',
  ]);
});
