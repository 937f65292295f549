import { checkObject } from '../../src/schemas';
import { deployment } from './samples';

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

test.each([[null], [undefined], [5], ['x'], [[]], [true]])('%j is not an object', (value) => {
  expect(checkObject(value).map(({ rule }) => rule)).toEqual(['not-an-object']);
});

test.each([[{}], [{ apiVersion: 5, kind: {} }], [{ apiVersion: 'v1', kind: '' }]])('%j lacks its kind', (value) => {
  expect(checkObject(value).every(({ rule }) => rule === 'required')).toBe(true);
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'a kind or field called %s is unknown',
  (name) => {
    expect(checkObject({ apiVersion: name, kind: name }).map(({ rule }) => rule)).toEqual(['unknown-kind']);
    expect(checkObject({ apiVersion: 'v1', kind: name }).map(({ rule }) => rule)).toEqual(['unknown-kind']);
    const text = JSON.stringify(deployment()).replace('"replicas":2', `"replicas":2,"${name}":{"a":1}`);
    expect(checkObject(JSON.parse(text))).toMatchObject([{ path: `spec.${name}`, rule: 'unknown-field' }]);
  },
);

test('depth is bounded, wherever it stands', () => {
  const deep = nested(100_000, (inner) => ({ a: inner }));
  const application = (values: unknown): object => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'a', namespace: 'argocd' },
    spec: {
      project: 'default',
      destination: {},
      source: { repoURL: 'https://git.example.com/a.git', helm: { valuesObject: values } },
    },
  });
  expect(checkObject(application({ a: 1 }))).toEqual([]);
  expect(checkObject(application(deep)).map(({ rule }) => rule)).toEqual(['too-deep']);
  const schema = nested(100_000, (inner) => ({ type: 'object', items: inner }));
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'a.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Cluster',
      names: { kind: 'A', plural: 'a' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
  expect(checkObject(definition).map(({ rule }) => rule)).toContain('too-deep');
});

test('what JSON cannot hold is told, not thrown', () => {
  for (const value of [NaN, Infinity, 5n, () => 1, Symbol('x'), new Map()]) {
    const object = { ...deployment(), metadata: { name: 'a', namespace: 'b', labels: { a: value } } };
    expect(checkObject(object)).toMatchObject([{ path: 'metadata.labels.a', rule: 'type' }]);
  }
});

test('a flood of faults is cut off', () => {
  const fields = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`field${n}`, n]));
  const problems = checkObject({ ...deployment(), ...fields });
  expect(problems.length).toBeGreaterThan(100);
  expect(problems.length).toBeLessThan(300);
});
