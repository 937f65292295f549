import {
  addOnPath,
  appPath,
  guardrailPath,
  intentPath,
  parsePath,
  readmePath,
  rootPath,
  tenantPath,
} from '../../src/model/layout';

test('every path that is built says when parsed what it was built from', () => {
  expect(parsePath(rootPath('prod'))).toEqual({ cluster: 'prod', kind: 'cluster', facet: 'root' });
  expect(parsePath(intentPath('prod'))).toEqual({ cluster: 'prod', kind: 'cluster', facet: 'keelson' });
  expect(parsePath(appPath('prod', 'projects'))).toEqual({ cluster: 'prod', kind: 'cluster', facet: 'projects' });
  expect(parsePath(appPath('prod', 'cilium'))).toEqual({
    cluster: 'prod',
    kind: 'add-on',
    name: 'cilium',
    facet: 'application',
  });
  expect(parsePath(addOnPath('prod', 'cilium', 'network'))).toEqual({
    cluster: 'prod',
    kind: 'add-on',
    name: 'cilium',
    facet: 'network',
  });
  expect(parsePath(guardrailPath('prod', 'registries'))).toEqual({
    cluster: 'prod',
    kind: 'guardrail',
    name: 'registries',
  });
  expect(parsePath(tenantPath('prod', 'payments', 'quota'))).toEqual({
    cluster: 'prod',
    kind: 'tenant',
    name: 'payments',
    facet: 'quota',
  });
  expect(parsePath(tenantPath('dev', 'payments', 'quota', 'stage'))).toEqual({
    cluster: 'dev',
    kind: 'tenant',
    name: 'payments',
    environment: 'stage',
    facet: 'quota',
  });
});

test('what nothing builds is other', () => {
  expect(parsePath(readmePath)).toEqual({ kind: 'other' });
  expect(parsePath('docs/clusters/prod/root.yaml')).toEqual({ kind: 'other' });
  expect(parsePath('clusters/prod/notes.txt')).toEqual({ cluster: 'prod', kind: 'other' });
  expect(parsePath('clusters/prod/tenants/a/b/c/d.yaml')).toEqual({ cluster: 'prod', kind: 'other' });
});
