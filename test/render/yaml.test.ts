import fc from 'fast-check';
import { dump, load } from 'js-yaml';
import { toYaml } from '../../src/render/yaml';

const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const object = fc
  .tuple(fc.dictionary(fc.string(), json), fc.string(), fc.string())
  .map(([fields, apiVersion, kind]) => ({ apiVersion, kind, ...fields }))
  // Refused by every check before it is written.
  .filter((one) => !JSON.stringify(one).includes('"__proto__"'));

test('An object is written as one call of the library writes it, whatever was written before', () => {
  fc.assert(
    fc.property(fc.array(object, { minLength: 1 }), (objects) => {
      const inOrder = objects.map((one) => load(toYaml([one])) as object);
      expect(inOrder).toEqual(objects);
      const whole = inOrder.map((one) => dump(one, { noRefs: true, lineWidth: -1 })).join('---\n');
      expect(toYaml(objects)).toBe(whole);
    }),
  );
});

test('A field that is undefined is not there', () => {
  expect(toYaml([{ kind: 'Thing', apiVersion: 'v1', spec: undefined }])).toBe('apiVersion: v1\nkind: Thing\n');
});
