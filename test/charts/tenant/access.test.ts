import { guardrail } from '../../../policies/platform-objects';
import type { Tree } from '../../../src/gitops/tree';
import { renderPlatform } from '../../../src/render';
import { claimFile, folderOf, objectIn, objectsIn, smallPlatform, told } from '../../support/platforms';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}
interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly rules: readonly Rule[];
}

const GROUPS = '  groups: { developers: shop-developers, admins: shop-leads, viewers: shop-readers }\n';
const BOTH = '  environments: { live: {}, sandbox: {} }\n';

async function treeOf(more: string): Promise<Tree> {
  const claim = claimFile('shop', more).replace('  groups:\n    developers: shop-developers\n', GROUPS);
  const root = folderOf(smallPlatform({ 'tenants/claims/shop.yaml': claim }));
  const { tree, findings } = await renderPlatform({ root, cache: false });
  expect(told(findings)).toEqual([]);
  return tree;
}

const fileOf = (environment: string): string => `clusters/laptop/tenants/shop/${environment}/access.yaml`;
const rulesOf = (tree: Tree, environment: string, role: string): readonly Rule[] =>
  (objectIn(tree, fileOf(environment), 'Role', role) as unknown as Role).rules;

/** Rights as `group/resource verb`, each once. */
function rights(rules: readonly Rule[]): readonly string[] {
  const all = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((one) => verbs.map((verb) => `${group}/${one} ${verb}`))),
  );
  return [...new Set(all)].sort();
}

const MAY_NEVER =
  / (bind|escalate|impersonate|deletecollection|approve|sign)$|\*|serviceaccounts\/token|^\/(namespaces|resourcequotas|limitranges|events|pods\/(proxy|log|status)|services\/proxy|nodes.*) (create|update|patch|delete)|^rbac\.authorization\.k8s\.io\/\w+ (create|update|patch|delete)|^(cilium\.io|security\.istio\.io|monitoring\.coreos\.com|admissionregistration\.k8s\.io|kyverno\.io|platform\.keelson\.dev|postgresql\.cnpg\.io|argoproj\.io)\/\w+ (create|update|patch|delete)|^external-secrets\.io\/secretstores (create|update|patch|delete)/;

/** What no Role of a tenant may hold. */
function excess(rules: readonly Rule[]): readonly string[] {
  return [
    ...rights(rules).filter((right) => MAY_NEVER.test(right)),
    ...rules.flatMap(({ nonResourceURLs = [] }) => nonResourceURLs),
  ];
}

describe('Roles', () => {
  let tree: Tree;
  beforeAll(async () => {
    tree = await treeOf(BOTH);
  });

  test.each(['live', 'sandbox'])(
    'of %s are of the namespace, each bound to its own group, prefix included',
    (environment) => {
      const objects = objectsIn(tree, fileOf(environment));
      expect(new Set(objects.map(({ kind }) => kind))).toEqual(new Set(['Role', 'RoleBinding']));
      expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set([`shop-${environment}`]));
      const bound = objects
        .filter(({ kind }) => kind === 'RoleBinding')
        .map((object) => object as unknown as { roleRef: { kind: string; name: string }; subjects: object[] })
        .map(({ roleRef, subjects }) => [roleRef.kind, roleRef.name, ...subjects]);
      const group = (name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `oidc:${name}` });
      expect(bound).toEqual(
        expect.arrayContaining([
          ['Role', 'viewer', group('shop-readers')],
          ['Role', 'developer', group('shop-developers')],
          ['Role', 'admin', group('shop-leads')],
          ['Role', 'delivery', { kind: 'ServiceAccount', name: `shop-${environment}`, namespace: 'keelson-delivery' }],
        ]),
      );
      expect(bound).toHaveLength(4);
    },
  );

  test.each(['live', 'sandbox'])('of %s hold nothing by which a team could widen what it has', (environment) => {
    for (const role of ['viewer', 'developer', 'admin', 'delivery']) {
      expect([role, ...excess(rulesOf(tree, environment, role))]).toEqual([role]);
    }
  });

  test('of viewers read, and no secrets', () => {
    for (const environment of ['live', 'sandbox']) {
      const all = rights(rulesOf(tree, environment, 'viewer'));
      expect(all).toContain('/pods/log get');
      expect(all.filter((right) => !/ (get|list|watch)$/.test(right))).toEqual([]);
      expect(all.filter((right) => right.includes('/secrets '))).toEqual([]);
    }
  });

  test('of people read in production, whoever they are, and look into no container', () => {
    const viewer = rights(rulesOf(tree, 'live', 'viewer'));
    for (const role of ['developer', 'admin']) expect(rights(rulesOf(tree, 'live', role))).toEqual(viewer);
    expect(viewer.filter((right) => /exec|attach|portforward|ephemeral|proxy/.test(right))).toEqual([]);
  });

  test('let developers work elsewhere, and admins handle secrets there', () => {
    const developer = rights(rulesOf(tree, 'sandbox', 'developer'));
    for (const right of ['apps/deployments create', '/pods/exec create', '/pods/ephemeralcontainers patch']) {
      expect(developer).toContain(right);
    }
    expect(
      developer.filter((right) => /\/(secrets|serviceaccounts|externalsecrets) (?!get|list|watch)/.test(right)),
    ).toEqual([]);
    expect(rights(rulesOf(tree, 'sandbox', 'admin'))).toEqual(
      expect.arrayContaining([...developer, '/secrets get', '/secrets create', '/serviceaccounts create']),
    );
  });

  test('let the robot write the kinds that the project of the team may deploy, and no others', () => {
    const project = objectsIn(tree, 'clusters/laptop/tenants/shop/delivery.yaml').find(
      ({ kind }) => kind === 'AppProject',
    );
    const kinds = project!.spec.namespaceResourceWhitelist as { group: string; kind: string }[];
    const written = rights(rulesOf(tree, 'live', 'delivery'))
      .filter((right) => right.endsWith(' create'))
      .map((right) => right.replace(/ create$/, ''));
    // Plurals of Kubernetes: all of these kinds take an `s`, but for those in `y`.
    const plural = (kind: string) => kind.toLowerCase().replace(/y$/, 'ie') + 's';
    expect(written).toEqual(kinds.map(({ group, kind }) => `${group}/${plural(kind)}`).sort());
    for (const verb of ['get', 'patch', 'update', 'delete']) {
      expect(rights(rulesOf(tree, 'live', 'delivery')).filter((right) => right.endsWith(` ${verb}`))).toHaveLength(
        written.length,
      );
    }
  });
});

test('Whatever somebody of a tenant may write, what the platform wrote of that kind is behind a guardrail', async () => {
  const tree = await treeOf(BOTH);
  const guarded = new Set(
    guardrail.match.flatMap(({ apiGroups, resources, operations }) =>
      operations.flatMap((operation) =>
        apiGroups.flatMap((group) => resources.map((one) => `${group}/${one} ${operation}`)),
      ),
    ),
  );
  const written = ['developer', 'admin', 'delivery']
    .flatMap((role) => rights(rulesOf(tree, 'sandbox', role)))
    // Of objects, not of what is below them: `group/resource verb`.
    .filter((right) => /^[^/]*\/\w+ (create|update|delete)$/.test(right))
    .map((right) => right.replace(/\w+$/, (verb) => verb.toUpperCase()));
  expect(written.length).toBeGreaterThan(40);
  expect(written.filter((right) => !guarded.has(right))).toEqual([]);
});

test.each(['suspended', 'removed'])(
  'A tenant that is %s is read by its people and written by nobody',
  async (state) => {
    const tree = await treeOf(`${BOTH}  state: ${state}\n`);
    for (const environment of ['live', 'sandbox']) {
      const objects = objectsIn(tree, fileOf(environment)) as unknown as Role[];
      expect(objects.map(({ metadata }) => metadata.name)).not.toContain('delivery');
      for (const { rules = [] } of objects)
        expect(rights(rules).filter((right) => !/ (get|list|watch)$/.test(right))).toEqual([]);
    }
  },
);

test('The smallest claim binds one group, and a group that nobody named is bound to nothing', async () => {
  const root = folderOf(smallPlatform({ 'tenants/claims/shop.yaml': claimFile('shop') }));
  const { tree } = await renderPlatform({ root, cache: false });
  const bindings = objectsIn(tree, 'clusters/laptop/tenants/shop/access.yaml').filter(
    ({ kind }) => kind === 'RoleBinding',
  );
  expect(bindings.map(({ metadata }) => metadata.name).sort()).toEqual(['delivery', 'developer']);
});

test.each<[string, Rule]>([
  ['a wildcard of verbs', { apiGroups: ['apps'], resources: ['deployments'], verbs: ['*'] }],
  ['a wildcard of resources', { apiGroups: [''], resources: ['*'], verbs: ['get'] }],
  ['a wildcard of groups', { apiGroups: ['*'], resources: ['pods'], verbs: ['get'] }],
  ['tokens of other accounts', { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] }],
  ['bindings', { apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings'], verbs: ['create'] }],
  ['escalation', { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['escalate'] }],
  ['impersonation', { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] }],
  ['its quota', { apiGroups: [''], resources: ['resourcequotas'], verbs: ['patch'] }],
  ['its namespace', { apiGroups: [''], resources: ['namespaces'], verbs: ['update'] }],
  ['its limits', { apiGroups: [''], resources: ['limitranges'], verbs: ['delete'] }],
  ['policies of the platform', { apiGroups: ['cilium.io'], resources: ['ciliumnetworkpolicies'], verbs: ['create'] }],
  ['stores of secrets', { apiGroups: ['external-secrets.io'], resources: ['secretstores'], verbs: ['create'] }],
])('A Role that held %s would be noticed', (_, rule) => {
  expect(excess([rule])).not.toEqual([]);
});
