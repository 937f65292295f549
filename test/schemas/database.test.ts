import { checkObject, schemaOf } from '../../src/schemas';
import { databaseCrd } from '../../src/schemas/generate/composite';
import { strip } from '../../src/schemas/generate/strip';

test.each(databaseCrd().spec.versions)('what is checked of a Database $name is what its definition says', (version) => {
  const { spec } = version.schema.openAPIV3Schema.properties!;
  // `npm run generate:schemas` writes it anew.
  expect(schemaOf(`platform.keelson.dev/${version.name}`, 'Database')?.properties?.spec).toEqual(strip(spec!));
});

test.each([
  [{ storage: '20GB' }, 'storage'],
  [{ version: '9' }, 'version'],
  [{ provider: 'rds' }, 'provider'],
])('a Database with %j is told of before anybody applies it', (change, told) => {
  const database = {
    apiVersion: 'platform.keelson.dev/v1',
    kind: 'Database',
    metadata: { name: 'orders', namespace: 'shop-dev' },
    spec: { version: '17', storage: '20Gi', onDelete: 'keep' },
  };
  expect(checkObject(database)).toEqual([]);
  const problems = checkObject({ ...database, spec: { ...database.spec, ...change } });
  expect(problems.map(({ path, message }) => `${path} ${message}`).join()).toContain(told);
});
