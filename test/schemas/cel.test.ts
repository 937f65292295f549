import { checkObject, unevaluatedRules } from '../../src/schemas';
import { httpRoute } from './samples';

function filtered(...filters: object[]) {
  const route = httpRoute();
  return { ...route, spec: { ...route.spec, rules: [{ ...route.spec.rules[0]!, filters }] } };
}

const redirect = { type: 'RequestRedirect', requestRedirect: { statusCode: 301 } };
const prefix = { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' };
const rewrite = { type: 'URLRewrite', urlRewrite: { path: prefix } };

test("a custom resource that breaks its definition's rule is told in the rule's own words", () => {
  expect(checkObject(filtered(redirect, rewrite))).toContainEqual({
    path: 'spec.rules[0].filters',
    rule: 'cel',
    message: 'May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both',
  });
});

test('one that keeps all rules has no problem', () => {
  expect(checkObject(filtered({ type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x'] } }))).toEqual(
    [],
  );
});

test('rules see defaults: a path match without a type is a prefix', () => {
  const route = filtered(rewrite);
  const matched = { ...route, spec: { ...route.spec, rules: [{ ...route.spec.rules[0]!, backendRefs: undefined }] } };
  const untyped = JSON.parse(JSON.stringify(matched).replace('"type":"PathPrefix",', '')) as unknown;
  expect(checkObject(untyped)).toEqual([]);
});

test('rules are not asked of values whose shape is wrong', () => {
  const rules = checkObject(filtered({ type: 5 })).map(({ rule }) => rule);
  expect(rules).toContain('type');
  expect(rules).not.toContain('cel');
});

test('durations, patterns and escaped names are evaluated as the API server does', () => {
  const timeouts = (request: string, backendRequest: string): object => {
    const route = httpRoute();
    const rule = { ...route.spec.rules[0]!, timeouts: { request, backendRequest } };
    return { ...route, spec: { ...route.spec, rules: [rule] } };
  };
  expect(checkObject(timeouts('10s', '2s'))).toEqual([]);
  expect(checkObject(timeouts('1s', '2s')).map(({ rule }) => rule)).toEqual(['cel']);
});

test('nothing but rules about changes is left unevaluated', () => {
  const reasons = new Set(unevaluatedRules().map(({ reason }) => reason));
  expect([...reasons]).toEqual(['compares with the object in the cluster']);
});

test('every unevaluated rule says where it stands', () => {
  for (const { apiVersion, kind, rule } of unevaluatedRules()) {
    expect(rule).toContain('oldSelf');
    expect(`${apiVersion}/${kind}`).toMatch(/^[a-z0-9.]+\/v\w+\/[A-Z]\w+$/);
  }
});
