import { tenantFacets } from '../../src/render/product';

test('Every facet of a tenant says why it is there, in one sentence', () => {
  const whys = [...tenantFacets()].map(([name, { why = '' }]) => ({ name, why }));
  expect(whys.length).toBeGreaterThan(10);
  expect(whys.filter(({ why }) => !/^\S.{20,}[^.]$/.test(why))).toEqual([]);
});
